"""What the chapter on gradients says in words."""

import math
from collections.abc import Callable
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest
import torch

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
from dlnotes.basics.gradient import (
    central_difference,
    forward_difference,
    gradient_descent,
    hessian,
    numerical_gradient,
)
from dlnotes.basics.surfaces import (
    camel,
    camel_gradient,
    double_well,
    double_well_gradient,
)
from dlnotes.book.storage.store import Run

Runs = Callable[[str], Run]
POINT = np.array([-0.6, -0.3])


def error(difference: Callable, h: float, x: float = 1.0) -> float:
    return abs(difference(np.exp, x, h) - np.exp(x))


def valley(rate: float, steps: int) -> np.ndarray:
    start = np.array([-4.0, 1.0])
    return gradient_descent(lambda x: np.array([1, 10]) * x, start, rate, steps)


def steps_needed(rate: float) -> int:
    distance = np.linalg.norm(valley(rate, 5000), axis=1)
    return int((distance > 1e-6 * distance[0]).sum())


def rows_of(run: Run, cell: str) -> list[list[str]]:
    """Return the cells of a table, row by row, without its head."""
    table = "".join(run.outputs(cell)[0]["data"]["text/plain"])
    return [line.split() for line in table.splitlines()[1:]]


class TestDifferences:
    def test_one_digit_for_forward_and_two_for_central(self) -> None:
        for h in (0.1, 0.01):
            gain = error(forward_difference, h) / error(forward_difference, h / 10)
            assert gain == pytest.approx(10, rel=0.05)
            gain = error(central_difference, h) / error(central_difference, h / 10)
            assert gain == pytest.approx(100, rel=0.05)

    def test_the_first_survivors_of_taylor(self) -> None:
        h = 1e-3
        assert error(forward_difference, h) == pytest.approx(h / 2 * np.e, rel=1e-3)
        assert error(central_difference, h) == pytest.approx(h**2 / 6 * np.e, rel=1e-3)

    def test_slopes_of_the_branches(self, book_run: Runs) -> None:
        values = book_run("gradients").values
        assert values["large_h['forward']"] == pytest.approx(1, abs=0.02)
        assert values["large_h['central']"] == pytest.approx(2, abs=0.02)
        assert values["small_h['forward']"] == pytest.approx(-1, abs=0.05)
        assert values["small_h['central']"] == pytest.approx(-1, abs=0.05)

    @pytest.mark.parametrize("precision", [np.float32, np.float64])
    def test_rounding_is_half_an_epsilon_of_each_value_over_2h(
        self, precision: type
    ) -> None:
        x = np.linspace(0.5, 1.5, 1000, dtype=precision)
        eps = float(np.finfo(precision).eps)
        exact = np.exp(x.astype(float))
        rounded = exact.astype(precision).astype(float)
        assert np.abs(rounded / exact - 1).max() <= eps / 2
        for h in (1e-2 * eps**0.5, eps**0.5, 1e-1 * eps ** (1 / 3)):
            off = np.abs(central_difference(np.exp, x, h) / exact - 1)
            # the values' errors, and as much again for x ± h
            assert eps / (2 * h) / 10 < np.sqrt((off**2).mean()) < eps / h

    def test_the_best_step_has_the_order_of_the_rule(self, book_run: Runs) -> None:
        rows = rows_of(book_run("gradients"), "best")
        powers = {"forward": 1 / 2, "central": 1 / 3}
        assert [row[:2] for row in rows] == [
            [name, kind] for kind in ("float64", "float32") for name in powers
        ]
        for name, kind, best, rule, _ in rows:
            expected = float(np.finfo(kind).eps) ** powers[name]
            assert rule == f"{expected:.0e}"
            assert 1 / 3 < float(best) / expected < 3

    def test_float64_can_check_a_gradient_and_float32_cannot(
        self, book_run: Runs
    ) -> None:
        values = book_run("gradients").values
        lowest = {
            (name, kind): values[f"lowest_error[{(name, kind)!r}]"]
            for name in ("forward", "central")
            for kind in ("float64", "float32")
        }
        assert lowest["central", "float64"] < 1e-10
        assert 1e-10 < lowest["forward", "float64"] < 1e-7
        assert 1e-6 < lowest["central", "float32"] < lowest["forward", "float32"]

    def test_the_step_vanishes(self) -> None:
        for precision, h in ((np.float32, 1e-9), (np.float64, 1e-17)):
            x = np.ones(1, dtype=precision)
            assert x + h == x
            assert forward_difference(np.exp, x, h) == 0
            assert central_difference(np.exp, x, h) == 0

    @pytest.mark.settles("smaller-h")
    def test_a_smaller_step_is_not_better(self, book_run: Runs) -> None:
        values = book_run("gradients").values
        at = {h: values[f"error_at[{h!r}]"] for h in (1e-4, 1e-12, 1e-16)}
        for h, found in at.items():
            assert found == error(central_difference, h)
        assert at[1e-4] < 1e-8
        assert at[1e-12] > 1000 * at[1e-4]
        assert at[1e-16] == pytest.approx(np.e)  # all of it


