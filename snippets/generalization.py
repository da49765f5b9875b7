"""Choose the degree of a polynomial, and measure how well it generalises."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.model_selection import KFold
from torch import Tensor

from dlnotes.data.curve import bump, chebyshev, noisy_bump
from dlnotes.linear import least_squares, linear
from dlnotes.losses import mse
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.validate import cross_validate, k_fold, train_val_test

use_style()

# %% data
seed_everything(1974)
x, y = noisy_bump((90,))
train, val, test = train_val_test(90, val=1 / 3, test=1 / 3, seed=1974)
print("training  ", *train[:8], "…")
print("validation", *val[:8], "…")
print("test      ", *test[:8], "…")

# %% fits
degrees = range(1, 21)
fits = {d: least_squares(chebyshev(x[train], d), y[train]) for d in degrees}


def error(degree: int, x: Tensor, y: Tensor) -> float:
    return mse(linear(chebyshev(x, degree), *fits[degree]), y).item()


training = {d: error(d, x[train], y[train]) for d in degrees}
validation = {d: error(d, x[val], y[val]) for d in degrees}
for d in (1, 2, 5, 10, 20):
    a, b = training[d], validation[d]
    print(f"degree {d:2}  training {a:.3f}  validation {b:8.3f}")

# %% panel
grid = torch.linspace(-1, 1, 401, dtype=torch.float64)
fig, axes = plt.subplots(2, 2, figsize=(4.8, 4.4), sharex=True, sharey=True)
for ax, d in zip(axes.flat, (1, 2, 5, 20), strict=True):
    ax.plot(x[train], y[train], ".", color="C1", alpha=0.8)
    ax.plot(grid, bump(grid), "--", color="black", lw=1)
    ax.plot(grid, linear(chebyshev(grid, d), *fits[d]), color="C0")
    ax.set(ylim=(-2, 4.2), xticks=[-1, 0, 1], yticks=[-2, 0, 2, 4])
    paper = {"facecolor": "white", "edgecolor": "none"}
    ax.text(0, 3.5, f"degree {d}", ha="center", bbox=paper)
fig.supxlabel("x")
fig.supylabel("y")
show()

# %% generalisation
nodes = torch.cos(torch.pi * (torch.arange(400) + 0.5) / 400).double()


def generalisation(degree: int, w: Tensor, b: Tensor) -> Tensor:
    missed = linear(chebyshev(nodes, degree), w, b) - bump(nodes)
    return (missed**2).mean() + 0.3**2


true = {d: generalisation(d, *fits[d]).item() for d in degrees}

# %% degrees
fig, ax = plt.subplots(figsize=(4.8, 3.2))
ax.plot(degrees, list(training.values()), "o-", label="training")
ax.plot(degrees, list(validation.values()), "s--", label="validation")
ax.plot(degrees, list(true.values()), color="black", lw=1, label="new data")
ax.axhline(0.3**2, color="gray", ls=":")
ax.set(yscale="log", xlabel="degree", ylabel="mean squared error")
ax.set(xticks=[1, 5, 10, 15, 20])
ax.legend()
show()

# %% k-fold
for held_in, held_out in k_fold(7, k=3):
    print("train on", *held_in, "  measure on", *held_out)

for seed in (None, 0, 1974):
    theirs = KFold(5, shuffle=seed is not None, random_state=seed)
    same = all(
        np.array_equal(a, c) and np.array_equal(b, d)
        for (a, b), (c, d) in zip(
            k_fold(60, 5, seed), theirs.split(np.zeros(60)), strict=True
        )
    )
    print(f"seed {seed}: equal to scikit-learn's KFold: {same}")

# %% choose
working = np.concatenate([train, val])


def fit_and_measure(degree: int) -> Tensor:
    def error(X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor) -> float:
        return mse(linear(X_val, *least_squares(X, y)), y_val).item()

    X = chebyshev(x[working], degree)
    return cross_validate(error, X, y[working], k=10, seed=1974)


folds = {d: fit_and_measure(d) for d in degrees}
tenfold = {d: errors.mean().item() for d, errors in folds.items()}
spread = {d: errors.std().item() / 10**0.5 for d, errors in folds.items()}
columns = ["degree", "training", "validation", "10-fold", "±"]
judges = training, validation, tenfold, spread
rows = [[d, *(judge[d] for judge in judges)] for d in range(1, 11)]
Table(columns, rows, dict.fromkeys(columns[1:], ".3f")).show()

# %% chosen
chosen = min(degrees, key=validation.__getitem__)
chosen_tenfold = min(degrees, key=tenfold.__getitem__)
best = min(degrees, key=true.__getitem__)
print(f"lowest validation error  degree {chosen}")
print(f"lowest 10-fold error     degree {chosen_tenfold}")
print(f"lowest expected error    degree {best}")

# %% test
X_working = chebyshev(x[working], chosen_tenfold)
w, b = least_squares(X_working, y[working])
prediction = linear(chebyshev(x[test], chosen_tenfold), w, b)
squares = (prediction - y[test]) ** 2
test_error = squares.mean()
test_spread = squares.std() / len(test) ** 0.5
test_true = generalisation(chosen_tenfold, w, b)
print(f"test error      {test_error:.3f} ± {test_spread:.3f}")
print(f"expected error  {test_true:.3f}")

# %% results
train_1, val_1 = training[1], validation[1]
train_5, val_5 = training[5], validation[5]
train_20, val_20, true_20 = training[20], validation[20], true[20]
val_chosen, true_chosen, true_best = (
    validation[chosen],
    true[chosen],
    true[best],
)
tenfold_chosen = tenfold[chosen_tenfold]
spread_chosen = spread[chosen_tenfold]

# %% learning
sizes = [30, 40, 60, 100, 160, 250, 400, 640, 1000]
curves: dict[int, list[list[Tensor]]] = {2: [], 8: []}
for n in sizes:
    X_many, y_many = noisy_bump((200, n))
    for d, curve in curves.items():
        A = chebyshev(X_many, d)  # (200, n, d)
        w, b = least_squares(A, y_many)  # (200, d), (200,)
        seen = (A @ w[..., None])[..., 0] + b[:, None] - y_many
        missed = w @ chebyshev(nodes, d).T + b[:, None] - bump(nodes)
        curve.append([(seen**2).mean(), (missed**2).mean() + 0.3**2])

fig, ax = plt.subplots(figsize=(4.8, 3.2))
for (d, curve), marker in zip(curves.items(), "os", strict=True):
    on_training, on_new = torch.tensor(curve).T
    colour = {"color": "C0" if d == 2 else "C1", "marker": marker}
    ax.plot(sizes, on_new, **colour, label=f"degree {d}, new data")
    ax.plot(sizes, on_training, "--", **colour, label=f"degree {d}, training")
ax.axhline(0.3**2, color="gray", ls=":")
ax.set(xscale="log", yscale="log", xlabel="training samples")
ax.set(ylabel="mean squared error")
ax.set_xticks([30, 100, 300, 1000], ["30", "100", "300", "1000"])
ax.set_yticks([0.06, 0.1, 0.2, 0.3], ["0.06", "0.1", "0.2", "0.3"])
ax.minorticks_off()
fig.legend(loc="outside upper center", ncols=2)
show()

# %% limits
simple_few, simple_many = (curves[2][i][1].item() for i in (0, -1))
rich_few, rich_many = (curves[8][i][1].item() for i in (0, -1))
