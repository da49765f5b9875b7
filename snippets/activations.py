"""Why a network bends between its layers, and which bends to choose from."""

# %% imports
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import gelu, silu

from dlnotes.basics.activations import (
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_jacobian,
    softplus,
    tanh,
    tanh_derivative,
)
from dlnotes.basics.gradient import numerical_gradient
from dlnotes.basics.layers import Dense, Sigmoid, forward_pass
from dlnotes.plot import curves, show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% stack
rng = np.random.default_rng(shifted(0))
W1, b1 = rng.normal(size=(4, 4)), rng.normal(size=4)
W2, b2 = rng.normal(size=(4, 4)), rng.normal(size=4)
X = rng.normal(size=(1000, 4))

stacked = forward_pass([Dense(W1, b1), Dense(W2, b2)], X)  # (1000, 4)
collapsed = Dense(W2 @ W1, W2 @ b1 + b2).forward(X)
print(f"largest output            {np.abs(stacked).max():8.3f}")
gap_collapse = np.abs(stacked - collapsed).max()
print(f"stacked, collapsed differ {gap_collapse:8.0e}")

# %% wrong-input
wrong = Dense(W2, b2).forward(X)  # the second layer, fed with x itself
error_wrong = np.abs(stacked - wrong).max()
print(f"off by up to {error_wrong:.2f}")

# %% bent
bent = forward_pass([Dense(W1, b1), Sigmoid(), Dense(W2, b2)], X)
ones = np.column_stack([X, np.ones(len(X))])  # (1000, 5)
for name, outputs in [("two layers", stacked), ("with a sigmoid", bent)]:
    best, *_ = np.linalg.lstsq(ones, outputs)
    error_bent = np.abs(outputs - ones @ best).max()
    print(f"{name:14} off the best single layer by {error_bent:.2g}")

# %% depth
deep = [
    Dense(rng.normal(0, 0.5, (4, 4)), rng.normal(size=4)) for _ in range(50)
]
W, b = np.eye(4), np.zeros(4)
for layer in deep:
    W, b = layer.W @ W, layer.W @ b + layer.b
outputs = forward_pass(deep, X)
gap_deep = np.abs(outputs - (X @ W.T + b)).max()
print(f"50 layers and one layer differ by {gap_deep:.0e}")

# %% slopes
z = np.array([-10.0, -2.0, 0.0, 2.0, 10.0])
slopes = [sigmoid_derivative(z), tanh_derivative(z), relu_derivative(z)]
rows = np.column_stack([z, *slopes, sigmoid(z)]).tolist()
head = ["σ′:.5f", "tanh′:.5f", "ReLU′:.0f", "softplus′:.5f"]
Table(["z:g", *head], rows).show()

# %% rounding
z_rounded = next(z for z in range(100) if sigmoid(z) == 1)
slope_by_formula = sigmoid(z_rounded) * (1 - sigmoid(z_rounded))
slope_by_package = sigmoid_derivative(z_rounded)
print(f"σ({z_rounded}) = {float(sigmoid(z_rounded))!r}")
print(f"σ (1 − σ)     {slope_by_formula:g}")
print(f"σ(z) σ(−z)    {slope_by_package:.2e}")


# %% panel
def by_autograd(g):
    """Pair a function of PyTorch with its derivative."""
    Z = torch.linspace(-5, 5, 201, requires_grad=True)
    A = g(Z)
    (slope,) = torch.autograd.grad(A.sum(), Z)
    return A.detach().numpy(), slope.numpy()


z = np.linspace(-5, 5, 201)
panels = {
    "sigmoid": (sigmoid(z), sigmoid_derivative(z)),
    "tanh": (tanh(z), tanh_derivative(z)),
    "ReLU": (relu(z), relu_derivative(z)),
    "softplus": (softplus(z), sigmoid(z)),
    "SiLU": by_autograd(silu),
    "GELU": by_autograd(gelu),
}
fig, axes = plt.subplots(3, 2, figsize=(4.8, 5.4), sharex=True)
for ax, (name, (values, slopes)) in zip(axes.flat, panels.items()):
    if name == "ReLU":
        slopes = np.where(z == 0, np.nan, slopes)  # a jump has no slope
    ax.plot(z, values, "C0", lw=2, label="value")
    ax.plot(z, slopes, "C1--", lw=1.6, label="slope")
    ax.text(-4.8, 1.5, name)
    ax.set(ylim=(-1.2, 2.2), xticks=[-4, 0, 4], yticks=[-1, 0, 1, 2])
    ax.axhline(0, color="gray", lw=0.6)
for ax in axes[-1]:
    ax.set_xlabel("weighted input z")
axes[1, 0].legend(loc="lower right")
show()

