import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import gaussian_nll_loss, mse_loss

from dlnotes.losses import gaussian_nll, mse


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(), (5,), (4, 3), (2, 3, 4)])
def test_mse_and_its_gradient_equal_torch(
    shape: tuple[int, ...], reduction: str
) -> None:
    torch.manual_seed(0)
    prediction = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    target = torch.randn(shape, dtype=torch.float64)
    ours = mse(prediction, target, reduction)
    theirs = mse_loss(prediction, target, reduction=reduction)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(
        torch.autograd.grad(ours.sum(), prediction),
        torch.autograd.grad(theirs.sum(), prediction),
    )


def test_the_gradient_of_mse_is_right_numerically() -> None:
    torch.manual_seed(0)
    prediction = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    target = torch.randn(4, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(mse, (prediction, target))


def test_the_mean_is_over_elements_not_over_rows() -> None:
    assert mse(torch.full((4, 3), 2.0), torch.zeros(4, 3)) == 4
    assert mse(torch.full((4, 3), 2.0), torch.zeros(4, 3), "sum") == 48


@pytest.mark.parametrize(
    ("prediction", "target"),
    [((4, 1), (4,)), ((4,), (4, 1)), ((4, 2), (2,)), ((4,), ())],
)
def test_mse_refuses_to_broadcast(
    prediction: tuple[int, ...], target: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="make them equal") as caught:
        mse(torch.zeros(prediction), torch.zeros(target))
    assert str(prediction) in str(caught.value)
    assert str(target) in str(caught.value)


@pytest.mark.parametrize("reduction", ["average", "batchmean", ""])
def test_mse_refuses_a_reduction_that_torch_has_not(reduction: str) -> None:
    with pytest.raises(ValueError, match="unknown reduction"):
        mse(torch.zeros(2), torch.zeros(2), reduction)


@settings(deadline=None)
@given(st.floats(0.01, 100))
def test_gaussian_nll_equals_torch_and_the_density(sigma: float) -> None:
    torch.manual_seed(0)
    prediction = torch.randn(6, dtype=torch.float64)
    target = torch.randn(6, dtype=torch.float64)
    ours = gaussian_nll(prediction, target, sigma)
    variance = torch.full_like(target, sigma**2)
    theirs = gaussian_nll_loss(prediction, target, variance, full=True, eps=0)
    torch.testing.assert_close(ours, theirs)
    density = torch.distributions.Normal(prediction, sigma).log_prob(target)
    torch.testing.assert_close(ours, -density.mean())


def test_gaussian_nll_may_be_negative() -> None:
    assert gaussian_nll(torch.zeros(3), torch.zeros(3), sigma=0.01) < 0


@settings(deadline=None)
@given(st.floats(0.05, 20), st.floats(0.05, 20))
def test_the_gaussian_nll_of_any_sigma_ranks_predictions_as_mse_does(
    sigma: float, other: float
) -> None:
    torch.manual_seed(0)
    target = torch.randn(8, dtype=torch.float64)
    candidates = torch.randn(20, 8, dtype=torch.float64)
    by_mse = torch.stack([mse(c, target) for c in candidates]).argsort()
    for width in (sigma, other):
        nll = torch.stack([gaussian_nll(c, target, width) for c in candidates])
        assert torch.equal(nll.argsort(), by_mse)


def test_the_likeliest_sigma_is_the_root_of_mse() -> None:
    torch.manual_seed(0)
    prediction, target = torch.randn(2, 50, dtype=torch.float64)
    best = mse(prediction, target).sqrt().item()
    lowest = gaussian_nll(prediction, target, best)
    for factor in (0.9, 0.99, 1.01, 1.1):
        assert gaussian_nll(prediction, target, factor * best) > lowest
