import torch

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet


def test_an_image_is_its_row_line_by_line() -> None:
    X = torch.arange(3 * 16).reshape(3, 16)
    images = ImageSet(X, torch.zeros(3)).images
    assert images.shape == (3, 1, 4, 4)
    assert images[1, 0, 2].tolist() == [24, 25, 26, 27]
    assert torch.equal(images.flatten(1), X)


def test_a_set_has_names_and_is_a_pair() -> None:
    X, y = torch.zeros(2, 4), torch.ones(2)
    data = ImageSet(X, y)
    assert data.side == 2
    assert (data.X is X, data.y is y) == (True, True)
    inputs, target = data
    assert (inputs is X, target is y) == (True, True)


def test_the_three_sets_have_names_and_one_size() -> None:
    digits = load_digits()
    train, val, test = digits
    assert (digits.train, digits.val, digits.test) == (train, val, test)
    assert digits.side == 8
    assert test.images.shape == (360, 1, 8, 8)


def test_a_set_shows_its_size_and_not_its_numbers() -> None:
    digits = load_digits()
    assert repr(digits.train) == "ImageSet(1,077 images of 8 × 8 pixels)"
    assert repr(digits) == (
        "Splits(train=ImageSet(1,077 images of 8 × 8 pixels), "
        "val=ImageSet(360 images of 8 × 8 pixels), "
        "test=ImageSet(360 images of 8 × 8 pixels))"
    )
