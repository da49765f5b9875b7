"""What the chapter on activations says in words."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, gelu, leaky_relu, silu

from dlnotes.basics.activations import (
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_jacobian,
    softplus,
    tanh,
    tanh_derivative,
)
from dlnotes.basics.layers import Dense, Sigmoid, forward_pass
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.linear import least_squares
from dlnotes.losses import cross_entropy
from dlnotes.mlp import MLP
from dlnotes.train.seed import seed_everything

Runs = Callable[[str], Run]


def autograd(g: Callable[[torch.Tensor], torch.Tensor], z: torch.Tensor) -> np.ndarray:
    z = z.clone().requires_grad_()
    (slope,) = torch.autograd.grad(g(z).sum(), z)
    return slope.numpy()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


class TestCollapse:
    @pytest.mark.settles("linear-collapse")
    @pytest.mark.parametrize(("C", "H", "K"), [(4, 4, 4), (3, 7, 2), (5, 1, 5)])
    def test_two_layers_are_one(
        self, rng: np.random.Generator, C: int, H: int, K: int
    ) -> None:
        W1, b1 = rng.normal(size=(H, C)), rng.normal(size=H)
        W2, b2 = rng.normal(size=(K, H)), rng.normal(size=K)
        X = rng.normal(size=(100, C))
        stacked = forward_pass([Dense(W1, b1), Dense(W2, b2)], X)
        one = Dense(W2 @ W1, W2 @ b1 + b2).forward(X)
        np.testing.assert_allclose(stacked, one, rtol=0, atol=1e-12)

    @pytest.mark.settles("linear-collapse")
    def test_the_second_layer_is_not_fed_with_x(
        self, rng: np.random.Generator, any_run: Runs
    ) -> None:
        values = any_run("activations").values
        assert values["gap_collapse"] < 1e-13
        assert values["error_wrong"] > 1
        W1, W2 = rng.normal(size=(5, 3)), rng.normal(size=(2, 5))
        with pytest.raises(ValueError, match="matmul"):  # (B, 3) does not fit (2, 5)
            Dense(W2, np.zeros(2)).forward(rng.normal(size=(4, 3)))
        assert (W2 @ W1).shape == (2, 3)

    def test_the_whole_bias_is_needed(self, rng: np.random.Generator) -> None:
        W1, b1, W2, b2 = (rng.normal(size=s) for s in [(4, 4), 4, (4, 4), 4])
        at_zero = forward_pass([Dense(W1, b1), Dense(W2, b2)], np.zeros((1, 4)))[0]
        np.testing.assert_allclose(at_zero, W2 @ b1 + b2)
        assert np.abs(at_zero - b2).max() > 0.1

    def test_fifty_layers_collapse_and_a_sigmoid_prevents_it(
        self, any_run: Runs
    ) -> None:
        values = any_run("activations").values
        assert values["gap_deep"] < 1e-12
        assert values["error_bent"] > 0.1

    def test_no_single_layer_reproduces_a_sigmoid_between(
        self, rng: np.random.Generator
    ) -> None:
        X = rng.normal(size=(500, 4))
        first, second = (Dense(rng.normal(size=(4, 4)), np.ones(4)) for _ in range(2))
        ones = np.column_stack([X, np.ones(500)])
        off = []
        for layers in ([first, second], [first, Sigmoid(), second]):
            outputs = forward_pass(layers, X)
            best, *_ = np.linalg.lstsq(ones, outputs)
            off.append(np.abs(outputs - ones @ best).max())
        assert off[0] < 1e-12
        assert off[1] > 0.1


class TestCost:
    def test_three_linear_layers_end_at_least_squares(self, any_run: Runs) -> None:
        values = any_run("activations_curve").values
        assert values["slope"] == pytest.approx(values["slope_line"], abs=1e-4)
        assert values["loss_none"] == pytest.approx(values["loss_line"], abs=1e-6)
        assert values["parameters"] == 481
        x = torch.linspace(-3, 3, 121)[:, None]
        y = torch.sin(2 * x) + 0.5 * x + 0.5
        w, _ = least_squares(x, y[:, 0])
        assert values["slope_line"] == pytest.approx(w.item(), abs=1e-6)

    def test_a_bend_wins_and_the_sigmoid_is_last_of_the_three(
        self, any_run: Runs
    ) -> None:
        values = any_run("activations_curve").values
        names = ("none", "tanh", "ReLU", "sigmoid")
        none, tanh, relu, sigmoid = (values[f"losses['{name}']"] for name in names)
        assert tanh < none / 1000
        assert max(tanh, relu) < sigmoid < none / 5
        assert tanh < sigmoid / 5


class TestCandidates:
    def test_whose_slope_reaches_one(self) -> None:
        z = np.linspace(-20, 20, 4001)
        Z = torch.from_numpy(z)
        reaches = {
            "sigmoid": sigmoid_derivative(z),
            "softplus": sigmoid(z[np.abs(z) < 15]),
            "tanh": tanh_derivative(z),
            "ReLU": relu_derivative(z),
            "SiLU": autograd(silu, Z),
            "GELU": autograd(gelu, Z),
        }
        largest = {name: slopes.max() for name, slopes in reaches.items()}
        assert largest["sigmoid"] == 0.25
        assert 0.99 < largest["softplus"] < 1
        assert largest["tanh"] == largest["ReLU"] == 1
        assert 1 < largest["SiLU"] < 1.2
        assert 1 < largest["GELU"] < 1.2

    def test_the_sigmoid_fades_on_both_sides(self) -> None:
        assert (sigmoid_derivative([-10, 10]) < 1e-4).all()

    def test_where_the_sigmoid_rounds_to_one(self, book_run: Runs) -> None:
        values = book_run("activations").values
        z = values["z_rounded"]
        assert sigmoid(z) == 1 > sigmoid(z - 1)
        assert values["slope_by_formula"] == 0
        assert values["slope_by_package"] == pytest.approx(math.exp(-z), rel=1e-12)

    @pytest.mark.settles("tanh-is-a-sigmoid")
    def test_tanh_is_a_sigmoid(self, book_run: Runs) -> None:
        z = np.linspace(-20, 20, 4001)
        np.testing.assert_allclose(np.tanh(z), 2 * sigmoid(2 * z) - 1, atol=1e-15)
        np.testing.assert_allclose(tanh(z), 2 * sigmoid(2 * z) - 1, atol=1e-15)
        assert np.abs(np.tanh(z) - sigmoid(z)).max() > 0.9  # and no other one
        assert np.abs(np.tanh(z) - (2 * sigmoid(z) - 1)).max() > 0.3
        assert book_run("activations").values["gap_tanh"] < 1e-15

    def test_a_tanh_network_is_a_sigmoid_network(
        self, rng: np.random.Generator, book_run: Runs
    ) -> None:
        W, b = rng.normal(size=(6, 3)), rng.normal(size=6)
        V, c = rng.normal(size=(2, 6)), rng.normal(size=2)
        X = rng.normal(size=(50, 3))
        expected = np.tanh(X @ W.T + b) @ V.T + c
        twin = [Dense(2 * W, 2 * b), Sigmoid(), Dense(2 * V, c - V.sum(axis=1))]
        np.testing.assert_allclose(forward_pass(twin, X), expected, atol=1e-13)
        assert book_run("activations").values["gap_twin"] < 1e-13

    def test_near_zero_the_error_passes_with_one_and_a_quarter(self) -> None:
        assert (tanh_derivative(0), sigmoid_derivative(0)) == (1, 0.25)
        assert (tanh(0), sigmoid(0)) == (0, 0.5)

    def test_softplus_is_positive_has_no_bound_and_is_the_loss_of_a_yes(self) -> None:
        z = torch.linspace(-30, 30, 61, dtype=torch.float64)
        assert (softplus(z.numpy()) > 0).all()
        assert softplus(1e6) == 1e6
        yes = binary_cross_entropy_with_logits(z, torch.ones_like(z), reduction="none")
        np.testing.assert_allclose(softplus(-z.numpy()), yes, rtol=1e-12)

    @pytest.mark.parametrize("g", [silu, gelu])
    def test_gates_dip_a_little_below_zero(self, g: Callable) -> None:
        z = torch.linspace(-40, 40, 8001, dtype=torch.float64)
        a = g(z)
        assert -0.3 < a.min() < -0.1
        assert a[0].abs() < 1e-10
        assert a[-1] == pytest.approx(40)
        assert abs(autograd(g, torch.tensor([-0.3])).item()) > 0.1

    def test_what_the_gates_are(self) -> None:
        z = torch.linspace(-5, 5, 41, dtype=torch.float64)
        normal = torch.distributions.Normal(0.0, 1.0)
        torch.testing.assert_close(gelu(z), z * normal.cdf(z))
        np.testing.assert_allclose(silu(z), z.numpy() * sigmoid(z.numpy()), rtol=1e-12)

    def test_a_relu_network_is_straight_between_corners(self) -> None:
        seed_everything(0)
        model = MLP([1, 20, 1]).double()
        x = torch.linspace(-3, 3, 6001, dtype=torch.float64)[:, None]
        with torch.no_grad():
            bends = model(x)[:, 0].diff(n=2).abs() > 1e-12
        assert bends.sum() <= 2 * 20  # a corner touches two second differences
        assert bends.any()


class TestSaturation:
    @staticmethod
    def steps(z: float, gradient: Callable[[float], float]) -> int:
        count = 0
        while sigmoid(z) > 0.5:
            z -= float(gradient(z))
            count += 1
        return count

    def test_the_gradients_are_those_of_the_two_losses(self) -> None:
        z = torch.linspace(-6, 6, 25, dtype=torch.float64)
        x = z.numpy()
        squared = autograd(lambda s: 0.5 * torch.sigmoid(s) ** 2, z)
        log = autograd(lambda s: -torch.log(1 - torch.sigmoid(s)), z)
        np.testing.assert_allclose(squared, sigmoid(x) * sigmoid_derivative(x))
        np.testing.assert_allclose(log, sigmoid(x), rtol=1e-10)

    def test_the_steps_grow_like_the_exponential(self, book_run: Runs) -> None:
        values = book_run("activations_saturation").values
        slow = self.steps(8.0, lambda z: sigmoid(z) * sigmoid_derivative(z))
        assert values["steps['squared error'][3]"] == slow
        assert slow == pytest.approx(math.exp(8), rel=0.05)
        assert values["steps['cross-entropy'][3]"] == self.steps(8.0, sigmoid) < 10
        assert values["ratio_growth"] == pytest.approx(math.exp(2), rel=0.1)

    def test_the_more_wrong_the_less_it_learns_and_the_reverse(self) -> None:
        z = np.linspace(2, 20, 50)
        assert (np.diff(sigmoid(z) * sigmoid_derivative(z)) < 0).all()
        assert (np.diff(sigmoid(z)) > 0).all()


class TestDeadUnits:
    def test_1077_training_images(self) -> None:
        assert len(load_digits().train[0]) == 1077

    def test_the_share_at_the_start_is_that_of_the_page(self, book_run: Runs) -> None:
        values = book_run("activations_saturation").values
        (X, _), *_ = load_digits()
        seed_everything(0)
        model = MLP([64, 64, 10])
        with torch.no_grad():
            dead = (model.layers[0](X) <= 0).all(dim=0)
        assert dead.float().mean().item() == values["share_dead[0]"] > 0

    def test_at_the_low_rates_few_die_and_the_network_is_fine(
        self, any_run: Runs
    ) -> None:
        values = any_run("activations_saturation").values
        start, low, middle = (values[f"share_dead[{n}]"] for n in ("0", "0.5", "1.0"))
        assert start <= low <= middle < 0.1
        assert values["accuracy_relu[0.5]"] > 0.9
        assert values["accuracy_relu[1.0]"] >= values["accuracy_relu[0.5]"]

    def test_a_large_rate_kills_and_the_network_guesses(self, any_run: Runs) -> None:
        values = any_run("activations_saturation").values
        assert values["share_dead[2.0]"] == 1
        assert values["accuracy_relu[2.0]"] <= values["accuracy_guess"] < 0.15
        assert values["accuracy_leaky[2.0]"] > 2 * values["accuracy_guess"]
        assert values["accuracy_leaky[2.0]"] < values["accuracy_silu[2.0]"]
        assert values["accuracy_silu[2.0]"] < values["accuracy_relu[0.5]"]

    def test_the_leaky_relu_was_lucky_on_the_page(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        runs = every_run("activations_saturation")
        shown, *others = (run.values["accuracy_leaky[2.0]"] for run in runs)
        guess = runs[0].values["accuracy_guess"]
        assert all(3 * guess < other < shown for other in others)

    def test_a_dead_layer_gives_all_images_the_same_scores(self) -> None:
        (X, _), *_ = load_digits()
        model = MLP([64, 64, 10])
        with torch.no_grad():
            model.layers[0].bias -= 100
            assert (model(X) == model(X)[0]).all()

    def test_leaky_slope(self) -> None:
        slopes = autograd(leaky_relu, torch.tensor([-5.0, 5.0]))
        np.testing.assert_allclose(slopes, [0.01, 1])

    def test_no_gradient_revives_a_dead_unit(self, any_run: Runs) -> None:
        values = any_run("activations_saturation").values
        assert values["share_dead_before"] == 1
        assert values["moved['ReLU']"] == 0
        assert 0 < values["moved['leaky ReLU']"] < values["moved['SiLU']"] / 10
        assert 0.5 < values["revived['SiLU']"] < values["accuracy_silu[0.5]"] - 0.1
        assert values["revived['leaky ReLU']"] <= values["accuracy_guess"]
        (X, y), *_ = load_digits()
        model = MLP([64, 64, 10])
        with torch.no_grad():
            model.layers[0].bias -= 100
        cross_entropy(model(X), y).backward()
        gradient = model.layers[0].weight.grad
        assert gradient is not None
        assert not gradient.any()


class TestSoftmax:
    def test_only_differences_count(self) -> None:
        z = np.array([2.0, 1.0, 0.0, -1.0])
        p = softmax(z)
        np.testing.assert_allclose(p[:-1] / p[1:], math.e)
        np.testing.assert_allclose(softmax(z + 100), p, rtol=1e-12)
        assert softmax(10 * z)[0] > 0.9999

    def test_two_scores_are_a_sigmoid(self, book_run: Runs) -> None:
        z = np.linspace(-30, 30, 601)
        pairs = softmax(np.stack([z, 0 * z], axis=-1))
        np.testing.assert_allclose(pairs[:, 0], sigmoid(z), rtol=1e-14)
        assert book_run("activations").values["gap_pair"] < 1e-15

    def test_raising_a_score_raises_its_share_and_lowers_the_others(self) -> None:
        J = softmax_jacobian([2.0, 1.0, 0.0, -1.0])
        assert (np.diag(J) > 0).all()
        assert (J[~np.eye(4, dtype=bool)] < 0).all()
        np.testing.assert_allclose(J.sum(axis=1), 0, atol=1e-16)

    def test_the_jacobian_agrees_with_differences(self, book_run: Runs) -> None:
        assert book_run("activations").values["gap_jacobian"] < 1e-9

    def test_temperature_decides_how_decided(self) -> None:
        z = np.array([2.0, 1.0, 0.0, -1.0])
        np.testing.assert_allclose(softmax(z / 0.01), [1, 0, 0, 0], atol=1e-30)
        np.testing.assert_allclose(softmax(z / 1e6), 0.25, atol=1e-6)
        for T in (0.1, 1.0, 20.0):
            assert (np.diff(softmax(z / T)) < 0).all()


class TestOverflow:
    @pytest.mark.settles("naive-sigmoid-overflows")
    def test_the_naive_sigmoid_overflows_and_ours_does_not(
        self, book_run: Runs
    ) -> None:
        z = np.float64(-1000)
        with pytest.warns(RuntimeWarning, match="overflow encountered in exp"):
            assert 1 / (1 + np.exp(-z)) == 0
        with pytest.raises(OverflowError):
            math.exp(1000)
        with np.errstate(all="raise", under="ignore"):
            assert sigmoid(z) == 0
        values = book_run("activations").values
        assert values["message"] == "overflow"
        log = book_run("activations").log("overflow").splitlines()
        assert log[0].split() == ["sigmoid", "0.0", "overflow"]
        assert log[1].split()[:2] == ["tanh", "nan"]
        assert log[2].split()[:2] == ["softplus", "inf"]
        assert log[3].startswith("softmax   [nan nan]")
        assert all(line.endswith("no warning") for line in log[5:])
        assert len(log) == 9

    @pytest.mark.parametrize(
        ("dtype", "limit"),
        [(np.float64, 709.78), (np.float32, 88.72), (np.float16, 11.09)],
    )
    def test_the_limit_of_each_precision(
        self, dtype: type[np.floating], limit: float
    ) -> None:
        with np.errstate(over="ignore"):
            assert np.isfinite(np.exp(dtype(0.999 * limit)))
            assert np.isinf(np.exp(dtype(1.002 * limit)))

    def test_float16_is_quoted(self, book_run: Runs) -> None:
        assert book_run("activations").values["limits['float16']"] == pytest.approx(
            11.09, 1e-3
        )

    def test_after_the_shift_the_sum_is_between_one_and_k(
        self, rng: np.random.Generator
    ) -> None:
        z = 1000 * rng.normal(size=(100, 10))
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        assert (e.sum(axis=-1) >= 1).all()
        assert (e <= 1).all()


class TestPerRow:
    @pytest.mark.settles("softmax-per-row")
    def test_a_sum_over_the_batch_gives_691_instead_of_230(
        self, rng: np.random.Generator, book_run: Runs
    ) -> None:
        Z, labels = np.zeros((100, 10)), rng.integers(10, size=100)
        e = np.exp(Z)
        for P, expected in [(softmax(Z), 2.30), (e / e.sum(), 6.91)]:
            loss = -np.log(P[np.arange(100), labels]).mean()
            assert loss == pytest.approx(expected, abs=0.005)
        values = book_run("activations").values
        assert values["loss_per_row"] == pytest.approx(math.log(10))
        assert values["loss_whole_batch"] == pytest.approx(math.log(1000))

    def test_with_the_sum_of_the_batch_the_loss_depends_on_its_size(self) -> None:
        for B in (10, 100):
            e = np.exp(np.zeros((B, 10)))
            assert -np.log(e / e.sum()).mean() == pytest.approx(math.log(10 * B))

    @pytest.mark.settles("softmax-per-row")
    def test_one_maximum_for_the_batch_ruins_the_other_rows(
        self, book_run: Runs
    ) -> None:
        Z = np.array([[1000.0, 1001.0], [0.0, 1.0]])
        e = np.exp(Z - Z.max())
        with np.errstate(invalid="ignore"):
            assert np.isnan((e / e.sum(axis=-1, keepdims=True))[1]).all()
        np.testing.assert_allclose(softmax(Z)[1], softmax(Z[1]))
        assert "[nan nan]" in book_run("activations").log("batch-maximum")

    @pytest.mark.settles("softmax-per-row")
    def test_without_keepdims_square_batches_are_wrong_in_silence(
        self, rng: np.random.Generator
    ) -> None:
        e = np.exp(rng.normal(size=(3, 3)))
        wrong = e / e.sum(axis=-1)
        assert np.abs(wrong.sum(axis=-1) - 1).max() > 0.05
        with pytest.raises(ValueError, match="broadcast"):
            e[:2] / e[:2].sum(axis=-1)
        np.testing.assert_allclose((e[:1] / e[:1].sum(axis=-1)).sum(), 1)  # B is 1


class TestOutputs:
    def test_each_output_answers_its_question(self, any_run: Runs) -> None:
        values = any_run("activations_output").values
        assert values["error_height"] < values["spread_height"] / 4
        for name in ("even", "parity", "above", "digit"):
            assert values[f"accuracy_{name}"] > 0.9

    def test_two_sigmoids_sum_to_anything_ten_shares_to_one(
        self, any_run: Runs
    ) -> None:
        run = any_run("activations_output")
        low, high = run.log("two-sigmoids").split("up to ")[1].split(" .. ")
        assert float(low) < 0.05
        assert float(high) > 1.95
        assert run.values["off_one"] < 1e-5

    def test_softmax_keeps_the_order(self) -> None:
        z = torch.randn(200, 10, dtype=torch.float64)
        assert torch.equal(z.argsort(), torch.softmax(z, dim=-1).argsort())

    def test_the_curve_leaves_the_range_of_a_sigmoid(self, book_run: Runs) -> None:
        x = np.linspace(-3, 3, 121)
        y = np.sin(2 * x) + 0.5 * x + 0.5
        assert y.min() < -0.5
        assert y.max() > 1.5
        floors = [np.mean((y - y.clip(0, 1)) ** 2), np.mean((y - y.clip(0)) ** 2)]
        values = book_run("activations_curve").values
        assert floors[0] < values["loss_squashed"] < 1.2 * floors[0]
        assert floors[1] < values["loss_cut"] < 1.2 * floors[1]

    def test_the_relu_output_died(self, book_run: Runs) -> None:
        values = book_run("activations_curve").values
        assert values["loss_dead"] == pytest.approx(values["mean_square"], rel=1e-6)

    def test_of_six_starts_one_died(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        values = [run.values for run in every_run("activations_curve")]
        losses = [run[name] for run in values for name in ("loss_dead", "loss_cut")]
        dead = [loss > 0.9 * values[0]["mean_square"] for loss in losses]
        assert dead == [True, False, False, False, False, False]


class TestExercises:
    def test_which_activation_gives_two_and_a_half_and_zeros(self) -> None:
        z = np.linspace(-30, 30, 601)
        assert (sigmoid(z) <= 1).all()
        assert (tanh(z) <= 1).all()
        assert (softplus(z) > 0).all()
        inside = torch.arange(-400, 401, dtype=torch.float64) / 100
        for g in (silu, gelu):
            assert (g(inside) == 0).sum() == 1

    def test_three_softmaxes(self) -> None:
        np.testing.assert_allclose(softmax([5.0, 5.0, 5.0]), 1 / 3)
        p = softmax([0.0, 0.0, 100.0])
        assert 1e-44 < p[0] < 1e-43
        assert p[2] == 1
        parts = np.array([1, 1, math.e]) / (2 + math.e)
        np.testing.assert_allclose(softmax(np.array([0.0, 0.0, 100.0]) / 100), parts)
        np.testing.assert_allclose(parts, [0.21, 0.21, 0.58], atol=0.005)

    def test_a_bottleneck_of_one_has_rank_one(self, book_run: Runs) -> None:
        assert book_run("activations_exercises").values["rank"] == 1

    def test_the_product_needs_no_matrix(self, rng: np.random.Generator) -> None:
        Z, dP = rng.normal(size=(2, 6, 4))
        P = softmax(Z)
        short = P * (dP - (P * dP).sum(axis=-1, keepdims=True))
        full = np.einsum("bi,bij->bj", dP, softmax_jacobian(Z))
        np.testing.assert_allclose(short, full, atol=1e-14)

    def test_of_the_cross_entropy_p_minus_t_remains(self, book_run: Runs) -> None:
        values = book_run("activations_exercises").values
        assert values["gap_product"] < 1e-14
        assert values["gap_short"] < 1e-14

    def test_shapes_out_of_relus(self, book_run: Runs) -> None:
        x = np.linspace(-3, 3, 61)
        hat = relu(x + 1) - 2 * relu(x) + relu(x - 1)
        np.testing.assert_allclose(hat, np.maximum(0, 1 - np.abs(x)), atol=1e-14)
        log = book_run("activations_exercises").log("solution-5")
        assert log.count("True") == 2
        assert "False" not in log
