"""Derive, check, break and automate the gradients of a 2-2-2 network."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
import torch

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
from dlnotes.basics.autograd import Value, topological_order
from dlnotes.basics.gradient import (
    gradient_check,
    numerical_gradient,
    relative_error,
)
from dlnotes.basics.layers import (
    Dense,
    HalfSquaredError,
    Sigmoid,
    backward_pass,
    forward_pass,
)
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% network
x = np.array([0.05, 0.10])
t = np.array([0.01, 0.99])
W1 = np.array([[0.15, 0.20], [0.25, 0.30]])  # (hidden, input)
W2 = np.array([[0.40, 0.45], [0.50, 0.55]])  # (output, hidden)

# %% draw-network
fig, ax = plt.subplots(figsize=(4.8, 2.5))
columns = [0.0, 2.0, 4.0]
rows = [1.2, 0.0]
for left, right, weights in ((0.0, 2.0, W1), (2.0, 4.0, W2)):
    for k, y_to in enumerate(rows):
        for i, y_from in enumerate(rows):
            ax.plot(
                [left, right], [y_from, y_to], color="gray", lw=1.2, zorder=1
            )
            near = 0.5 if i == k else 0.27
            ax.text(
                left + near * (right - left),
                y_from + near * (y_to - y_from),
                f"{weights[k, i]:.2f}",
                ha="center",
                va="center",
                zorder=2,
                bbox={"color": "white", "pad": 1.0},
            )
names = [["x₁", "x₂"], ["a⁽¹⁾₁", "a⁽¹⁾₂"], ["y₁", "y₂"]]
for column, colour, labels in zip(
    columns, ("C0", "C1", "C2"), names, strict=True
):
    for row, label in zip(rows, labels, strict=True):
        ax.scatter(
            column, row, s=900, color="white", edgecolor=colour, zorder=3
        )
        ax.text(column, row, label, ha="center", va="center", zorder=4)
for row, value, target in zip(rows, x, t, strict=True):
    ax.text(-0.42, row, f"{value:.2f}", ha="right", va="center")
    ax.text(4.42, row, f"t = {target:.2f}", ha="left", va="center")
for column, label in zip(columns, ("input", "hidden", "output"), strict=True):
    ax.text(column, -0.62, label, ha="center", va="center", color="gray")
ax.set_xlim(-1.0, 5.3)
ax.set_ylim(-0.8, 1.7)
ax.axis("off")
show()

# %% forward
z1 = W1 @ x
a1 = sigmoid(z1)
z2 = W2 @ a1
a2 = sigmoid(z2)
loss = 0.5 * np.sum((t - a2) ** 2)
print("z1", z1)
print("a1", a1)
print("z2", z2)
print("a2", a2)
print("loss", loss)

# %% backward
delta2 = (a2 - t) * sigmoid_derivative(z2)
gradient2 = np.outer(delta2, a1)
delta1 = sigmoid_derivative(z1) * (W2.T @ delta2)
gradient1 = np.outer(delta1, x)
print("delta2", delta2)
print("delta1", delta1)
print("dL/dW2", gradient2, sep="\n")
print("dL/dW1", gradient1, sep="\n")

# %% quoted
(z1_1, z1_2), (a1_1, a1_2) = z1, a1
(z2_1, z2_2), (y_1, y_2) = z2, a2
(d2_1, d2_2), (d1_1, d1_2) = delta2, delta1
(g2_1, g2_2), (g1_1, g1_2) = sigmoid_derivative(z2), sigmoid_derivative(z1)
part_1, part_2 = W2[0, 0] * delta2[0], W2[1, 0] * delta2[1]
back_1 = part_1 + part_2
error_1, error_2 = a2 - t

# %% draw-graph
graph = [
    ("x", x, W1.T @ delta1),
    ("z⁽¹⁾", z1, delta1),
    ("a⁽¹⁾", a1, W2.T @ delta2),
    ("z⁽²⁾", z2, delta2),
    ("y", a2, a2 - t),
]
fig, ax = plt.subplots(figsize=(4.8, 5.6))
heights = [5.0, 4.0, 3.2, 2.2, 1.4, 0.55]
centres = [1.0, 3.8]
for level, step in enumerate(("W", "σ", "W", "σ", "L")):
    weights = (W1, None, W2, None, None)[level]
    top, bottom = heights[level] - 0.24, heights[level + 1] + 0.24
    for k, to in enumerate(centres):
        for i, start in enumerate(centres):
            if step == "σ" and i != k:
                continue
            goal = 2.4 + 0.5 * (start - 2.4) / 1.4 if step == "L" else to
            ax.annotate(
                "",
                (goal, bottom),
                (start, top),
                arrowprops={"arrowstyle": "->", "color": "gray"},
            )
            if weights is not None:
                near = 0.45 if i == k else 0.26
                ax.text(
                    start + near * (to - start),
                    top + near * (bottom - top),
                    f"{weights[k, i]:.2f}",
                    ha="center",
                    va="center",
                    fontsize=9,
                    color="gray",
                    bbox={"color": "white", "pad": 0.5},
                )
        if step == "σ":
            ax.text(
                to + 0.12, (top + bottom) / 2, "σ", va="center", color="gray"
            )
boxes = [(2.4, heights[5], f"L = {loss:.4f}", 1.0)]
for height, (name, values, slopes) in zip(heights, graph, strict=False):
    for number, centre in enumerate(centres):
        value = f"{name}{'₁₂'[number]} = {values[number]:.4f}"
        boxes.append((centre, height, value, slopes[number]))
for centre, height, value, slope in boxes:
    signed = f"{slope:+.5f}".replace("-", "−")
    ax.text(centre, height + 0.11, value, ha="center", va="center")
    ax.text(
        centre, height - 0.12, signed, ha="center", va="center", color="C3"
    )
ax.text(2.4, 5.11, "value", ha="center", va="center")
ax.text(2.4, 4.88, "gradient", ha="center", va="center", color="C3")
ax.set_xlim(0, 4.8)
ax.set_ylim(0.2, 5.3)
ax.axis("off")
show()

# %% layers
X, T = x[np.newaxis], t[np.newaxis]  # (1, 2)
half_error = HalfSquaredError()


def network(W1, W2):
    no_bias = np.zeros(2)
    return [Dense(W1, no_bias), Sigmoid(), Dense(W2, no_bias), Sigmoid()]


net = network(W1, W2)
half_error.forward(forward_pass(net, X), T)
backward_pass(net, half_error.backward())
print("dL/dW2", net[2].dW, sep="\n")
print("dL/dW1", net[0].dW, sep="\n")

# %% pytorch
V1 = torch.tensor(W1, requires_grad=True)
V2 = torch.tensor(W2, requires_grad=True)
y = torch.sigmoid(V2 @ torch.sigmoid(V1 @ torch.tensor(x)))
torch_loss = 0.5 * ((torch.tensor(t) - y) ** 2).sum()
torch_loss.backward()
torch_gap = max(
    np.abs(V1.grad.numpy() - net[0].dW).max(),
    np.abs(V2.grad.numpy() - net[2].dW).max(),
)
print(f"largest difference {torch_gap:.1e}")


# %% train
def train(net, steps=10_000, rate=0.01):
    losses = []
    for _ in range(steps):
        Y = forward_pass(net, X)
        losses.append(half_error.forward(Y, T))
        backward_pass(net, half_error.backward())
        for layer in (net[0], net[2]):
            layer.W -= rate * layer.dW
    losses.append(half_error.forward(forward_pass(net, X), T))
    return np.array(losses)


net = network(W1, W2)
right_losses = train(net)
for step in (0, 10, 100, 1_000, 10_000):
    print(f"step {step:6d}  loss {right_losses[step]:.9f}")
right_loss = right_losses[-1]
trained_y1, trained_y2 = forward_pass(net, X)[0]


# %% check
def loss_of(W1, W2):
    return half_error.forward(forward_pass(network(W1, W2), X), T)


def check(net):
    half_error.forward(forward_pass(net, X), T)
    backward_pass(net, half_error.backward())
    return (
        gradient_check(lambda W: loss_of(W, W2), W1, net[0].dW),
        gradient_check(lambda W: loss_of(W1, W), W2, net[2].dW),
    )


check1, check2 = check(network(W1, W2))
print(f"layer 1: relative error {check1:.2g}")
print(f"layer 2: relative error {check2:.2g}")

# %% cost
weights = W1.size + W2.size
passes = 2 * weights


# %% exchanged
class Exchanged(Dense):
    def backward(self, dZ):
        super().backward(dZ)
        terms = dZ[:, :, np.newaxis] * self.W  # (B, out, in)
        return terms.sum(axis=2)


def exchanged_network():
    layers = network(W1, W2)
    layers[2] = Exchanged(W2, np.zeros(2))
    return layers


# %% exchanged-train
broken = exchanged_network()
wrong_losses = train(broken)
wrong_loss = wrong_losses[-1]
print(f"right  {right_loss:.9f}")
print(f"wrong  {wrong_loss:.9f}")

# %% overlap
gap = np.abs(wrong_losses - right_losses)
thin = np.unique(np.geomspace(1, len(gap) - 1, 200).astype(int))
fig, (ax, below) = plt.subplots(2, 1, figsize=(4.8, 4.2), sharex=True)
styles = {"right": ("C0", "-", 4), "indices exchanged": ("C1", "--", 1.5)}
for losses, (label, style) in zip(
    (right_losses, wrong_losses), styles.items(), strict=True
):
    colour, dashes, width = style
    ax.semilogx(thin, losses[thin], colour, ls=dashes, lw=width, label=label)
ax.set_ylabel("loss L")
ax.set_ylim(0, 0.26)
ax.legend()
below.loglog(thin, gap[thin], color="C3")
below.set_ylabel("|difference|")
below.set_xlabel("step")
show()
largest_gap = gap.max()

# %% exchanged-check
wrong = exchanged_network()
wrong_check1, wrong_check2 = check(wrong)
print(f"layer 1: relative error {wrong_check1:.3g}")
print(f"layer 2: relative error {wrong_check2:.2g}")

# %% exchanged-table
percent = 100 * relative_error(wrong[0].dW, gradient1)
pairs = ["₁₁", "₁₂", "₂₁", "₂₂"]
Table(
    ["weight", "right", "wrong", "error in %"],
    [
        [f"w⁽¹⁾{pair}", gradient1[ij], wrong[0].dW[ij], percent[ij]]
        for pair, ij in zip(pairs, np.ndindex(2, 2), strict=True)
    ],
    {"right": ".6f", "wrong": ".6f", "error in %": ".0f"},
).show()
percent_1, percent_2 = percent[0, 0], percent[1, 0]
right_total = delta1.sum()
wrong_total = (wrong[0].dW[:, 0] / x[0]).sum()


# %% versions
class SlopeAtOutput(Sigmoid):
    def backward(self, dA):
        return dA * sigmoid_derivative(sigmoid(self.Z))


class NothingBack(Dense):
    def backward(self, dZ):
        super().backward(dZ)
        return np.zeros_like(self.X)


slope_at_a, frozen = network(W1, W2), network(W1, W2)
slope_at_a[1] = SlopeAtOutput()
frozen[2] = NothingBack(W2, np.zeros(2))
slope_check, frozen_check = check(slope_at_a)[0], check(frozen)[0]
slope_percent = 100 * slope_check
slope_loss, frozen_loss = train(slope_at_a)[-1], train(frozen)[-1]
Table(
    ["layer 1 is given", "error of layer 1", "final loss"],
    [
        ["the right gradient", f"{check1:.0e}", right_loss],
        ["exchanged indices", f"{wrong_check1:.3f}", wrong_loss],
        ["σ′(a) for σ′(z)", f"{slope_check:.3f}", slope_loss],
        ["nothing at all", f"{frozen_check:.3f}", frozen_loss],
    ],
    {"final loss": ".9f"},
).show()


# %% step-size
def errors_at(gradient):
    def loss_at(W):
        return loss_of(W, W2)

    return [gradient_check(loss_at, W1, gradient, h) for h in sizes]


sizes = 10.0 ** np.arange(-1, -16.1, -0.5)
right_errors, wrong_errors = errors_at(gradient1), errors_at(wrong[0].dW)
fig, ax = plt.subplots(figsize=(4.8, 3.0))
ax.loglog(sizes, right_errors, "C0o-", ms=3, label="right")
ax.loglog(sizes, wrong_errors, "C1s--", ms=3, label="indices exchanged")
ax.set_xlabel("step size h")
ax.set_ylabel("largest relative error")
ax.legend()
show()
best_error = min(right_errors)
tiny_error = gradient_check(lambda W: loss_of(W, W2), W1, gradient1, h=1e-12)

# %% engine
a = Value(3.0)
y = a * a + a
y.backward()
print("y =", y.data, " dy/da =", a.grad)
engine_slope = a.grad


# %% engine-network
def unit(weights, inputs):
    z = sum(w * a for w, a in zip(weights, inputs, strict=True))
    return z.sigmoid()


U1 = [[Value(w) for w in row] for row in W1]
U2 = [[Value(w) for w in row] for row in W2]
hidden = [unit(row, x) for row in U1]
output = [unit(row, hidden) for row in U2]
errors = [t_k - y_k for t_k, y_k in zip(t.tolist(), output, strict=True)]
L = sum(0.5 * e * e for e in errors)
L.backward()
nodes = len(topological_order(L))
print(f"loss {L.data:.9f}, {nodes} nodes")
print("dL/dW1", *[f"{w.grad:.8f}" for row in U1 for w in row])

# %% four-ways
numeric1 = numerical_gradient(lambda W: loss_of(W, W2), W1)
numeric2 = numerical_gradient(lambda W: loss_of(W1, W), W2)
ways = []
for layer, by_hand, numeric, by_torch, by_engine in (
    ("⁽¹⁾", gradient1, numeric1, V1.grad, U1),
    ("⁽²⁾", gradient2, numeric2, V2.grad, U2),
):
    for pair, (i, j) in zip(pairs, np.ndindex(2, 2), strict=True):
        slopes = by_hand[i, j], numeric[i, j], float(by_torch[i, j])
        ways.append([f"w{layer}{pair}", *slopes, by_engine[i][j].grad])
spec = ".7f"
Table(
    ["weight", "by hand", "numerical", "PyTorch", "engine"],
    ways,
    {"by hand": spec, "numerical": spec, "PyTorch": spec, "engine": spec},
).show()
engine_gap = max(abs(row[1] - row[4]) for row in ways)


# %% flat-index
def flat_index_gradient(f, x, h=1e-4):
    gradient = np.zeros_like(x)
    for i in range(x.size):
        centre = x[i]
        x[i] = centre + h
        above = f(x)
        x[i] = centre - h
        gradient[i] = (above - f(x)) / (2 * h)
        x[i] = centre
    return gradient


def squares(x):
    return float(np.sum(x**2))


print("floats  ", flat_index_gradient(squares, np.array([3.0, 4.0])))
print("integers", flat_index_gradient(squares, np.array([3, 4])))
try:
    flat_index_gradient(squares, np.ones((2, 2)))
except IndexError as error:
    print("matrix  ", error)
try:
    numerical_gradient(squares, np.array([3, 4]))
except TypeError as error:
    print(error)

# %% half-sum
ratios = []
for B in (1, 4, 16):
    Y, targets = np.repeat(a2[np.newaxis], B, axis=0), np.repeat(T, B, axis=0)
    half_sum = half_error.forward(Y, targets)
    mse = torch.nn.functional.mse_loss(torch.tensor(Y), torch.tensor(targets))
    ratios.append([B, Y.size, half_sum, float(mse), half_sum / float(mse)])
Table(
    ["samples", "n", "½ Σ (t − y)²", "MSE", "ratio"],
    ratios,
    {"½ Σ (t − y)²": ".6f", "MSE": ".6f", "ratio": ".0f"},
).show()
