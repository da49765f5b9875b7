"""Solutions of the chapter on gradients."""

# %% imports
import numpy as np

from dlnotes.basics.gradient import central_difference, gradient_descent
from dlnotes.basics.surfaces import double_well_gradient
from dlnotes.seed import shifted

# %% solution-1
for h in (1e-2, 1e-5, 1e-8, 1e-16, 1e-200):
    central = abs(central_difference(np.exp, 1.0, h) - np.e)
    imaginary = abs(np.exp(1 + 1j * h).imag / h - np.e)
    print(f"h = {h:.0e}   central {central:.0e}   imaginary {imaginary:.0e}")

# %% solution-2
counts = {}
for condition in (10, 100, 1000):
    curvature = np.array([1.0, condition])
    path = gradient_descent(
        lambda x, curvature=curvature: curvature * x,
        np.ones(2),
        2 / (1 + condition),
        8 * condition,
    )
    far = np.linalg.norm(path, axis=1) > 1e-6 * np.linalg.norm(path[0])
    counts[condition] = far.sum()
    factor = (condition - 1) / (condition + 1)
    took = f"{far.sum():5} steps   {factor:.4f} a step"
    print(f"λmax/λmin = {condition:4}   {took}")
count_10, count_100, count_1000 = counts.values()

# %% solution-3
rng = np.random.default_rng(shifted(0))
medians = []
for sigma in (1e-3, 1e-6, 1e-9, 1e-12):
    path = gradient_descent(
        lambda x, sigma=sigma: (
            double_well_gradient(x) + sigma * rng.normal(size=x.shape)
        ),
        np.zeros((100, 2)),
        0.1,
        500,
    )
    there = np.abs(path[..., 1]) < 0.5  # (501, 100)
    upper = (path[-1, :, 1] > 0).mean()
    medians.append(np.median(there.sum(axis=0)))
    print(f"σ = {sigma:.0e}   median {medians[-1]:.0f} steps   up {upper:.0%}")
per_thousandth = np.diff(medians).mean()
by_formula = np.log(1000) / np.log(1.1)
print(
    f"each factor 1/1000: {per_thousandth:.1f} more, formula {by_formula:.1f}"
)
