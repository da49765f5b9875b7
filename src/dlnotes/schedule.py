"""Schedules: the learning rate as a function of the step, from 0 on."""

from collections.abc import Callable
from math import cos, pi

Schedule = Callable[[int], float]


def constant(rate: float) -> Schedule:
    """Keep the rate."""
    return lambda step: rate


def step_decay(rate: float, factor: float, every: int) -> Schedule:
    """Multiply the rate by `factor` after each `every` steps."""
    return lambda step: rate * factor ** (step // every)


def exponential(rate: float, factor: float) -> Schedule:
    """Multiply the rate by `factor` after each step."""
    return lambda step: rate * factor**step


def cosine(rate: float, steps: int) -> Schedule:
    """Go from `rate` down to 0 along half a cosine, and stay there.

    `steps` is the first step with the rate 0.

    Source: Loshchilov and Hutter, SGDR, 2017, equation 5.
    """
    return lambda step: rate * (1 + cos(pi * min(step / steps, 1))) / 2


def warm_up(steps: int, then: Schedule) -> Schedule:
    """Rise in equal parts to the first rate of `then`, which follows.

    The first rise is part of step 0: it has 1/steps of that rate, and
    step `steps` - 1 has all of it. Then `then` begins, at its step 0.

    Source: Goyal et al., Accurate, large minibatch SGD, 2017, section 2.2.
    """

    def schedule(step: int) -> float:
        if step < steps:
            return then(0) * ((step + 1) / steps)
        return then(step - steps)

    return schedule
