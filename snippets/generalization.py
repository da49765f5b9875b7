"""Choose the degree of a polynomial, and measure how well it generalizes."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.model_selection import KFold
from torch import Tensor

from dlnotes.data.curve import bump, chebyshev, nodes, noisy_bump, polynomial
from dlnotes.linear import least_squares, linear
from dlnotes.losses import mse
from dlnotes.plot import show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.validate import cross_validate, k_fold, train_val_test

use_style()

# %% data
seed_everything(1974)
x, y = noisy_bump((90,))
train, val, test = train_val_test(90, 1 / 3, 1 / 3, seed=shifted(1974))
print("training  ", *train[:8], "…")
print("validation", *val[:8], "…")
print("test      ", *test[:8], "…")

# %% fits
degrees = range(1, 21)
fits = {d: least_squares(chebyshev(x[train], d), y[train]) for d in degrees}


def error(degree: int, x: Tensor, y: Tensor) -> float:
    return mse(polynomial(x, *fits[degree]), y).item()


training_error = {d: error(d, x[train], y[train]) for d in degrees}
validation_error = {d: error(d, x[val], y[val]) for d in degrees}
for d in (1, 2, 5, 10, 20):
    a, b = training_error[d], validation_error[d]
    print(f"degree {d:2}  training {a:.3f}  validation {b:8.3f}")

# %% panel
grid = torch.linspace(-1, 1, 401, dtype=torch.float64)
paper = dict(facecolor="white", edgecolor="none")
fig, axes = plt.subplots(2, 2, figsize=(4.8, 4.4), sharex=True, sharey=True)
for ax, d in zip(axes.flat, (1, 2, 5, 20)):
    ax.plot(x[train].numpy(), y[train].numpy(), ".", color="C1", alpha=0.8)
    ax.plot(grid.numpy(), bump(grid).numpy(), "--", color="black", lw=1)
    ax.plot(grid.numpy(), polynomial(grid, *fits[d]).numpy(), color="C0")
    ax.text(0, 3.5, f"degree {d}", ha="center", bbox=paper)
    ax.set(ylim=(-2, 4.2), xticks=[-1, 0, 1], yticks=[-2, 0, 2, 4])
fig.supxlabel("x")
fig.supylabel("y")
show()


# %% generalization
def generalization_error(w: Tensor, b: Tensor) -> float:
    missed = polynomial(nodes(), w, b) - bump(nodes())
    return (missed**2).mean().item() + 0.3**2


true_error = {d: generalization_error(*fits[d]) for d in degrees}

# %% degrees
fig, ax = plt.subplots(figsize=(4.8, 3.2))
ax.plot(degrees, training_error.values(), "o-", label="training")
ax.plot(degrees, validation_error.values(), "s--", label="validation")
ax.plot(degrees, true_error.values(), color="black", lw=1, label="new data")
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
        for (a, b), (c, d) in zip(k_fold(60, 5, seed), theirs.split(range(60)))
    )
    print(f"seed {seed}: equal to scikit-learn's KFold: {same}")

# %% choose
working = np.concatenate([train, val])


def fold(X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor) -> float:
    return mse(linear(X_val, *least_squares(X, y)), y_val).item()


folds = {}  # ten errors for each degree
for d in degrees:
    X = chebyshev(x[working], d)
    folds[d] = cross_validate(fold, X, y[working], k=10, seed=shifted(1974))
fold_error = {d: errors.mean().item() for d, errors in folds.items()}
lowest = min(degrees, key=fold_error.get)
excess_error, excess_uncertainty, rows = {}, {}, []
for d in degrees[:10]:
    above = folds[d] - folds[lowest]  # fold by fold
    excess_error[d] = above.mean().item()
    excess_uncertainty[d] = above.std().item() / 10**0.5
    row = [d, training_error[d], validation_error[d], fold_error[d]]
    rows.append([*row, excess_error[d], excess_uncertainty[d]])
heads = "training:.3f", "validation:.3f", "10-fold:.3f"
Table(["degree", *heads, "above the lowest:.3f", "±:.3f"], rows).show()

# %% chosen
chosen = min(degrees, key=validation_error.get)
best = min(degrees, key=true_error.get)
print(f"lowest validation error      degree {chosen}")
print(f"lowest 10-fold error         degree {lowest}")
print(f"lowest generalization error  degree {best}")

# %% test
fit = least_squares(chebyshev(x[working], lowest), y[working])
squares = (polynomial(x[test], *fit) - y[test]) ** 2
test_error = squares.mean().item()
uncertainty = squares.std().item() / len(test) ** 0.5
test_true_error = generalization_error(*fit)
print(f"test error            {test_error:.3f} ± {uncertainty:.3f}")
print(f"generalization error  {test_true_error:.3f}")

# %% quoted
degree_chosen, degree_best, degree_lowest = chosen, best, lowest
error_chosen, true_error_chosen = validation_error[chosen], true_error[chosen]
true_error_best, fold_error_lowest = true_error[best], fold_error[lowest]
plateau = [true_error[d] for d in range(4, 11)]
plateau_ratio = max(plateau) / min(plateau)
