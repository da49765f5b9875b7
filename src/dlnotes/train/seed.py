"""One seed for every random number generator that the book uses."""

import random

import numpy as np
import torch

from dlnotes.seed import shifted


def seed_everything(seed: int) -> None:
    """Make a program repeatable: seed all generators, compute on one thread.

    The generators are Python's, NumPy's and PyTorch's, and the seed is
    `shifted(seed)`. With more threads PyTorch adds in another order, and
    a run that amplifies roundings ends elsewhere. The shifted seed must
    lie between 0 and 2**32 - 1, the range NumPy accepts; any other
    integer raises NumPy's ValueError.
    """
    seed = shifted(seed)
    np.random.seed(seed)
    random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
