"""Measure bias and variance over 2,000 redrawn training sets."""

# %% imports
import matplotlib.pyplot as plt
import torch

from dlnotes.data.curve import bump, chebyshev, noisy_bump
from dlnotes.linear import least_squares
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.validate import bias_variance

use_style()

# %% redraw
seed_everything(1992)
sets, n, sigma = 2000, 30, 0.3
x, y = noisy_bump((sets, n), sigma)  # (2000, 30), (2000, 30)
fits = {d: least_squares(chebyshev(x, d), y) for d in range(1, 9)}

# %% spaghetti
grid = torch.linspace(-1, 1, 201, dtype=torch.float64)
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.8), sharey=True)
for ax, d in zip(axes, (2, 8), strict=True):
    w, b = fits[d]
    curves = w @ chebyshev(grid, d).T + b[:, None]  # (2000, 201)
    ax.plot(grid, curves[:25].T, color="C0", lw=0.7, alpha=0.5)
    ax.plot(grid, curves.mean(dim=0), color="C1", lw=2.5)
    ax.plot(grid, bump(grid), "--", color="black")
    ax.set(xlabel="x", ylim=(-1.5, 3.2), xticks=[-1, 0, 1])
    ax.text(0, 2.8, f"degree {d}", ha="center")
axes[0].set(ylabel="y")
show()

# %% decompose
angles = torch.pi * (torch.arange(400) + 0.5) / 400
nodes = torch.cos(angles.double())
x_new, y_new = noisy_bump((sets, 100), sigma)

rows = []
for d, (w, b) in fits.items():
    predictions = w @ chebyshev(nodes, d).T + b[:, None]  # (2000, 400)
    bias2, variance = bias_variance(predictions, bump(nodes))
    parts = [bias2.mean().item(), variance.mean().item(), sigma**2]

    new = (chebyshev(x_new, d) @ w[..., None])[..., 0] + b[:, None]
    errors = ((new - y_new) ** 2).mean(dim=1)  # (2000,)
    measured, uncertain = errors.mean(), errors.std() / sets**0.5
    rows.append([d, *parts, sum(parts), measured.item(), uncertain.item()])

# %% table
columns = ["degree", "bias²", "variance", "sum", "measured", "±"]
narrow = [[row[0], row[1], row[2], *row[4:]] for row in rows]
Table(columns, narrow, dict.fromkeys(columns[1:], ".3f")).show()

# %% curves
lines = list(zip(*rows, strict=True))
degree, squared_bias, spread, noise, total, measured, _ = lines
fig, ax = plt.subplots(figsize=(4.8, 3.4))
ax.plot(degree, squared_bias, "s--", color="C1", label="bias²")
ax.plot(degree, spread, "^-.", color="C2", label="variance")
ax.plot(degree, noise, ":", color="gray", label="noise")
ax.plot(degree, total, color="C0", label="sum of the three")
ax.plot(degree, measured, "o", color="black", mfc="none", label="measured")
ax.set(yscale="log", ylim=(5e-4, 1), xlabel="degree")
ax.set(ylabel="mean squared error")
fig.legend(loc="outside upper center", ncols=3)
show()

# %% results
bias_2, variance_2, sum_2, measured_2 = rows[1][1], rows[1][2], *rows[1][4:6]
bias_5, variance_5, sum_5, measured_5 = rows[4][1], rows[4][2], *rows[4][4:6]
bias_8, variance_8, sum_8, measured_8 = rows[7][1], rows[7][2], *rows[7][4:6]
largest_gap = max(abs(row[4] / row[5] - 1) for row in rows)
lowest = min(rows, key=lambda row: row[5])[0]

# %% one-fit
top = torch.tensor([0.2], dtype=torch.float64)
for d in (2, 8):
    w, b = fits[d]
    misses = (w @ chebyshev(top, d).T)[:, 0] + b - bump(top)  # (2000,)
    one, mean, scatter = misses[0], misses.mean(), misses.std()
    pm = scatter / sets**0.5
    print(f"degree {d}: one fit misses by {one:+.3f}")
    print(f"          all miss by {mean:+.4f} ± {pm:.4f} on average")
    print(f"          and scatter by {scatter:.3f}")

# %% bias
one_fit, bias, bias_error = one, mean, pm

# %% stubborn
w, b = fits[8]
stubborn = (chebyshev(nodes, 8) @ w[0] + b[0]).expand(sets, -1)
bias2, variance = bias_variance(stubborn, bump(nodes))
stubborn_bias, stubborn_variance = bias2.mean(), variance.mean()
print(f"bias² {stubborn_bias:.3f}  variance {stubborn_variance:.3f}")
