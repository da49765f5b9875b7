"""Solutions to the exercises of the perceptron chapter."""

# %% imports
from itertools import product

import numpy as np

from dlnotes.basics.perceptron import (
    ROWS,
    heaviside,
    rows_right,
    threshold_unit,
    train_perceptron,
)
from dlnotes.seed import shifted

# %% solution-3
grid = np.arange(-2, 2.25, 0.25)
functions = list(product([0, 1], repeat=4))
missing = [t for t in functions if rows_right(t, grid).max() < 4]
count_separable = len(functions) - len(missing)
print(f"{count_separable} of {len(functions)} found; no unit for:")
for t in missing:
    print(dict(zip(["00", "01", "10", "11"], t)))

# %% solution-4
rng = np.random.default_rng(shifted(0))
points = rng.uniform(-1, 1, (80, 2))
labels = heaviside(points @ [1.0, -2.0] + 0.3)
runs = {rate: train_perceptron(points, labels, rate) for rate in (0.1, 1, 10)}
for rate, run in runs.items():
    w1, w2 = run.weights[-1]
    b = run.biases[-1]
    print(f"rate {rate:3}: mistakes", *run.mistakes)
    print(f"  w = ({w1:.3f}, {w2:.3f}), b = {b:.1f}, w1/b = {w1 / b:.3f}")

# %% solution-5
both = threshold_unit(ROWS, (1, 1), -1.5)
y = threshold_unit(np.column_stack([ROWS, both]), (1, 1, -2), -0.5)
for (x1, x2), hidden, answer in zip(ROWS, both, y):
    print(f"x = ({x1}, {x2})   AND = {hidden}   y = {answer}")
