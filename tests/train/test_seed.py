import random

import numpy as np
import pytest
import torch

from dlnotes.train.seed import seed_everything


def draws() -> tuple[float, float, float]:
    return random.random(), np.random.rand(), torch.rand(()).item()


def test_the_same_seed_gives_the_same_draws_from_all_three_generators() -> None:
    seed_everything(3)
    first = draws()
    draws()
    seed_everything(3)
    assert draws() == first


def test_another_seed_changes_every_generator() -> None:
    seed_everything(3)
    first = draws()
    seed_everything(4)
    assert all(a != b for a, b in zip(first, draws(), strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused_and_changes_nothing(seed: int) -> None:
    seed_everything(3)
    expected = draws()
    seed_everything(3)
    with pytest.raises(ValueError, match="between 0 and 2"):
        seed_everything(seed)
    assert draws() == expected
