import copy
from collections.abc import Callable
from itertools import repeat
from math import inf, nan, sqrt
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dlnotes import optim
from dlnotes.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Momentum, RMSprop
from dlnotes.optimizer import LIMITS, Optimizer, check_settings
from dlnotes.train.checkpoint import Checkpoint
from dlnotes.train.history import History

theirs = torch.optim
Method = Callable[..., torch.optim.Optimizer]
Case = tuple[Method, dict[str, Any], Method, dict[str, Any]]

MU = {"momentum": 0.9}
# Rates at which the path is stable: at larger ones a rounding grows until it is seen.
CASES: dict[str, Case] = {
    "sgd": (SGD, {"lr": 0.002}, theirs.SGD, {"lr": 0.002}),
    "momentum": (Momentum, {"lr": 0.002}, theirs.SGD, {"lr": 0.002, **MU}),
    "momentum 0.5": (
        Momentum,
        {"lr": 0.002, "momentum": 0.5},
        theirs.SGD,
        {"lr": 0.002, "momentum": 0.5},
    ),
    "momentum 0": (
        Momentum,
        {"lr": 0.002, "momentum": 0.0},
        theirs.SGD,
        {"lr": 0.002},
    ),
    "nesterov": (
        Momentum,
        {"lr": 0.002, "nesterov": True},
        theirs.SGD,
        {"lr": 0.002, "nesterov": True, **MU},
    ),
    "adagrad": (Adagrad, {}, theirs.Adagrad, {}),
    "adagrad set": (
        Adagrad,
        {"lr": 0.3, "eps": 0.1},
        theirs.Adagrad,
        {"lr": 0.3, "eps": 0.1},
    ),
    "rmsprop": (RMSprop, {}, theirs.RMSprop, {}),
    "rmsprop set": (
        RMSprop,
        {"lr": 0.03, "alpha": 0.5, "eps": 0.1},
        theirs.RMSprop,
        {"lr": 0.03, "alpha": 0.5, "eps": 0.1},
    ),
    "adadelta": (Adadelta, {}, theirs.Adadelta, {}),
    "adadelta set": (
        Adadelta,
        {"lr": 3.0, "rho": 0.5, "eps": 0.01},
        theirs.Adadelta,
        {"lr": 3.0, "rho": 0.5, "eps": 0.01},
    ),
    "adam": (Adam, {}, theirs.Adam, {}),
    "adam set": (
        Adam,
        {"lr": 0.03, "beta1": 0.5, "beta2": 0.9, "eps": 0.1},
        theirs.Adam,
        {"lr": 0.03, "betas": (0.5, 0.9), "eps": 0.1},
    ),
    "adamw": (AdamW, {}, theirs.AdamW, {}),
    "adamw set": (
        AdamW,
        {"lr": 0.03, "beta1": 0.5, "beta2": 0.9, "eps": 0.1},
        theirs.AdamW,
        {"lr": 0.03, "betas": (0.5, 0.9), "eps": 0.1},
    ),
}
METHODS = {
    "SGD": lambda params, **more: SGD(params, **{"lr": 0.05, **more}),
    "Momentum": lambda params, **more: Momentum(params, **{"lr": 0.05, **more}),
    "Adagrad": Adagrad,
    "RMSprop": RMSprop,
    "Adadelta": Adadelta,
    "Adam": Adam,
    "AdamW": AdamW,
}


class Problem:
    """Three parameters, one of which never gets a gradient and one seldom."""

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        self.noise = torch.Generator().manual_seed(0)
        self.dtype = dtype
        self.params = [self.draw(4, 3), self.draw(3), self.draw(2)]
        for p in self.params:
            p.requires_grad_()
        self.target = self.draw(4, 3)

    def draw(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.noise, dtype=self.dtype)

    @torch.no_grad()
    def backward(self, step: int) -> None:
        """Set the gradients of ‖W - target + noise‖², plus 30 Σ sin(b · draw)."""
        W, b, _ = self.params
        W.grad = 2 * (W - self.target + 0.3 * self.draw(4, 3))
        b.grad = None
        if step % 3 == 1:
            x = self.draw(3)
            b.grad = 30 * (b * x).cos() * x