class TestGradient:
    def test_partial_derivatives_hold_the_others(self) -> None:
        x, y = POINT
        along_x = central_difference(lambda x: camel(np.array([x, y])), x, 1e-5)
        along_y = central_difference(lambda y: camel(np.array([x, y])), y, 1e-5)
        both = camel_gradient(POINT)
        np.testing.assert_allclose(both, [along_x, along_y], rtol=1e-8)
        np.testing.assert_allclose(both, numerical_gradient(camel, POINT), rtol=1e-8)

    def test_a_numerical_gradient_costs_two_evaluations_a_parameter(self) -> None:
        calls = []
        numerical_gradient(lambda x: calls.append(1) or 0.0, np.zeros((3, 4)))
        assert len(calls) == 2 * 12

    @pytest.mark.settles("gradient-points-up")
    def test_the_gradient_points_where_the_function_grows_fastest(
        self, book_run: Runs
    ) -> None:
        angles = np.radians(np.arange(0, 360, 0.1))
        compass = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        slope = camel_gradient(POINT)
        length = np.linalg.norm(slope)
        rise = (camel(POINT + 1e-4 * compass) - camel(POINT)) / 1e-4
        assert compass[rise.argmax()] @ slope / length > 0.99999
        assert compass[rise.argmin()] @ slope / length < -0.99999
        assert rise.max() == pytest.approx(length, rel=1e-3)
        np.testing.assert_allclose(rise, compass @ slope, atol=2e-3)
        values = book_run("gradients").values
        assert abs(values["angle_up[0.001]"]) < 0.1
        assert abs(values["angle_down[0.001]"] - 180) < 0.1
        path = gradient_descent(double_well_gradient, [1.5, 1e-6], 0.1, 200)
        assert (np.diff(double_well(path)) < 0).all()  # the function falls
        run = book_run("gradients_surfaces").values  # and the gradient grows
        assert run["gradient_largest"] > 100 * run["gradient_smallest"]

    def test_the_nearer_the_better_it_agrees(self, book_run: Runs) -> None:
        rows = rows_of(book_run("gradients"), "directions")
        for column, aim in ((1, 0), (2, 180)):
            off = [abs(float(row[column]) - aim) for row in rows]
            assert off[0] > 3
            assert off == sorted(off, reverse=True)

    def test_along_the_contour_nothing_changes(self) -> None:
        slope = camel_gradient(POINT)
        along = np.array([-slope[1], slope[0]]) / np.linalg.norm(slope)
        assert abs(camel(POINT + 1e-5 * along) - camel(POINT)) < 1e-8


