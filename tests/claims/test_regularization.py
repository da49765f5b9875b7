"""What the chapter on regularization says in words."""

import operator
import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
import torch
from sklearn.datasets import load_diabetes
from torch import nn
from torch.optim import SGD

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.linear import LinearRegression
from dlnotes.losses import cross_entropy, mse
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.regularize import (
    dropout,
    l1,
    l2,
    lasso,
    ridge,
    soft_threshold,
    weight_decay_groups,
)

Runs = Callable[[str], Run]
FIT, LOSS, TEST, BEST = range(4)  # the scores of each draw
STRENGTHS = (-2, -1.5, -1, -0.5, 0)  # powers of ten


def scores(run: Run) -> dict[str, torch.Tensor]:
    """Return the scores (draws, 4) of each way to train."""
    return {name: torch.tensor(draws) for name, draws in held(run, "found").items()}


@pytest.fixture
def data() -> tuple[torch.Tensor, torch.Tensor]:
    """Fifty rows of five features, of which two matter."""
    torch.manual_seed(0)
    X = torch.randn(50, 5).double()
    X -= X.mean(dim=0)
    y = X @ torch.tensor([2.0, -1.0, 0, 0, 0]).double() + torch.randn(50)
    return X, y - y.mean()


def columns(run: Run, cell: str) -> list[list[str]]:
    """Return the cells of a table's body, row by row."""
    html = "".join(str(output) for output in run.outputs(cell))
    rows = re.findall(r"<tr>(.*?)</tr>", html.split("<tbody>")[1])
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]


class TestPenalties:
    def test_the_pull_of_l1_does_not_fade(self) -> None:
        w = torch.tensor([0.001, 1000.0], requires_grad=True)
        l1([w]).backward()
        assert w.grad.tolist() == [1, 1]

    @pytest.mark.settles("l1-sum")
    def test_the_pull_of_the_sum_does_not_depend_on_the_number_of_weights(self) -> None:
        for n in (1, 10, 1000):
            w = torch.full((n,), 0.5, requires_grad=True)
            l1([w]).backward()
            assert w.grad[0].item() == 1
            w.grad = None
            w.abs().mean().backward()
            assert w.grad[0].item() == pytest.approx(1 / n)

    def test_ridge_solves_what_has_no_unique_solution(self) -> None:
        X = torch.tensor([[1.0, 1.0], [2.0, 2.0], [-3.0, -3.0]]).double()
        y = torch.tensor([1.0, 2.0, -3.0]).double()
        assert torch.linalg.matrix_rank(X.T @ X) == 1
        w = ridge(X, y, 1e-6)
        assert w.tolist() == pytest.approx([0.5, 0.5], abs=1e-5)

    def test_plain_descent_on_l1_jumps_across_zero(self) -> None:
        w, signs, at_zero = 0.05, set(), 0
        for _ in range(100):
            w -= 0.02 * (1 if w > 0 else -1)
            signs.add(w > 0)
            at_zero += w == 0
        assert signs == {True, False}
        assert at_zero == 0

    def test_only_l1_gives_zeros(self, data: tuple[torch.Tensor, torch.Tensor]) -> None:
        for strength in (0.1, 0.5, 1.0):
            assert (lasso(*data, strength) == 0).any()
            assert (ridge(*data, strength) != 0).all()

    def test_a_strong_l1_penalty_leaves_nothing(
        self, data: tuple[torch.Tensor, torch.Tensor]
    ) -> None:
        X, y = data
        limit = (X.T @ y / len(X)).abs().max().item()
        assert (lasso(X, y, 1.01 * limit) == 0).all()
        assert (lasso(X, y, 0.99 * limit) != 0).any()


