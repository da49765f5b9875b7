"""One seed for every random number generator that the book uses."""

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's generators with `seed`.

    The seed is an integer from 0 to 2**32 - 1, the range NumPy accepts;
    any other integer raises NumPy's ValueError.
    """
    np.random.seed(seed)
    random.seed(seed)
    torch.manual_seed(seed)