class TestLearningRate:
    def test_a_step_multiplies_each_axis(self) -> None:
        path = valley(0.05, 3)
        np.testing.assert_allclose(path[:, 0], -4 * 0.95 ** np.arange(4))
        np.testing.assert_allclose(path[:, 1], 0.5 ** np.arange(4))

    def test_at_the_limit_it_bounces_and_beyond_it_climbs(self, book_run: Runs) -> None:
        edge = np.linalg.norm(valley(0.2, 2000), axis=1)
        assert edge.min() >= 1
        assert book_run("gradients").values["distance[0.2]"] == pytest.approx(
            1, abs=1e-6
        )
        assert set(valley(0.2, 9)[:, 1].round(9)) == {1.0, -1.0}
        heights = np.abs(valley(0.21, 20)[:, 1])
        assert (np.diff(heights) > 0).all()
        assert (np.diff(np.linalg.norm(valley(0.02, 60), axis=1)) < 0).all()

    def test_small_creeps_and_good_comes_home(self, book_run: Runs) -> None:
        values = book_run("gradients").values
        assert values["distance[0.02]"] > 1
        assert values[f"distance[{2 / 11!r}]"] < 1e-4
        assert values["distance[0.21]"] > 5
        assert (np.diff(np.sign(valley(2 / 11, 20)[:, 1])) != 0).all()

    def test_the_limit_is_2_over_the_largest_curvature(self, any_run: Runs) -> None:
        values = any_run("gradients").values
        assert values["limit"] == pytest.approx(values["limit_theory"], rel=1e-6)
        lines = any_run("gradients").log("limit").splitlines()
        assert lines[0].split()[-1] == lines[1].split()[-1]

    def test_the_best_rate_is_close_to_the_cliff(self) -> None:
        needed = {rate: steps_needed(rate) for rate in (0.17, 2 / 11, 0.19)}
        assert min(needed, key=needed.get) == 2 / 11
        ratio = steps_needed(2 / 110) / needed[2 / 11]
        assert ratio == pytest.approx(10, rel=0.1)
        assert np.linalg.norm(valley(1.1 * 2 / 11, 2000), axis=1).min() > 0.999
        path = np.linalg.norm(valley(1.1 * 2 / 11 + 1e-3, 2000), axis=1)
        assert path[-1] > path[0]

    def test_the_best_rate_shrinks_both_axes_alike(self, book_run: Runs) -> None:
        assert 1 - 2 / 11 == pytest.approx(-(1 - 10 * 2 / 11))
        values = book_run("gradients").values
        best, tenth = int(values["best"]), int(values["tenth"])
        assert values[f"tried[{best}]"] == pytest.approx(2 / 11, abs=0.002)
        assert values[f"tried[{tenth}]"] == pytest.approx(2 / 110, abs=0.001)
        assert values["steps_tenth"] > 10 * values["steps_best"]


