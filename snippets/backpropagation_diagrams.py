"""Draw the network of the chapter on backpropagation, and its graph."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
from dlnotes.plot import show, use_style

use_style()

# %% numbers
x, t = np.array([0.05, 0.10]), np.array([0.01, 0.99])
W1 = np.array([[0.15, 0.20], [0.25, 0.30]])  # (hidden, input)
W2 = np.array([[0.40, 0.45], [0.50, 0.55]])  # (output, hidden)
z1 = W1 @ x
a1 = sigmoid(z1)
z2 = W2 @ a1
y = sigmoid(z2)
loss = 0.5 * np.sum((t - y) ** 2)
delta2 = (y - t) * sigmoid_derivative(z2)
delta1 = sigmoid_derivative(z1) * (W2.T @ delta2)
centred = dict(ha="center", va="center")


def put_weights(ax, W, starts, ends, near):
    """Write each weight on its line, nearer to the start where lines cross."""
    for k, end in enumerate(ends):
        for i, start in enumerate(starts):
            place = start + near[i != k] * (end - start)
            box = dict(color="white", pad=1.0)
            ax.text(*place, f"{W[k, i]:.2f}", bbox=box, **centred)


# %% network
fig, ax = plt.subplots(figsize=(4.8, 2.5))
rows = [1.2, 0.0]
columns = [np.array([[left, row] for row in rows]) for left in (0, 2, 4)]
for W, starts, ends in ((W1, *columns[:2]), (W2, *columns[1:])):
    for start in starts:
        for end in ends:
            ax.plot(*zip(start, end), color="gray", lw=1.2, zorder=1)
    put_weights(ax, W, starts, ends, near=(0.5, 0.27))
names = [["x₁", "x₂"], ["a⁽¹⁾₁", "a⁽¹⁾₂"], ["y₁", "y₂"]]
for places, colour, labels in zip(columns, ("C0", "C1", "C2"), names):
    for place, label in zip(places, labels):
        ax.scatter(*place, s=900, color="white", edgecolor=colour, zorder=3)
        ax.text(*place, label, zorder=4, **centred)
for row, value, target in zip(rows, x, t):
    ax.text(-0.42, row, f"{value:.2f}", ha="right", va="center")
    ax.text(4.42, row, f"t = {target:.2f}", ha="left", va="center")
for left, label in zip((0, 2, 4), ("input", "hidden", "output")):
    ax.text(left, -0.62, label, color="gray", **centred)
ax.set(xlim=(-1.0, 5.3), ylim=(-0.8, 1.7))
ax.axis("off")
show()

# %% graph
graph = [
    ("x", x, W1.T @ delta1),
    ("z⁽¹⁾", z1, delta1),
    ("a⁽¹⁾", a1, W2.T @ delta2),
    ("z⁽²⁾", z2, delta2),
    ("y", y, y - t),
]
heights = [5.0, 4.0, 3.2, 2.2, 1.4, 0.55]
nodes = [np.array([[1.0, h], [3.8, h]]) for h in heights]
nodes[5] = np.array([[1.9, heights[5]], [2.9, heights[5]]])
up, down = np.array([0, 0.24]), np.array([0, -0.24])

fig, ax = plt.subplots(figsize=(4.8, 5.6))
for level, W in enumerate((W1, None, W2, None, None)):
    starts, ends = nodes[level] + down, nodes[level + 1] + up
    for k, end in enumerate(ends):
        for i, start in enumerate(starts):
            if W is not None or i == k:
                arrow = dict(arrowstyle="->", color="gray")
                ax.annotate("", end, start, arrowprops=arrow)
    if W is not None:
        put_weights(ax, W, starts, ends, near=(0.45, 0.26))
    elif level < 4:
        for place in (starts + ends) / 2:
            ax.text(place[0] + 0.12, place[1], "σ", va="center", color="gray")
boxes = [(2.4, heights[5], f"L = {loss:.4f}", 1.0)]
for height, (name, values, slopes) in zip(heights, graph):
    for i, centre in enumerate((1.0, 3.8)):
        value = f"{name}{'₁₂'[i]} = {values[i]:.4f}"
        boxes.append((centre, height, value, slopes[i]))
for centre, height, value, slope in boxes:
    signed = f"{slope:+.5f}".replace("-", "−")
    ax.text(centre, height + 0.11, value, **centred)
    ax.text(centre, height - 0.12, signed, color="C6", **centred)
ax.text(2.4, 5.11, "value", **centred)
ax.text(2.4, 4.88, "gradient", color="C6", **centred)
ax.set(xlim=(0, 4.8), ylim=(0.2, 5.3))
ax.axis("off")
show()
