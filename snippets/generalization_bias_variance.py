"""Measure bias and variance over 2,000 redrawn training sets."""

# %% imports
import matplotlib.pyplot as plt
import torch

from dlnotes.data.curve import bump, chebyshev, nodes, noisy_bump, polynomial
from dlnotes.linear import least_squares
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.validate import bias_variance

use_style()

# %% redraw
seed_everything(1992)
sets, n, sigma = 2000, 60, 0.3
x, y = noisy_bump((sets, n), sigma)  # (2000, 60), (2000, 60)
fits = {d: least_squares(chebyshev(x, d), y) for d in range(1, 11)}

# %% spaghetti
grid = torch.linspace(-1, 1, 201, dtype=torch.float64)
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.8), sharey=True)
for ax, d in zip(axes, (2, 10)):
    bundle = polynomial(grid, *fits[d])  # (2000, 201)
    ax.plot(grid.numpy(), bundle[:25].T.numpy(), color="C0", lw=0.7, alpha=0.5)
    ax.plot(grid.numpy(), bundle.mean(dim=0).numpy(), color="C1", lw=2.5)
    ax.plot(grid.numpy(), bump(grid).numpy(), "--", color="black")
    ax.text(0, 2.8, f"degree {d}", ha="center")
    ax.set(xlabel="x", ylim=(-1.2, 3.2), xticks=[-1, 0, 1])
axes[0].set(ylabel="y")
show()

# %% decompose
x_new, y_new = noisy_bump((sets, 100), sigma)
bias_squared, variance, sums = {}, {}, {}
measured_error, uncertainty = {}, {}
for d, fit in fits.items():
    parts = bias_variance(polynomial(nodes(), *fit), bump(nodes()))
    bias_squared[d], variance[d] = (part.mean().item() for part in parts)
    sums[d] = bias_squared[d] + variance[d] + sigma**2

    errors = ((polynomial(x_new, *fit) - y_new) ** 2).mean(dim=1)  # (2000,)
    measured_error[d] = errors.mean().item()
    uncertainty[d] = errors.std().item() / sets**0.5

# %% table
columns = bias_squared, variance, sums, measured_error, uncertainty
rows = [[d, *(column[d] for column in columns)] for d in fits]
heads = ["bias²", "variance", "sum", "measured", "±"]
Table(["degree", *(f"{head}:.4f" for head in heads)], rows).show()

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 3.4))
ax.plot(fits.keys(), bias_squared.values(), "s--", color="C1", label="bias²")
ax.plot(fits.keys(), variance.values(), "^-.", color="C2", label="variance")
ax.axhline(sigma**2, ls=":", color="gray", label="noise")
ax.plot(fits.keys(), sums.values(), color="C0", label="sum of the three")
circle = dict(color="black", mfc="none", label="measured")
ax.plot(fits.keys(), measured_error.values(), "o", **circle)
ax.set(yscale="log", ylim=(5e-4, 1), xlabel="degree")
ax.set(ylabel="mean squared error")
fig.legend(loc="outside upper center", ncols=3)
show()

# %% one-fit
top = torch.tensor([0.2], dtype=torch.float64)
misses = (polynomial(top, *fits[10]) - bump(top))[:, 0]  # (2000,)
bias, deviation = misses.mean().item(), misses.std().item()
bias_uncertainty = deviation / sets**0.5
print("the first five fits miss by", *(f"{m:+.3f}" for m in misses[:5]))
print(f"standard deviation of all   {deviation:.3f}")
print(f"mean of all                 {bias:+.4f} ± {bias_uncertainty:.4f}")

# %% stubborn
w, b = fits[10]
stubborn = polynomial(nodes(), w[0], b[0]).expand(sets, -1)
parts = bias_variance(stubborn, bump(nodes()))
stubborn_bias, stubborn_variance = (part.mean().item() for part in parts)
print(f"bias² {stubborn_bias:.3f}  variance {stubborn_variance:.3f}")

# %% quoted
largest_gap = max(abs(sums[d] / measured_error[d] - 1) for d in fits)
degree_lowest = min(fits, key=sums.get)
