import pytest
import torch
from torch import nn
from torchvision.transforms import v2

from dlnotes.augment import Augment, add_noise, random_shift


def test_images_change_in_training_mode_only() -> None:
    model = nn.Sequential(Augment(v2.RandomHorizontalFlip(p=1)), nn.Flatten())
    X = torch.rand(3, 1, 4, 4)
    assert torch.equal(model(X), X.flip(3).flatten(1))
    assert torch.equal(model.eval()(X), X.flatten(1))


def test_each_image_is_changed_in_its_own_way() -> None:
    torch.manual_seed(0)
    X = torch.rand(1, 1, 8, 8).repeat(64, 1, 1, 1)
    flipped = Augment(v2.RandomHorizontalFlip())(X)
    as_it_was = (flipped == X).flatten(1).all(1)
    assert 16 < as_it_was.sum() < 48
    assert torch.equal(flipped[~as_it_was], X.flip(3)[~as_it_was])


def test_a_shift_moves_by_up_to_the_limit_and_black_enters() -> None:
    """All 25 moves of an image of two pixels' limit come up, and no other."""
    torch.manual_seed(0)
    image = torch.rand(3, 4, 5) + 1
    moves = {
        (i, j): torch.nn.functional.pad(image, (j, -j, i, -i))
        for i in range(-2, 3)
        for j in range(-2, 3)
    }
    seen = set()
    for _ in range(500):
        moved = random_shift(image, limit=2)
        found = [move for move, x in moves.items() if torch.equal(x, moved)]
        assert len(found) == 1
        seen.add(found[0])
    assert seen == set(moves)


def test_a_shift_is_torchvisions_random_crop_of_a_padded_image() -> None:
    """From one seed both are the same, image by image."""
    X = torch.rand(100, 1, 28, 28)
    torch.manual_seed(0)
    ours = [random_shift(image) for image in X]
    torch.manual_seed(0)
    crop = v2.RandomCrop((28, 28), padding=4)
    assert all(torch.equal(crop(x), y) for x, y in zip(X, ours, strict=True))


def test_gradients_flow_through_a_change() -> None:
    X = torch.rand(2, 1, 6, 6, requires_grad=True)
    Augment(v2.RandomCrop(6, padding=2))(X).sum().backward()
    assert set(X.grad.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("decibels", [-10.0, 0.0, 20.0])
def test_noise_has_the_power_that_the_ratio_asks_for(decibels: float) -> None:
    generator = torch.Generator().manual_seed(0)
    t = torch.arange(100_000) / 16_000
    sound = torch.stack([0.3 * torch.sin(2765 * t), torch.sin(2765 * t)])
    noise = add_noise(sound, decibels, generator) - sound
    ratio = sound.square().mean(1) / noise.square().mean(1)
    assert torch.allclose(10 * ratio.log10(), torch.tensor(decibels), atol=0.1)
    assert abs(noise.mean()) < 0.05


def test_silence_is_refused() -> None:
    with pytest.raises(ValueError, match="a silent sound has no signal-to-noise ratio"):
        add_noise(torch.zeros(8), 10.0, torch.Generator())
