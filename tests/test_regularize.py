import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, Ridge
from torch import Tensor, nn
from torch.optim import SGD

from dlnotes.linear import LinearRegression
from dlnotes.mlp import MLP
from dlnotes.regularize import (
    Dropout,
    dropout,
    l1,
    l2,
    lasso,
    ridge,
    soft_threshold,
    weight_decay_groups,
)


@pytest.fixture(scope="module")
def data() -> tuple[Tensor, Tensor]:
    X, y = load_diabetes(return_X_y=True, scaled=False)
    X = (X - X.mean(0)) / X.std(0)
    return torch.tensor(X), torch.tensor(y - y.mean())


class TestPenalties:
    def test_l1_is_the_sum_over_all_tensors(self) -> None:
        weights = [torch.tensor([[1.0, -2.0]]), torch.tensor([-4.0])]
        assert l1(weights).item() == 7

    def test_l2_is_half_the_sum_of_squares(self) -> None:
        weights = [torch.tensor([[1.0, -2.0]]), torch.tensor([-4.0])]
        assert l2(weights).item() == 10.5

    def test_their_gradients_are_the_sign_and_the_weight(self) -> None:
        w = torch.tensor([3.0, -0.5, 0.0], requires_grad=True)
        l1([w]).backward()
        assert w.grad.tolist() == [1, -1, 0]
        w.grad = None
        l2([w]).backward()
        assert w.grad.tolist() == w.tolist()

    def test_a_generator_of_parameters_will_do(self) -> None:
        model = nn.Linear(3, 2)
        expected = sum(p.abs().sum() for p in model.parameters())
        torch.testing.assert_close(l1(model.parameters()), expected)


class TestRidge:
    @pytest.mark.parametrize("strength", [1e-3, 0.1, 10.0])
    def test_equals_scikit_learns(
        self, data: tuple[Tensor, Tensor], strength: float
    ) -> None:
        X, y = data
        theirs = Ridge(alpha=strength * len(X), fit_intercept=False).fit(X, y).coef_
        np.testing.assert_allclose(ridge(X, y, strength), theirs, rtol=1e-9)

    def test_its_gradient_vanishes(self, data: tuple[Tensor, Tensor]) -> None:
        X, y = data
        w = ridge(X, y, 0.3).requires_grad_()
        loss = (X @ w - y).square().mean() / 2 + 0.3 * l2([w])
        loss.backward()
        assert w.grad.abs().max() < 1e-12


class TestLasso:
    @pytest.mark.parametrize("strength", [0.1, 2.0, 20.0, 50.0])
    def test_equals_scikit_learns(
        self, data: tuple[Tensor, Tensor], strength: float
    ) -> None:
        X, y = data
        reference = Lasso(
            alpha=strength, fit_intercept=False, tol=1e-12, max_iter=100_000
        )
        theirs = reference.fit(X, y).coef_
        ours = lasso(X, y, strength, steps=5000)
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
        assert ((ours == 0).numpy() == (theirs == 0)).all()

    def test_the_steps_by_default_are_enough_here(
        self, data: tuple[Tensor, Tensor]
    ) -> None:
        torch.testing.assert_close(
            lasso(*data, 5.0), lasso(*data, 5.0, steps=10_000), rtol=0, atol=1e-2
        )

    def test_one_step_is_a_gradient_step_and_a_threshold(self) -> None:
        X = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
        y = torch.tensor([1.0, 1.0], dtype=torch.float64)
        # A = diag(2, 1/2), rate 1/2, c = (1, 1/2): step (1/2, 1/4), threshold 0.05.
        assert lasso(X, y, 0.1, steps=1).tolist() == pytest.approx([0.45, 0.2])

    @given(st.floats(-5, 5), st.floats(0, 5))
    def test_the_soft_threshold_minimises(self, w: float, amount: float) -> None:
        """It is the v that minimises ½(v − w)² + amount·|v|."""
        ours = soft_threshold(torch.tensor(w, dtype=torch.float64), amount).item()
        grid = np.linspace(-6, 6, 4801)

        def objective(v: float | np.ndarray) -> float | np.ndarray:
            return (v - w) ** 2 / 2 + amount * np.abs(v)

        assert objective(ours) <= objective(grid).min() + 1e-12


