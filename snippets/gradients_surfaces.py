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
from dlnotes.plot import show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table

use_style()

# %% stationary
x, y = np.meshgrid(np.linspace(-2, 2, 41), np.linspace(-1.1, 1.1, 31))
points = np.stack([x, y], axis=-1).reshape(-1, 2)  # (1271, 2)
for _ in range(50):
    slope = camel_gradient(points)[..., np.newaxis]
    points -= np.linalg.solve(hessian(camel_gradient, points), slope)[..., 0]
_, found = np.unique(points.round(6) + 0.0, axis=0, return_index=True)
points = points[found]
curvatures = np.linalg.eigvalsh(hessian(camel_gradient, points))
steepest_left = np.abs(camel_gradient(points)).max()
upward = (curvatures > 0).sum(axis=1)
kinds = {"minimum": 2, "saddle": 1, "maximum": 0}
rows = []
for kind, ups in kinds.items():
    heights = camel(points[upward == ups])
    signs = "+ " * ups + "− " * (2 - ups)
    rows.append([kind, signs, len(heights), heights.min(), heights.max()])
minima, saddles, maxima = (row[2] for row in rows)
stationary = len(points)
columns = ["kind", "curvatures", "points", "lowest", "highest"]
Table(columns, rows, {"lowest": ".3f", "highest": ".3f"}).show()
print(f"largest slope at any of them: {steepest_left:.0e}")

# %% stationary-figure
x, y = np.linspace(-2.1, 2.1, 57), np.linspace(-1.15, 1.15, 39)
height = camel(np.stack(np.meshgrid(x, y), axis=-1))
levels = [-0.9, -0.5, 0, 0.6, 1.2, 1.8, 2.3, 3, 5]
fig, ax = plt.subplots(figsize=(4.8, 3.4))
ax.contourf(x, y, height, levels, cmap="viridis", alpha=0.5, extend="both")
ax.contour(x, y, height, levels, colors="white", linewidths=0.6)
for (kind, ups), style in zip(
    kinds.items(), ("C0o", "C1X", "C3^"), strict=True
):
    ax.plot(*points[upward == ups].T, style, mec="white", ms=9, label=kind)
ax.set(xlabel="x", ylabel="y")
fig.legend(loc="outside upper center", ncols=3)
show()

# %% many-starts
rng = np.random.default_rng(shifted(0))
starts = rng.uniform([-2, -1], [2, 1], (1000, 2))
ends = gradient_descent(camel_gradient, starts, 0.02, 500)[-1]
pits = points[upward == 2]
distances = np.linalg.norm(ends[:, None] - pits, axis=2)  # (1000, 6)
farthest = distances.min(axis=1).max()
order = np.argsort(camel(pits))
nearest = distances.argmin(axis=1)
rows = [
    [f"({x:+.2f}, {y:+.2f})", camel(pits[k]), (nearest == k).mean()]
    for k, (x, y) in zip(order, pits[order], strict=True)
]
deepest, middle, highest = np.unique(camel(pits).round(6))
reached = (camel(ends) < deepest + 0.01).mean()
trapped = 1 - reached
worst = (camel(ends) > highest - 0.01).mean()
Table(
    ["minimum", "height", "starts"], rows, {"height": ".3f", "starts": ".1%"}
).show()
print(f"farthest end from a minimum: {farthest:.0e}")

# %% many-starts-figure
fig, ax = plt.subplots(figsize=(4.8, 3.4))
ax.contour(x, y, height, levels, colors="gray", alpha=0.5)
for depth, style, name in (
    (deepest, "C0o", "deepest"),
    (middle, "C1s", "middle"),
    (highest, "C3^", "highest"),
):
    there = starts[:300][np.abs(camel(ends[:300]) - depth) < 0.01]
    ax.plot(*there.T, style, ms=4, alpha=0.8, label=name)
ax.plot(*pits.T, "*", color="black", mec="white", ms=13)
ax.set(xlabel="x", ylabel="y")
fig.legend(loc="outside upper center", ncols=3)
show()

# %% saddle
path = gradient_descent(double_well_gradient, [1.5, 1e-6], 0.1, 200)
values = double_well(path)
sizes = np.linalg.norm(double_well_gradient(path), axis=1)
smallest = int(sizes[:120].argmin())
largest = smallest + int(sizes[smallest:].argmax())
size_small, size_large = sizes[smallest], sizes[largest]
growth = size_large / size_small
always_falls = bool((np.diff(values) <= 0).all())
for step in (0, 40, smallest, 120, largest, 200):
    x_, y_ = path[step]
    print(
        f"step {step:3}  x {x_:.6f}  y {y_:.6f}"
        f"  f {values[step]:+.6f}  |∇f| {sizes[step]:.6f}"
    )
ridge = gradient_descent(double_well_gradient, [1.5, 0.0], 0.1, 1000)[-1]
print(f"from y = 0, step 1000: x {ridge[0]:.0e}  y {ridge[1]:.0e}")

# %% saddle-figure
x, y = np.linspace(-1.8, 1.8, 41), np.linspace(-1.5, 1.5, 41)
well = double_well(np.stack(np.meshgrid(x, y), axis=-1))
fig, ax = plt.subplots(figsize=(4.4, 3.4))
levels = [-0.24, -0.18, -0.1, 0, 0.2, 0.5, 0.9, 1.4]
ax.contourf(x, y, well, levels, cmap="viridis", alpha=0.5, extend="both")
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
exponents = np.arange(1, 5)
weights = gradient_descent(unit_gradient, -exponents * np.log(10), 0.5, 21_000)
plateau_steps = (weights < 0).sum(axis=0)
heights = np.stack([np.zeros(15), 10.0 ** -np.arange(1, 16)], axis=1)
walks = gradient_descent(double_well_gradient, heights, 0.5, 120)
saddle_steps = (walks[..., 1] < 0.5).sum(axis=0)
rows = [
    [f"1e-{k:02}", int(saddle_steps[k - 1]), int(plateau_steps[k - 1])]
    for k in exponents
]
rows += [[f"1e-{k:02}", int(saddle_steps[k - 1]), "—"] for k in (8, 15)]
saddle_4, plateau_4 = saddle_steps[3], plateau_steps[3]
saddle_15 = saddle_steps[14]
Table(["|∇f| at first", "saddle", "plateau"], rows).show()

# %% escape-figure
fig, ax = plt.subplots(figsize=(4.6, 2.9))
ax.loglog(10.0**-exponents, plateau_steps, "C1s-", label="plateau")
ax.loglog(10.0 ** -np.arange(1, 16), saddle_steps, "C0o--", label="saddle")
ax.set(xlabel="size of the gradient at the start", ylabel="steps to get away")
ax.legend()
show()