class TestTheFigureOfTheBalls:
    def test_the_square_is_touched_at_a_corner_and_the_circle_is_not(
        self, book_run: Runs
    ) -> None:
        lowest = held(book_run("regularization"), "lowest")
        assert lowest["L1"] == [1, 0]
        w1, w2 = lowest["L2"]
        assert w1**2 + w2**2 == pytest.approx(1)
        assert w2 > 0.1

    def test_the_points_are_the_best_within_the_budgets(self, book_run: Runs) -> None:
        """Against a fine grid of the whole ball, inside and out."""
        w1, w2 = torch.cartesian_prod(*[torch.linspace(-1, 1, 401)] * 2).T
        a, b = w1 - 2, w2 - 0.8
        loss = a**2 - 0.6 * a * b + b**2
        sizes = {"L1": w1.abs() + w2.abs(), "L2": (w1**2 + w2**2).sqrt()}
        for name, size in sizes.items():
            best = loss.where(size <= 1 + 1e-6, torch.inf).argmin()
            found = [w1[best].item(), w2[best].item()]
            lowest = held(book_run("regularization"), "lowest")[name]
            assert found == pytest.approx(lowest, abs=0.01)

    @pytest.mark.parametrize("seed", range(3))
    def test_the_best_point_often_lies_on_a_corner_of_the_square(
        self, seed: int
    ) -> None:
        """In a third of random bowls at least; on the circle there never is a zero."""
        torch.manual_seed(seed)
        zeros_l1, zeros_l2 = [], []
        for _ in range(100):
            X = torch.randn(20, 2).double()
            y = X @ torch.randn(2).double() + 0.1 * torch.randn(20)
            w = lasso(X, y, 0.5, steps=150)
            pull = X.T @ (y - X @ w) / 20  # at the best point L1 holds against it
            assert ((pull - 0.5 * w.sign()).abs()[w != 0] < 1e-9).all()
            assert (pull.abs()[w == 0] < 0.5).all()
            zeros_l1.append((w == 0).any().item())
            zeros_l2.append((ridge(X, y, 0.5) == 0).any().item())
        assert sum(zeros_l1) > 33
        assert sum(zeros_l2) == 0

    @pytest.mark.parametrize("strength", [0.1, 0.3, 1.0])
    def test_a_price_and_a_budget_come_to_the_same(
        self, data: tuple[torch.Tensor, torch.Tensor], strength: float
    ) -> None:
        """No point that is as small as the lasso's, and random, fits better."""
        X, y = data
        best = lasso(X, y, strength)
        others = torch.randn(10_000, 5).double()
        others *= best.abs().sum() / others.abs().sum(dim=1, keepdim=True)
        losses = (others @ X.T - y).square().mean(dim=1)
        assert losses.min() > (X @ best - y).square().mean()


