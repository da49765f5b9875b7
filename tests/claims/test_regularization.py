"""What the chapter on regularization says in words."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import SGD

from dlnotes.book.store import Run
from dlnotes.linear import LinearRegression
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


class TestTheDiabetesData:
    def test_l1_throws_out_most_invented_features_and_wins(
        self, book_run: Runs
    ) -> None:
        values = book_run("regularization").values
        assert values["zeros_invented"] > 20
        assert values["test_l1"] < values["test_l2"] < values["test_free"]

    def test_useful_measurements_enter_before_most_invented_features(
        self, book_run: Runs
    ) -> None:
        """At the strength chosen, a larger share of the measurements is in."""
        values = book_run("regularization").values
        measured, invented = values["zeros_measured"] / 10, values["zeros_invented"]
        assert measured < invented / 40

    def test_l2_has_no_zeros(self, book_run: Runs) -> None:
        rows = columns(book_run("regularization"), "choose")
        assert [row[0] for row in rows] == ["none", "L1", "L2"]
        assert rows[2][2:4] == ["0", "0"]


class TestWeightDecay:
    @pytest.mark.settles("weight-decay-gradient")
    def test_the_argument_adds_lambda_w_to_the_gradient(self, book_run: Runs) -> None:
        values = book_run("regularization").values
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
    def test_the_mean_stays_and_the_variance_doubles(self, book_run: Runs) -> None:
        values = book_run("regularization_networks").values
        assert values["mean_after"] == pytest.approx(values["mean_before"], abs=0.005)
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

    def test_both_help_by_fitting_worse(self, book_run: Runs) -> None:
        run = book_run("regularization_networks")
        fits = [float(row[1]) for row in columns(run, "compare")]
        assert max(fits[1:]) < fits[0]
        values = run.values
        assert values["test_dropout"] > values["test_plain"] + 0.02
        assert values["test_decay"] > values["test_plain"] + 0.02

    def test_some_wrong_labels_are_fitted(self, book_run: Runs) -> None:
        """Whoever learns only right labels gets at most as many right as are so."""
        run = book_run("regularization_networks")
        right = 1 - run.values["share_wrong"]
        assert float(columns(run, "compare")[0][1]) > right + 0.01


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

    @pytest.mark.settles("input-noise-tikhonov")
    def test_copies_approach_ridge(self, book_run: Runs) -> None:
        values = book_run("regularization").values
        assert values["noise_difference"] < 0.05 * values["moved"]

    @pytest.mark.settles("input-noise-tikhonov")
    def test_for_a_network_only_to_first_order(self, book_run: Runs) -> None:
        values = book_run("regularization").values
        assert values["ratio_small"] == pytest.approx(1, abs=0.02)
        assert values["ratio_large"] < 0.5


class TestEarlyStopping:
    def test_the_best_epoch_is_better_than_the_stop_and_the_end(
        self, book_run: Runs
    ) -> None:
        values = book_run("regularization_networks").values
        assert values["best_epoch"] == values["stopped"] - 10
        assert values["accuracy_restored"] > values["accuracy_stopped"]
        assert values["accuracy_restored"] > values["accuracy_end"]

    def test_the_training_loss_falls_on_while_the_other_rises(
        self, book_run: Runs
    ) -> None:
        values = book_run("regularization_networks").values
        assert values["last_training"] < values["training_at_best"]
        assert values["last_validation"] > values["best_validation"]

    def test_the_first_increase_is_far_too_soon(self, book_run: Runs) -> None:
        values = book_run("regularization_networks").values
        assert values["first_increase"] < values["best_epoch"]

    @pytest.mark.settles("early-stopping-validation")
    def test_the_best_epoch_on_the_test_set_is_better_than_honest(
        self, book_run: Runs
    ) -> None:
        values = book_run("regularization_networks").values
        assert values["mean_of_luck"] == pytest.approx(0.1, abs=0.02)
        assert values["best_of_luck"] > values["mean_of_luck"] + 0.02


class TestExercises:
    def test_the_lasso_is_the_soft_threshold(self, book_run: Runs) -> None:
        values = book_run("regularization_exercises").values
        assert values["difference"] < 1e-6

    def test_it_shrinks_what_it_keeps(self) -> None:
        w = torch.tensor([3.0, 0.2, -2.0])
        torch.testing.assert_close(
            soft_threshold(w, 0.5), torch.tensor([2.5, 0.0, -1.5])
        )

    def test_the_formula_for_the_variance(self, book_run: Runs) -> None:
        for _, measured, formula in columns(
            book_run("regularization_exercises"), "solution-2"
        ):
            assert float(measured) == pytest.approx(float(formula), rel=0.01)

    def test_the_thinned_networks_average_to_the_whole(self, book_run: Runs) -> None:
        assert book_run("regularization_exercises").values["gap"] < 0.02
