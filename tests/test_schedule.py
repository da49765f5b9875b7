from collections.abc import Callable
from math import cos, pi

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    SequentialLR,
    StepLR,
)

from dlnotes.schedule import (
    Schedule,
    constant,
    cosine,
    exponential,
    inverse_square_root,
    step_decay,
    warm_up,
)

RATE = 0.3
Build = Callable[[torch.optim.Optimizer], LRScheduler]


def torchs_rates(build: Build, steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = build(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def linear_then_cosine(optimizer: torch.optim.Optimizer) -> LRScheduler:
    rising = LinearLR(optimizer, start_factor=1 / 8, total_iters=7)
    falling = CosineAnnealingLR(optimizer, T_max=40)
    return SequentialLR(optimizer, [rising, falling], milestones=[8])


@pytest.mark.parametrize(
    ("ours", "build"),
    [
        (constant, lambda o: LambdaLR(o, lambda step: 1)),
        (step_decay(0.5, 7), lambda o: StepLR(o, step_size=7, gamma=0.5)),
        (step_decay(0.1, 1), lambda o: StepLR(o, step_size=1, gamma=0.1)),
        (exponential(0.93), lambda o: ExponentialLR(o, gamma=0.93)),
        (cosine(40), lambda o: CosineAnnealingLR(o, T_max=40)),
        (warm_up(8, cosine(40)), linear_then_cosine),
    ],
    ids=["constant", "step", "every step", "exponential", "cosine", "warm-up"],
)
def test_every_rate_equals_torchs(ours: Schedule, build: Build) -> None:
    rates = [RATE * ours(step) for step in range(41)]
    assert rates == pytest.approx(torchs_rates(build, 41), rel=1e-9, abs=1e-12)


def test_step_decay_falls_after_every_so_many_steps() -> None:
    schedule = step_decay(factor=0.5, every=3)
    assert [8 * schedule(step) for step in range(7)] == [8, 8, 8, 4, 4, 4, 2]


def test_exponential_falls_at_every_step() -> None:
    assert [8 * exponential(0.5)(step) for step in range(4)] == [8, 4, 2, 1]


def test_cosine_goes_from_the_whole_through_half_to_nothing_and_stays() -> None:
    schedule = cosine(steps=10)
    assert schedule(0) == 1
    assert schedule(5) == pytest.approx(0.5)
    assert schedule(1) == pytest.approx((1 + cos(pi / 10)) / 2)
    assert schedule(9) > 0
    assert [schedule(step) for step in (10, 11, 20, 1000)] == [0, 0, 0, 0]


def test_warm_up_rises_in_equal_parts_and_hands_over_at_step_0() -> None:
    schedule = warm_up(4, lambda step: 8.0 - step)
    assert [schedule(step) for step in range(7)] == [2, 4, 6, 8, 8, 7, 6]


def test_a_warm_up_of_no_steps_is_what_follows() -> None:
    schedule = warm_up(0, exponential(0.5))
    assert [schedule(step) for step in range(3)] == [1, 0.5, 0.25]


@given(steps=st.integers(1, 500), step=st.integers(0, 600))
def test_cosine_never_rises_and_stays_within_its_ends(steps: int, step: int) -> None:
    schedule = cosine(steps)
    assert 0 <= schedule(step + 1) <= schedule(step) <= 1


@given(warm=st.integers(1, 100))
def test_a_warm_up_never_exceeds_the_rate(warm: int) -> None:
    factors = [warm_up(warm, constant)(step) for step in range(warm + 2)]
    assert factors == sorted(factors)
    assert factors[0] == pytest.approx(1 / warm)
    assert factors[warm - 1 :] == [1, 1, 1]


@pytest.mark.parametrize(("C", "rising"), [(512, 4000), (64, 100), (8, 1)])
def test_inverse_square_root_is_the_papers(C: int, rising: int) -> None:
    """Equation 3 counts steps from 1, and has no rate of its own."""
    schedule = inverse_square_root(rising)
    top = (C * rising) ** -0.5
    for n in (1, 2, 3, rising // 2 + 1, rising, rising + 1, 4 * rising, 12_345):
        expected = C**-0.5 * min(n**-0.5, n * rising**-1.5)
        assert top * schedule(n - 1) == pytest.approx(expected, rel=1e-12)


def test_inverse_square_root_rises_to_1_and_falls_to_a_half() -> None:
    schedule = inverse_square_root(4)
    assert [schedule(step) for step in range(4)] == [0.25, 0.5, 0.75, 1]
    assert [schedule(15), schedule(63)] == [0.5, 0.25]
    assert 1 > schedule(4) > schedule(5) > 0.8


@pytest.mark.parametrize("rising", [0, -3])
def test_inverse_square_root_needs_a_step_to_rise_in(rising: int) -> None:
    with pytest.raises(ValueError, match=f"^rising is {rising}: at least 1 step$"):
        inverse_square_root(rising)