class TestTheDiabetesData:
    def test_l1_throws_out_most_invented_features(self, any_run: Runs) -> None:
        measured, invented = held(any_run("regularization"), "zeros")["L1"]
        assert invented > 20
        assert measured > 0

    def test_l1_wins_and_no_penalty_loses(self, any_run: Runs) -> None:
        run = any_run("regularization")
        mean = held(run, "error_mean")
        assert mean["L1"] < mean["L2"] < mean["none"]
        assert run.values["count_same_order"] >= 9

    def test_the_strengths_chosen_have_worse_ones_on_both_sides(
        self, any_run: Runs
    ) -> None:
        chosen = held(any_run("regularization"), "chosen")
        assert 0 < chosen["L1"] < 20
        assert 0 < chosen["L2"] < 20

    def test_some_measurements_enter_before_any_invented_feature(
        self, any_run: Runs
    ) -> None:
        assert any_run("regularization").values["count_first"] >= 3

    def test_a_larger_share_of_the_measurements_is_in(self, any_run: Runs) -> None:
        """At the strength chosen."""
        measured, invented = held(any_run("regularization"), "zeros")["L1"]
        assert measured / 10 < invented / 40

    @pytest.mark.parametrize("seed", range(3))
    def test_where_many_features_matter_a_little_l2_is_usually_better(
        self, seed: int
    ) -> None:
        """In seven of ten draws, each penalty at its best of five strengths."""
        torch.manual_seed(seed)
        wins = 0
        for _ in range(10):
            X = torch.randn(460, 50).double()
            y = X @ torch.randn(50).double() / 50**0.5 + torch.randn(460)
            errors = []
            for fit in (ridge, partial(lasso, steps=200)):
                found = [fit(X[:60], y[:60], 10**power) for power in STRENGTHS]
                losses = [mse(X[60:160] @ w, y[60:160]) for w in found]
                w = found[losses.index(min(losses))]
                errors.append(mse(X[160:] @ w, y[160:]))
            wins += errors[0] < errors[1]
        assert wins >= 7

    def test_some_measurements_carry_the_same_information(self) -> None:
        features, _ = load_diabetes(return_X_y=True, scaled=False)
        between = torch.corrcoef(torch.tensor(features).T) - torch.eye(10)
        assert between.max() > 0.85

    @pytest.mark.parametrize("seed", range(3))
    def test_the_ends_of_the_paths(self, seed: int) -> None:
        """L1 starts from zeros only; L2 has none at any strength.

        Its norm shrinks, while single weights grow or change sign.
        """
        torch.manual_seed(seed)
        features, progress = load_diabetes(return_X_y=True, scaled=False)
        chosen = torch.randperm(len(progress))[:120]
        X = torch.cat([torch.tensor(features)[chosen], torch.randn(120, 40)], dim=1)
        X = (X - X.mean(dim=0)) / X.std(dim=0)
        y = torch.tensor(progress)[chosen]
        y -= y.mean()
        assert (lasso(X, y, 100.0) == 0).all()
        strengths = torch.logspace(-1, 2, 21).tolist()
        path = torch.stack([ridge(X, y, strength) for strength in strengths])
        assert (path != 0).all()
        assert (path.norm(dim=1).diff() < 0).all()
        assert (path.abs().diff(dim=0) > 0).any()
        assert (path[:-1] * path[1:] < 0).any()

    def test_l2_has_no_zeros(self, book_run: Runs) -> None:
        rows = columns(book_run("regularization"), "choose")
        assert [row[0] for row in rows] == ["none", "L1", "L2"]
        assert rows[2][2:4] == ["0", "0"]


class TestWeightDecay:
    @pytest.mark.settles("weight-decay-gradient")
    def test_the_argument_adds_lambda_w_to_the_gradient(self, any_run: Runs) -> None:
        values = any_run("regularization").values
        assert values["difference"] < 1e-6 * values["largest"]

    @pytest.mark.settles("weight-decay-gradient")
    def test_it_belongs_to_half_the_square_and_not_to_the_square(self) -> None:
        ends = []
        for penalty in (l2, lambda w: 2 * l2(w), None):
            w = nn.Parameter(torch.tensor([1.0, -3.0]))
            decay = 0.0 if penalty else 0.3
            optimizer = SGD([w], lr=0.1, weight_decay=decay)
            for _ in range(10):
                optimizer.zero_grad()
                (0.3 * penalty([w]) if penalty else 0 * w.sum()).backward()
                optimizer.step()
            ends.append(w.detach())
        torch.testing.assert_close(ends[0], ends[2])
        assert not torch.allclose(ends[1], ends[2], rtol=0.1)

    @pytest.mark.settles("weight-decay-gradient")
    def test_biases_decay_unless_they_are_excluded(self, book_run: Runs) -> None:
        log = book_run("regularization").log("biases")
        every, weights_only = (line.split() for line in log.splitlines())
        assert float(every[-1]) == pytest.approx(0.99**100, abs=1e-3)
        assert float(weights_only[-1]) == 1
        assert every[-3] == weights_only[-3]

    def test_the_groups_go_by_shape_and_by_one_name(self) -> None:
        model = nn.ModuleDict(
            {
                "dense": nn.Linear(3, 2),
                "norm": nn.BatchNorm1d(2),
                "line": LinearRegression(features=3),
            }
        )
        decaying, others = weight_decay_groups(model, 0.1)
        names = {p: name for name, p in model.named_parameters()}
        found = [{names[p] for p in group["params"]} for group in (decaying, others)]
        assert found[0] == {"dense.weight", "line.w"}
        assert found[1] == {"dense.bias", "norm.weight", "norm.bias", "line.b"}

    def test_decay_is_a_price_and_not_a_limit(self) -> None:
        """Where the loss is worth it, the weight grows as it would without."""
        for scale in (1.0, 1000.0):
            w = nn.Parameter(torch.zeros(1))
            optimizer = SGD([w], lr=0.1, weight_decay=0.1)
            for _ in range(500):
                optimizer.zero_grad()
                ((w - scale) ** 2).sum().backward()
                optimizer.step()
            assert w.item() == pytest.approx(scale * 2 / 2.1, rel=1e-3)


