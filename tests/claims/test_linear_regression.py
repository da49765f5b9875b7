"""What the chapter on linear regression says in words."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss
from torch.optim import SGD

from dlnotes.basics.gradient import gradient_descent
from dlnotes.book.storage.store import Run
from dlnotes.data.synthetic import noisy_line, noisy_linear
from dlnotes.linear import (
    LinearRegression,
    design_matrix,
    least_squares,
    linear,
    normal_equation,
)
from dlnotes.losses import gaussian_nll, mse
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

Runs = Callable[[str], Run]
EveryRun = Callable[[str], list[Run]]
Data = tuple[torch.Tensor, torch.Tensor]


@pytest.fixture(params=[0, 1, 2])
def data(request: pytest.FixtureRequest) -> Data:
    """The 256 points of the chapter, and two other draws of them."""
    seed_everything(1809 + 10_000 * request.param)
    return noisy_line(n=256, w=5, b=7, sigma=0.25)


@pytest.fixture
def curvature(data: Data) -> tuple[float, float]:
    """The flat and the steep curvature of the loss."""
    A = design_matrix(data[0])
    flat, steep = torch.linalg.eigvalsh(2 * A.T @ A / len(A)).tolist()
    return flat, steep


class TestThreeThousandSteps:
    def test_the_loop_finds_the_line(self, book_run: Runs) -> None:
        values = book_run("linear_regression").values
        assert values["loss_last"] == pytest.approx(0.056, abs=0.002)
        assert abs(values["w_sgd"] - 5) < 0.05
        assert abs(values["b_sgd"] - 7) < 0.05

    def test_the_log_has_a_line_every_100_steps(self, book_run: Runs) -> None:
        log = book_run("linear_regression").log("train")
        steps = [int(step) for step in re.findall(r"^step +(\d+) ", log, re.MULTILINE)]
        assert steps == list(range(100, 3001, 100))

    def test_200_steps_win_nearly_everything(self, data: Data) -> None:
        seed_everything(0)
        model = LinearRegression(features=1)
        optimizer = SGD(model.parameters(), lr=0.01)
        history = train(model, mse, optimizer, Batches(*data, batch_size=64), steps=200)
        means = history.epoch_means()
        assert 400 < means[0] / means[-1] < 1000

    def test_what_2800_further_steps_win_is_little(self, any_run: Runs) -> None:
        run = any_run("linear_regression")
        log = re.findall(r"loss +(\S+)", run.log("train"))
        after_200, after_3000 = float(log[1]), float(log[-1])
        assert (after_200 - after_3000) / run.values["loss_first"] < 0.02

    def test_the_fit_is_below_the_true_line(self, any_run: Runs) -> None:
        values = any_run("linear_regression").values
        assert values["loss_fit"] < values["loss_sgd"] < values["loss_true"]

    def test_on_the_page_it_is_below_the_noise_too(self, book_run: Runs) -> None:
        values = book_run("linear_regression").values
        assert values["loss_last"] < values["loss_true"] < 1 / 16

    def test_four_steps_an_epoch(self, data: Data, book_run: Runs) -> None:
        assert len(Batches(*data, batch_size=64)) == 4
        assert book_run("linear_regression").values["epochs"] == 750

    def test_the_last_batch_jumps_and_the_epoch_does_not(self, any_run: Runs) -> None:
        values = any_run("linear_regression").values
        assert values["spread_batch"] > 100 * values["spread_mean"]

    def test_the_loss_equals_that_of_torch(self, data: Data) -> None:
        X, y = data
        for reduction in ("mean", "sum", "none"):
            ours = mse(3 * X[:, 0], y, reduction)
            theirs = mse_loss(3 * X[:, 0], y, reduction=reduction)
            torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


class TestTrainingLoop:
    def test_the_gradient_points_where_the_loss_grows_fastest(self, data: Data) -> None:
        X, y = (t.double() for t in data)
        theta = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
        mse(design_matrix(X) @ theta, y).backward()
        angles = torch.arange(0, 2 * torch.pi, 0.01, dtype=torch.float64)
        directions = torch.stack([angles.cos(), angles.sin()], dim=1)  # (629, 2)
        moved = theta.detach() + 1e-4 * directions
        losses = ((design_matrix(X) @ moved.T - y[:, None]) ** 2).mean(dim=0)
        uphill = theta.grad / theta.grad.norm()
        assert directions[losses.argmax()] @ uphill > 0.9999
        assert directions[losses.argmin()] @ uphill < -0.9999

    def test_torch_adds_gradients_up(self) -> None:
        w = torch.ones(1, requires_grad=True)
        for expected in (3.0, 6.0):
            (3 * w).backward()
            assert w.grad.item() == expected

    def test_a_loss_that_is_kept_keeps_its_record(self) -> None:
        w = torch.ones(1, requires_grad=True)
        loss = mse(2 * w, torch.zeros(1))
        loss.backward()
        assert loss.grad_fn.next_functions
        assert not isinstance(loss.item(), torch.Tensor)


class TestLossSurface:
    def test_a_step_multiplies_the_error_along_an_eigenvector(self, data: Data) -> None:
        X, y = (t.double() for t in data)
        A = design_matrix(X)
        curvatures, directions = torch.linalg.eigh(2 * A.T @ A / len(A))
        best = torch.linalg.lstsq(A, y[:, None]).solution[:, 0]
        theta = torch.zeros(2, dtype=torch.float64)
        after = theta - 0.01 * 2 * A.T @ (A @ theta - y) / len(A)
        expected = (1 - 0.01 * curvatures) * (directions.T @ (theta - best))
        torch.testing.assert_close(directions.T @ (after - best), expected)

    def test_across_the_valley_is_done_long_before_along_it(
        self, any_run: Runs
    ) -> None:
        values = any_run("linear_regression").values
        assert values["distance_across[300]"] < 0.001
        assert values["distance_along[300]"] > 0.5
        assert 0.01 < values["distance_along[3000]"] < 0.05

    def test_every_path_drops_into_the_valley_and_then_follows_it(
        self, data: Data
    ) -> None:
        """From all starts of the figure: across is done when along is not."""
        X, y = (t.double() for t in data)
        A = design_matrix(X)
        H = 2 * A.T @ A / len(A)
        _, directions = torch.linalg.eigh(H)  # flat, steep
        best = torch.linalg.lstsq(A, y[:, None]).solution[:, 0]
        corners = [[14.5, -2.5], [6.5, -2.5], [14.5, 3.5], [14.5, 12.5], [7.5, 12.5]]
        starts = [*corners, [-0.5, 12.5], [-0.5, 6.5], [0, 0]]
        theta = torch.tensor(starts).double().T
        away = directions.T @ (theta - best[:, None])
        for _ in range(200):
            theta = theta - 0.01 * H @ (theta - best[:, None])
        left = (directions.T @ (theta - best[:, None])).abs()
        assert (left[1] < 0.01 * away[1].abs()).all()
        assert (left[0] > 0.5 * away[0].abs()).all()

    def test_the_limit_of_the_rate_is_2_over_the_steep_curvature(
        self, data: Data, curvature: tuple[float, float]
    ) -> None:
        _, steep = curvature
        w, _ = least_squares(*data)
        A, y = design_matrix(data[0]).double().numpy(), data[1].double().numpy()
        H, pull = 2 * A.T @ A / len(A), 2 * A.T @ y / len(A)
        rates = np.array([[0.97], [1.01]]) * 2 / steep
        start = np.zeros((2, 2))  # of b and w, at either rate
        ends = gradient_descent(lambda theta: theta @ H - pull, start, rates, 700)[-1]
        below, above = abs(ends[:, 1] - w.item())
        assert below < 1e-3
        assert above > 10

    def test_the_contours_double(self, data: Data) -> None:
        X, y = data
        w, b = least_squares(X, y)
        lowest = mse(linear(X, w, b), y)
        near = mse(linear(X, w + 1, b), y) - lowest
        far = mse(linear(X, w + 2**0.5, b), y) - lowest
        assert (far / near).item() == pytest.approx(2, rel=1e-3)


class TestExactAnswer:
    def test_both_curvatures_are_positive(self, curvature: tuple[float, float]) -> None:
        assert min(curvature) > 0.1

    def test_the_errors_are_normal_to_every_column(self, data: Data) -> None:
        X, y = (t.double() for t in data)
        error = linear(X, *least_squares(X, y)) - y
        assert (design_matrix(X).T @ error).abs().max() < 1e-9

    def test_sgd_comes_close(self, book_run: Runs) -> None:
        values = book_run("linear_regression").values
        assert values["gap_w"] < 0.02
        assert 0 < values["loss_gap"] < 1e-4

    def test_the_loss_lacks_far_less_than_the_weight(self, any_run: Runs) -> None:
        values = any_run("linear_regression").values
        assert 0 < values["loss_gap"] < values["gap_w"] / 10

    @pytest.mark.parametrize("seed", [1809, 0, 1])
    def test_the_error_does_not_depend_on_the_line_sought(self, seed: int) -> None:
        found = []
        for w, b in [(5, 7), (3, 4)]:
            seed_everything(seed)
            X, y = noisy_line(n=256, w=w, b=b, sigma=0.25)
            w_hat, b_hat = least_squares(X, y)
            loss = mse(linear(X, w_hat, b_hat), y)
            found.append(torch.stack([w_hat[0] - w, b_hat - b, loss]))
        torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=0)

    def test_sgd_ends_nearer_when_it_starts_nearer(self, any_run: Runs) -> None:
        values = any_run("linear_regression_closed_form").values
        assert values["gap_w[1]"] < values["gap_w[0]"]

    def test_the_normal_equation_squares_the_condition_number(self, data: Data) -> None:
        A = design_matrix(data[0]).double()
        squared = torch.linalg.cond(A) ** 2
        torch.testing.assert_close(torch.linalg.cond(A.T @ A), squared)

    def test_both_ways_agree_on_the_data(self, data: Data) -> None:
        torch.testing.assert_close(
            least_squares(*data), normal_equation(*data), atol=1e-4, rtol=0
        )

    def test_dates_break_the_normal_equation_in_single_precision(
        self, any_run: Runs
    ) -> None:
        values = any_run("linear_regression_closed_form").values
        assert values["condition"] * 1e-7 < 0.01
        assert values["condition"] ** 2 > 1e7
        assert abs(values["w_single['normal equation']"] - 5) > 1
        assert abs(values["w_single['QR']"] - 5) < 0.2

    def test_dates_are_no_trouble_in_double_precision(self, data: Data) -> None:
        X, y = (t.double() for t in data)
        w, _ = normal_equation(2024 + X, y)
        torch.testing.assert_close(w, least_squares(X, y)[0], atol=1e-4, rtol=0)


class TestSeveralFeatures:
    def test_a_weight_is_the_change_with_the_others_held(self) -> None:
        w, b = torch.tensor([2.0, -3.0, 0.5]), torch.tensor(4.0)
        X = torch.rand(5, 3)
        moved = X + torch.tensor([0.0, 1.0, 0.0])
        change = linear(moved, w, b) - linear(X, w, b)
        torch.testing.assert_close(change, torch.full((5,), -3.0))

    def test_sgd_has_not_arrived(self, any_run: Runs) -> None:
        values = any_run("linear_regression_closed_form").values
        assert values["gap_largest"] > 0.05
        assert values["loss_excess"] > 0

    @staticmethod
    def lucky(run: Run) -> set[str]:
        """The parameters that SGD leaves nearer to the truth than the exact fit."""
        table = "".join(run.outputs("multiple")[0]["data"]["text/plain"])
        rows = [line.split() for line in table.splitlines()[1:]]
        return {
            name
            for name, true, sgd, exact in rows
            if abs(float(sgd) - float(true)) < abs(float(exact) - float(true))
        }

    def test_sgd_is_lucky_with_w1_on_the_page(self, book_run: Runs) -> None:
        assert "w₁" in self.lucky(book_run("linear_regression_closed_form"))

    def test_with_other_seeds_luck_is_elsewhere(self, every_run: EveryRun) -> None:
        page, *others = map(self.lucky, every_run("linear_regression_closed_form"))
        assert all(found - page for found in others)

    def test_the_table_is_of_the_exact_fit(self, book_run: Runs) -> None:
        seed_everything(1809)
        X, y = noisy_linear((256,), torch.tensor([2.0, -3.0, 0.5]), 4.0, 0.25)
        run = book_run("linear_regression_closed_form")
        table = "".join(run.outputs("multiple")[0]["data"]["text/plain"])
        row = next(line for line in table.splitlines() if "w₁" in line)
        exact = float(row.split()[3])
        assert exact == pytest.approx(least_squares(X, y)[0][0].item(), abs=1e-4)


class TestNoise:
    @pytest.mark.parametrize("sigma", [0.25, 0.5, 1.0, 7.0])
    def test_the_likelihood_of_any_sigma_is_highest_at_least_squares(
        self, data: Data, sigma: float
    ) -> None:
        X, y = (t.double() for t in data)
        w, b = (t.clone().requires_grad_() for t in least_squares(X, y))
        gaussian_nll(linear(X, w, b), y, sigma).backward()
        assert w.grad.abs().max() < 1e-10
        assert b.grad.abs() < 1e-10

    def test_a_negative_log_likelihood_is_near_zero_here(
        self, book_run: Runs, every_run: EveryRun
    ) -> None:
        assert -0.1 < book_run("linear_regression_recovery").values["loss_lowest"] < 0
        found = every_run("linear_regression_recovery")
        assert max(run.values["loss_lowest"] for run in found) > 0

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_more_often_than_not_it_is_above_zero(self, seed: int) -> None:
        seed_everything(seed)
        X, y = noisy_linear((2000, 256), torch.tensor([5.0]), b=7.0, sigma=0.25)
        w, b = least_squares(X, y)
        predictions = (X @ w[..., None])[..., 0] + b[:, None]
        lowest = [
            gaussian_nll(line, points, 0.25)
            for line, points in zip(predictions, y, strict=True)
        ]
        share = (torch.stack(lowest) > 0).float().mean()
        assert 0.6 < share < 0.9

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_with_a_tenth_of_the_noise_it_is_negative(self, seed: int) -> None:
        seed_everything(seed)
        X, y = noisy_line(n=256, w=5, b=7, sigma=0.025)
        errors = linear(X, *least_squares(X, y)) - y
        density = torch.distributions.Normal(0, 0.025).log_prob(errors).exp()
        assert gaussian_nll(errors, torch.zeros(256), 0.025) < -1
        assert (density > 1).float().mean() > 0.95

    def test_the_lowest_points_share_the_slope_of_least_squares(
        self, any_run: Runs
    ) -> None:
        run = any_run("linear_regression_recovery")
        found = re.findall(r"w = (\S+)", run.log("likelihood"))
        assert len(found) == 3
        assert len(set(found)) == 1
        assert float(found[0]) == pytest.approx(run.values["w_fit[0]"], abs=0.006)

    def test_the_sigma_of_the_page(self, book_run: Runs) -> None:
        seed_everything(1809)
        X, y = noisy_line(n=256, w=5, b=7, sigma=0.25)
        root = mse(linear(X, *least_squares(X, y)), y).sqrt().item()
        sigma = book_run("linear_regression_recovery").values["sigma_hat"]
        assert sigma == pytest.approx(root, rel=1e-5)

    def test_the_likeliest_sigma_is_the_root_of_the_smallest_mse(
        self, data: Data
    ) -> None:
        X, y = data
        prediction = linear(X, *least_squares(X, y))
        root = mse(prediction, y).sqrt().item()
        lowest = gaussian_nll(prediction, y, root)
        assert lowest < gaussian_nll(prediction, y, 0.95 * root)
        assert lowest < gaussian_nll(prediction, y, 1.05 * root)

    def test_one_huge_error_drags_the_line(self, data: Data) -> None:
        X, y = data
        spoiled = y.clone()
        spoiled[X[:, 0].argmax()] += 50
        assert abs(least_squares(X, spoiled)[0] - least_squares(X, y)[0]).item() > 1


class TestTrust:
    @staticmethod
    def slopes(n: int, sets: int = 2000) -> torch.Tensor:
        X, y = noisy_linear((sets, n), torch.tensor([5.0]), b=7.0, sigma=0.25)
        return least_squares(X, y)[0][:, 0]

    def test_no_sign_of_a_bias(self, any_run: Runs) -> None:
        values = any_run("linear_regression_recovery").values
        assert abs(values["bias"]) < 2 * values["bias_error"]
        assert values["bias_error"] < 0.0015

    def test_one_error_is_many_times_the_bias(self, book_run: Runs) -> None:
        error = book_run("linear_regression").values["error_w"]
        assert abs(error) > 10 * abs(
            book_run("linear_regression_recovery").values["bias"]
        )

    def test_part_of_the_error_is_what_the_loop_had_still_to_go(
        self, book_run: Runs
    ) -> None:
        values = book_run("linear_regression").values
        noise = values["w_fit[0]"] - 5
        assert noise * values["error_w"] > 0
        whole = abs(noise) + values["gap_w"]
        assert abs(values["error_w"]) == pytest.approx(whole, abs=1e-6)

    def test_the_scatter_follows_the_formula(self, any_run: Runs) -> None:
        values = any_run("linear_regression_recovery").values
        assert values["spread"] == pytest.approx(values["spread_theory"], rel=0.05)
        assert 0.6 < values["share_within"] < 0.7

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_four_times_the_data_halve_the_scatter(self, seed: int) -> None:
        seed_everything(seed)
        ratio = self.slopes(100).std() / self.slopes(400).std()
        assert ratio.item() == pytest.approx(2, rel=0.08)

    def test_the_lowest_loss_scatters_around_its_formula(self, any_run: Runs) -> None:
        values = any_run("linear_regression_recovery").values
        assert values["loss_mean"] == pytest.approx(values["loss_theory"], rel=0.01)

    def test_the_loss_of_the_page_is_an_ordinary_draw(self, book_run: Runs) -> None:
        values = book_run("linear_regression_recovery").values
        ours = book_run("linear_regression").values["loss_last"]
        assert values["loss_low"] < ours < values["loss_high"]


class TestPitfalls:
    def test_a_column_minus_a_vector_is_a_table(self, data: Data) -> None:
        X, y = data
        assert (torch.nn.Linear(1, 1)(X) - y).shape == (256, 256)

    def test_torch_warns_and_goes_on(self) -> None:
        with pytest.warns(UserWarning, match="broadcasting"):
            assert mse_loss(torch.zeros(4, 1), torch.ones(4)) == 1

    def test_the_slope_is_lost_and_the_loss_stays_at_the_variance(
        self, any_run: Runs
    ) -> None:
        run = any_run("linear_regression_pitfalls")
        assert abs(run.values["w_wrong"]) < 0.5
        loss = float(re.search(r"loss (\S+)", run.log("silent"))[1])
        assert loss == pytest.approx(run.values["y_variance"], rel=0.01)
        assert "make them equal" in run.log("door")

    def test_half_the_sum_is_n_over_2_times_the_mean_and_so_is_its_gradient(
        self, data: Data
    ) -> None:
        X, y = data
        prediction = (4 * X[:, 0]).requires_grad_()
        half = mse(prediction, y, "sum") / 2
        mean = mse(prediction, y)
        torch.testing.assert_close(half, 128 * mean)
        (of_half,) = torch.autograd.grad(half, prediction)
        (of_mean,) = torch.autograd.grad(mean, prediction)
        torch.testing.assert_close(of_half, 128 * of_mean)

    def test_half_the_sum_diverges_and_the_loop_names_the_step(
        self, any_run: Runs, curvature: tuple[float, float]
    ) -> None:
        assert 0.01 * 128 * curvature[1] > 2
        run = any_run("linear_regression_pitfalls")
        assert re.match(r"the loss is inf at step \d+:", run.log("half-sum"))
        assert run.values["same_minimum"] < 1e-5

    def test_celsius_and_fahrenheit_are_refused(
        self, data: Data, book_run: Runs
    ) -> None:
        log = book_run("linear_regression_pitfalls").log("dependent")
        assert "w and b are not unique" in log

    def test_what_one_weight_takes_the_other_gives(self, data: Data) -> None:
        celsius = data[0].double()
        both = torch.cat([celsius, 1.8 * celsius + 32], dim=1)
        one = linear(both, torch.tensor([5.0, 0.0]).double(), torch.tensor(7.0))
        other = linear(both, torch.tensor([-13.0, 10.0]).double(), torch.tensor(-313.0))
        torch.testing.assert_close(one, other)


class TestExercises:
    def test_one_batch_of_256_is_an_epoch_and_ends_in_the_same_place(
        self, data: Data
    ) -> None:
        ends, jumps = [], []
        for size in (64, 256):
            model = LinearRegression(features=1)
            optimizer = SGD(model.parameters(), lr=0.01)
            batches = Batches(*data, batch_size=size)
            history = train(model, mse, optimizer, batches, steps=1000)
            ends.append([model.w.item(), model.b.item()])
            jumps.append(torch.tensor(history.losses[-100:]).diff().std())
        assert len(set(history.epochs)) == 1000
        assert ends[0] == pytest.approx(ends[1], abs=0.002)
        assert jumps[0] > 100 * jumps[1]

    def test_decay_takes_the_slope_down_and_the_loss_up(self, any_run: Runs) -> None:
        values = any_run("linear_regression_exercises").values
        w, b = values["w_decayed"], values["b_decayed"]
        assert 0 < values["b_fit"] - b < (values["w_fit[0]"] - w) / 3
        lines = any_run("linear_regression_exercises").log("solution-4").splitlines()
        before, after = (float(line.split()[-1]) for line in lines)
        assert after > 2 * before

    def test_decay_leaves_the_more_the_larger_the_curvature(self, data: Data) -> None:
        X, y = data
        A = design_matrix(X)
        theta = torch.zeros(2, requires_grad=True)  # b, w
        optimizer = SGD([theta], lr=0.1, weight_decay=0.1)
        for _ in range(1000):
            theta.grad = 2 * A.T @ (A @ theta.detach() - y) / len(A)  # of the mse
            optimizer.step()
        curvatures, directions = torch.linalg.eigh(2 * A.T @ A / len(A))
        left = directions.T @ theta.detach()
        w, b = least_squares(X, y)
        whole = directions.T @ torch.stack([b, *w])
        part = curvatures / (curvatures + 0.1)
        torch.testing.assert_close(left / whole, part, atol=1e-3, rtol=0)
        assert 0.5 < part[0] < 0.65
        assert part[1] > 0.95

    def test_centring_makes_the_valley_rounder_and_the_way_longer(
        self, data: Data, curvature: tuple[float, float]
    ) -> None:
        X, y = data
        flat, steep = curvature
        centred = design_matrix(X - X.mean())
        low, high = torch.linalg.eigvalsh(2 * centred.T @ centred / len(X)).tolist()
        assert 1 < high / low < steep / flat
        w, b = least_squares(X, y)
        _, directions = torch.linalg.eigh(design_matrix(X).T @ design_matrix(X))
        along = directions[:, 0] @ torch.stack([b, *w])
        assert abs(along) < abs(w) / 2  # after centring, w itself

    def test_only_the_standard_deviation_makes_the_valley_round(
        self, any_run: Runs, data: Data
    ) -> None:
        values = any_run("linear_regression_exercises").values
        assert values["standardized"] < values["raw"] / 5
        assert values["raw"] < values["centred"]
        x = data[0].double()
        for feature, expected in [
            (x - x.mean(), 1 / 6),
            ((x - x.mean()) / x.std(correction=0), 2),
        ]:
            A = design_matrix(feature)
            H = 2 * A.T @ A / len(A)
            assert abs(H[0, 1]) < 1e-9
            assert H[1, 1].item() == pytest.approx(expected, rel=0.1)

    def test_the_formulas_lead_where_the_loop_leads(self, book_run: Runs) -> None:
        run = book_run("linear_regression_exercises")
        assert run.values["gap_largest"] < 1e-6
        by_hand, by_loop = run.log("solution-2").splitlines()
        assert by_hand.split()[2:] == by_loop.split()[2:]

    def test_the_area_speaks_for_the_rooms(self, any_run: Runs) -> None:
        values = any_run("linear_regression_exercises").values
        alone, both = values["w_alone[0]"], values["w_both[0]"]
        assert alone == pytest.approx(values["predicted"], rel=1e-4)
        assert alone > 4
        assert both == pytest.approx(2, abs=0.6)
