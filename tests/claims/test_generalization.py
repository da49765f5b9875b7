"""What the chapter on generalization says in words."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
import torch
from torch import Tensor

from dlnotes.book.storage.store import Run
from dlnotes.data.curve import bump, chebyshev, nodes, noisy_bump, polynomial
from dlnotes.data.digits import load_digits
from dlnotes.linear import design_matrix, least_squares, linear
from dlnotes.losses import mse
from dlnotes.metrics import accuracy
from dlnotes.train.seed import seed_everything
from dlnotes.validate import bias_variance, k_fold, train_val_test

Runs = Callable[[str], Run]
Fits = tuple[Tensor, Tensor]
NOISE = 0.3**2
NODES = nodes()
BOTH = "training_error", "new_error"


def fits(x: Tensor, y: Tensor, degree: int) -> Fits:
    return least_squares(chebyshev(x, degree), y)


def column(run: Run, name: str, keys: Iterable[object]) -> list[float]:
    """Return the entries of a container in a run, in the order of the keys."""
    return [float(run.values[f"{name}[{key!r}]"]) for key in keys]


def expected(w: Tensor, b: Tensor) -> Tensor:
    """Return the generalization error (S,) of S fits."""
    return ((polynomial(NODES, w, b) - bump(NODES)) ** 2).mean(dim=1) + NOISE


class TestCapacity:
    def test_the_nodes_average_over_x_as_it_is_drawn(self) -> None:
        seed_everything(0)
        x, _ = noisy_bump((200_000,))
        for function in (bump, torch.square, torch.exp):
            drawn, at_nodes = function(x), function(NODES)
            error = (drawn.std() / len(x) ** 0.5).item()
            assert abs(drawn.mean() - at_nodes.mean()).item() < 4 * error

    def test_the_training_error_can_only_fall(self, any_run: Runs) -> None:
        seed_everything(3)
        x, y = noisy_bump((50, 30))
        errors = torch.stack(
            [
                ((polynomial(x, *fits(x, y, d)) - y) ** 2).mean(dim=1)
                for d in range(1, 21)
            ]
        )
        assert (errors.diff(dim=0) <= 1e-10).all()
        shown = column(any_run("generalization"), "training_error", range(1, 21))
        assert shown == sorted(shown, reverse=True)

    def test_a_line_underfits_and_more_data_do_not_help(self, any_run: Runs) -> None:
        values = any_run("generalization").values
        assert min(values["training_error[1]"], values["validation_error[1]"]) > (
            4 * NOISE
        )
        seed_everything(0)
        x, y = noisy_bump((20_000,))
        assert mse(polynomial(x, *fits(x, y, 1)), y) > 4 * NOISE

    def test_degree_20_overfits(self, any_run: Runs) -> None:
        values = any_run("generalization").values
        training = column(any_run("generalization"), "training_error", (20, 5, 1))
        assert training == sorted(training)
        assert values["validation_error[20]"] > 10 * values["training_error[20]"]

    def test_on_the_page_degree_20_is_useless(self, book_run: Runs) -> None:
        values = book_run("generalization").values
        assert values["validation_error[20]"] > 10 * values["validation_error[5]"]
        assert values["validation_error[20]"] > 2 * values["validation_error[1]"]

    def test_with_other_points_degree_20_is_usually_worse_still(
        self, any_run: Runs, book_run: Runs
    ) -> None:
        values = any_run("generalization_pitfalls").values
        shown = book_run("generalization").values["validation_error[20]"]
        assert values["new_error[(20, 30)]"] > 2 * shown

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_most_fits_of_degree_20_are_worse_than_the_line(self, seed: int) -> None:
        seed_everything(seed)
        x, y = noisy_bump((300, 30))
        worse = expected(*fits(x, y, 20)) > expected(*fits(x, y, 1))
        assert worse.double().mean() > 0.8

    def test_the_error_falls_changes_far_less_and_climbs_steeply(
        self, any_run: Runs
    ) -> None:
        """On the plateau by less than the cube root of the fall, or of the climb."""
        run = any_run("generalization")
        true = column(run, "true_error", range(1, 21))
        assert true[:4] == sorted(true[:4], reverse=True)
        assert true[0] / true[3] == pytest.approx(4, rel=0.1)
        plateau = max(true[3:10]) / min(true[3:10])
        assert run.values["plateau_ratio"] == pytest.approx(plateau)
        assert plateau**3 < min(true[0] / true[3], true[19] / true[9])

    @pytest.fixture(params=[0, 1, 2])
    def repeated(self, request: pytest.FixtureRequest) -> tuple[Tensor, Tensor]:
        """Errors (20, 300) on new data and on 30 validation points each."""
        seed_everything(request.param)
        x, y = noisy_bump((300, 30))
        x_val, y_val = noisy_bump((300, 30))
        both = [fits(x, y, d) for d in range(1, 21)]
        measured = [((polynomial(x_val, *f) - y_val) ** 2).mean(dim=1) for f in both]
        return torch.stack([expected(*f) for f in both]), torch.stack(measured)

    def test_the_plateau_is_no_accident(self, repeated: tuple[Tensor, Tensor]) -> None:
        true, _ = repeated
        plateau = true[3:10].amax(dim=0) / true[3:10].amin(dim=0)
        changes_less = plateau < torch.minimum(true[0] / true[3], true[19] / true[9])
        assert changes_less.double().mean() > 0.8

    def test_thirty_points_find_the_best_degree_in_fewer_than_half_of_all_cases(
        self, repeated: tuple[Tensor, Tensor]
    ) -> None:
        true, measured = repeated
        found = (true.argmin(dim=0) == measured.argmin(dim=0)).double().mean()
        assert 0.3 < found < 0.5

    def test_the_figure_shows_the_exact_generalization_error(
        self, book_run: Runs
    ) -> None:
        run = book_run("generalization")
        seed_everything(1974)
        x, y = noisy_bump((90,))
        train, _, _ = train_val_test(90, val=1 / 3, test=1 / 3, seed=1974)
        both = [fits(x[train], y[train], d) for d in range(1, 21)]
        true = [expected(w[None], b[None]).item() for w, b in both]
        assert column(run, "true_error", range(1, 21)) == pytest.approx(true)
        assert run.values["degree_best"] == 1 + int(np.argmin(true)) == 5
        assert run.values["true_error_best"] == pytest.approx(min(true))
        chosen = run.values["degree_chosen"]
        assert run.values["true_error_chosen"] == pytest.approx(true[chosen - 1])

    def test_the_validation_error_follows_it_roughly(self, any_run: Runs) -> None:
        run = any_run("generalization")
        true = column(run, "true_error", range(1, 21))
        measured = column(run, "validation_error", range(1, 21))
        assert np.corrcoef(np.log(true), np.log(measured))[0, 1] > 0.9

    def test_the_chosen_validation_error_is_too_good_to_be_true(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization").values
        assert values["error_chosen"] < NOISE < values["true_error_chosen"]
        assert values["degree_chosen"] != values["degree_best"]


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

    def test_folds_rule_out_the_line(self, any_run: Runs) -> None:
        values = any_run("generalization").values
        assert values["excess_error[1]"] > 4 * values["excess_uncertainty[1]"]

    def test_the_best_degree_is_about_two_standard_errors_above_the_lowest(
        self, book_run: Runs
    ) -> None:
        values = book_run("generalization").values
        ratio = values["excess_error[5]"] / values["excess_uncertainty[5]"]
        assert ratio == pytest.approx(2, abs=0.25)
        assert values["degree_best"] == 5

    def test_the_test_error_agrees_with_the_generalization_error(
        self, any_run: Runs
    ) -> None:
        values = any_run("generalization").values
        gap = abs(values["test_error"] - values["test_true_error"])
        assert gap < values["uncertainty"]

    def test_winners_are_flattered_here_too(self, book_run: Runs) -> None:
        values = book_run("generalization").values
        assert values["test_error"] > values["fold_error_lowest"]


class TestBiasVariance:
    @pytest.mark.settles("variance-is-sensitivity")
    @pytest.mark.parametrize(("degree", "n"), [(2, 30), (5, 60)])
    def test_bias_squared_variance_and_noise_sum_to_the_error_on_new_data(
        self, degree: int, n: int
    ) -> None:
        seed_everything(0)
        both = fits(*noisy_bump((2000, n)), degree)
        parts = bias_variance(polynomial(NODES, *both), bump(NODES))
        total = sum(part.mean() for part in parts) + NOISE
        x, y = noisy_bump((2000, 100))
        errors = ((polynomial(x, *both) - y) ** 2).mean(dim=1)
        uncertain = errors.std() / 2000**0.5
        assert abs(errors.mean() - total) < 3 * uncertain
        assert uncertain < 0.02 * total

    @pytest.mark.settles("variance-is-sensitivity")
    def test_the_page_shows_sums_that_agree_at_every_degree(
        self, any_run: Runs
    ) -> None:
        run = any_run("generalization_bias_variance")
        assert run.values["largest_gap"] < 0.01
        names = "bias_squared", "variance", "sums", "measured_error", "uncertainty"
        for d in range(1, 11):
            bias2, variance, total, measured, uncertain = (
                run.values[f"{name}[{d}]"] for name in names
            )
            assert total == pytest.approx(bias2 + variance + NOISE)
            assert abs(measured - total) < 4 * uncertain

    @pytest.mark.settles("variance-is-sensitivity")
    def test_a_model_that_ignores_its_training_set_has_no_variance(
        self, any_run: Runs
    ) -> None:
        seed_everything(0)
        predictions = polynomial(NODES, *fits(*noisy_bump((2, 30)), 8))
        _, variance = bias_variance(predictions, bump(NODES))
        assert variance.mean() > 0.001
        bias2, variance = bias_variance(predictions[:1].expand(9, -1), bump(NODES))
        assert variance.max() < 1e-25
        missed = ((predictions[0] - bump(NODES)) ** 2).mean()
        torch.testing.assert_close(bias2.mean(), missed)
        values = any_run("generalization_bias_variance").values
        assert values["stubborn_variance"] < 1e-25

    def test_bias_falls_and_variance_rises_and_the_sum_has_a_minimum(
        self, any_run: Runs
    ) -> None:
        run = any_run("generalization_bias_variance")
        bias2 = column(run, "bias_squared", range(1, 11))
        variance = column(run, "variance", range(1, 11))
        sums = column(run, "sums", range(1, 11))
        assert bias2[:7] == sorted(bias2[:7], reverse=True)
        assert max(bias2[7:]) < 0.01 * min(variance)
        assert bias2[1] > 10 * bias2[4] > 100 * bias2[9]
        assert variance[0] > variance[1] > variance[2]
        assert variance[3:] == sorted(variance[3:])
        assert bias2[1] > 4 * variance[1]
        assert min(sums) == sums[4]
        assert run.values["degree_lowest"] == 5
        assert max(sums[5:7]) < 1.02 * sums[4]
        assert sums[1] > 1.5 * sums[4]
        assert sums[9] > 1.05 * sums[4]

    @pytest.mark.parametrize("degree", [1, 2])
    def test_a_stiff_model_varies_without_noise(self, degree: int) -> None:
        variances = []
        for sigma in (0.0, 0.3):
            seed_everything(0)
            both = fits(*noisy_bump((2000, 60), sigma), degree)
            _, variance = bias_variance(polynomial(NODES, *both), bump(NODES))
            variances.append(variance.mean())
        assert variances[0] > variances[1] / 2

    @pytest.mark.settles("one-fit-is-not-bias")
    def test_one_fit_misses_by_many_times_the_bias(self, any_run: Runs) -> None:
        values = any_run("generalization_bias_variance").values
        assert values["deviation"] > 10 * abs(values["bias"])
        seed_everything(0)
        x = noisy_bump((100_000,))[0]
        top = torch.tensor([0.2]).double()
        bias = polynomial(top, *fits(x, bump(x), 10)) - bump(top)
        assert abs(values["bias"] - bias.item()) < 3 * values["bias_uncertainty"]

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
    @pytest.mark.parametrize("degree", [2, 10])
    def test_the_two_errors_approach_noise_plus_bias(
        self, degree: int, any_run: Runs
    ) -> None:
        run = any_run("generalization_learning")
        sizes = [(degree, n) for n in (15, 30, 60, 160, 1000)]
        seen = column(run, "training_error", sizes)
        unseen = column(run, "new_error", sizes)
        seed_everything(0)
        x = noisy_bump((100_000,))[0]
        w, b = fits(x, bump(x), degree)
        limit = expected(w[None], b[None]).item()
        assert seen == sorted(seen)
        assert seen[-1] < 1.01 * limit
        assert unseen == sorted(unseen, reverse=True)
        assert unseen[-1] > limit
        assert seen[-1] == pytest.approx(limit, rel=0.03)
        assert unseen[-1] == pytest.approx(limit, rel=0.03)

    def test_with_20_samples_the_weaker_model_is_better(self, any_run: Runs) -> None:
        values = any_run("generalization_learning").values
        assert values["new_error[(2, 20)]"] < values["new_error[(10, 20)]"]
        assert values["new_error[(2, 1000)]"] > values["new_error[(10, 1000)]"]

    def test_with_few_samples_the_mean_hardly_exists(self) -> None:
        means, medians = [], []
        for seed in range(3):
            seed_everything(seed)
            x, y = noisy_bump((500, 15))
            errors = expected(*fits(x, y, 10))
            means.append(errors.mean().item())
            medians.append(errors.median().item())
        assert max(means) > 10 * min(means)
        assert min(means) > 1000 * max(medians)
        assert max(medians) < 1.5 * min(medians)

    def test_with_60_points_the_mean_of_degree_10_exists(self, any_run: Runs) -> None:
        values = any_run("generalization_bias_variance").values
        assert values["uncertainty[10]"] < 0.01 * values["sums[10]"]


class TestDoubleDescent:
    def test_the_error_falls_rises_and_falls_below_the_first_minimum(
        self, any_run: Runs
    ) -> None:
        values = any_run("generalization_double_descent").values
        assert 180 <= values["width_peak"] <= 250
        assert values["width_lowest"] < 160
        assert values["new_error[4000]"] < values["error_lowest"] / 2
        assert values["error_peak"] > 2 * values["error_lowest"]
        for width in (200, 210, 220, 250, 300, 400, 600, 1000, 2000, 4000):
            assert values[f"training_error[{width}]"] == 0

    def test_the_peak_lies_a_little_to_the_right(self, any_run: Runs) -> None:
        assert 200 < any_run("generalization_double_descent").values["width_peak"] < 230

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_units_that_answer_to_no_image_add_nothing(self, seed: int) -> None:
        seed_everything(seed)
        X = load_digits().train[0][:200].double()
        hidden = torch.relu(X @ torch.randn(64, 200).double())
        silent = (hidden == 0).all(dim=0).sum().item()
        rank = torch.linalg.matrix_rank(hidden).item()
        assert silent > 5
        assert rank <= 200 - silent
        assert rank >= 0.98 * (200 - silent)

    def test_the_norm_is_huge_at_the_peak(self, any_run: Runs) -> None:
        values = any_run("generalization_double_descent").values
        assert values["norm[210]"] > 100 * values["norm[4000]"]

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_a_little_regularization_flattens_the_peak(self, seed: int) -> None:
        seed_everything(seed)
        digits = load_digits()
        X, y = digits.train[0][:200].double(), digits.train[1][:200]
        X_val, y_val = digits.val[0].double(), digits.val[1]
        W = torch.randn(64, 210).double()
        hidden, hidden_val = torch.relu(X @ W), torch.relu(X_val @ W)
        wrong = []
        for strength in (1e-20, 0.1, 1, 10):
            inverse = torch.linalg.inv(hidden.T @ hidden + strength * torch.eye(210))
            theta = inverse @ hidden.T @ torch.nn.functional.one_hot(y).double()
            wrong.append(1 - accuracy(hidden_val @ theta, y_val))
        assert wrong[0] > 0.4
        assert min(wrong) < 0.15

    def test_the_solver_fits_exactly_and_with_the_smallest_norm(self) -> None:
        seed_everything(0)
        X = load_digits().train[0][:200].double()
        hidden = torch.relu(X @ torch.randn(64, 1000).double())
        target = torch.randn(200, 10).double()
        theta = torch.linalg.lstsq(hidden, target, driver="gelsd").solution
        torch.testing.assert_close(hidden @ theta, target)
        torch.testing.assert_close(theta, torch.linalg.pinv(hidden) @ target)


class TestPitfalls:
    @pytest.mark.settles("overfitting-is-a-gap")
    def test_the_same_degree_overfits_few_samples_and_not_many(
        self, any_run: Runs
    ) -> None:
        values = any_run("generalization_pitfalls").values
        seen, unseen = (values[f"{name}[(20, 30)]"] for name in BOTH)
        assert unseen > 10 * seen
        seen, unseen = (values[f"{name}[(20, 3000)]"] for name in BOTH)
        assert unseen == pytest.approx(seen, rel=0.05)

    @pytest.mark.settles("overfitting-is-a-gap")
    def test_even_a_line_overfits_four_points(self, any_run: Runs) -> None:
        values = any_run("generalization_pitfalls").values
        seen, unseen = (values[f"{name}[(1, 4)]"] for name in BOTH)
        assert unseen > 3 * seen

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
            assert mse(polynomial(x, w, b), y) < 1e-20
            moved = mse(polynomial(x + 0.02, w, b), y)
            new = expected(w[None], b[None])
            ratios.append([moved / mse(bump(x + 0.02), y), new / NOISE])
        robust, general = torch.tensor(ratios).median(dim=0).values
        assert robust > 3
        assert general > 3

    @pytest.mark.settles("small-training-loss")
    def test_the_page_shows_a_zero_loss_that_promises_nothing(
        self, any_run: Runs
    ) -> None:
        values = any_run("generalization_pitfalls").values
        assert values["training_loss"] < 1e-20
        assert values["new_loss"] > 5 * NOISE
        assert values["moved_loss"] > 5 * values["bump_loss"]

    def test_the_winner_is_flattered_and_so_is_a_test_set_that_chooses(
        self, any_run: Runs
    ) -> None:
        values = any_run("generalization_pitfalls").values
        on_choose, on_test, lowest = (values[f"winner_error[{i}]"] for i in range(3))
        uncertain = max(values[f"winner_uncertainty[{i}]"] for i in range(3))
        assert on_choose < 0.9 * on_test
        assert lowest < 0.9 * on_test
        assert min(on_test - on_choose, on_test - lowest) > 5 * uncertain

    def test_features_chosen_outside_the_folds_leak(self, any_run: Runs) -> None:
        values = any_run("generalization_pitfalls").values
        explained = 1 - values["leaky_error"] / values["zero_error"]
        assert explained == pytest.approx(0.5, abs=0.05)
        assert values["honest_error"] > 1.1 * values["zero_error"]

    def test_folds_of_neighbours_ask_for_extrapolation(self, any_run: Runs) -> None:
        values = any_run("generalization_pitfalls").values
        assert values["in_order_error"] > values["random_error"]
        assert values["count_worse"] > 90
        seed_everything(2)
        x, _ = noisy_bump((60,))
        x = x.sort().values
        for train, val in (k_fold(60)[0], k_fold(60)[-1]):
            inside = (x[val] > x[train].min()) & (x[val] < x[train].max())
            assert not inside.any()


class TestExercises:
    def test_leave_one_out_needs_one_fit(self, any_run: Runs) -> None:
        values = any_run("generalization_exercises").values
        assert values["sixty_fits"] == pytest.approx(values["one_fit"], abs=1e-12)
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
        self, any_run: Runs
    ) -> None:
        values = any_run("generalization_exercises").values
        assert values["factor[10]"] == pytest.approx(4, rel=0.05)
        assert 1 < values["factor[2]"] < 3
        parts = []
        for sigma in (0.0, 0.6):
            seed_everything(0)
            both = fits(*noisy_bump((2000, 60), sigma), 2)
            parts.append(bias_variance(polynomial(NODES, *both), bump(NODES)))
        (bias_0, variance_0), (bias_6, _) = parts
        assert variance_0.mean() > 0.005
        assert bias_6.mean().item() == pytest.approx(bias_0.mean().item(), rel=0.05)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_the_training_error_flatters_by_two_weights_of_noise(
        self, seed: int
    ) -> None:
        """Fits of degree 5 to a curve of degree 5."""
        seed_everything(seed)
        N, C, sigma = 30, 6, 0.3
        x, _ = noisy_bump((N,))
        X = chebyshev(x, C - 1)
        truth = X @ torch.randn(C - 1).double()
        y, y_new = truth + sigma * torch.randn(2, 5000, N).double()
        predicted = polynomial(x, *fits(x.expand(5000, N), y, C - 1))
        for target, factor in ((y, 1 - C / N), (y_new, 1 + C / N)):
            errors = ((predicted - target) ** 2).mean(dim=1)
            uncertain = errors.std() / 5000**0.5
            assert abs(errors.mean() - sigma**2 * factor) < 4 * uncertain

    def test_differences_on_the_same_folds_are_less_uncertain(
        self, any_run: Runs
    ) -> None:
        values = any_run("generalization_exercises").values
        assert values["uncertainty_paired"] < values["uncertainty_unpaired"] / 3

    def test_degrees_5_and_6_are_those_of_the_chapter(self, any_run: Runs) -> None:
        chapter = any_run("generalization").values
        gap = chapter["fold_error[5]"] - chapter["fold_error[6]"]
        difference = any_run("generalization_exercises").values["mean_difference"]
        assert difference == pytest.approx(gap, abs=1e-9)

    def test_shuffled_labels_are_learnt_by_heart_and_teach_nothing(
        self, any_run: Runs
    ) -> None:
        values = any_run("generalization_exercises").values
        for name in ("true", "shuffled"):
            assert values[f"training_accuracy['{name}']"] == 1
        assert values["validation_accuracy['true']"] > 0.9
        assert abs(values["validation_accuracy['shuffled']"] - 0.1) < 0.05