class TestDropout:
    @pytest.mark.settles("dropout-variance")
    def test_the_mean_stays_and_the_variance_doubles(self, any_run: Runs) -> None:
        run = any_run("regularization_networks")
        means = [line.split()[2] for line in run.log("histogram").splitlines()]
        assert float(means[1]) == pytest.approx(float(means[0]), abs=0.005)
        values = run.values
        assert values["variance_before"] == pytest.approx(1, abs=0.01)
        assert values["variance_after"] == pytest.approx(2, abs=0.01)

    def test_units_that_are_always_zero_keep_their_variance(self) -> None:
        assert dropout(torch.zeros(100), 0.5).var().item() == 0
        assert dropout(torch.full((10_000,), 0.1), 0.5).var().item() > 0

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_16_bits_would_drop_three_times_as_many(self, seed: int) -> None:
        torch.manual_seed(seed)
        X = torch.ones(3_000_000, dtype=torch.bfloat16)
        dropped = (dropout(X, 0.001) == 0).float().mean().item()
        coarse = (torch.rand(X.shape, dtype=X.dtype) < 0.001).float().mean().item()
        assert dropped == pytest.approx(0.001, rel=0.1)
        assert coarse == pytest.approx(0.003, rel=0.1)

    def test_half_are_exactly_zero_and_the_others_twice_as_far_out(self) -> None:
        for seed in range(3):
            torch.manual_seed(seed)
            z = torch.randn(100_000)
            dropped = dropout(z, 0.5)
            assert (dropped == 0).float().mean().item() == pytest.approx(0.5, abs=0.01)
            assert torch.equal(dropped[dropped != 0], 2 * z[dropped != 0])

    def test_both_help_by_fitting_worse(self, any_run: Runs) -> None:
        """Each of the two at its best strength, in the mean over three draws."""
        found = scores(any_run("regularization_networks"))
        for name in ("dropout 0.8", "weight decay 0.01"):
            gain = found[name][:, TEST] - found["none"][:, TEST]
            assert gain.mean() > 0.02
            assert gain.mean() > 2 * gain.std() / 3**0.5
            assert found[name][:, FIT].mean() < found["none"][:, FIT].mean() - 0.02

    def test_the_validation_loss_prefers_the_middle_strength(
        self, any_run: Runs
    ) -> None:
        found = scores(any_run("regularization_networks"))
        loss = {name: draws[:, LOSS].mean().item() for name, draws in found.items()}
        for weak, middle, strong in (
            ("dropout 0.5", "dropout 0.8", "dropout 0.95"),
            ("weight decay 0.001", "weight decay 0.01", "weight decay 0.1"),
        ):
            assert loss[middle] < min(loss[weak], loss[strong])
            assert loss[middle] < loss["none"]

    def test_at_the_largest_strengths_the_test_accuracy_falls_again(
        self, any_run: Runs
    ) -> None:
        found = scores(any_run("regularization_networks"))
        for middle, strong in (
            ("dropout 0.8", "dropout 0.95"),
            ("weight decay 0.01", "weight decay 0.1"),
        ):
            for column in (FIT, TEST):
                worse = found[middle][:, column] - found[strong][:, column]
                assert worse.mean() > 0.05

    def test_some_wrong_labels_are_fitted(self, any_run: Runs) -> None:
        """With right labels only one gets at most as many right as are so."""
        values = any_run("regularization_networks").values
        assert values["accuracy_fit"] > values["share_right"] + 0.1

    def test_200_labels_drawn_at_random_can_be_learned_by_heart(self) -> None:
        X = load_digits().train[0][:200]
        for seed in range(3):
            torch.manual_seed(seed)
            y = torch.randint(10, (200,))
            model = MLP([64, 128, 128, 10])
            optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
            for _ in range(200):
                optimizer.zero_grad()
                cross_entropy(model(X), y).backward()
                optimizer.step()
            assert accuracy(model(X), y) > 0.99