class TestWeightDecayGroups:
    def test_weights_decay_and_biases_do_not(self) -> None:
        model = MLP([3, 4, 2])
        nn.init.constant_(model.layers[0].bias, 2.0)
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        optimizer = SGD(weight_decay_groups(model, 0.5), lr=0.1)
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()
        for name, p in model.named_parameters():
            factor = 1 - 0.1 * 0.5 if name.endswith("weight") else 1
            torch.testing.assert_close(p.detach(), factor * before[name])

    def test_every_parameter_is_in_one_group(self) -> None:
        model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 1))
        weights, rest = weight_decay_groups(model, 0.1)
        assert [p.ndim for p in weights["params"]] == [4, 2]
        assert [p.ndim for p in rest["params"]] == [1, 1, 1, 1]
        assert (weights["weight_decay"], rest["weight_decay"]) == (0.1, 0.0)

    def test_a_vector_of_weights_decays(self) -> None:
        model = LinearRegression(2)
        nn.init.ones_(model.w)
        nn.init.ones_(model.b)
        optimizer = SGD(weight_decay_groups(model, 0.5), lr=0.1)
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()
        assert model.w.tolist() == pytest.approx([0.95, 0.95])
        assert model.b.item() == 1

    def test_a_w_inside_a_model_too_and_no_other_vector(self) -> None:
        model = nn.Sequential(LinearRegression(3), nn.LayerNorm(3), nn.PReLU(2))
        model[0].window = nn.Parameter(torch.ones(2))
        weights, rest = weight_decay_groups(model, 0.1)
        assert [id(p) for p in weights["params"]] == [id(model[0].w)]
        assert len(rest["params"]) == 5

    def test_a_shared_weight_is_there_once(self) -> None:
        model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        model[1].weight = model[0].weight
        weights, _ = weight_decay_groups(model, 0.1)
        assert len(weights["params"]) == 1

    def test_where_nothing_would_decay_that_is_told(self) -> None:
        message = (
            "^nothing would decay: no parameter has two axes or is called w; "
            "make the groups yourself$"
        )
        with pytest.raises(ValueError, match=message):
            weight_decay_groups(nn.LayerNorm(3), 0.1)


class TestDropout:
    @settings(deadline=None)
    @given(st.floats(0, 0.99), st.integers(0, 100))
    def test_entries_are_zero_or_scaled(self, p: float, seed: int) -> None:
        torch.manual_seed(seed)
        X = torch.arange(1.0, 51.0)
        Y = dropout(X, p)
        assert ((Y == 0) | torch.isclose(Y, X / (1 - p))).all()

    @pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
    def test_the_share_of_zeros_is_p_and_the_mean_stays(self, p: float) -> None:
        torch.manual_seed(0)
        Y = dropout(torch.ones(400_000), p)
        assert (Y == 0).float().mean().item() == pytest.approx(p, abs=0.003)
        assert Y.mean().item() == pytest.approx(1, abs=0.02)

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
    @pytest.mark.parametrize("p", [0.001, 0.1])
    def test_the_share_is_p_in_every_precision(
        self, dtype: torch.dtype, p: float
    ) -> None:
        """Within four standard deviations of the binomial distribution."""
        torch.manual_seed(0)
        n = 4_000_000
        share = (dropout(torch.ones(n, dtype=dtype), p) == 0).float().mean().item()
        assert share == pytest.approx(p, abs=4 * (p * (1 - p) / n) ** 0.5)
        assert dropout(torch.ones(1, dtype=dtype), p).dtype == dtype

    def test_torch_drops_alike(self) -> None:
        """Two samples of sums over 50 dropped units, ours and PyTorch's."""
        torch.manual_seed(0)
        X = torch.ones(20_000, 50)
        ours = dropout(X, 0.3).sum(dim=1)
        theirs = nn.functional.dropout(X, 0.3).sum(dim=1)
        assert ours.mean().item() == pytest.approx(theirs.mean().item(), rel=0.005)
        assert ours.var().item() == pytest.approx(theirs.var().item(), rel=0.05)

    @pytest.mark.parametrize("p", [-0.1, 1.0, 1.5])
    def test_p_must_be_a_probability_below_one(self, p: float) -> None:
        for use in (lambda p: dropout(torch.ones(1), p), Dropout):
            with pytest.raises(ValueError, match=f"p is {p}: a probability below 1"):
                use(p)

    def test_the_module_shows_p(self) -> None:
        assert repr(nn.Sequential(Dropout(0.25))[0]) == "Dropout(p=0.25)"

    def test_the_module_drops_in_training_only(self) -> None:
        torch.manual_seed(0)
        X = torch.ones(1000)
        module = Dropout(0.5)
        assert set(module(X).tolist()) == {0.0, 2.0}
        assert torch.equal(module.eval()(X), X)

    def test_nothing_to_drop_costs_no_random_numbers(self) -> None:
        X, before = torch.ones(1000), torch.get_rng_state()
        assert Dropout(0.0)(X) is X
        assert torch.equal(torch.get_rng_state(), before)

    def test_gradients_pass_where_entries_pass(self) -> None:
        torch.manual_seed(0)
        X = torch.ones(100, requires_grad=True)
        Y = dropout(X, 0.5)
        Y.sum().backward()
        assert torch.equal(X.grad, Y.detach())
