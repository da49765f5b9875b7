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
def steps_needed(condition):
    curvature, rate = np.array([1.0, condition]), 2 / (1 + condition)
    path = gradient_descent(
        lambda x: curvature * x, np.ones(2), rate, 8 * condition
    )
    distance = np.linalg.norm(path, axis=1)
    return (distance > 1e-6 * distance[0]).sum()


steps = {}
for condition in (10, 100, 1000):
    steps[condition] = steps_needed(condition)
    factor = (condition - 1) / (condition + 1)
    took = f"{steps[condition]:5} steps   {factor:.4f} a step"
    print(f"λmax/λmin = {condition:4}   {took}")


# %% solution-3
def noisy_paths(sigma):
    def gradient(x):
        return double_well_gradient(x) + sigma * rng.normal(size=x.shape)

    return gradient_descent(gradient, np.zeros((100, 2)), 0.1, 500)[..., 1]


rng = np.random.default_rng(shifted(0))
medians = []
for sigma in (1e-3, 1e-6, 1e-9, 1e-12):
    y = noisy_paths(sigma)  # (501, 100)
    medians.append(np.median((np.abs(y) < 0.5).sum(axis=0)))
    up = (y[-1] > 0).mean()
    print(f"σ = {sigma:.0e}   median {medians[-1]:.0f} steps   up {up:.0%}")
steps_more = np.diff(medians).mean()
steps_by_formula = np.log(1000) / np.log(1.1)
print(f"each factor of 1/1000 costs {steps_more:.1f} steps more")
print(f"log 1000 / log 1.1 is {steps_by_formula:.1f}")
