import pytest
import torch
from scipy import stats

from dlnotes.data.synthetic import noisy_line, noisy_linear


def test_the_line_is_a_column_of_features_and_a_vector_of_targets() -> None:
    X, y = noisy_line()
    assert X.shape == (256, 1)
    assert y.shape == (256,)


def test_without_noise_the_rule_is_exact() -> None:
    X, y = noisy_line(n=20, w=3, b=4, sigma=0.0)
    torch.testing.assert_close(y, 3 * X[:, 0] + 4)


def test_several_features_and_several_data_sets() -> None:
    w = torch.tensor([2.0, -3.0, 0.5])
    X, y = noisy_linear((5, 7), w, b=4.0, sigma=0.0)
    assert X.shape == (5, 7, 3)
    assert y.shape == (5, 7)
    torch.testing.assert_close(y, 2 * X[..., 0] - 3 * X[..., 1] + X[..., 2] / 2 + 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_data_have_the_precision_of_the_weights(dtype: torch.dtype) -> None:
    X, y = noisy_linear((5, 7), torch.ones(3, dtype=dtype), b=4.0, sigma=0.1)
    assert (X.dtype, y.dtype) == (dtype, dtype)


@pytest.mark.parametrize("sigma", [0.25, 2.0])
def test_the_noise_is_normal_with_sigma_as_its_standard_deviation(
    sigma: float,
) -> None:
    torch.manual_seed(0)
    X, y = noisy_line(n=20_000, sigma=sigma)
    noise = (y - 5 * X[:, 0] - 7).numpy()
    assert stats.kstest(noise / sigma, "norm").pvalue > 0.01
    assert stats.kstest(X[:, 0].numpy(), "uniform").pvalue > 0.01
    assert abs(stats.pearsonr(X[:, 0].numpy(), noise).statistic) < 0.02


def test_the_default_noise_has_variance_one_sixteenth() -> None:
    torch.manual_seed(0)
    X, y = noisy_line(n=200_000)
    assert (y - 5 * X[:, 0] - 7).var().item() == pytest.approx(1 / 16, rel=0.01)


def test_the_seed_decides_the_draw() -> None:
    draws = []
    for _ in range(2):
        torch.manual_seed(3)
        draws.append(noisy_line(n=5))
    assert torch.equal(draws[0][0], draws[1][0])
    assert torch.equal(draws[0][1], draws[1][1])
