"""Minima, saddles and maxima of a surface, and how long descent waits."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
from dlnotes.basics.gradient import gradient_descent, hessian
from dlnotes.basics.surfaces import (
    camel,
    camel_gradient,
    double_well,
    double_well_gradient,
)
from dlnotes.plot import show, surface, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table

use_style()


# %% stationary
def grid(x, y):
    return np.stack(np.meshgrid(x, y), axis=-1)  # (len(y), len(x), 2)


points = grid(np.linspace(-2, 2, 41), np.linspace(-1.1, 1.1, 31))
points = points.reshape(-1, 2)  # (1271, 2)
for _ in range(50):
    slope = camel_gradient(points)[..., np.newaxis]
    points -= np.linalg.solve(hessian(camel_gradient, points), slope)[..., 0]
_, found = np.unique(points.round(6) + 0.0, axis=0, return_index=True)
points = points[found]
curvatures = np.linalg.eigvalsh(hessian(camel_gradient, points))
upward = (curvatures > 0).sum(axis=1)
kinds = {"minimum": 2, "saddle": 1, "maximum": 0}
count, rows = [], []
for kind, ups in kinds.items():
    heights = camel(points[upward == ups])
    signs = "+ " * ups + "− " * (2 - ups)
    count.append(len(heights))
    rows.append([kind, signs, len(heights), heights.min(), heights.max()])
heads = ["kind", "curvatures", "points", "lowest:.3f", "highest:.3f"]
Table(heads, rows).show()
largest_slope = np.abs(camel_gradient(points)).max()
print(f"largest slope at any of them: {largest_slope:.0e}")
print(f"minima − saddles + maxima: {count[0] - count[1] + count[2]}")

# %% stationary-figure
x, y = np.linspace(-2.1, 2.1, 43), np.linspace(-1.15, 1.15, 29)
height = camel(grid(x, y))
levels = [-0.9, -0.5, 0, 0.6, 1.2, 1.8, 2.3, 3, 5]
fig, ax = plt.subplots(figsize=(4.8, 3.4))
surface(ax, x, y, height, levels)
for (kind, ups), style in zip(kinds.items(), ("C0o", "C1X", "C3^")):
    ax.plot(*points[upward == ups].T, style, mec="white", ms=9, label=kind)
ax.set(xlabel="x", ylabel="y")
fig.legend(loc="outside upper center", ncols=3)
show()

# %% many-starts
rng = np.random.default_rng(shifted(0))
starts = rng.uniform([-2, -1], [2, 1], (1000, 2))
ends = gradient_descent(camel_gradient, starts, 0.02, 500)[-1]
pits = points[upward == 2]
pits = pits[camel(pits).argsort()]  # (6, 2), the deepest first
distances = np.linalg.norm(ends[:, None] - pits, axis=2)  # (1000, 6)
farthest = distances.min(axis=1).max()
share = [(distances.argmin(axis=1) == k).mean() for k in range(6)]
rows = list(zip(*pits.T, camel(pits), share))
heads = ["x:+.2f", "y:+.2f", "height:.3f", "share of starts:.1%"]
Table(heads, rows).show()
print(f"farthest end from a minimum: {farthest:.0e}")
share_deepest, share_trapped = sum(share[:2]), sum(share[2:])

# %% basins
x, y = np.linspace(-2.1, 2.1, 169), np.linspace(-1.15, 1.15, 93)
ends = gradient_descent(camel_gradient, grid(x, y), 0.02, 300)[-1]
nearest = np.linalg.norm(ends[..., None, :] - pits, axis=-1).argmin(axis=-1)

# %% basins-figure
fig, ax = plt.subplots(figsize=(4.8, 3.4))
for k, depth in enumerate(["deepest", None, "middle", None, "highest", None]):
    colour = ("C0", "C1", "C3")[k // 2]
    inside = np.where(nearest == k, 1.0, 0.0)
    ax.contourf(x, y, inside, [0.5, 1.5], colors=colour, alpha=0.35)
    ax.contour(x, y, inside, [0.5], colors="white", linewidths=1.5)
    ax.plot(*pits[k], "*", color=colour, mec="white", ms=13, label=depth)
ax.plot(*points[upward == 1].T, "x", color="black", label="saddle")
ax.set(xlabel="x", ylabel="y")
fig.legend(loc="outside upper center", ncols=4)
show()

# %% saddle
path = gradient_descent(double_well_gradient, [1.5, 1e-6], 0.1, 200)
values = double_well(path)
sizes = np.linalg.norm(double_well_gradient(path), axis=1)
smallest = int(sizes[:120].argmin())
largest = smallest + int(sizes[smallest:].argmax())
rows = [
    [step, *path[step], values[step], sizes[step]]
    for step in (0, 40, smallest, 120, largest, 200)
]
Table(["step", "x:.6f", "y:.6f", "f:z.6f", "|∇f|:.6f"], rows).show()
gradient_smallest, gradient_largest = sizes[smallest], sizes[largest]
ratio = gradient_largest / gradient_smallest
x, y = gradient_descent(double_well_gradient, [1.5, 0.0], 0.1, 1000)[-1]
print(f"from y = 0, step 1000: x {x:.0e}  y {y:.0f}")

# %% saddle-figure
x, y = np.linspace(-1.8, 1.8, 33), np.linspace(-1.5, 1.5, 33)
well = double_well(grid(x, y))
fig, ax = plt.subplots(figsize=(4.4, 3.4))
surface(ax, x, y, well, [-0.24, -0.18, -0.1, 0, 0.2, 0.5, 0.9, 1.4])
ax.plot(*path.T, ".-", color="black", ms=4, lw=1, label="descent")
ax.plot(0, 0, "X", color="C1", mec="white", ms=10, label="saddle")
ax.plot([0, 0], [-1, 1], "*", color="C0", mec="white", ms=13, label="minimum")
ax.set(xlabel="x", ylabel="y")
fig.legend(loc="outside upper center", ncols=3)
show()

# %% saddle-steps
fig, axes = plt.subplots(2, 1, figsize=(4.6, 3.6), sharex=True)
axes[0].plot(values, "C0")
axes[0].set_ylabel("f")
axes[1].semilogy(sizes, "C1")
axes[1].set(xlabel="step", ylabel="|∇f|")
show()


# %% plateau
def unit_loss(w):
    return (1 - sigmoid(w)) ** 2 / 2


def unit_gradient(w):
    return -(1 - sigmoid(w)) * sigmoid_derivative(w)


for weight in (0.0, -5.0, -10.0):
    loss, slope = unit_loss(weight), unit_gradient(weight)
    print(f"w {weight:6.1f}   loss {loss:.5f}   slope {slope:.1e}")

# %% escape
weights = -np.log(10) * np.arange(1, 5)
walks = gradient_descent(unit_gradient, weights, 0.5, 21_000)
steps_plateau = (walks < 0).sum(axis=0)
beside = np.stack([np.zeros(15), 10.0 ** -np.arange(1, 16)], axis=1)
walks = gradient_descent(double_well_gradient, beside, 0.5, 120)
steps_saddle = (walks[..., 1] < 0.5).sum(axis=0)
columns = beside[:4, 1], steps_saddle[:4].tolist(), steps_plateau.tolist()
heads = ["|∇f| at first:.0e", "saddle:,", "plateau:,"]
Table(heads, list(zip(*columns))).show()
print(f"from 1e-15, the saddle takes {steps_saddle[14]} steps")

# %% escape-figure
fig, ax = plt.subplots(figsize=(4.6, 2.9))
ax.loglog(10.0 ** -np.arange(1, 5), steps_plateau, "C1s-", label="plateau")
ax.loglog(10.0 ** -np.arange(1, 16), steps_saddle, "C0o--", label="saddle")
ax.set(xlabel="size of the gradient at the start", ylabel="steps to get away")
ax.legend()
show()
