"""What the chapter on losses says in words."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from scipy.optimize import linprog, minimize
from torch import Tensor, nn

from dlnotes.binary import bce, bce_with_logits
from dlnotes.book.storage.store import Run
from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import design_matrix, least_squares
from dlnotes.losses import (
    cross_entropy,
    gaussian_nll,
    huber,
    laplace_nll,
    log_softmax,
    mae,
    mse,
    nll,
    rmse,
)
from dlnotes.reduction import first_true
from dlnotes.train.seed import seed_everything

Runs = Callable[[str], Run]
Loss = Callable[..., Tensor]
LOSSES = ("MSE", "MAE", "Huber")
CE_MEAN, BCE_MEAN = "mean['cross_entropy']", "mean['binary_cross_entropy']"


def table_of(run: Run, cell: str) -> list[str]:
    """Return the rows of a table, without its head."""
    return "".join(run.outputs(cell)[0]["data"]["text/plain"]).splitlines()[1:]


def slope(loss: Callable[[Tensor], Tensor], at: float | list[float]) -> Tensor:
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(x).sum(), x)
    return gradient


class TestIdea:
    def test_one_miss_by_10_pulls_harder_than_nine_by_1(self) -> None:
        zero = torch.zeros(10, dtype=torch.float64)
        pull = slope(lambda e: mse(e, zero, "sum"), [10.0] + 9 * [1.0])
        assert pull[0] > pull[1:].sum()

    def test_the_absolute_value_pulls_equally(self) -> None:
        zero = torch.zeros(3, dtype=torch.float64)
        pull = slope(lambda e: mae(e, zero, "sum"), [0.01, -1.0, 100.0])
        assert pull.tolist() == [1, -1, 1]

    def test_huber_is_the_one_near_zero_and_the_other_far_away(self) -> None:
        zero = torch.zeros(4, dtype=torch.float64)
        pull = slope(lambda e: huber(e, zero, "sum"), [0.2, -0.5, 3.0, -100.0])
        assert pull.tolist() == [0.2, -0.5, 1, -1]


class TestRisk:
    def test_the_empirical_risk_of_a_fixed_model_approaches_the_risk(
        self, any_run: Runs
    ) -> None:
        rows = [
            [float(cell.replace(",", "")) for cell in line.split()]
            for line in table_of(any_run("losses"), "risk")
        ]
        assert [row[0] for row in rows] == [10, 100, 1000, 100_000]
        for wide, narrow in pairwise(rows):
            assert wide[1] < narrow[1] < 1 / 16 < narrow[2] < wide[2]
        assert rows[-1][2] - rows[-1][1] < 0.002

        def spread(n: int) -> float:
            risks = []
            for _ in range(200):
                X, y = noisy_line(n)
                risks.append(mse(5 * X[:, 0] + 7, y))
            return torch.stack(risks).std().item()

        seed_everything(0)
        assert spread(10) > 2 * spread(100) > 4 * spread(1000)

    def test_the_memory_is_perfect_and_pays_twice_the_noise(
        self, any_run: Runs
    ) -> None:
        values = any_run("losses").values
        assert values["loss_seen"] == 0
        assert values["loss_new"] == pytest.approx(2 / 16, rel=0.1)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_accuracy_is_flat(self, seed: int) -> None:
        seed_everything(seed)
        scores, labels = torch.randn(100, 3).double(), torch.randint(3, (100,))
        nudged = scores + 1e-5 * torch.randn(100, 3)
        assert torch.equal(scores.argmax(1), nudged.argmax(1))
        assert cross_entropy(scores, labels) != cross_entropy(nudged, labels)


class TestReduction:
    @pytest.mark.settles("mean-over-elements")
    def test_the_mean_is_over_elements_and_l1loss_is_a_scalar(
        self, book_run: Runs
    ) -> None:
        prediction, target = torch.full((4, 3), 2.0), torch.zeros(4, 3)
        for loss in (mae, F.l1_loss):
            per_element = loss(prediction, target)
            assert per_element == loss(prediction, target, reduction="sum") / 12
            assert per_element != loss(prediction, target, reduction="sum") / 4
        assert nn.L1Loss()(prediction, target).shape == ()
        assert nn.L1Loss(reduction="none")(prediction, target).shape == (4, 3)
        values = book_run("losses").values
        assert (values["mean_over_elements"], values["mean_over_rows"]) == (2, 6)
        assert values["scalar"] == 2

    def test_three_outputs_make_a_factor_of_three_in_the_gradient(self) -> None:
        prediction = torch.full((4, 3), 2.0, requires_grad=True)
        target = torch.zeros(4, 3)
        per_element, per_row = (
            mse(prediction, target),
            mse(prediction, target, "sum") / 4,
        )
        assert (per_element, per_row) == (4, 12)
        (a,) = torch.autograd.grad(per_element, prediction)
        (b,) = torch.autograd.grad(per_row, prediction)
        torch.testing.assert_close(b, 3 * a)

    def test_the_sum_scales_the_gradient_and_keeps_the_minimum(self) -> None:
        target = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)
        by_sum = slope(lambda c: mse(c.expand(3), target, "sum"), 2.0)
        by_mean = slope(lambda c: mse(c.expand(3), target), 2.0)
        torch.testing.assert_close(by_sum, 3 * by_mean)
        assert slope(lambda c: mse(c.expand(3), target, "sum"), 3.0) == 0
        assert slope(lambda c: mse(c.expand(3), target), 3.0) == 0

    @pytest.mark.settles("half-squared-error")
    def test_half_the_sum_of_squares_is_n_over_2_times_the_mse(
        self, book_run: Runs
    ) -> None:
        seed_everything(0)
        for shape in [(1,), (4,), (5, 3)]:
            y, t = torch.randn(2, *shape, dtype=torch.float64)
            half = ((y - t) ** 2).sum() / 2
            torch.testing.assert_close(half, y.numel() / 2 * mse(y, t))
        values = book_run("losses").values
        assert values["ratio"] == 2
        assert values["half_sum"] == 2 * values["mean_squared"]


class TestNumbers:
    def test_the_best_constants(self) -> None:
        target = torch.tensor([1.0, 2.0, 2.5, 4.0, 100.0], dtype=torch.float64)

        def steepness(loss: Loss, at: float) -> float:
            return slope(lambda c: loss(c.expand(5), target, "sum"), at).item()

        for loss, best in [
            (mse, target.mean().item()),
            (mae, target.median().item()),
            (huber, 2.75),
        ]:
            assert steepness(loss, best - 0.01) < 0 < steepness(loss, best + 0.01)
        target[-1] = 1e6
        assert steepness(huber, 2.75) == 0

    def test_the_derivative_of_mse(self) -> None:
        target = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)
        gradient = slope(lambda x: mse(x, target), [0.0, 4.0, 1.0])
        expected = torch.tensor([-2.0, 4.0, -10.0], dtype=torch.float64) / 3
        torch.testing.assert_close(gradient, expected)

    def test_the_gradient_of_rmse_does_not_shrink_and_ends_as_nan(self) -> None:
        target = torch.zeros(4, dtype=torch.float64)
        for size in (1.0, 1e-3, 1e-9):
            gradient = slope(lambda x: rmse(x, target), 4 * [size])
            assert gradient.norm().item() == pytest.approx(0.5)
        assert slope(lambda x: rmse(x, target), 4 * [0.0]).isnan().all()

    def test_a_fixed_rate_jumps_across_the_kink(self) -> None:
        places = {mae: 0.05, mse: 0.05}
        for loss in places:
            visited = []
            for _ in range(200):
                visited.append(places[loss])
                pull = slope(lambda c, f=loss: f(c, c.new_zeros(())), places[loss])
                places[loss] -= 0.1 * pull.item()
            places[loss] = visited[-1]
        assert abs(places[mse]) < 1e-10
        assert abs(places[mae]) == pytest.approx(0.05)

    def test_huber_joins_value_and_slope(self) -> None:
        zero = torch.zeros((), dtype=torch.float64)
        for delta in (0.5, 2.0):
            near, far = (
                slope(lambda e, d=delta: huber(e, zero, delta=d), delta + step)
                for step in (-1e-9, 1e-9)
            )
            torch.testing.assert_close(near, far)
            at = torch.tensor(delta, dtype=torch.float64)
            assert huber(at, zero, delta=delta) == delta**2 / 2

    def test_both_cases_of_huber_are_one_product(self) -> None:
        e = torch.linspace(-5, 5, 101, dtype=torch.float64)
        for delta in (0.5, 1.0, 2.0):
            s = e.clamp(-delta, delta)
            cases = torch.where(
                e.abs() <= delta, e**2 / 2, delta * (e.abs() - delta / 2)
            )
            torch.testing.assert_close(s * (e - s / 2), cases)
            losses = huber(e, torch.zeros_like(e), "none", delta=delta)
            torch.testing.assert_close(losses, cases)


class TestOutliers:
    def test_the_loop_found_what_exact_solvers_find(self, any_run: Runs) -> None:
        values = any_run("losses_outliers").values
        X = torch.tensor([[values[f"X[{i}][0]"]] for i in range(60)]).double()
        y = torch.tensor([values[f"y[{i}]"] for i in range(60)]).double()
        assert values["w['MSE']"] == pytest.approx(
            least_squares(X, y)[0].item(), abs=0.001
        )

        A, one = design_matrix(X), torch.eye(60, dtype=torch.float64)
        corridor = torch.cat(
            [torch.cat([A, -one], dim=1), torch.cat([-A, -one], dim=1)]
        )
        absolute = linprog(
            [0, 0] + 60 * [1],
            A_ub=corridor.numpy(),
            b_ub=torch.cat([y, -y]).numpy(),
            bounds=2 * [(None, None)] + 60 * [(0, None)],
        )
        assert values["w['MAE']"] == pytest.approx(absolute.x[1], abs=0.02)

        def by_huber(theta):
            return huber(A @ torch.tensor(theta), y, delta=0.5).item()

        smooth = minimize(by_huber, [7.0, 5.0], method="BFGS", tol=1e-9)
        assert values["w['Huber']"] == pytest.approx(smooth.x[1], abs=0.005)

    def test_the_squared_error_gives_up_the_slope_and_others_do_not(
        self, any_run: Runs
    ) -> None:
        values = any_run("losses_outliers").values
        assert abs(values["w['MSE']"] - 5) > 4
        assert abs(values["w['Huber']"] - 5) < 0.5
        assert abs(values["w['MAE']"] - 5) < 0.5

    def test_the_figure_shows_the_six_below_and_which_line_turns_to_them(
        self, any_run: Runs
    ) -> None:
        values = any_run("losses_outliers").values
        far = [int(values[f"far[{i}]"]) for i in range(6)]
        assert min(values[f"X[{i}][0]"] for i in far) > 0.8
        at_1 = {k: values[f"w['{k}']"] + values[f"b['{k}']"] for k in LOSSES}
        lowest = max(values[f"y[{i}]"] for i in far)
        assert lowest < at_1["MSE"] < min(at_1["MAE"], at_1["Huber"]) - 2

    def test_six_of_sixty_have_their_share_only_under_mae(self, any_run: Runs) -> None:
        share = [any_run("losses_outliers").values[f"share['{k}']"] for k in LOSSES]
        assert share[1] == pytest.approx(0.1)
        assert share[0] > 0.75
        assert share[1] < share[2] < share[0]


class TestNoise:
    def test_the_formulas(self) -> None:
        seed_everything(0)
        y, t = torch.randn(2, 9, dtype=torch.float64)
        for size in (0.3, 2.0):
            gaussian = torch.distributions.Normal(y, size).log_prob(t)
            expected = mse(y, t) / (2 * size**2) + math.log(size)
            expected += math.log(2 * math.pi) / 2
            torch.testing.assert_close(-gaussian.mean(), expected)
            laplace = torch.distributions.Laplace(y, size).log_prob(t)
            expected = mae(y, t) / size + math.log(2 * size)
            torch.testing.assert_close(-laplace.mean(), expected)

    def test_both_noises_have_variance_1_and_laplace_is_sharper_and_heavier(
        self,
    ) -> None:
        gaussian = torch.distributions.Normal(0.0, 1.0)
        laplace = torch.distributions.Laplace(0.0, 0.5**0.5)
        assert laplace.variance.item() == pytest.approx(1)
        for e, laplace_above in [(0.0, True), (1.0, False), (4.0, True)]:
            at = torch.tensor(e)
            above = laplace.log_prob(at) > gaussian.log_prob(at)
            assert above.item() is laplace_above

    def test_each_estimator_wins_at_home(self, any_run: Runs) -> None:
        values = any_run("losses_noise").values
        # in large samples: sqrt(π/2) for Gaussian noise, sqrt(2) for Laplace
        assert values["ratio_gaussian"] == pytest.approx((math.pi / 2) ** 0.5, rel=0.05)
        assert 1.2 < values["ratio_laplace"] < 2**0.5

    @pytest.mark.settles("noise-of-any-size")
    @pytest.mark.parametrize("size", [0.1, 1.0, 10.0])
    def test_the_size_of_the_noise_does_not_move_the_minimum(
        self, any_run: Runs, size: float
    ) -> None:
        seed_everything(0)
        target = torch.randn(51, dtype=torch.float64)
        mean, median = target.mean().item(), target.median().item()
        for density, best in [(gaussian_nll, mean), (laplace_nll, median)]:
            for step in (-1e-6, 1e-6):
                at = slope(
                    lambda c, f=density: f(c.expand(51), target, size), best + step
                )
                assert at.item() * step > 0
        values = any_run("losses_noise").values
        at = {values[f"rows[{i}][0]"]: i for i in range(3)}[size]
        assert values[f"rows[{at}][1]"] == values["by_mse"] != values["by_mae"]
        assert values[f"rows[{at}][2]"] == values["by_mae"]

    @pytest.mark.settles("negative-losses")
    def test_a_loss_may_be_negative(self, book_run: Runs) -> None:
        right = torch.zeros(8)
        for loss, variance in [(-3.45, 0.001), (-6.9, 1e-6)]:
            theirs = nn.GaussianNLLLoss()(right, right, torch.full((8,), variance))
            assert theirs.item() == pytest.approx(loss, abs=0.01)
        assert gaussian_nll(right, right, 0.001**0.5) < 0
        assert laplace_nll(right, right, 0.1) < 0
        values = book_run("losses_noise").values
        assert values["loss_torch"] == pytest.approx(-3.45, abs=0.005)
        assert values["left_out"] == pytest.approx(math.log(2 * math.pi) / 2)


class TestClasses:
    def test_a_probability_makes_no_negative_loss(self) -> None:
        p = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
        losses = nll(p.log(), torch.tensor([0, 0]), "none")
        assert losses.tolist() == pytest.approx([0, math.log(2)])
        assert nll(p.log(), torch.tensor([1, 0])) == torch.inf

    def test_an_image_with_a_class_per_pixel(self) -> None:
        scores, labels = torch.randn(2, 3, 4, 5), torch.randint(3, (2, 4, 5))
        assert cross_entropy(scores, labels, "none").shape == (2, 4, 5)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize("loss", [nll, cross_entropy])
    def test_an_ignored_label_counts_as_not_there(self, loss: Loss, seed: int) -> None:
        seed_everything(seed)
        scores, labels = torch.randn(6, 3), torch.randint(3, (6,))
        weight = torch.tensor([1.0, 2.0, 3.0])
        padded = labels.clone()
        padded[4:] = -100
        for w in (None, weight):
            for reduction in ("sum", "mean"):
                torch.testing.assert_close(
                    loss(scores, padded, reduction, w),
                    loss(scores[:4], labels[:4], reduction, w),
                )

    def test_smoothing_by_a_tenth_wants_091_and_001(self) -> None:
        seed_everything(0)
        logits, labels = torch.randn(7, 10), torch.randint(10, (7,))
        t = torch.full((7, 10), 0.01)
        t[torch.arange(7), labels] = 0.91
        torch.testing.assert_close(
            cross_entropy(logits, labels, label_smoothing=0.1),
            cross_entropy(logits, t),
        )

    def test_a_label_is_a_distribution_with_one_1(self) -> None:
        seed_everything(0)
        logits, labels = torch.randn(6, 3), torch.randint(3, (6,))
        one_hot = F.one_hot(labels, 3).float()
        torch.testing.assert_close(
            cross_entropy(logits, labels), cross_entropy(logits, one_hot)
        )

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_cross_entropy_is_entropy_and_divergence(self, seed: int) -> None:
        seed_everything(seed)
        logits = torch.randn(8, 5, dtype=torch.float64)
        t = torch.randn(8, 5, dtype=torch.float64).softmax(1)
        entropy = torch.distributions.Categorical(probs=t).entropy()
        divergence = F.kl_div(log_softmax(logits, 1), t, reduction="none").sum(1)
        losses = cross_entropy(logits, t, "none")
        torch.testing.assert_close(losses, entropy + divergence)
        assert divergence.min() > 0
        torch.testing.assert_close(cross_entropy(t.log(), t, "none"), entropy)

    def test_the_force_on_the_right_class_dies_away_as_it_leads(
        self, book_run: Runs
    ) -> None:
        values = book_run("losses_classes").values
        force = [values[f"force[{i}]"] for i in range(121)]
        assert force == sorted(force)  # from -1 to 0
        assert force[0] == pytest.approx(-1, abs=0.003)
        assert force[60] == pytest.approx(-1 / 2)
        assert force[-1] == pytest.approx(0, abs=0.003)

    def test_the_derivative_is_p_minus_t(self) -> None:
        t = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
        z = [2.0, 1.0, 0.1]
        p = torch.tensor(z, dtype=torch.float64).softmax(0)
        torch.testing.assert_close(slope(lambda z: cross_entropy(z, t), z), p - t)

    def test_a_shift_changes_nothing(self) -> None:
        z = torch.tensor([2.0, 1.0, 0.1], dtype=torch.float64)
        torch.testing.assert_close(log_softmax(z, 0), log_softmax(z + 700, 0))

    def test_the_formula_as_it_stands_breaks_in_double_precision_too(
        self, book_run: Runs
    ) -> None:
        assert torch.tensor(1000.0, dtype=torch.float64).exp() == torch.inf
        assert torch.tensor(-1000.0, dtype=torch.float64).exp() == 0
        values = book_run("losses_classes").log("thousand").splitlines()
        assert "[nan, inf, inf]" in values[0]
        assert "[0.0, 1000.0, 2000.0]" in values[1]

    @pytest.mark.settles("log-plus-epsilon")
    def test_a_constant_in_the_logarithm_biases_and_caps_the_loss(
        self, book_run: Runs
    ) -> None:
        labels = torch.tensor([0])
        patched = []
        for gap in (10.0, 16.0, 40.0, 80.0):
            logits = torch.tensor([[0.0, gap]], dtype=torch.float64)
            logits.requires_grad_()
            exact = cross_entropy(logits, labels)
            (right,) = torch.autograd.grad(exact, logits)
            loss = -(logits.softmax(1)[0, 0] + 1e-7).log()
            (wrong,) = torch.autograd.grad(loss, logits)
            assert exact.item() == pytest.approx(gap, rel=1e-4)
            assert right[0, 1].item() == pytest.approx(1, rel=1e-4)
            patched.append((loss.item(), wrong[0, 1].item()))
        losses, slopes = zip(*patched, strict=True)
        assert losses[1] < 15.5
        assert losses[-1] == pytest.approx(-math.log(1e-7), abs=1e-6)
        assert slopes[1] < 0.6
        assert slopes[-1] < 1e-9
        values = book_run("losses_classes").values
        assert values["loss_patched[40]"] == pytest.approx(16.118, abs=0.001)
        assert values["slopes[1][40]"] < 1e-6
        assert values["bias[16]"] == pytest.approx(16 - losses[1], abs=0.001)

    def test_two_classes_are_a_softmax_with_one_logit_at_zero(self) -> None:
        z = torch.tensor([-3.0, 0.5, 4.0], dtype=torch.float64)
        pairs = torch.stack([torch.zeros_like(z), z], dim=1)
        labels = torch.tensor([1, 0, 1])
        torch.testing.assert_close(
            cross_entropy(pairs, labels), bce_with_logits(z, labels.double())
        )

    def test_the_derivatives_of_bce(self) -> None:
        p = torch.tensor([0.1, 0.6], dtype=torch.float64)
        y = torch.tensor([1.0, 0.3], dtype=torch.float64)
        by_p = slope(lambda p: bce(p, y, "sum"), p.tolist())
        torch.testing.assert_close(by_p, (p - y) / (p * (1 - p)))
        by_z = slope(lambda z: bce_with_logits(z, y, "sum"), p.logit().tolist())
        torch.testing.assert_close(by_z, p - y)

    def test_inside_it_is_the_formula_and_at_the_ends_it_is_bounded(self) -> None:
        p = torch.tensor([0.0, 1e-13, 1e-11, 0.3], dtype=torch.float64)
        p.requires_grad_()
        y = torch.ones_like(p)
        losses = bce(p, y, "none")
        (at_p,) = torch.autograd.grad(losses.sum(), p)
        expected = [100, -math.log(1e-13), -math.log(1e-11), -math.log(0.3)]
        assert losses.tolist() == pytest.approx(expected)
        assert at_p.tolist() == pytest.approx([-1e12, -1e12, -1e11, -1 / 0.3])
        theirs = F.binary_cross_entropy(p, y, reduction="none")
        torch.testing.assert_close(losses, theirs)
        torch.testing.assert_close(at_p, torch.autograd.grad(theirs.sum(), p)[0])

    def test_an_infinite_slope_times_zero_is_nan(self) -> None:
        p = torch.zeros((), requires_grad=True)
        rejected = (-p.log()).where(torch.tensor(False), 0.0)
        assert torch.autograd.grad(rejected, p)[0].isnan()

    def test_the_second_derivative_is_finite_with_softplus_alone(self) -> None:
        def second(f: Callable[[Tensor], Tensor]) -> Tensor:
            z = torch.tensor([-200.0, -90, -87, 87, 90, 200], requires_grad=True)
            (slopes,) = torch.autograd.grad(f(z).sum(), z, create_graph=True)
            return torch.autograd.grad(slopes.sum(), z)[0]

        zero, y = torch.zeros(6), torch.full((6,), 0.5)
        by_logaddexp = second(
            lambda z: (torch.logaddexp(zero, z) + torch.logaddexp(zero, -z)) / 2
        )
        assert by_logaddexp.isnan().tolist() == [True, True, False, False, True, True]
        assert second(lambda z: bce_with_logits(z, y, "sum")).isfinite().all()

    @pytest.mark.settles("bce-on-logits")
    @pytest.mark.parametrize(
        ("on_p", "on_z"),
        [
            (bce, bce_with_logits),
            (F.binary_cross_entropy, F.binary_cross_entropy_with_logits),
        ],
        ids=["ours", "torch"],
    )
    def test_at_200_the_gradient_is_0_on_probabilities_and_1_on_logits(
        self, book_run: Runs, on_p: Loss, on_z: Loss
    ) -> None:
        z = torch.tensor([-200.0, 200.0], requires_grad=True)
        y = torch.tensor([1.0, 0.0])
        loss = on_p(z.sigmoid(), y, reduction="none")
        assert loss.tolist() == [100, 100]
        assert torch.autograd.grad(loss.sum(), z)[0].tolist() == [0, 0]
        loss = on_z(z, y, reduction="none")
        assert loss.tolist() == [200, 200]
        assert torch.autograd.grad(loss.sum(), z)[0].tolist() == [-1, 1]
        values = book_run("losses_classes").values
        assert (values["slope_on_p[0]"], values["slope_on_p[5]"]) == (0, 0)
        assert (values["slope_on_z[0]"], values["slope_on_z[5]"]) == (-1, 1)

    def test_the_harm_is_not_even(self, book_run: Runs) -> None:
        low, high = torch.tensor([-20.0, 20.0]).sigmoid()
        assert high == 1
        assert low.item() == pytest.approx(math.exp(-20), rel=1e-5)
        z = torch.tensor([-20.0, 20.0], requires_grad=True)
        bce(z.sigmoid(), torch.tensor([1.0, 0.0]), "sum").backward()
        assert z.grad is not None
        assert z.grad.tolist() == pytest.approx([-1, 0], abs=1e-4)
        assert -0.2 < book_run("losses_classes").values["slope_on_p[1]"] < -0.01


class TestWeights:
    @pytest.mark.settles("weights-divide-differently")
    def test_cross_entropy_divides_by_the_weights_and_bce_by_n(
        self, any_run: Runs
    ) -> None:
        seed_everything(0)
        p, labels = torch.rand(6), torch.tensor([0, 1, 0, 0, 1, 0])
        by_class = torch.tensor([1.0, 4.0])
        w, y = by_class[labels], labels.float()
        both = torch.stack([1 - p, p], dim=1).log()
        weighted = (w * F.binary_cross_entropy(p, y, reduction="none")).sum()
        for loss in (cross_entropy, F.cross_entropy):
            torch.testing.assert_close(
                loss(both, labels, weight=by_class), weighted / w.sum()
            )
        for loss in (bce, F.binary_cross_entropy):
            torch.testing.assert_close(loss(p, y, weight=w), weighted / 6)
        values = any_run("losses").values
        ce, bce_mean = values[CE_MEAN], values[BCE_MEAN]
        ratio = bce_mean / ce
        assert ratio == pytest.approx(7 / 4, rel=1e-4)

    def test_l1_and_mse_divide_by_the_weights_and_huber_by_n(self) -> None:
        seed_everything(0)
        x, y = torch.randn(2, 8)
        w = torch.rand(8)
        for ours, theirs, divisor in [
            (mae, F.l1_loss, w.sum()),
            (mse, F.mse_loss, w.sum()),
            (huber, F.huber_loss, 8),
        ]:
            expected = (w * ours(x, y, "none")).sum() / divisor
            torch.testing.assert_close(ours(x, y, weight=w), expected)
            torch.testing.assert_close(theirs(x, y, weight=w), expected)

    def test_ten_times_the_weights(self, any_run: Runs) -> None:
        values = any_run("losses").values
        assert values["ce_tenfold"] == pytest.approx(values[CE_MEAN], rel=1e-5)
        assert values["bce_tenfold"] == pytest.approx(10 * values[BCE_MEAN], rel=1e-5)

    def test_class_weights_trade_precision_for_recall(self, any_run: Runs) -> None:
        values = any_run("losses_classes").values
        assert values["recall[1]"] > 2 * values["recall[0]"]
        assert values["precision[1]"] < values["precision[0]"] / 2
        assert values["accuracy[1]"] < values["accuracy[0]"]

    def test_the_slopes_are_alike_and_the_logit_moves_by_about_the_log(
        self, any_run: Runs
    ) -> None:
        run = any_run("losses_classes")
        plain, weighted = run.log("shift").splitlines()[:2]
        slopes = [
            float(line.split("z = ")[1].split("x")[0]) for line in (plain, weighted)
        ]
        assert slopes[1] == pytest.approx(slopes[0], rel=0.05)
        values = run.values
        assert values["shift"] == pytest.approx(values["log_ratio"], rel=0.1)
        at_1 = values["shift_at_1[0]"]
        assert at_1 == pytest.approx(values["log_ratio"], abs=0.02)

    def test_weighted_outputs_are_probabilities_where_half_are_positive(
        self, any_run: Runs
    ) -> None:
        values = any_run("losses_classes").values
        # N(2, 1) against N(0, 1), as often one as the other: the logit is 2x - 2
        line = any_run("losses_classes").log("shift").splitlines()[1]
        w, b = (float(part) for part in line.split("z = ")[1].split("x"))
        assert (w, b) == pytest.approx((2, -2), abs=0.15)
        share = values["share_positive"]
        assert values["mean_p[0]"] == pytest.approx(share, rel=0.1)
        assert values["mean_p[1]"] > 4 * share
        assert values["mean_back"] == pytest.approx(share, rel=0.1)

    def test_a_weight_adds_its_log_to_the_best_logit(self) -> None:
        # of 100 alike samples, 5 are positive: the best logit is log(r·5/95)
        y = torch.tensor(5 * [1.0] + 95 * [0.0], dtype=torch.float64)
        for r in (1.0, 19.0):
            best = math.log(r * 5 / 95)
            pos_weight = torch.tensor(r, dtype=torch.float64)
            at = slope(
                lambda z, w=pos_weight: bce_with_logits(z.expand(100), y, pos_weight=w),
                best,
            )
            assert abs(at.item()) < 1e-12


def test_no_difference_from_torch(any_run: Runs) -> None:
    assert any_run("losses").values["largest_difference"] < 1e-12


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(mae, F.l1_loss), (mse, F.mse_loss), (huber, F.huber_loss)],
)
def test_unequal_shapes_are_refused_where_torch_warns(ours: Loss, theirs: Loss) -> None:
    column, row = torch.zeros(3, 1), torch.ones(3)
    with pytest.warns(UserWarning, match="broadcasting"):
        theirs(column, row)
    with pytest.raises(ValueError, match="make them equal"):
        ours(column, row)


def test_integers_are_refused_where_torch_takes_them_but_for_a_mean() -> None:
    integers = torch.tensor([1, 2])
    assert F.l1_loss(integers, 3 - integers, reduction="none").tolist() == [1, 1]
    assert F.l1_loss(integers, 3 - integers, reduction="sum") == 2
    with pytest.raises(RuntimeError, match="floating"):
        F.l1_loss(integers, 3 - integers)
    for reduction in ("none", "sum", "mean"):
        with pytest.raises(TypeError, match="floating-point"):
            mae(integers, 3 - integers, reduction)


def test_targets_of_logits_are_refused_where_torch_takes_them() -> None:
    z, three = torch.tensor([0.5]), torch.tensor([3.0])
    assert F.binary_cross_entropy_with_logits(z, three).isfinite()
    with pytest.raises(ValueError, match="not a probability"):
        bce_with_logits(z, three)


def test_wrong_entries_are_looked_for_on_the_cpu_only() -> None:
    wrong = torch.tensor([[False, True]])
    assert first_true(wrong) == (0, 1)
    assert first_true(wrong.to("meta")) is None


def test_most_mixed_up_inputs_raise_no_error() -> None:
    seed_everything(0)
    logits, labels = torch.randn(4, 3), torch.randint(3, (4,))
    y = torch.rand(4, 3).round()
    for loss, wrong, target in [
        (cross_entropy, logits.softmax(1), labels),
        (nll, logits, labels),
        (bce_with_logits, logits.sigmoid(), y),
    ]:
        assert loss(wrong, target).isfinite()
    with pytest.raises(ValueError, match="need bce_with_logits"):
        bce(logits, y)


class TestExercises:
    def test_the_best_constants(self, book_run: Runs) -> None:
        values = book_run("losses_exercises").values
        assert values["best['mse']"] == pytest.approx(21.9, abs=0.001)
        assert values["best['mae']"] == pytest.approx(2.5, abs=0.001)
        assert values["best['huber']"] == pytest.approx(2.75, abs=0.001)

    def test_the_first_loss(self, any_run: Runs) -> None:
        values = any_run("losses_exercises").values
        assert values["loss_of_size[0.0]"] == pytest.approx(math.log(10))
        assert values["loss_of_size[10.0]"] == pytest.approx(15, rel=0.1)

    def test_a_copy_is_a_weight_where_the_mean_divides_by_weights(
        self, any_run: Runs
    ) -> None:
        values = any_run("losses_exercises").values
        assert values["by_weight"] == pytest.approx(values["by_copy"], rel=1e-5)
        assert values["ratio"] == pytest.approx(8 / 6, rel=1e-5)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    @pytest.mark.parametrize("q", [0.5, 0.9])
    def test_the_best_constant_is_a_quantile(self, seed: int, q: float) -> None:
        seed_everything(seed)
        target = torch.randn(1001, dtype=torch.float64)

        def price(c: float) -> float:
            e = c - target
            return torch.where(e < 0, -q * e, (1 - q) * e).mean().item()

        best = target.quantile(q).item()
        assert price(best) < min(price(best - 0.05), price(best + 0.05))
        half = mae(torch.zeros(1001).double(), target).item() / 2
        assert q != 0.5 or price(0.0) == pytest.approx(half)

    def test_the_best_constant_probabilities_are_the_frequencies(
        self, book_run: Runs
    ) -> None:
        run = book_run("losses_exercises")
        lines = run.log("solution-4").splitlines()
        entropy, *losses = [float(line.split()[-1]) for line in lines]
        assert losses[0] == entropy < min(losses[1:])
        t = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
        at = slope(lambda z: cross_entropy(z, t), t.log().tolist())
        torch.testing.assert_close(at, torch.zeros_like(t))
