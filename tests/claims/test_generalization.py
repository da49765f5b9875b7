"""What the chapter on generalization says in words."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from dlnotes.book.store import Run
from dlnotes.data.curve import bump, chebyshev, noisy_bump
from dlnotes.data.digits import load_digits
from dlnotes.linear import design_matrix, least_squares, linear
from dlnotes.losses import mse
from dlnotes.train.seed import seed_everything
from dlnotes.validate import bias_variance, cross_validate, k_fold, train_val_test

Runs = Callable[[str], Run]
Fits = tuple[Tensor, Tensor]
NOISE = 0.3**2
NODES = torch.cos(torch.pi * (torch.arange(400) + 0.5) / 400).double()


def fits(x: Tensor, y: Tensor, degree: int) -> Fits:
    return least_squares(chebyshev(x, degree), y)


def predict(x: Tensor, degree: int, w: Tensor, b: Tensor) -> Tensor:
    """Evaluate S fits, each at its own points x (S, N)."""
    return (chebyshev(x, degree) @ w[..., None])[..., 0] + b[..., None]


def everywhere(degree: int, w: Tensor, b: Tensor) -> Tensor:
    """Evaluate S fits at the same 400 points: (S, 400)."""
    return w @ chebyshev(NODES, degree).T + b[:, None]


def expected(degree: int, w: Tensor, b: Tensor) -> Tensor:
    """Return the generalization error (S,) of S fits."""
    return ((everywhere(degree, w, b) - bump(NODES)) ** 2).mean(dim=1) + NOISE


def held_out_error(X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor) -> float:
    return mse(linear(X_val, *least_squares(X, y)), y_val).item()


@pytest.fixture
def true() -> list[float]:
    """The generalization errors of degrees 1 to 20 in the chapter's run."""
    seed_everything(1974)
    x, y = noisy_bump((90,))
    train, _, _ = train_val_test(90, val=1 / 3, test=1 / 3, seed=1974)
    both = [(d, *fits(x[train], y[train], d)) for d in range(1, 21)]
    return [expected(d, w[None], b[None]).item() for d, w, b in both]


class TestCapacity:
    def test_the_nodes_average_over_x_as_it_is_drawn(self) -> None:
        seed_everything(0)
        x, _ = noisy_bump((200_000,))
        for function in (bump, torch.square, torch.exp):
            drawn, at_nodes = function(x), function(NODES)
            error = (drawn.std() / len(x) ** 0.5).item()
            assert abs(drawn.mean() - at_nodes.mean()).item() < 4 * error

    def test_the_training_error_can_only_fall(self) -> None:
        seed_everything(3)
        x, y = noisy_bump((50, 30))
        errors = torch.stack(
            [
                ((predict(x, d, *fits(x, y, d)) - y) ** 2).mean(dim=1)
                for d in range(1, 21)
            ]
        )
        assert (errors.diff(dim=0) <= 1e-10).all()

    def test_a_line_underfits_and_more_data_do_not_help(self, book_run: Runs) -> None:
        values = book_run("generalization").values
        assert min(values["train_1"], values["val_1"]) > 4 * NOISE
        seed_everything(0)
        x, y = noisy_bump((20_000,))
        assert mse(linear(chebyshev(x, 1), *fits(x, y, 1)), y) > 4 * NOISE

    def test_degree_20_overfits(self, book_run: Runs) -> None:
        values = book_run("generalization").values
        assert values["train_20"] < values["train_5"] < values["train_1"]
        assert values["val_20"] > 10 * values["train_20"]
        assert values["val_20"] > 10 * values["val_5"]

    def test_the_error_falls_is_nearly_flat_and_explodes(
        self, true: list[float], book_run: Runs
    ) -> None:
        values = book_run("generalization").values
        assert values["best"] == 1 + int(np.argmin(true))
        assert values["true_best"] == pytest.approx(min(true))
        assert true[:5] == sorted(true[:5], reverse=True)
        assert max(true[4:14]) < 1.3 * min(true)
        assert true[19] > 10 * min(true)

    def test_the_chosen_validation_error_is_too_good_to_be_true(
        self, true: list[float], book_run: Runs
    ) -> None:
        values = book_run("generalization").values
        assert values["val_chosen"] < NOISE < values["true_chosen"]
        assert values["true_chosen"] == pytest.approx(true[values["chosen"] - 1])
        assert values["chosen"] != values["best"]