def trajectory(
    method: Method, settings: dict[str, Any], dtype: torch.dtype, steps: int = 200
) -> list[Tensor]:
    """Return where each parameter was after each step, (steps, ...)."""
    problem = Problem(dtype)
    optimizer = method(problem.params, **settings)
    path = []
    for step in range(steps):
        problem.backward(step)
        optimizer.step()
        path.append([p.detach().clone() for p in problem.params])
    return [torch.stack(places) for places in zip(*path, strict=True)]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("decay", [None, 0.0, 0.1])
@pytest.mark.parametrize("name", CASES)
def test_every_step_of_200_equals_torchs(
    name: str, decay: float | None, dtype: torch.dtype
) -> None:
    ours, our_settings, torchs, their_settings = CASES[name]
    more = {} if decay is None else {"weight_decay": decay}
    mine = trajectory(ours, our_settings | more, dtype)
    other = trajectory(torchs, their_settings | more, dtype)
    assert [len(places) for places in mine] == [200] * 3
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(mine, other, rtol=tolerance, atol=tolerance)
    W, b, _ = mine
    assert not torch.equal(W[0], W[-1])
    assert not torch.equal(b[0], b[-1])


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_parameter_without_gradient_stays_and_is_not_remembered(
    method: Method,
) -> None:
    problem = Problem()
    before = problem.params[2].detach().clone()
    optimizer = method(problem.params, weight_decay=0.5)
    for step in range(5):
        problem.backward(step)
        optimizer.step()
    assert torch.equal(problem.params[2], before)
    assert problem.params[2] not in optimizer.state


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_step_leaves_the_gradient_as_it_was(method: Method) -> None:
    problem = Problem()
    optimizer = method(problem.params, weight_decay=0.5)
    problem.backward(1)
    before = [p.grad.clone() for p in problem.params[:2]]
    optimizer.step()
    for p, g in zip(problem.params, before, strict=False):
        assert torch.equal(p.grad, g)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_saved_run_goes_on_identically(method: Method, tmp_path) -> None:
    problem = Problem()
    optimizer = method(problem.params, weight_decay=0.1)
    for step in range(30):
        problem.backward(step)
        optimizer.step()
    history = History()
    history.record(1.0, 0, 1)
    Checkpoint(tmp_path / "run", [optimizer]).save(history)

    twin = copy.deepcopy(problem)
    twin.noise.set_state(problem.noise.get_state())
    resumed = method(twin.params, lr=77.0)
    Checkpoint(tmp_path / "run", [resumed]).resume(repeat((0, ())))
    assert resumed.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]
    for step in range(30, 60):
        for one, walker in ((problem, optimizer), (twin, resumed)):
            one.backward(step)
            walker.step()
    for p, q in zip(problem.params, twin.params, strict=True):
        assert torch.equal(p, q)


@pytest.mark.parametrize("name", CASES)
def test_every_group_has_settings_of_its_own(name: str) -> None:
    ours, our_settings, torchs, their_settings = CASES[name]
    ends = []
    for method, own in ((ours, our_settings), (torchs, their_settings)):
        problem = Problem()
        W, b, _ = problem.params
        groups = [{"params": [W]}, {"params": [b], "lr": 0.5, "weight_decay": 0.2}]
        optimizer = method(groups, **own)
        for step in range(20):
            problem.backward(step)
            optimizer.step()
        ends.append((W, b))
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_rate_may_change_between_steps(name: str) -> None:
    ours, our_settings, torchs, their_settings = CASES[name]
    ends = []
    for method, own in ((ours, our_settings), (torchs, their_settings)):
        problem = Problem()
        optimizer = method(problem.params, **own, weight_decay=0.1)
        for step in range(20):
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + step)
            problem.backward(step)
            optimizer.step()
        ends.append(problem.params)
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-12, atol=1e-12)