class TestNoise:
    @pytest.mark.settles("input-noise-tikhonov")
    def test_for_linear_models_noise_is_the_penalty_exactly(self) -> None:
        """Averaging over noise of two equal and opposite signs is exact."""
        torch.manual_seed(0)
        w, x, y, sigma = torch.randn(3).double(), torch.randn(3).double(), 0.7, 0.4
        corners = torch.cartesian_prod(*[torch.tensor([-sigma, sigma])] * 3).double()
        expected = ((x + corners) @ w - y).square().mean()
        exact = (x @ w - y) ** 2 + sigma**2 * w.square().sum()
        torch.testing.assert_close(expected, exact)

    def test_the_strength_depends_on_where_the_half_stands(self) -> None:
        """The minimum under noise is ridge's at σ², for the loss without a half 2σ²."""
        for seed in range(3):
            torch.manual_seed(seed)
            X, y, sigma = torch.randn(30, 4).double(), torch.randn(30).double(), 0.4
            A = X.T @ X / 30 + sigma**2 * torch.eye(4).double()  # of the noisy loss
            w = torch.linalg.solve(A, X.T @ y / 30).requires_grad_()
            torch.testing.assert_close(w.detach(), ridge(X, y, sigma**2))
            loss = (X @ w - y).square().mean() + 2 * sigma**2 * l2([w])
            loss.backward()
            assert w.grad.abs().max() < 1e-12

    @pytest.mark.settles("input-noise-tikhonov")
    def test_copies_approach_ridge(self, any_run: Runs) -> None:
        run = any_run("regularization")
        found = held(run, "differences")
        differences = [found[copies] for copies in (1, 10, 100, 1000)]
        assert differences == sorted(differences, reverse=True)
        assert differences[-1] < 0.05 * run.values["difference_free"]

    @pytest.mark.settles("input-noise-tikhonov")
    def test_for_a_network_only_to_first_order(self, any_run: Runs) -> None:
        found = held(any_run("regularization"), "ratios")
        ratios = [found[size] for size in sorted(found)]
        assert ratios[0] == pytest.approx(1, abs=0.02)
        assert ratios[-1] < 0.5
        assert ratios == sorted(ratios, reverse=True)


class TestEarlyStopping:
    def test_the_best_epoch_is_better_than_the_stop_and_the_end(
        self, book_run: Runs
    ) -> None:
        values = book_run("regularization_networks").values
        assert values["epoch_best"] == values["epoch_stopped"] - 10
        assert values["accuracy_restored"] > values["accuracy_stopped"]
        assert values["accuracy_restored"] > values["accuracy_end"]

    def test_the_best_epochs_are_better_than_the_last(self, any_run: Runs) -> None:
        draws = scores(any_run("regularization_networks"))["none"]
        gain = draws[:, BEST] - draws[:, TEST]
        assert (gain > 0).all()
        assert gain.mean() > 0.03

    def test_the_curves_of_the_figure_part_like_a_u_and_its_floor(
        self, any_run: Runs
    ) -> None:
        """The training loss falls on; the other ends far above its minimum."""
        run = any_run("regularization_networks")
        training, validation = held(run, "loss_training"), held(run, "loss_validation")
        best = run.values["epoch_best"] - 1
        assert min(validation) == validation[best]
        assert validation[0] > validation[best] + 0.3
        assert validation[-1] > validation[best] + 0.3
        assert training[-1] < training[best] - 0.3
        after = slice(best, None)
        assert all(map(operator.lt, training[after], validation[after]))
        rises = sum(b > a for a, b in pairwise(training))
        assert rises <= 5

    def test_the_stopped_run_is_the_beginning_of_the_long_one(
        self, any_run: Runs
    ) -> None:
        run = any_run("regularization_networks")
        losses = held(run, "loss_validation")[: run.values["epoch_stopped"]]
        assert losses[run.values["epoch_best"] - 1] == min(losses)

    def test_the_first_increase_is_too_soon(self, book_run: Runs) -> None:
        values = book_run("regularization_networks").values
        assert values["epoch_first_rise"] < values["epoch_best"]

    @pytest.mark.settles("early-stopping-validation")
    def test_the_best_epoch_on_the_test_set_is_better_than_honest(
        self, any_run: Runs
    ) -> None:
        values = any_run("regularization_networks").values
        assert values["accuracy_mean"] == pytest.approx(0.1, abs=0.01)
        assert values["accuracy_luck"] > values["accuracy_mean"] + 0.02


