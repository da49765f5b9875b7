"""One threshold unit: its steps, its gates, its limit, and how it learns."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
from dlnotes.basics.perceptron import (
    GATES,
    ROWS,
    gate,
    heaviside,
    mistake_bound,
    rows_right,
    sign,
    threshold_unit,
    train_perceptron,
    xor,
)
from dlnotes.plot import show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table

use_style()

# %% steps
rows = []
for z in (-2.0, -0.001, 0.0, 0.001, 2.0):
    rows.append([z, int(heaviside(z)), int(sign(z)), int(np.sign(z))])
Table(["z", "heaviside(z)", "sign(z)", "np.sign(z)"], rows).show()

# %% steps-figure
fig, ax = plt.subplots(figsize=(4.8, 2.3))
left, right = [-3, 0], [0, 3]
ax.plot(left, [0, 0], "C0", lw=2, label="Heaviside: 0 or 1")
ax.plot(left, [-1, -1], "C1--", lw=2, label="sign: −1 or +1")
ax.plot(right, [1, 1], "C0", lw=2)
ax.plot(right, [1, 1], "C1--", lw=2)
ax.plot([0, 0], [0, -1], "o", ms=7, mfc="white", mec="gray")
ax.plot(0, 1, "o", ms=7, color="C0")
ax.set(xlabel="weighted sum z", ylabel="answer y", yticks=[-1, 0, 1])
ax.legend(loc="center right", bbox_to_anchor=(1, 0.3))
show()

# %% decide
w, b = np.array([1.0, -0.5]), -4.0
print("rating  km  |     z  go?")
for x in [(9, 2), (9, 7), (4, 1), (6, 5)]:
    y = threshold_unit(x, w, b)
    print(f"{x[0]:6}  {x[1]:2}  |  {x @ w + b:+.1f}  {y}")

# %% bias-shift
x = np.linspace(-9, 9, 181)
fig, ax = plt.subplots(figsize=(4.8, 2.7))
for b, style in [(4, "C0-"), (0, "C1--"), (-4, "C2-.")]:
    ax.plot(x, sigmoid(x + b), style, lw=2, label=f"b = {b}".replace("-", "−"))
    ax.plot(-b, 0.5, style[:2] + "o")
ax.set(xlabel="input x", ylabel="σ(x + b)", yticks=[0, 0.5, 1])
ax.set_xticks([-8, -4, 0, 4, 8])
ax.legend(loc="lower right")
show()

# %% smooth
rows = []
for z in (-1000, -4, -1, 0, 1, 4):
    smooth = float(sigmoid(z)), float(sigmoid_derivative(z))
    rows.append([z, int(heaviside(z)), *smooth])
Table(["z", "H(z)", "σ(z):.4f", "slope σ′(z):.4f"], rows).show()

# %% gates
answers = [gate(name, ROWS) for name in GATES]
Table(["x₁", "x₂", *GATES], np.column_stack([ROWS, *answers]).tolist()).show()


# %% gates-figure
def corners(ax, answers):
    for (x1, x2), answer in zip(ROWS, answers):
        fill = "C1" if answer else "white"
        ax.plot(x1, x2, "o", ms=11, mfc=fill, mec="C1", mew=1.5, zorder=3)
    ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1], yticks=[0, 1])
    ax.set_aspect("equal")


def draw_unit(ax, w, b, colour="C0"):
    x1 = np.array([-0.5, 1.5])
    x2 = -(w[0] * x1 + b) / w[1]
    ax.plot(x1, x2, colour, lw=1.8)
    side = 1.5 if w[1] > 0 else -0.5
    ax.fill_between(x1, x2, side, color=colour, alpha=0.15, lw=0)


targets = {name: gate(name, ROWS) for name in GATES}
targets["XOR"] = np.array([0, 1, 1, 0])
fig, axes = plt.subplots(2, 2, figsize=(4.6, 4.6))
for ax, (name, answers) in zip(axes.flat, targets.items()):
    if name in GATES:
        draw_unit(ax, *GATES[name])
    corners(ax, answers)
    label = name if name in GATES else "XOR?"
    ax.text(0.5, 0.5, label, ha="center", va="center")
    ax.set(xlabel="x₁", ylabel="x₂")
show()

# %% search
grid = np.arange(-2, 2.125, 0.125)
found = {name: rows_right(t, grid) for name, t in targets.items()}
counts = {name: np.bincount(found[name].flat, minlength=5) for name in found}
rows = [[k, *(int(count[k]) for count in counts.values())] for k in range(5)]
Table(["rows right", *counts], rows).show()
units_tried = grid.size**3
rows_xor_best = int(found["XOR"].max())
units_at_best = counts["XOR"][rows_xor_best]

# %% xor-table
nand, either, y = gate("NAND", ROWS), gate("OR", ROWS), xor(ROWS)
rows = np.column_stack([ROWS, nand, either, y]).tolist()
Table(["x₁", "x₂", "h₁ = NAND", "h₂ = OR", "y"], rows).show()

# %% xor-figure
fig, (ax, hidden) = plt.subplots(1, 2, figsize=(5.0, 2.7))
line = np.array([-0.5, 1.5])
ax.plot(line, 1.5 - line, "C0", lw=1.8)
ax.plot(line, 0.5 - line, "C2--", lw=1.8)
ax.fill_between(line, 0.5 - line, 1.5 - line, color="gray", alpha=0.2, lw=0)
corners(ax, xor(ROWS))
ax.text(1.45, 1.3, "NAND", ha="right", color="C0")
ax.text(-0.45, -0.42, "OR", color="C2")
ax.set(xlabel="x₁", ylabel="x₂")
draw_unit(hidden, *GATES["AND"], "gray")
for h1, h2, y in zip(nand, either, xor(ROWS)):
    fill = "C1" if y else "white"
    hidden.plot(h1, h2, "o", ms=11, mfc=fill, mec="C1", mew=1.5, zorder=3)
hidden.text(0.6, 0.62, "AND", ha="right", color="gray")
hidden.text(0.93, 1.22, "01, 10", ha="center")
hidden.text(0, 1.22, "11", ha="center")
hidden.text(1, -0.33, "00", ha="center")
hidden.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1], yticks=[0, 1])
hidden.set(xlabel="h₁ = NAND", ylabel="h₂ = OR")
hidden.set_aspect("equal")
show()

# %% data
rng = np.random.default_rng(shifted(1))
points = rng.uniform(0, 3, (60, 2))
w_true, b_true = np.array([1.0, 1.2]), -3.6
distance = (points @ w_true + b_true) / np.linalg.norm(w_true)
keep = np.abs(distance) > 0.15
X, t = points[keep], heaviside(distance[keep])
samples = len(X)
print(f"{samples} points, {t.sum()} of class 1")

# %% train
history = train_perceptron(X, t)
print("epoch  mistakes      w1      w2       b")
after = np.cumsum(history.mistakes)
for epoch, u in enumerate(after, start=1):
    w1, w2 = history.weights[u]
    row = f"{epoch:5}  {history.mistakes[epoch - 1]:8}"
    print(f"{row}  {w1:6.2f}  {w2:6.2f}  {history.biases[u]:6.2f}")
mistakes_total = history.mistakes.sum()
epochs_needed = len(history.mistakes)

# %% train-figure
fig, ax = plt.subplots(figsize=(4.6, 4.2))
ax.plot(*X[t == 0].T, "o", ms=5, mfc="white", mec="C0", label="class 0")
ax.plot(*X[t == 1].T, "o", ms=5, color="C1", label="class 1")
x1 = np.array([-0.05, 3.05])
for epoch, u in enumerate(after[:-1], start=1):
    w, b = history.weights[u], history.biases[u]
    done = epoch == len(after) - 1
    colour, width = ("black", 2) if done else ("gray", 1)
    ax.plot(x1, -(w[0] * x1 + b) / w[1], color=colour, lw=width, zorder=1)
    end = 3.0, -(w[0] * 3.0 + b) / w[1]
    look = dict(color=colour, va="center", fontsize=9)
    ax.annotate(str(epoch), end, (3.1, end[1]), **look)
ax.set(xlim=(-0.05, 3.05), ylim=(-0.05, 3.05), xlabel="x₁", ylabel="x₂")
ax.set(xticks=range(4), yticks=range(4))
ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
show()

# %% xor-train
forever = train_perceptron(ROWS, targets["XOR"], epochs=1000)
ends = np.cumsum(forever.mistakes)
print(" epoch  mistakes  w1  w2   b")
for epoch in [1, 2, 3, 4, 5, 1000]:
    u = ends[epoch - 1]
    w1, w2 = forever.weights[u]
    row = f"{epoch:6}  {forever.mistakes[epoch - 1]:8}"
    print(f"{row}  {w1:2.0f}  {w2:2.0f}  {forever.biases[u]:2.0f}")
weight_largest = np.abs(forever.weights).max()
mistakes_last = forever.mistakes[-1]

# %% mistakes-figure
fig, ax = plt.subplots(figsize=(4.8, 2.6))
epochs = np.arange(1, 16)
seen = epochs[:epochs_needed]
ax.plot(seen, history.mistakes[:15], "C0o-", label="separable points")
ax.plot(epochs, forever.mistakes[:15], "C1s--", label="XOR")
ax.set(xlabel="epoch", ylabel="mistakes in the epoch", ylim=(-0.5, None))
ax.set_yticks([0, 4, 8, 12, 16])
ax.legend()
show()

# %% bound
bound = mistake_bound(X, t, w_true, b_true)
order_rng = np.random.default_rng(shifted(0))
totals, nearest, count_unsteady = [], [], 0
for _ in range(100):
    order = order_rng.permutation(samples)
    run = train_perceptron(X[order], t[order])
    w, b = run.weights[-1], run.biases[-1]
    totals.append(int(run.mistakes.sum()))
    count_unsteady += bool((np.diff(run.mistakes) > 0).any())
    nearest.append(np.abs(X @ w + b).min() / np.linalg.norm(w))
mistakes_fewest, mistakes_most = min(totals), max(totals)
print(f"mistakes over 100 orders: {mistakes_fewest} to {mistakes_most}")
print(f"bound: {bound:.0f}")
print(f"an epoch with more than the one before: {count_unsteady} orders")

# %% margin
gap_true = np.abs(X @ w_true + b_true).min() / np.linalg.norm(w_true)
gap_median, gap_least = np.median(nearest), np.min(nearest)
print("distance from the line to the nearest point")
print(f"  line that labelled the points: {gap_true:.4f}")
print(f"  learned, median of 100 orders: {gap_median:.4f}")
print(f"  learned, worst of 100 orders:  {gap_least:.4f}")

# %% mislabelled
t_wrong = t.copy()
far = int(np.abs(X @ w_true + b_true).argmax())
t_wrong[far] = 1 - t_wrong[far]
stuck = train_perceptron(X, t_wrong, epochs=200)
print("first epochs:", *stuck.mistakes[:12])
print("last epochs: ", *stuck.mistakes[-12:])
mistakes_stuck = stuck.mistakes.min()
epochs_stuck = len(stuck.mistakes)

# %% no-bias
without_bias = found["AND"][:, :, grid == 0]
rows_and_best = without_bias.max()
print("AND without a bias: at most", rows_and_best, "of 4 rows")

# %% sigmoid-unit
w1, w2, b = np.meshgrid(grid, grid, grid)
z = np.stack([x1 * w1 + x2 * w2 + b for x1, x2 in ROWS])
same = bool(np.array_equal(sigmoid(z) >= 0.5, heaviside(z) == 1))
print("sigmoid cut at 0.5 answers like the step, all units:", same)
