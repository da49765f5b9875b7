"""Layer and RMS norm against PyTorch's."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from compared import assert_same, numbers
from dlnotes.transformer.norm import (
    LayerNorm,
    Normalized,
    RMSNorm,
    layer_norm,
    rms_norm,
)

SHAPES = [(6,), (4, 6), (3, 4, 6), (2, 3, 4, 6), (0, 6), (3, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-5, 0.1])
class TestEqualsPyTorchs:
    def test_layer_norm(self, shape: tuple[int, ...], eps: float) -> None:
        def theirs(X: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
            return functional.layer_norm(X, X.shape[-1:], gamma, beta, eps)

        def whole(X: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
            X_hat: Tensor = Normalized.apply(X, eps)
            return gamma * X_hat + beta

        def ours(X: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
            more = () if eps == 1e-5 else (eps,)
            return layer_norm(X, gamma, beta, *more)

        C = shape[-1]
        inputs = 3 * numbers(*shape) + 2, numbers(C, seed=2), numbers(C, seed=3)
        assert_same(ours, theirs, *inputs)
        assert_same(whole, theirs, *inputs)

    def test_rms_norm(self, shape: tuple[int, ...], eps: float) -> None:
        def theirs(X: Tensor, gamma: Tensor) -> Tensor:
            return functional.rms_norm(X, X.shape[-1:], gamma, eps)

        def ours(X: Tensor, gamma: Tensor) -> Tensor:
            return rms_norm(X, gamma, *(() if eps == 1e-5 else (eps,)))

        assert_same(ours, theirs, 3 * numbers(*shape) + 2, numbers(shape[-1], seed=2))


class TestModules:
    @pytest.mark.parametrize("eps", [None, 0.1])
    @pytest.mark.parametrize("bias", [True, False])
    def test_layer_norm(self, bias: bool, eps: float | None) -> None:
        told = () if eps is None else (eps,)
        ours = LayerNorm(6, *told, bias=bias).double()
        theirs = torch.nn.LayerNorm(6, *told, bias=bias).double()
        torch.testing.assert_close(
            dict(ours.state_dict()), dict(theirs.state_dict()), rtol=0, atol=0
        )
        X = numbers(3, 4, 6)
        with torch.no_grad():
            for p, n in zip(ours.parameters(), (1, 2), strict=bias):
                p.copy_(numbers(6, seed=n))
        theirs.load_state_dict(ours.state_dict())
        assert_same(ours, theirs, X)
        assert (ours.bias is None) is not bias
        assert LayerNorm(6).bias is not None

    @pytest.mark.parametrize("eps", [1e-5, 0.1])
    def test_rms_norm(self, eps: float) -> None:
        ours = RMSNorm(6, *(() if eps == 1e-5 else (eps,))).double()
        theirs = torch.nn.RMSNorm(6, eps).double()
        assert torch.equal(ours.weight, theirs.weight)
        with torch.no_grad():
            ours.weight.copy_(numbers(6, seed=1))
        theirs.load_state_dict(ours.state_dict())
        assert_same(ours, theirs, numbers(3, 4, 6))

    def test_in_single_precision(self) -> None:
        X = 100 + torch.randn(50, 64)
        expected = functional.layer_norm(X.double(), (64,)).float()
        torch.testing.assert_close(LayerNorm(64)(X), expected, rtol=1e-4, atol=1e-4)

    def test_the_input_stays_as_it_is(self) -> None:
        X = numbers(4, 6)
        before = X.clone()
        LayerNorm(6).double()(X).sum().backward()
        assert torch.equal(X, before)

    def test_the_gradient_that_comes_in_stays_as_it_is(self) -> None:
        X = numbers(4, 6).requires_grad_()
        slopes = numbers(4, 6, seed=1)
        Y: Tensor = Normalized.apply(X, 1e-5)
        Y.backward(slopes)
        assert torch.equal(slopes, numbers(4, 6, seed=1))

    def test_there_is_no_second_derivative_to_be_wrong(self) -> None:
        X = numbers(4, 6).requires_grad_()
        Y = LayerNorm(6).double()(X).sin().sum()
        (slopes,) = torch.autograd.grad(Y, X, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            slopes.sum().backward()


class TestLaws:
    @given(st.floats(0.1, 10), st.floats(-10, 10), st.integers(0, 20))
    def test_layer_norm_forgets_scale_and_shift(
        self, scale: float, shift: float, seed: int
    ) -> None:
        X, gamma, beta = numbers(3, 8, seed=seed), numbers(8), numbers(8, seed=1)
        found = layer_norm(scale * X + shift, gamma, beta, 0)
        torch.testing.assert_close(found, layer_norm(X, gamma, beta, 0))

    @given(st.floats(0.1, 10), st.integers(0, 20))
    def test_rms_norm_forgets_the_scale_alone(self, scale: float, seed: int) -> None:
        X, gamma = numbers(3, 8, seed=seed), numbers(8)
        torch.testing.assert_close(rms_norm(scale * X, gamma, 0), rms_norm(X, gamma, 0))
        assert not torch.allclose(rms_norm(X + 1, gamma, 0), rms_norm(X, gamma, 0))

    def test_a_row_gets_mean_0_and_variance_1(self) -> None:
        one, zero = torch.ones(64).double(), torch.zeros(64).double()
        Y = layer_norm(5 + 3 * numbers(20, 64), one, zero)
        torch.testing.assert_close(Y.mean(1), zero[:20])
        torch.testing.assert_close(
            Y.var(1, correction=0), one[:20], rtol=0, atol=1e-5 / 4
        )

    def test_the_norms_agree_on_rows_of_mean_0(self) -> None:
        X, gamma = numbers(5, 8), numbers(8, seed=1)
        X = X - X.mean(1, keepdim=True)
        zero = torch.zeros(8).double()
        torch.testing.assert_close(rms_norm(X, gamma), layer_norm(X, gamma, zero))

    def test_a_token_does_not_depend_on_the_others(self) -> None:
        """Unlike in batch norm: neither on the batch nor on the mode."""
        module = LayerNorm(6).double()
        X = numbers(3, 4, 6)
        Y = module(X)
        torch.testing.assert_close(module.eval()(X[1:2, 2]), Y[1:2, 2])


@pytest.mark.parametrize("module", [LayerNorm(6), RMSNorm(6)])
@pytest.mark.parametrize("C", [1, 5])
def test_refuse_other_channels(module: torch.nn.Module, C: int) -> None:
    words = rf"^X has shape \(2, {C}\), gamma \(6,\): \(\.\.\., C\) and \(C,\) are need"
    with pytest.raises(ValueError, match=words):
        module(torch.ones(2, C))


def test_the_functions_refuse_factors_that_do_not_fit() -> None:
    X = torch.ones(2, 5)
    for gamma in (torch.ones(1), torch.ones(2, 5)):
        with pytest.raises(ValueError, match=r"gamma .*: \(\.\.\., C\) and \(C,\) are"):
            layer_norm(X, gamma, torch.zeros(5))
        with pytest.raises(ValueError, match=r"gamma .*: \(\.\.\., C\) and \(C,\) are"):
            rms_norm(X, gamma)
