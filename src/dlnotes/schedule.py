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


def inverse_square_root(rising: int) -> Schedule:
    """Rise in equal parts for `rising` steps to 1, and fall as 1/√step.

    The source counts steps from 1: step 0 has 1/rising, step `rising` - 1
    the whole rate, and after four times as many steps it is a half. At the
    top the paper's rate is 1/√(C·rising), for a model with C channels.

    Raises:
        ValueError: there is no step to rise in.

    Source: Vaswani et al., Attention is all you need, 2017, equation 3.
    """
    if rising < 1:
        raise ValueError(f"rising is {rising}: at least 1 step")
    return lambda step: min((step + 1) / rising, (rising / (step + 1)) ** 0.5)