class TestExercises:
    def test_the_lasso_is_the_soft_threshold(self, any_run: Runs) -> None:
        values = any_run("regularization_exercises").values
        assert values["difference"] < 1e-6

    def test_it_shrinks_what_it_keeps(self) -> None:
        w = torch.tensor([3.0, 0.2, -2.0])
        torch.testing.assert_close(
            soft_threshold(w, 0.5), torch.tensor([2.5, 0.0, -1.5])
        )

    def test_the_formula_for_the_variance(self, any_run: Runs) -> None:
        for _, measured, formula in columns(
            any_run("regularization_exercises"), "solution-2"
        ):
            assert float(measured) == pytest.approx(float(formula), rel=0.01)

    def test_the_thinned_networks_average_to_the_whole(self, any_run: Runs) -> None:
        assert any_run("regularization_exercises").values["gap"] < 0.02

    @pytest.mark.parametrize("seed", range(3))
    def test_with_dropout_in_two_layers_the_equality_is_lost(self, seed: int) -> None:
        torch.manual_seed(seed)
        first, second = nn.Linear(10, 100), nn.Linear(100, 100)
        with torch.no_grad():
            hidden = torch.relu(first(torch.randn(1, 10)))
            whole = torch.relu(second(hidden))[0]
            dropped = dropout(hidden.expand(20_000, -1), 0.5)
            averaged = torch.relu(second(dropped)).mean(dim=0)
        assert averaged.mean() > 1.02 * whole.mean()
        assert (averaged - whole).norm() < 0.3 * whole.norm()

    @pytest.mark.parametrize("strength", [0.2, 0.5, 1.0])
    def test_ridge_takes_more_from_large_weights_and_the_lasso_from_small(
        self, strength: float
    ) -> None:
        torch.manual_seed(0)
        Q = torch.linalg.qr(torch.randn(200, 4).double()).Q * 200**0.5
        w = torch.tensor([0.9, 1.1, -3.0, 0.3]).double() * (1 + strength)
        shrunk, sparse = ridge(Q, Q @ w, strength), lasso(Q, Q @ w, strength)
        torch.testing.assert_close(shrunk, w / (1 + strength))
        lost, lost_l1 = (w.abs() - found.abs() for found in (shrunk, sparse))
        assert (lost > lost_l1).tolist() == [False, True, True, False]

    @pytest.mark.parametrize("t", [100, 1000])
    def test_t_steps_are_about_a_penalty_of_one_over_eta_t(self, t: int) -> None:
        lr, strength = 0.01, 1 / (0.01 * t)
        small, steep = 0.02 * strength, 50 * strength
        for h, end in ((small, 0.02), (steep, 1.0)):
            w = 0.0
            for _ in range(t):
                w -= lr * h * (w - 1.0)
            assert w == pytest.approx(end, rel=0.03)
            assert w == pytest.approx(h / (h + strength), rel=0.03)