class TestFolds:
    def test_each_sample_is_held_out_once_and_used_k_minus_1_times(self) -> None:
        pairs = k_fold(60, k=10, seed=1974)
        trained, held = (
            np.bincount(np.concatenate(s)) for s in zip(*pairs, strict=True)
        )
        assert (trained == 9).all()
        assert (held == 1).all()
        assert all(not set(a) & set(b) for a, b in pairs)

    def test_the_folds_are_scikit_learns(self, book_run: Runs) -> None:
        log = book_run("generalization").log("k-fold")
        assert log.count("equal to scikit-learn's KFold: True") == 3

    def test_only_the_line_is_ruled_out_with_confidence(self, book_run: Runs) -> None:
        seed_everything(1974)
        x, y = noisy_bump((90,))
        train, val, _ = train_val_test(90, val=1 / 3, test=1 / 3, seed=1974)
        both = np.concatenate([train, val])
        errors = {
            d: cross_validate(
                held_out_error, chebyshev(x[both], d), y[both], k=10, seed=1974
            )
            for d in (1, 7, 8, 9, 10)
        }
        means = [errors[d].mean().item() for d in (7, 8, 9, 10)]
        values = book_run("generalization").values
        assert max(means) - min(means) < values["spread_chosen"]
        assert means[0] == pytest.approx(values["tenfold_chosen"])
        assert errors[1].mean() - means[0] > 4 * errors[1].std() / 10**0.5

    def test_the_test_error_agrees_and_is_above_what_won(self, book_run: Runs) -> None:
        values = book_run("generalization").values
        gap = abs(values["test_error"] - values["test_true"])
        assert gap < values["test_spread"]
        assert values["test_error"] > values["tenfold_chosen"]