class TestSurface:
    @pytest.mark.settles("zero-gradient")
    def test_a_zero_gradient_may_be_a_saddle_or_a_maximum(self, book_run: Runs) -> None:
        values = book_run("gradients_surfaces").values
        assert [values[f"count[{i}]"] for i in range(3)] == [6, 7, 2]
        assert values["largest_slope"] < 1e-9
        log = book_run("gradients_surfaces").log("stationary")
        assert log.splitlines()[-1] == "minima − saddles + maxima: 1"
        origin = np.zeros(2)  # one of the saddles
        np.testing.assert_array_equal(camel_gradient(origin), 0)
        low, high = np.linalg.eigvalsh(hessian(camel_gradient, origin))
        assert low < -1 < 1 < high
        top = np.array([1.2302, 0.1623])  # one of the maxima
        for _ in range(5):
            H = hessian(camel_gradient, top)
            top = top - np.linalg.solve(H, camel_gradient(top))
        assert np.abs(camel_gradient(top)).max() < 1e-9
        assert np.linalg.eigvalsh(hessian(camel_gradient, top)).max() < -1

    def test_a_finer_grid_of_starts_finds_no_more(self) -> None:
        x, y = np.meshgrid(np.linspace(-3, 3, 97), np.linspace(-2, 2, 89))
        points = np.stack([x, y], axis=-1).reshape(-1, 2)
        for _ in range(60):
            slope = camel_gradient(points)[..., np.newaxis]
            H = hessian(camel_gradient, points)
            points = points - np.linalg.solve(H, slope)[..., 0]
        there = np.abs(camel_gradient(points)).max(axis=1) < 1e-9
        assert len(np.unique(points[there].round(6) + 0.0, axis=0)) == 15
        H = hessian(camel_gradient, points[there])
        assert np.abs(np.linalg.eigvalsh(H)).min() > 1  # no curvature is zero

    def test_the_camel_rises_in_every_direction(self) -> None:
        angles = np.radians(np.arange(0, 360, 0.5))
        compass = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        for radius in (3, 10, 100):
            outward = (camel_gradient(radius * compass) * compass).sum(axis=1)
            assert outward.min() > 0

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_the_eigenvalues_are_the_curvatures_along_what_is_not_turned(
        self, seed: int
    ) -> None:
        point = np.random.default_rng(seed).uniform([-2, -1], [2, 1])
        H = hessian(camel_gradient, point)
        eigenvalues, axes = np.linalg.eigh((H + H.T) / 2)
        for curvature, axis in zip(eigenvalues, axes.T, strict=True):
            np.testing.assert_allclose(H @ axis, curvature * axis, atol=1e-4)
            h = 1e-4
            along = [camel(point + step * axis) for step in (-h, 0, h)]
            second = (along[0] - 2 * along[1] + along[2]) / h**2
            assert second == pytest.approx(curvature, abs=1e-4)
        assert axes[:, 0] @ axes[:, 1] == pytest.approx(0, abs=1e-12)

    def test_borders_of_basins_run_through_the_saddles(self, book_run: Runs) -> None:
        values = book_run("gradients_surfaces").values
        points = np.array(
            [[values[f"points[{i}][{j}]"] for j in range(2)] for i in range(15)]
        )
        curvatures, axes = np.linalg.eigh(hessian(camel_gradient, points))
        saddles = curvatures[:, 0] * curvatures[:, 1] < 0
        assert saddles.sum() == 7
        for point, downhill in zip(points[saddles], axes[saddles, :, 0], strict=True):
            starts = point + 1e-3 * np.stack([downhill, -downhill])
            ends = gradient_descent(camel_gradient, starts, 0.02, 3000)[-1]
            assert np.abs(camel_gradient(ends)).max() < 1e-6
            assert np.linalg.norm(ends[0] - ends[1]) > 1  # two other minima

    def test_many_a_start_leads_to_a_minimum_that_is_not_the_nearest(
        self, book_run: Runs
    ) -> None:
        values = book_run("gradients_surfaces").values
        pits = np.array(
            [[values[f"pits[{i}][{j}]"] for j in range(2)] for i in range(6)]
        )
        x, y = np.meshgrid(np.linspace(-2.1, 2.1, 43), np.linspace(-1.15, 1.15, 25))
        starts = np.stack([x, y], axis=-1)
        ends = gradient_descent(camel_gradient, starts, 0.02, 300)[-1]
        nearest = [
            np.linalg.norm(points[..., None, :] - pits, axis=-1).argmin(axis=-1)
            for points in (starts, ends)
        ]
        assert (nearest[0] != nearest[1]).mean() > 0.1

    def test_two_global_minima_and_four_that_are_local(self) -> None:
        starts = np.random.default_rng(1).uniform([-2, -1], [2, 1], (300, 2))
        ends = gradient_descent(camel_gradient, starts, 0.02, 500)[-1]
        places = np.unique(ends.round(4), axis=0)
        assert len(places) == 6
        heights = camel(places)
        assert (heights < heights.min() + 1e-4).sum() == 2
        assert (np.linalg.eigvalsh(hessian(camel_gradient, ends))[:, 0] > 1).all()

    def test_every_start_has_found_a_minimum_and_many_a_worse_one(
        self, any_run: Runs
    ) -> None:
        values = any_run("gradients_surfaces").values
        assert values["farthest"] < 1e-9
        assert 0.5 < values["share_deepest"] < 0.65
        assert values["share_deepest"] + values["share_trapped"] == pytest.approx(1)

    def test_the_double_well(self) -> None:
        for point in ((0, 0), (0, 1), (0, -1)):
            slope = double_well_gradient(np.array(point, dtype=float))
            np.testing.assert_array_equal(slope, 0)
        at_saddle = np.linalg.eigvalsh(hessian(double_well_gradient, [0, 0]))
        np.testing.assert_allclose(at_saddle, [-1, 1], atol=1e-9)
        at_minimum = np.linalg.eigvalsh(hessian(double_well_gradient, [0, 1]))
        assert at_minimum.min() > 0.9

    def test_the_function_falls_and_the_gradient_does_not(self, book_run: Runs) -> None:
        path = gradient_descent(double_well_gradient, [1.5, 1e-6], 0.1, 200)
        assert (np.diff(double_well(path)) < 0).all()
        sizes = np.linalg.norm(double_well_gradient(path), axis=1)
        low = sizes[:120].argmin()
        assert sizes[low:].max() > 100 * sizes[low]
        assert np.linalg.norm(path[low]) < 0.01  # at the saddle
        np.testing.assert_allclose(path[-1], [0, 1], atol=1e-5)
        values = book_run("gradients_surfaces").values
        assert values["gradient_smallest"] == pytest.approx(sizes[low])
        assert values["gradient_largest"] == pytest.approx(sizes[low:].max())
        assert values["ratio"] == pytest.approx(sizes[low:].max() / sizes[low])

    def test_where_it_is_flat_the_curvatures_do_not_tell(self) -> None:
        """x² + y⁴ has a minimum at 0, x² − y⁴ a saddle: the Hessian is one."""
        minimum, saddle = (
            hessian(lambda p, s=sign: np.array([2, 4 * s]) * p ** [1, 3], [0.0, 0.0])
            for sign in (1, -1)
        )
        np.testing.assert_allclose(minimum, saddle, atol=1e-8)

    def test_on_the_ridge_it_stays_at_the_saddle(self) -> None:
        path = gradient_descent(double_well_gradient, [1.5, 0.0], 0.1, 1000)
        assert (path[:, 1] == 0).all()
        assert abs(path[-1, 0]) < 1e-12

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_almost_every_start_leaves_the_saddle(self, seed: int) -> None:
        starts = np.random.default_rng(seed).uniform(-1.5, 1.5, (1000, 2))
        ends = gradient_descent(double_well_gradient, starts, 0.1, 500)[-1]
        np.testing.assert_allclose(np.abs(ends[:, 1]), 1, atol=1e-6)

    def test_a_saturated_unit_has_a_bad_loss_and_no_slope(self) -> None:
        w = np.array([-10.0])
        assert (1 - sigmoid(w)) ** 2 / 2 > 0.999 * 0.5
        assert (1 - sigmoid(w)) * sigmoid_derivative(w) < 1e-4
        assert abs(sigmoid_derivative(-np.log(1e4))) == pytest.approx(1e-4, rel=1e-3)

    def test_a_saddle_costs_logarithmically_and_a_plateau_in_proportion(
        self, book_run: Runs
    ) -> None:
        values = book_run("gradients_surfaces").values
        plateau = [values[f"steps_plateau[{k}]"] for k in range(4)]
        for fewer, more in pairwise(plateau[1:]):
            assert more / fewer == pytest.approx(10, rel=0.15)
        saddle = [values[f"steps_saddle[{k}]"] for k in range(15)]
        by_formula = math.log(1e7) / math.log(1.5)
        assert saddle[14] - saddle[7] == pytest.approx(by_formula, abs=7)
        assert saddle[14] < plateau[1]

    def test_the_gradients_at_the_starts_have_nearly_the_same_length(self) -> None:
        for k in range(1, 5):
            w, y = -k * np.log(10), 10.0**-k
            plateau = (1 - sigmoid(w)) * sigmoid_derivative(w)
            saddle = np.linalg.norm(double_well_gradient(np.array([0, y])))
            assert 0.75 < plateau / saddle < 1
            assert saddle == pytest.approx(y, rel=0.02)


