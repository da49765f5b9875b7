"""A small multilayer perceptron, drawn."""

# %% imports
from itertools import pairwise, product

import matplotlib.pyplot as plt

from dlnotes.plot import show, use_style

use_style()

# %% diagram
names, heights = ("inputs", "hidden units", "logits"), (4, 5, 3)
layers = [
    [(x, row - (units - 1) / 2) for row in range(units)]
    for x, units in enumerate(heights)
]

fig, ax = plt.subplots(figsize=(4.6, 2.9))
for left, right in pairwise(layers):
    for line in product(left, right):
        ax.plot(*zip(*line), color="gray", lw=0.7, zorder=1)
for x, (name, layer) in enumerate(zip(names, layers)):
    ax.plot(*zip(*layer), "o", ms=16, color=f"C{x}")
    ax.text(x, 2.7, name, ha="center", va="center")
for x, name in {0.5: "W⁽¹⁾, b⁽¹⁾", 1: "σ", 1.5: "W⁽²⁾, b⁽²⁾"}.items():
    ax.text(x, -2.75, name, ha="center", va="center")
ax.set(xlim=(-0.4, 2.4), ylim=(-3, 3.1))
ax.axis("off")
show()