# %% tanh-is-a-sigmoid
z = np.linspace(-20, 20, 4001)
gap_tanh = np.abs(tanh(z) - (2 * sigmoid(2 * z) - 1)).max()
print(f"largest difference over {len(z)} points: {gap_tanh:.0e}")

# %% same-network
V, c = rng.normal(size=(2, 4)), rng.normal(size=2)
with_tanh = tanh(X @ W1.T + b1) @ V.T + c  # (1000, 2)
twin = [Dense(2 * W1, 2 * b1), Sigmoid(), Dense(2 * V, c - V.sum(axis=1))]
gap_twin = np.abs(with_tanh - forward_pass(twin, X)).max()
print(f"tanh network and sigmoid network differ by {gap_twin:.0e}")

# %% softmax
scores = np.array([2.0, 1.0, 0.0, -1.0])
p = softmax(scores)
rows = {"z": scores, "z + 100": scores + 100, "10 z": 10 * scores}
for name, z in rows.items():
    print(f"{name:8}", *(f"{share:.4f}" for share in softmax(z)))
print(f"\nfirst share / second share = {p[0] / p[1]:.4f}, e = {np.e:.4f}")

# %% two-classes
z = np.linspace(-30, 30, 601)
pairs = np.stack([z, np.zeros_like(z)], axis=-1)  # (601, 2)
gap_pair = np.abs(softmax(pairs)[:, 0] - sigmoid(z)).max()
print(f"softmax of (z, 0) and sigmoid of z differ by {gap_pair:.0e}")

# %% jacobian
J = softmax_jacobian(scores)
for row in J:
    print(*(f"{entry:8.4f}" for entry in row))
numerical = [
    numerical_gradient(lambda s, i=i: softmax(s)[i], scores) for i in range(4)
]
gap_jacobian = np.abs(J - np.stack(numerical)).max()
print(f"largest difference from finite differences: {gap_jacobian:.0e}")

# %% temperature
T = np.geomspace(0.1, 20, 100)
shares = softmax(scores / T[:, None])  # (100, 4)
fig, ax = plt.subplots(figsize=(4.8, 2.8))
labels = [f"z = {score:g}".replace("-", "−") for score in scores]
curves(ax, T, dict(zip(labels, shares.T)))
ax.axhline(0.25, color="gray", lw=0.8)
ax.set(xscale="log", xlabel="temperature T", ylabel="share")
ax.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
ax.set_yticks([0, 0.25, 0.5, 1])
ax.legend()
show()


# %% naive
def naive_sigmoid(z):
    return 1 / (1 + np.exp(-z))


def naive_tanh(z):
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


def naive_softplus(z):
    return np.log(1 + np.exp(z))


def naive_softmax(z):
    return np.exp(z) / np.exp(z).sum()


# %% overflow
def attempt(name, function, z):
    """Print what a function makes of z; return it and NumPy's warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = function(z)
    said = [str(w.message).split(" encountered")[0] for w in caught]
    print(f"{name:9} {answer!s:10} {', '.join(said) or 'no warning'}")
    return answer, ", ".join(said)


z, pair = np.float64(1000), np.array([1000.0, 1001.0])
answer, message = attempt("sigmoid", naive_sigmoid, -z)
attempt("tanh", naive_tanh, z)
attempt("softplus", naive_softplus, z)
attempt("softmax", naive_softmax, pair)
print()
attempt("sigmoid", sigmoid, -z)
attempt("tanh", tanh, z)
attempt("softplus", softplus, z)
answer, warned = attempt("softmax", softmax, pair)

# %% limits
limits = {}
for name in ("float64", "float32", "float16"):
    limits[name] = float(np.log(np.finfo(name).max))
    print(f"{name}  exp overflows beyond {limits[name]:6.2f}")

# %% per-row
Z = np.zeros((100, 10))  # ten equal scores in each of 100 rows
labels = rng.integers(10, size=100)


def cross_entropy(P):
    return float(-np.log(P[np.arange(100), labels]).mean())


loss_per_row = cross_entropy(softmax(Z))
loss_whole_batch = cross_entropy(naive_softmax(Z))
print(f"a sum for each row    {loss_per_row:.4f}  = log 10")
print(f"one sum for the batch {loss_whole_batch:.4f}  = log 1000")

# %% batch-maximum
Z = np.array([[1000.0, 1001.0], [0.0, 1.0]])
with np.errstate(invalid="ignore"):
    e = np.exp(Z - Z.max())  # one maximum for the batch
    print("one maximum for the batch ", (e / e.sum(axis=-1, keepdims=True))[1])
print("a maximum for each row    ", softmax(Z)[1])

# %% keepdims
Z = rng.normal(size=(3, 3))
lost = np.exp(Z) / np.exp(Z).sum(axis=-1)  # (3, 3) / (3,)
print("rows add up to", lost.sum(axis=-1).round(3))
print("and should to ", softmax(Z).sum(axis=-1))
