import pytest
import torch
from sklearn import datasets

from dlnotes.data import digits
from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet, Splits

# the first labels of the three sets, as published
FIRST = [[6, 5, 5, 7, 9, 9, 8, 4], [2, 2, 6, 5, 1, 9, 8, 2], [2, 4, 8, 4, 9, 6, 8, 7]]


def rows(X: torch.Tensor, y: torch.Tensor) -> list[tuple[float, ...]]:
    return [
        (*image, label) for image, label in zip(X.tolist(), y.tolist(), strict=True)
    ]


def test_every_image_with_its_label_is_in_one_of_three_sets() -> None:
    digits = load_digits()
    train, val, test = digits
    assert [len(y) for _, y in (train, val, test)] == [1077, 360, 360]
    bunch = datasets.load_digits()
    original = rows(torch.tensor(bunch.data / 16), torch.tensor(bunch.target))
    assert sorted(rows(*train) + rows(*val) + rows(*test)) == sorted(original)
    assert digits.side == 8


def test_grey_values_are_from_0_to_1_and_labels_are_integers() -> None:
    for X, y in load_digits():
        assert (X.dtype, y.dtype) == (torch.float32, torch.int64)
        assert (X.min(), X.max()) == (0, 1)
        assert X.shape == (len(y), 64)
        assert set(y.tolist()) == set(range(10))


def test_the_split_is_the_same_for_everybody_and_always() -> None:
    before = torch.initial_seed()
    torch.manual_seed(1)
    first = load_digits()
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = load_digits()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(before)
    for (X, y), (X_again, y_again) in zip(first, second, strict=True):
        assert torch.equal(X, X_again)
        assert torch.equal(y, y_again)
    assert [y[:8].tolist() for _, y in first] == FIRST


def test_at_full_scale_it_is_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = Splits(
        *(ImageSet(torch.full((1, 784), float(i)), torch.tensor([i])) for i in range(3))
    )
    monkeypatch.setattr(digits, "load_mnist", {"MNIST": sets}.__getitem__)
    for scale, side in [("full", 28), ("default", 8), ("", 8)]:
        monkeypatch.setenv("DLNOTES_SCALE", scale)
        found = load_digits()
        assert found.side == side
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    assert load_digits() is sets
