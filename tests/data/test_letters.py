import torch

from dlnotes.data.letters import FACES, load_letters


def test_every_letter_in_every_face() -> None:
    letters = load_letters()
    assert len(FACES) == 16
    assert letters.X.shape == (16 * 52, 64)
    assert letters.y.bincount().tolist() == [16] * 52
    assert (letters.X.dtype, letters.y.dtype) == (torch.float32, torch.int64)
    assert letters.X.min() == 0
    assert 0.9 < letters.X.max() <= 1


def test_no_two_letters_of_a_face_look_alike_but_those_that_are() -> None:
    """A letter fills its tile, so that c is C made small, and small l is like I."""
    alike = {
        frozenset(pair) for pair in zip("cosvwxzulilpkj", "COSVWXZUIllPKJ", strict=True)
    }
    letters = load_letters()
    X, names = letters.X[:52], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    close = torch.cdist(X, X).fill_diagonal_(9) < 0.7
    found = {frozenset((names[i], names[j])) for i, j in close.nonzero().tolist()}
    assert found <= alike


def test_a_letter_reaches_two_opposite_sides_of_its_tile() -> None:
    images = load_letters().images[:, 0]
    tall = images[:, 0].any(1) & images[:, -1].any(1)
    wide = images[:, :, 0].any(1) & images[:, :, -1].any(1)
    assert (tall | wide).all()
    assert not wide[8]  # i is slim


def test_the_letters_are_upright() -> None:
    """L has its bar at the bottom, T at the top."""
    images = load_letters().images[:52, 0]
    L, T = images[26 + 11], images[26 + 19]
    assert L[-1].sum() > 2 * L[0].sum()
    assert T[0].sum() > 2 * T[-1].sum()