def xor(
    theta: torch.Tensor, activation: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1.0]]).double()
    W, b, v, c = theta.split([4, 2, 2, 1], dim=1)
    Z = W.view(-1, 2, 2) @ X.T + b[:, :, None]
    return (v[:, :, None] * activation(Z)).sum(1) + c


def xor_loss(theta: torch.Tensor) -> torch.Tensor:
    target = torch.tensor([0, 1, 1, 0.0]).double()
    return ((xor(theta, torch.relu) - target) ** 2).mean(1)


def xor_slope(theta: torch.Tensor) -> torch.Tensor:
    """The gradient of each network's loss by hand, several times as fast."""
    X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1.0]]).double()
    target = torch.tensor([0, 1, 1, 0.0]).double()
    W, b, v, c = theta.split([4, 2, 2, 1], dim=1)
    A = torch.relu(W.view(-1, 2, 2) @ X.T + b[:, :, None])  # (networks, 2, 4)
    dY = ((v[:, :, None] * A).sum(1) + c - target) / 2  # (networks, 4)
    dZ = dY[:, None] * v[:, :, None] * (A > 0)
    of_v = (dY[:, None] * A).sum(2)
    slopes = (dZ @ X).flatten(1), dZ.sum(2), of_v, dY.sum(1, keepdim=True)
    return torch.cat(slopes, dim=1)


