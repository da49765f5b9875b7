import numpy as np
import pytest
import torch
from scipy import stats

from dlnotes.data.curve import (
    bump,
    chebyshev,
    nodes,
    noisy_bump,
    noisy_wave,
    polynomial,
    wave,
)


def test_the_bump_is_a_gaussian_of_height_2_at_0_2() -> None:
    x = torch.linspace(-1, 1, 21, dtype=torch.float64)
    density = stats.norm(0.2, 8**-0.5)
    expected = 2 * density.pdf(x.numpy()) / density.pdf(0.2)
    np.testing.assert_allclose(bump(x), expected)


def test_without_noise_the_points_lie_on_the_bump() -> None:
    x, y = noisy_bump((5, 7), sigma=0.0)
    assert x.shape == y.shape == (5, 7)
    assert x.dtype == y.dtype == torch.float64
    assert torch.equal(y, bump(x))


def test_x_is_the_cosine_of_a_uniform_angle() -> None:
    torch.manual_seed(0)
    x, _ = noisy_bump((20_000,))
    arcsine = stats.arcsine(loc=-1, scale=2)
    assert stats.kstest(x.numpy(), arcsine.cdf).pvalue > 0.01


@pytest.mark.parametrize(("sigma", "expected"), [((), 0.3), ((1.5,), 1.5)])
def test_the_noise_is_normal_with_sigma_as_its_standard_deviation(
    sigma: tuple[float, ...], expected: float
) -> None:
    torch.manual_seed(0)
    x, y = noisy_bump((20_000,), *sigma)
    noise = (y - bump(x)).numpy()
    assert stats.kstest(noise / expected, "norm").pvalue > 0.01
    assert abs(stats.pearsonr(x.numpy(), noise).statistic) < 0.02


def test_the_features_are_the_chebyshev_polynomials_without_the_constant() -> None:
    x = torch.linspace(-1, 1, 30, dtype=torch.float64).reshape(5, 6)
    features = chebyshev(x, 20)
    assert features.shape == (5, 6, 20)
    expected = np.polynomial.chebyshev.chebvander(x.numpy(), 20)[..., 1:]
    np.testing.assert_allclose(features, expected, atol=1e-12)


def test_they_keep_a_high_degree_well_conditioned_where_powers_do_not() -> None:
    torch.manual_seed(0)
    x, _ = noisy_bump((1000,))
    powers = x[:, None] ** torch.arange(1, 21)
    assert torch.linalg.cond(chebyshev(x, 20)) < 2
    assert torch.linalg.cond(powers) > 1e6


@pytest.mark.parametrize("shape", [(7,), (3, 7)])
def test_the_polynomial_of_several_fits_is_that_of_each(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    w, b = torch.randn(3, 5).double(), torch.randn(3).double()
    x = torch.rand(shape).double()
    together = polynomial(x, w, b)
    assert together.shape == (3, 7)
    for one, x_one, w_one, b_one in zip(together, x.expand(3, 7), w, b, strict=True):
        theta = [b_one, *w_one]
        expected = np.polynomial.chebyshev.chebval(x_one.numpy(), theta)
        np.testing.assert_allclose(one, expected)
        np.testing.assert_allclose(polynomial(x_one, w_one, b_one), expected)


def test_a_mean_over_the_nodes_is_the_mean_over_x_as_it_is_drawn() -> None:
    powers = torch.arange(8)
    at_nodes = (nodes(4)[:, None] ** powers).mean(dim=0)
    exact = [stats.arcsine(loc=-1, scale=2).moment(k) if k else 1 for k in range(8)]
    np.testing.assert_allclose(at_nodes, exact, atol=1e-12)


def test_the_wave_at_points_known_by_heart() -> None:
    x = torch.tensor([0, np.pi / 2, np.pi, 32], dtype=torch.float64)
    expected = [0, 2 + (np.pi / 2) ** 0.8, np.pi**0.8, 2 * np.sin(32) + 16]
    np.testing.assert_allclose(wave(x), expected, atol=1e-12)


def test_points_of_the_wave_are_uniform_from_0_to_5_in_rising_order() -> None:
    torch.manual_seed(0)
    x, y = noisy_wave(20_000, sigma=0)
    assert torch.equal(x, x.sort().values)
    assert torch.equal(y, wave(x))
    assert stats.kstest(x.numpy(), stats.uniform(0, 5).cdf).pvalue > 0.01


@pytest.mark.parametrize(("sigma", "expected"), [((), 0.5), ((2.0,), 2.0)])
def test_the_noise_around_the_wave_is_normal(
    sigma: tuple[float, ...], expected: float
) -> None:
    torch.manual_seed(0)
    x, y = noisy_wave(20_000, *sigma)
    noise = (y - wave(x)).numpy()
    assert stats.kstest(noise / expected, "norm").pvalue > 0.01
    assert abs(stats.pearsonr(x.numpy(), noise).statistic) < 0.02