def test_hooks_run_before_and_after_the_step() -> None:
    theta = torch.ones(1, requires_grad=True)
    optimizer = SGD([theta], lr=1.0)
    seen = []
    optimizer.register_step_pre_hook(lambda *_: seen.append(theta.item()))
    optimizer.register_step_post_hook(lambda *_: seen.append(theta.item()))
    theta.grad = torch.tensor([0.25])
    optimizer.step()
    assert seen == [1, 0.75]


def test_a_closure_is_called_with_gradients_on_and_its_loss_returned() -> None:
    theta = torch.tensor([3.0], requires_grad=True)
    optimizer = SGD([theta], lr=0.5)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (theta**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) == 9
    assert theta.item() == 0
    assert optimizer.step() is None


def test_a_step_is_not_recorded_by_autograd() -> None:
    theta = torch.ones(2, requires_grad=True)
    theta.grad = torch.ones(2)
    Adam([theta]).step()
    assert theta.is_leaf
    assert theta.requires_grad


@pytest.mark.parametrize(
    ("method", "slots"),
    [
        (SGD, set()),
        (Momentum, {"v"}),
        (Adagrad, {"s"}),
        (RMSprop, {"s"}),
        (Adadelta, {"s", "d"}),
        (Adam, {"m", "s", "t"}),
        (AdamW, {"m", "s", "t"}),
    ],
)
def test_what_a_method_remembers(method: Method, slots: set[str]) -> None:
    theta = torch.ones(3, requires_grad=True)
    theta.grad = torch.ones(3)
    optimizer = method([theta], lr=0.1)
    optimizer.step()
    assert set(optimizer.state[theta]) == slots


class TestFirstSteps:
    """Numbers worked out by hand, for a gradient of 2 at θ = 1."""

    @staticmethod
    def moves(method: Method, steps: int = 2, **settings: Any) -> list[float]:
        theta = torch.ones(1, dtype=torch.float64, requires_grad=True)
        optimizer = method([theta], **settings)
        places = []
        for _ in range(steps):
            theta.grad = torch.full((1,), 2.0, dtype=torch.float64)
            optimizer.step()
            places.append(theta.item())
        return places

    def test_sgd(self) -> None:
        assert self.moves(SGD, lr=0.25) == [0.5, 0]

    def test_momentum(self) -> None:
        places = self.moves(Momentum, lr=0.25, momentum=0.5)
        assert places == [0.5, -0.25]

    def test_nesterov_looks_ahead(self) -> None:
        places = self.moves(Momentum, lr=0.25, momentum=0.5, nesterov=True)
        assert places == [0.25, -0.625]

    def test_adagrad_divides_by_the_root_of_the_sum(self) -> None:
        places = self.moves(Adagrad, lr=0.5, eps=0.0)
        assert places == pytest.approx([0.5, 0.5 - 0.5 / sqrt(2)])

    def test_rmsprop_divides_by_the_root_of_the_mean(self) -> None:
        places = self.moves(RMSprop, lr=0.5, alpha=0.75, eps=0.0)
        assert places[0] == pytest.approx(0)
        assert places[1] == pytest.approx(-0.5 * 2 / sqrt(0.75 + 1))

    def test_adadelta_starts_at_the_root_of_eps(self) -> None:
        places = self.moves(Adadelta, steps=1, rho=0.75, eps=0.25)
        assert places == pytest.approx([1 - 2 * 0.5 / sqrt(1.25)])

    def test_adam_moves_by_the_rate(self) -> None:
        places = self.moves(Adam, lr=0.25, eps=0.0)
        assert places == pytest.approx([0.75, 0.5])

    def test_adamw_shrinks_before_it_moves(self) -> None:
        places = self.moves(AdamW, steps=1, lr=0.25, eps=0.0, weight_decay=0.8)
        assert places == pytest.approx([1 - 0.2 - 0.25])

    def test_adamw_decays_by_a_hundredth_unless_told_otherwise(self) -> None:
        (place,) = self.moves(AdamW, steps=1, lr=0.5, eps=0.0)
        assert place == pytest.approx(1 - 0.005 - 0.5)

    @pytest.mark.parametrize("method", list(METHODS)[:-1])
    def test_no_other_method_decays_unless_told(self, method: str) -> None:
        theta = torch.ones(1, requires_grad=True)
        theta.grad = torch.zeros(1)
        METHODS[method]([theta]).step()
        assert theta.item() == 1


