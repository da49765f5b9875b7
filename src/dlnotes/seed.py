"""The one place from which every seed of the book comes."""

import os


def shifted(seed: int) -> int:
    """Return the seed to use for `seed`: another one in a run that asks.

    The pages show the runs with the seeds as they are written. With the
    environment variable DLNOTES_SEED_OFFSET = n, every seed is moved by
    10,000 n, and so the whole book can be run with other random numbers.
    """
    return seed + 10_000 * int(os.environ.get("DLNOTES_SEED_OFFSET", "0"))