def xor_starts(seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    return (2 * torch.rand(100, 9).double() - 1) / 2**0.5


@pytest.fixture(scope="session")
def ends() -> torch.Tensor:
    """Train the chapter's networks from starts of our own."""
    theta = xor_starts(7)
    for _ in range(3000):
        theta = theta - 0.2 * xor_slope(theta)
    return theta


@cache
def stuck_by_rate() -> dict[float, list[float]]:
    """Train at three rates, as far each; return the shares stuck of three seeds."""
    starts = torch.cat([xor_starts(seed) for seed in range(3)])
    stuck = {}
    for rate, steps in [(0.05, 4000), (0.2, 1000), (0.8, 250)]:
        theta = starts
        for _ in range(steps):
            theta = theta - rate * xor_slope(theta)
        high = (xor_loss(theta) > 0.01).double()
        stuck[rate] = high.view(3, 100).mean(dim=1).tolist()
    return stuck


class TestStuck:
    def test_two_hidden_units_suffice(self) -> None:
        # ReLU(x₁ + x₂) − 2 ReLU(x₁ + x₂ − 1)
        theta = torch.tensor([[1, 1, 1, 1, 0, -1, 1, -2, 0.0]]).double()
        assert xor_loss(theta).item() == 0

    def test_the_slope_is_that_of_the_loss(self, ends: torch.Tensor) -> None:
        for theta in (xor_starts(0), xor_starts(1), ends):
            leaf = theta.clone().requires_grad_()
            (slope,) = torch.autograd.grad(xor_loss(leaf).sum(), leaf)
            torch.testing.assert_close(xor_slope(theta), slope)

    def test_the_starts_are_those_of_nn_linear(self) -> None:
        torch.manual_seed(0)
        layer = torch.nn.Linear(2, 5000)
        bound = 1 / 2**0.5
        for drawn in (layer.weight, layer.bias):
            assert drawn.abs().max().item() == pytest.approx(bound, rel=1e-2)
            assert drawn.abs().max().item() <= bound
            assert drawn.var().item() == pytest.approx(bound**2 / 3, rel=0.05)

    @pytest.mark.settles("local-minima")
    def test_many_networks_end_where_nothing_near_is_lower(
        self, any_run: Runs, ends: torch.Tensor
    ) -> None:
        values = any_run("gradients_xor").values
        count_floor, count_still = values["count_floor"], values["count_still"]
        assert values["share_stuck"] > 0.5
        assert count_floor > 0.6 * values["starts"]
        assert count_floor + values["count_lower"] == count_still
        assert values["count_lower"] < 0.05 * count_still
        assert values["most_negative"] > -1e-6
        assert values["count_smooth"] > 0.9 * count_still
        theta = ends.clone().requires_grad_()
        losses = xor_loss(theta)
        (slope,) = torch.autograd.grad(losses.sum(), theta)
        still = (losses > 0.01) & (slope.norm(dim=1) < 1e-8)
        assert still.double().mean() > 0.5
        rest, level = ends[still], losses.detach()[still]
        assert level.min() > 0.12
        lower = torch.zeros(len(rest), dtype=torch.bool)
        for _ in range(300):
            nudge = torch.randn_like(rest)
            nudge *= 0.01 / nudge.norm(dim=1, keepdim=True)
            lower |= xor_loss(rest + nudge) < level - 1e-12
        assert lower.double().mean() < 0.1

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_the_rate_is_not_to_blame(self, seed: int) -> None:
        stuck = {rate: shares[seed] for rate, shares in stuck_by_rate().items()}
        assert stuck[0.2] > 0.5
        assert abs(stuck[0.05] - stuck[0.2]) < 0.1
        assert stuck[0.8] == 1

    def test_all_stuck_networks_stand_at_the_three_levels(self, any_run: Runs) -> None:
        values = any_run("gradients_xor").values
        share_stuck = values["share_stuck"]
        assert values["on_levels"] == round(share_stuck * values["starts"])
        assert values["largest_solved"] < 1e-3
        assert values["share_solved"] + share_stuck == pytest.approx(1)

    @pytest.mark.parametrize(
        ("level", "right", "same"), [(1 / 4, 0, 4), (1 / 6, 1, 3), (1 / 8, 2, 2)]
    )
    def test_what_the_networks_answer(
        self, level: float, right: int, same: int, ends: torch.Tensor
    ) -> None:
        target = torch.tensor([0, 1, 1, 0.0]).double()
        there = ends[(xor_loss(ends) - level).abs() < 1e-8]
        assert len(there) > 3
        for answers in xor(there, torch.relu):
            wrong = (answers - target).abs() > 1e-3
            assert int((~wrong).sum()) == right
            assert int(wrong.sum()) == same
            mean = target[wrong].mean()
            torch.testing.assert_close(
                answers[wrong], mean.expand(same), atol=1e-3, rtol=0
            )

    def test_most_directions_are_flat(self, any_run: Runs) -> None:
        values = any_run("gradients_xor").values
        assert values["count_flat[0]"] > 9 / 2
        assert values["count_flat[1]"] < 9

    def test_the_plane_shows_the_three_networks_at_their_levels(
        self, any_run: Runs
    ) -> None:
        values = any_run("gradients_xor").values
        marks = [[values[f"marks[{i}][{j}]"] for j in (0, 1)] for i in range(3)]
        assert marks[0] == [0, 0]
        assert min(math.dist(a, b) for a, b in combinations(marks, 2)) > 0.5

    def test_more_units_get_stuck_less(self, any_run: Runs) -> None:
        values = any_run("gradients_xor").values
        shares = [values[f"share[{units}]"] for units in (2, 4, 8, 16)]
        assert shares == sorted(shares, reverse=True)
        assert shares[0] > 0.5
        assert shares[2] < 0.1
        assert shares[3] < 0.02

    def test_tanh_creeps_and_waiting_helps(self, any_run: Runs) -> None:
        rows = rows_of(any_run("gradients_xor"), "tanh")
        assert [row[0] for row in rows] == ["500", "1,000", "2,000"]
        stuck = [float(row[1].rstrip("%")) for row in rows]
        assert stuck[0] > stuck[1] > stuck[2] > 0
        assert 1e-5 < float(rows[2][2]) < float(rows[0][2]) < 0.1


class TestPitfalls:
    @pytest.mark.settles("flat-index-loop")
    def test_a_flat_index_fails_on_matrices_and_integers(self, book_run: Runs) -> None:
        run = book_run("gradients")
        log = run.log("flat-index").splitlines()
        assert log[0].split(maxsplit=1) == ["floats", "[6. 8.]"]
        assert run.values["slope_of_integers[0]"] == 25000
        assert "out of bounds" in log[2]
        x = np.array([3, 4])
        above, below = x.copy(), x.copy()
        above[0], below[0] = x[0] + 1e-4, x[0] - 1e-4
        assert (above[0], below[0]) == (3, 2)

        def squares(x: np.ndarray) -> float:
            return float(np.sum(x**2))

        matrix = np.array([[3.0, 4.0]])
        np.testing.assert_allclose(numerical_gradient(squares, matrix), 2 * matrix)
        with pytest.raises(TypeError, match=r"x\.astype\(float\)"):
            numerical_gradient(squares, x)
        assert run.log("any-shape").splitlines() == [
            "[[6. 8.]]",
            "x holds int64 and cannot move by 1e-05: use x.astype(float)",
        ]

    def test_a_plus_climbs_whatever_the_rate(self) -> None:
        for rate in (0.1, 0.01, 0.001):
            path = gradient_descent(lambda x: -x, [1.0], rate, 50)[:, 0]
            assert (np.diff(path**2) > 0).all()

    def test_a_large_rate_ends_in_nan_or_infinity(self) -> None:
        with np.errstate(all="ignore"):
            path = gradient_descent(lambda x: 4 * x**3, [2.0], 1.0, 20)
        assert not np.isfinite(path[-1]).all()
        small = gradient_descent(lambda x: 4 * x**3, [2.0], 0.01, 20)
        assert np.isfinite(small).all()


class TestExercises:
    def test_an_imaginary_step_loses_nothing(self, book_run: Runs) -> None:
        for h in (1e-8, 1e-16, 1e-200):
            estimate = np.exp(1 + 1j * h).imag / h
            assert estimate == pytest.approx(np.e, rel=1e-14)
        coarse, fine = (abs(np.exp(1 + 1j * h).imag / h - np.e) for h in (1e-2, 1e-3))
        assert coarse / fine == pytest.approx(100, rel=0.01)
        assert len(book_run("gradients_exercises").log("solution-1").splitlines()) == 5

    def test_steps_grow_in_proportion_to_the_condition(self, book_run: Runs) -> None:
        values = book_run("gradients_exercises").values
        steps = {k: values[f"steps[{k}]"] for k in (10, 100, 1000)}
        assert steps[100] / steps[10] == pytest.approx(10, rel=0.03)
        assert steps[1000] / steps[100] == pytest.approx(10, rel=0.03)
        for condition in (10, 100, 1000):
            factor = (condition - 1) / (condition + 1)
            expected = math.log(1e-6) / math.log(factor)
            assert steps[condition] == pytest.approx(expected, abs=1)

    def test_a_minimum_of_the_double_well_holds_below_rate_1(self) -> None:
        near = np.array([1e-4, 1 + 1e-4])
        ends = {
            rate: gradient_descent(double_well_gradient, near, rate, 2000)[-1]
            for rate in (0.01, 0.5, 0.95, 1.05)
        }
        away = {rate: np.linalg.norm(end - [0, 1]) for rate, end in ends.items()}
        assert max(away[rate] for rate in (0.01, 0.5, 0.95)) < 1e-6
        assert away[1.05] > 100 * np.linalg.norm(near - [0, 1])
        for rate in (0.01, 0.5, 1.0, 1.5):  # the saddle holds at none
            path = gradient_descent(double_well_gradient, [0, 1e-9], rate, 3000)
            assert np.abs(path[:, 1]).max() > 0.3

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_a_rate_for_each_axis_needs_one_step(self, seed: int) -> None:
        curvature = np.random.default_rng(seed).uniform(0.1, 100, 5)
        path = gradient_descent(lambda x: curvature * x, np.ones(5), 1 / curvature, 1)
        np.testing.assert_allclose(path[-1], 0, atol=1e-12)

    def test_noise_costs_a_fixed_number_of_steps_a_factor(self, any_run: Runs) -> None:
        values = any_run("gradients_exercises").values
        formula = math.log(1000) / math.log(1.1)
        assert values["steps_by_formula"] == pytest.approx(formula)
        assert values["steps_more"] == pytest.approx(formula, rel=0.05)
        log = any_run("gradients_exercises").log("solution-3").splitlines()[:4]
        assert all(30 < int(line.split()[-1].rstrip("%")) < 70 for line in log)
