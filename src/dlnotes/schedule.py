"""Schedules: what the learning rate is multiplied by, step by step from 0."""

from collections.abc import Callable
from math import cos, pi

Schedule = Callable[[int], float]


def constant(step: int) -> float:
    """Return 1: every step has the whole rate."""
    return 1.0


def step_decay(factor: float, every: int) -> Schedule:
    """Multiply the rate by `factor` after each `every` steps."""
    return lambda step: factor ** (step // every)


def exponential(factor: float) -> Schedule:
    """Multiply the rate by `factor` after each step."""
    return lambda step: factor**step


def cosine(steps: int) -> Schedule:
    """Go from 1 down to 0 along half a cosine, and stay there.

    `steps` is the first step with the rate 0.

    Source: Loshchilov and Hutter, SGDR, 2017, equation 5.
    """
    return lambda step: (1 + cos(pi * min(step / steps, 1))) / 2


def warm_up(steps: int, then: Schedule) -> Schedule:
    """Rise in equal parts to the first value of `then`, which follows.

    The first rise is part of step 0: it has 1/steps of that value, and
    step `steps` - 1 has all of it. Then `then` begins, at its step 0.

    Source: Goyal et al., Accurate, large minibatch SGD, 2017, section 2.2.
    """

    def schedule(step: int) -> float:
        if step < steps:
            return then(0) * ((step + 1) / steps)
        return then(step - steps)

    return schedule
