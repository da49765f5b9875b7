import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression as Peer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.optim import SGD

from dlnotes.linear import (
    LinearRegression,
    SoftmaxRegression,
    design_matrix,
    least_squares,
    linear,
    normal_equation,
)

SOLVERS = [least_squares, normal_equation]


def draw(n: int, d: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, dtype=torch.float64, generator=generator)
    return X, torch.randn(n, dtype=torch.float64, generator=generator)


def test_linear_is_a_weighted_sum_plus_the_bias() -> None:
    X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    prediction = linear(X, torch.tensor([10.0, 100.0]), torch.tensor(5.0))
    assert torch.equal(prediction, torch.tensor([215.0, 435.0]))


def test_the_design_matrix_has_the_constant_first() -> None:
    assert design_matrix(torch.tensor([[2.0, 3.0]])).tolist() == [[1.0, 2.0, 3.0]]
    assert design_matrix(torch.zeros(5, 4, 3)).shape == (5, 4, 4)


def test_the_module_starts_at_zero_and_owns_w_and_b() -> None:
    model = LinearRegression(features=3)
    assert {name: tuple(p.shape) for name, p in model.named_parameters()} == {
        "w": (3,),
        "b": (),
    }
    assert torch.equal(model(torch.randn(7, 3)), torch.zeros(7))


def test_the_module_and_nn_linear_descend_alike() -> None:
    X, y = draw(20, 3)
    ours, theirs = LinearRegression(3).double(), nn.Linear(3, 1).double()
    nn.init.zeros_(theirs.weight)
    nn.init.zeros_(theirs.bias)
    for model in (ours, theirs):
        optimizer = SGD(model.parameters(), lr=0.1)
        for _ in range(25):
            optimizer.zero_grad()
            mse_loss(model(X).reshape(-1), y).backward()
            optimizer.step()
    torch.testing.assert_close(ours.w, theirs.weight[0])
    torch.testing.assert_close(ours.b, theirs.bias[0])


class TestSoftmaxRegression:
    def test_it_starts_at_zero_and_owns_w_and_b(self) -> None:
        model = SoftmaxRegression(features=3, classes=4)
        assert {name: tuple(p.shape) for name, p in model.named_parameters()} == {
            "W": (4, 3),
            "b": (4,),
        }
        assert torch.equal(model(torch.randn(7, 3)), torch.zeros(7, 4))

    def test_its_logits_are_sums_and_no_probabilities(self) -> None:
        model = SoftmaxRegression(features=2, classes=3)
        with torch.no_grad():
            model.W.copy_(torch.tensor([[1.0, 0.0], [0.0, 10.0], [-2.0, 1.0]]))
            model.b.copy_(torch.tensor([0.5, 0.0, -7.0]))
        logits = model(torch.tensor([[3.0, 2.0]]))
        assert logits.tolist() == [[3.5, 20.0, -11.0]]
        assert model(torch.zeros(5, 6, 2)).shape == (5, 6, 3)

    def test_it_and_nn_linear_descend_alike(self) -> None:
        X, _ = draw(20, 3)
        labels = torch.arange(20) % 4
        ours, theirs = SoftmaxRegression(3, 4).double(), nn.Linear(3, 4).double()
        nn.init.zeros_(theirs.weight)
        nn.init.zeros_(theirs.bias)
        for model in (ours, theirs):
            optimizer = SGD(model.parameters(), lr=0.5)
            for _ in range(25):
                optimizer.zero_grad()
                cross_entropy(model(X), labels).backward()
                optimizer.step()
        assert ours.W.abs().min() > 0.001
        torch.testing.assert_close(ours.W, theirs.weight)
        torch.testing.assert_close(ours.b, theirs.bias)


@pytest.mark.parametrize("solve", SOLVERS)
@settings(deadline=None, max_examples=30)
@given(d=st.integers(1, 5), extra=st.integers(1, 40), seed=st.integers(0, 999))
def test_the_closed_form_equals_scikit_learn(solve, d, extra, seed) -> None:
    X, y = draw(d + 1 + extra, d, seed)
    w, b = solve(X, y)
    peer = Peer().fit(X.numpy(), y.numpy())
    np.testing.assert_allclose(w, peer.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(b, peer.intercept_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("solve", SOLVERS)
def test_the_error_is_orthogonal_to_every_column(solve) -> None:
    X, y = draw(30, 4)
    w, b = solve(X, y)
    error = linear(X, w, b) - y
    assert (design_matrix(X).T @ error).abs().max() < 1e-12


@pytest.mark.parametrize("solve", SOLVERS)
def test_many_data_sets_at_once_equal_one_after_another(solve) -> None:
    X, y = draw(6 * 12, 2)
    X, y = X.reshape(2, 3, 12, 2), y.reshape(2, 3, 12)
    w, b = solve(X, y)
    assert w.shape == (2, 3, 2)
    assert b.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            w_one, b_one = solve(X[i, j], y[i, j])
            torch.testing.assert_close(w[i, j], w_one)
            torch.testing.assert_close(b[i, j], b_one)


def test_as_many_rows_as_unknowns_are_fitted_exactly() -> None:
    X = torch.tensor([[0.0], [2.0]])
    w, b = least_squares(X, torch.tensor([1.0, 7.0]))
    torch.testing.assert_close(w, torch.tensor([3.0]))
    torch.testing.assert_close(b, torch.tensor(1.0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [5, 256, 20_000])
@pytest.mark.parametrize(
    "kind", ["too few", "twice", "constant", "zero", "sum", "unit"]
)
def test_fit_refuses_data_that_do_not_determine_the_weights(
    kind: str, n: int, dtype: torch.dtype
) -> None:
    X, y = (t.to(dtype) for t in draw(n, 2))
    a, b = X.T
    X = {
        "too few": X[:2],
        "twice": torch.stack([a, b, a], dim=1),
        "constant": torch.stack([a, torch.full_like(a, 37.3)], dim=1),
        "zero": torch.stack([a, torch.zeros_like(a)], dim=1),
        "sum": torch.stack([a, b, 2 * a - 3 * b + 1], dim=1),
        "unit": torch.stack([a, 1.8 * a + 32], dim=1),
    }[kind]
    with pytest.raises(ValueError, match="w and b are not unique"):
        least_squares(X, y[: len(X)])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_fit_does_not_mistake_a_change_of_unit_for_dependence(scale: float) -> None:
    X, y = draw(100, 2)
    w, b = least_squares(X, y)
    w_scaled, b_scaled = least_squares(X * torch.tensor([scale, 1.0]), y)
    torch.testing.assert_close(w_scaled * torch.tensor([scale, 1.0]), w)
    torch.testing.assert_close(b_scaled, b)


def test_fit_keeps_its_digits_where_the_normal_equation_loses_them() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(256, 1, generator=generator)
    years = 2024 + x
    y = 5 * x[:, 0] + 7 + 0.25 * torch.randn(256, generator=generator)
    exact, _ = least_squares(years.double(), y.double())
    assert (least_squares(years, y)[0] - exact).abs() < 0.01
    assert (normal_equation(years, y)[0] - exact).abs() > 1


def test_missing_values_stay_visible() -> None:
    X, y = draw(10, 1)
    X[3] = float("nan")
    w, b = least_squares(X, y)
    assert w.isnan().all()
    assert b.isnan()
