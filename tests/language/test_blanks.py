"""Blanks in a text: where they are, and what is asked."""

import pytest
import torch

from dlnotes.language.blanks import Blanked
from dlnotes.losses import IGNORE

TEXT = torch.arange(2, 402)


def test_a_blank_stands_where_a_token_is_asked_for() -> None:
    whole = Blanked(TEXT, 8, 10, blank=1, share=0.3, seed=0)
    batches = list(whole)
    assert len(batches) == len(whole)
    for X, y in batches:
        hidden = X == 1
        assert torch.equal(hidden, y != IGNORE)
        restored = torch.where(hidden, y, X)
        assert (restored.diff() == 1).all()  # a window of the text


def test_the_share_is_that_of_the_blanks() -> None:
    torch.manual_seed(0)
    ids = torch.randint(2, 9, (20_000,))
    X = torch.cat([X for X, _ in Blanked(ids, 50, 20, blank=1, share=0.2)])
    assert (X == 1).float().mean().item() == pytest.approx(0.2, abs=0.01)


def test_each_epoch_has_other_blanks_and_a_seed_repeats_them() -> None:
    one, other = (Blanked(TEXT, 100, 10, 1, 0.2, seed=3) for _ in range(2))
    first, second = next(iter(one))[0], next(iter(one))[0]
    assert not torch.equal(first == 1, second == 1)
    assert torch.equal(first, next(iter(other))[0])
    torch.manual_seed(3)
    assert torch.equal(first, next(iter(Blanked(TEXT, 100, 10, 1, 0.2)))[0])


@pytest.mark.parametrize("share", [0, 1, -0.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    message = (
        f"^share is {share}: a number between 0 and 1, neither of them, is needed$"
    )
    with pytest.raises(ValueError, match=message):
        Blanked(TEXT, 8, 10, 1, share)


def test_a_blank_that_the_text_has_is_refused() -> None:
    with pytest.raises(ValueError, match="blank is 5, which is a token"):
        Blanked(TEXT, 8, 10, 5, 0.2)


def test_it_says_what_it_cuts() -> None:
    found = repr(Blanked(TEXT, 8, 10, 1, 0.2))
    assert found == "Blanked(39 windows of 10 tokens, share=0.2)"