class TestBiasVariance:
    @pytest.mark.settles("variance-is-sensitivity")
    @pytest.mark.parametrize(("degree", "n"), [(2, 30), (5, 60)])
    def test_bias_squared_variance_and_noise_sum_to_the_error_on_new_data(
        self, degree: int, n: int
    ) -> None:
        seed_everything(0)
        both = fits(*noisy_bump((2000, n)), degree)
        parts = bias_variance(everywhere(degree, *both), bump(NODES))
        total = sum(part.mean() for part in parts) + NOISE
        x, y = noisy_bump((2000, 100))
        errors = ((predict(x, degree, *both) - y) ** 2).mean(dim=1)
        uncertain = errors.std() / 2000**0.5
        assert abs(errors.mean() - total) < 3 * uncertain
        assert uncertain < 0.02 * total

    @pytest.mark.settles("variance-is-sensitivity")
    def test_the_page_shows_sums_that_agree_at_every_degree(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization_bias_variance").values
        assert values["largest_gap"] < 0.01
        for d in (2, 5, 8):
            total = values[f"bias_{d}"] + values[f"variance_{d}"] + NOISE
            assert values[f"sum_{d}"] == pytest.approx(total)

    @pytest.mark.settles("variance-is-sensitivity")
    def test_a_model_that_ignores_its_training_set_has_no_variance(
        self, book_run: Runs
    ) -> None:
        seed_everything(0)
        w, b = fits(*noisy_bump((2, 30)), 8)
        predictions = everywhere(8, w, b)
        _, variance = bias_variance(predictions, bump(NODES))
        assert variance.mean() > 0.001
        bias2, variance = bias_variance(predictions[:1].expand(9, -1), bump(NODES))
        assert variance.max() < 1e-25
        missed = ((predictions[0] - bump(NODES)) ** 2).mean()
        torch.testing.assert_close(bias2.mean(), missed)
        assert book_run("generalization_bias_variance").values["stubborn_variance"] < (
            1e-25
        )

    def test_bias_falls_and_variance_rises_and_the_sum_has_a_minimum(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization_bias_variance").values
        assert values["bias_2"] > 10 * values["bias_5"] > 100 * values["bias_8"]
        assert values["variance_2"] < values["variance_5"] < values["variance_8"]
        assert values["bias_2"] > 4 * values["variance_2"]
        assert values["sum_2"] > values["sum_5"] < values["sum_8"]
        assert 2 < values["lowest"] < 8

    @pytest.mark.settles("one-fit-is-not-bias")
    def test_one_fit_misses_by_many_times_the_bias(self, book_run: Runs) -> None:
        values = book_run("generalization_bias_variance").values
        assert abs(values["one_fit"]) > 10 * abs(values["bias"])
        assert abs(values["bias"]) < 3 * values["bias_error"]

    @pytest.mark.settles("one-fit-is-not-bias")
    def test_the_mean_error_of_slopes_is_near_zero_though_single_ones_are_not(
        self,
    ) -> None:
        seed_everything(1)
        X = torch.rand(2000, 256, 1).double()
        y = 5 * X[..., 0] + 7 + 0.25 * torch.randn(2000, 256)
        misses = least_squares(X, y)[0][:, 0] - 5
        uncertain = misses.std() / 2000**0.5
        assert abs(misses.mean()) < 3 * uncertain
        assert misses.abs().median() > 10 * uncertain


class TestLearningCurve:
    @pytest.mark.parametrize("degree", [2, 8])
    def test_the_two_errors_approach_noise_plus_bias(self, degree: int) -> None:
        seed_everything(0)
        seen, unseen = [], []
        for n in (40, 1000):
            x, y = noisy_bump((200, n))
            both = fits(x, y, degree)
            seen.append(((predict(x, degree, *both) - y) ** 2).mean().item())
            unseen.append(expected(degree, *both).mean().item())
        x = noisy_bump((100_000,))[0]
        w, b = fits(x, bump(x), degree)
        limit = expected(degree, w[None], b[None]).item()
        assert seen[0] < seen[1] < 1.01 * limit
        assert unseen[0] > unseen[1] > limit
        assert seen[1] == pytest.approx(limit, rel=0.03)
        assert unseen[1] == pytest.approx(limit, rel=0.03)

    def test_with_30_samples_the_weaker_model_is_better(self, book_run: Runs) -> None:
        values = book_run("generalization").values
        assert values["simple_few"] < values["rich_few"]
        assert values["simple_many"] > values["rich_many"]


class TestDoubleDescent:
    def test_the_error_falls_rises_and_falls_below_the_first_minimum(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization_double_descent").values
        assert 180 <= values["peak_width"] <= 250
        assert values["narrow_width"] < 160
        assert values["wide"] < values["narrow_best"] / 2
        assert values["peak"] > 2 * values["narrow_best"]

    def test_the_norm_is_huge_at_the_peak(self, book_run: Runs) -> None:
        values = book_run("generalization_double_descent").values
        assert values["norm_peak"] > 100 * values["norm_wide"]

    def test_the_solver_fits_exactly_and_with_the_smallest_norm(self) -> None:
        seed_everything(0)
        X = load_digits().train[0][:200].double()
        hidden = torch.relu(X @ torch.randn(64, 1000).double())
        target = torch.randn(200, 10).double()
        theta = torch.linalg.lstsq(hidden, target, driver="gelsd").solution
        torch.testing.assert_close(hidden @ theta, target)
        torch.testing.assert_close(theta, torch.linalg.pinv(hidden) @ target)


class TestPitfalls:
    @staticmethod
    def gap(degree: int, n: int) -> tuple[float, float]:
        seed_everything(5)
        x, y = noisy_bump((200 if n < 100 else 20, n))
        both = fits(x, y, degree)
        seen = ((predict(x, degree, *both) - y) ** 2).mean(dim=1)
        return seen.median().item(), expected(degree, *both).median().item()

    @pytest.mark.settles("overfitting-is-a-gap")
    def test_the_same_degree_overfits_few_samples_and_not_many(self) -> None:
        seen, unseen = self.gap(degree=20, n=30)
        assert unseen > 10 * seen
        seen, unseen = self.gap(degree=20, n=3000)
        assert unseen == pytest.approx(seen, rel=0.05)

    @pytest.mark.settles("overfitting-is-a-gap")
    def test_even_a_line_overfits_four_points(self) -> None:
        seen, unseen = self.gap(degree=1, n=4)
        assert unseen > 3 * seen

    @pytest.mark.settles("overfitting-is-a-gap")
    def test_the_page_shows_these_gaps(self, book_run: Runs) -> None:
        values = book_run("generalization_pitfalls").values
        assert values["few_unseen"] > 10 * values["few_seen"]
        assert values["many_unseen"] == pytest.approx(values["many_seen"], rel=0.05)
        assert values["simple_unseen"] > 3 * values["simple_seen"]

    @pytest.mark.settles("small-training-loss")
    def test_a_training_loss_of_zero_is_neither_generalization_nor_robustness(
        self,
    ) -> None:
        x = torch.linspace(-1, 0.98, 12, dtype=torch.float64)
        ratios = []
        for seed in range(50):
            seed_everything(seed)
            y = bump(x) + 0.3 * torch.randn(12)
            w, b = fits(x, y, 11)
            assert mse(linear(chebyshev(x, 11), w, b), y) < 1e-20
            moved = mse(linear(chebyshev(x + 0.02, 11), w, b), y)
            new = expected(11, w[None], b[None])
            ratios.append([moved / mse(bump(x + 0.02), y), new / NOISE])
        robust, general = torch.tensor(ratios).median(dim=0).values
        assert robust > 3
        assert general > 3

    @pytest.mark.settles("small-training-loss")
    def test_the_page_shows_a_zero_loss_that_promises_nothing(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization_pitfalls").values
        assert values["small_loss"] < 1e-20
        assert values["new_loss"] > 5 * NOISE
        assert values["moved_loss"] > 5 * values["true_loss"]

    def test_the_winner_is_flattered_and_so_is_a_test_set_that_chooses(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization_pitfalls").values
        assert values["winner_choose"] < 0.9 * values["winner_test"]
        assert values["test_minimum"] < 0.9 * values["winner_test"]

    def test_features_chosen_outside_the_folds_leak(self, book_run: Runs) -> None:
        values = book_run("generalization_pitfalls").values
        assert values["leaky"] < values["predict_zero"] / 2
        assert values["honest"] > values["predict_zero"]

    def test_folds_of_neighbours_ask_for_extrapolation(self, book_run: Runs) -> None:
        values = book_run("generalization_pitfalls").values
        assert values["in_order"] > 5 * values["shuffled"]
        seed_everything(2)
        x, _ = noisy_bump((60,))
        x = x.sort().values
        for train, val in (k_fold(60)[0], k_fold(60)[-1]):
            inside = (x[val] > x[train].min()) & (x[val] < x[train].max())
            assert not inside.any()


class TestExercises:
    def test_leave_one_out_needs_one_fit(self, book_run: Runs) -> None:
        values = book_run("generalization_exercises").values
        assert values["loo_gap"] < 1e-12
        assert values["training_error"] < values["one_fit"]

    def test_the_leverage_is_how_far_a_prediction_follows_its_own_target(self) -> None:
        seed_everything(1)
        x, y = noisy_bump((60,))
        X = chebyshev(x, 5)
        Q, _ = torch.linalg.qr(design_matrix(X))
        moved = y.clone()
        moved[7] += 1
        change = linear(X, *least_squares(X, moved)) - linear(X, *least_squares(X, y))
        torch.testing.assert_close(change[7], (Q[7] ** 2).sum())

    def test_noise_multiplies_the_variance_of_the_flexible_model_only(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization_exercises").values
        assert values["factor_8"] == pytest.approx(4, rel=0.05)
        assert 1 < values["factor_2"] < 3
        parts = []
        for sigma in (0.0, 0.6):
            seed_everything(0)
            both = fits(*noisy_bump((2000, 30), sigma), 2)
            parts.append(bias_variance(everywhere(2, *both), bump(NODES)))
        (bias_0, variance_0), (bias_6, _) = parts
        assert variance_0.mean() > 0.005
        assert bias_6.mean().item() == pytest.approx(bias_0.mean().item(), rel=0.05)

    def test_shuffled_labels_are_learnt_by_heart_and_teach_nothing(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization_exercises").values
        assert values["true_seen"] == values["shuffled_seen"] == 1
        assert values["true_new"] > 0.9
        assert abs(values["shuffled_new"] - 0.1) < 0.05