@settings(deadline=None, max_examples=25)
@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
@pytest.mark.parametrize("method", [Adagrad, RMSprop, Adam])
def test_the_scale_of_the_loss_does_not_matter(
    method: Method, scale: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    gradients = torch.randn(20, 5, generator=generator, dtype=torch.float64)
    ends = []
    for factor in (1.0, scale):
        theta = torch.zeros(5, dtype=torch.float64, requires_grad=True)
        optimizer = method([theta], lr=0.1, eps=0.0)
        for g in gradients:
            theta.grad = factor * g
            optimizer.step()
        ends.append(theta)
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-8, atol=1e-8)


class TestTheDoor:
    @pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
    @pytest.mark.parametrize("value", [-0.1, nan, inf])
    @pytest.mark.parametrize("name", ["lr", "weight_decay"])
    def test_every_method_checks(self, method: Method, name: str, value: float) -> None:
        message = rf"^{name} is {value}, not in \[0, inf\)$"
        with pytest.raises(ValueError, match=message):
            method([torch.zeros(1)], **{name: value})

    @pytest.mark.parametrize(
        ("method", "name"),
        [
            (Momentum, "momentum"),
            (RMSprop, "alpha"),
            (Adadelta, "rho"),
            (Adam, "beta1"),
            (Adam, "beta2"),
            (AdamW, "beta1"),
            (AdamW, "beta2"),
        ],
    )
    @pytest.mark.parametrize("value", [-0.1, 1.0, 1.5])
    def test_a_share_of_the_past_is_less_than_1(
        self, method: Method, name: str, value: float
    ) -> None:
        message = rf"^{name} is {value}, not in \[0, 1\)$"
        with pytest.raises(ValueError, match=message):
            method([torch.zeros(1)], lr=0.1, **{name: value})

    @pytest.mark.parametrize("method", [Adagrad, RMSprop, Adadelta, Adam, AdamW])
    def test_eps_is_not_negative(self, method: Method) -> None:
        with pytest.raises(ValueError, match=r"^eps is -1, not in \[0, inf\)$"):
            method([torch.zeros(1)], eps=-1)

    @pytest.mark.parametrize("name", LIMITS)
    def test_the_ends_of_the_ranges(self, name: str) -> None:
        check_settings({name: 0})
        check_settings({name: 0.999})
        with pytest.raises(ValueError, match=rf"^{name} is"):
            check_settings({name: LIMITS[name]})

    def test_what_has_no_range_is_not_checked(self) -> None:
        check_settings({})
        check_settings({"params": [], "nesterov": True, "something": -1})

    def test_a_group_is_checked_and_a_bad_one_not_added(self) -> None:
        optimizer = SGD([torch.zeros(1)], lr=0.1)
        with pytest.raises(ValueError, match=r"^lr is -2, not in"):
            optimizer.add_param_group({"params": [torch.zeros(2)], "lr": -2})
        assert len(optimizer.param_groups) == 1
        optimizer.add_param_group({"params": [torch.zeros(2)], "lr": 2})
        assert [group["lr"] for group in optimizer.param_groups] == [0.1, 2]

    @pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
    def test_no_parameters(self, method: Method) -> None:
        with pytest.raises(ValueError, match="empty parameter list"):
            method([])

    @pytest.mark.parametrize("method", [SGD, Momentum])
    def test_sgd_has_no_default_rate(self, method: Method) -> None:
        with pytest.raises(TypeError, match="lr"):
            method([torch.zeros(1)])


def test_every_method_is_an_optimizer() -> None:
    for name in METHODS:
        assert issubclass(getattr(optim, name), Optimizer)
