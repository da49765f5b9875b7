"""Two dense layers in NumPy learn handwritten digits, gradients checked."""

# %% imports
from itertools import pairwise, product
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import cross_entropy

from dlnotes.basics.network import (
    Network,
    gradients,
    numerical_gradients,
    recursive_gradients,
    train_epoch,
)
from dlnotes.data.digits import load_digits
from dlnotes.plot import show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% diagram
names, heights = ("inputs", "hidden units", "logits"), (4, 5, 3)
layers = [
    [(x, row - (units - 1) / 2) for row in range(units)]
    for x, units in enumerate(heights)
]

fig, ax = plt.subplots(figsize=(4.6, 2.9))
for left, right in pairwise(layers):
    for line in product(left, right):
        ax.plot(*zip(*line, strict=True), color="gray", lw=0.7, zorder=1)
for x, (name, layer) in enumerate(zip(names, layers, strict=True)):
    ax.plot(*zip(*layer, strict=True), "o", ms=16, color=f"C{x}")
    ax.text(x, 2.7, name, ha="center", va="center")
between = {0.5: "W⁽¹⁾, b⁽¹⁾", 1: "σ", 1.5: "W⁽²⁾, b⁽²⁾"}
for x, name in between.items():
    ax.text(x, -2.75, name, ha="center", va="center")
ax.set(xlim=(-0.4, 2.4), ylim=(-3, 3.1))
ax.axis("off")
show()

# %% data
digits = load_digits()
(X, y), (X_val, y_val), (X_test, y_test) = [
    (images.double().numpy(), labels.numpy())
    for images, labels in (digits.train, digits.val, digits.test)
]
print("training  ", X.shape, y.shape)
print("validation", X_val.shape, y_val.shape)
print("test      ", X_test.shape, y_test.shape)

# %% network
rng = np.random.default_rng(shifted(0))
network = Network(C=64, hidden=32, K=10, rng=rng)
names = ("W1", "b1", "W2", "b2")
for name, parameter in zip(names, network.parameters, strict=True):
    print(f"{name}  {parameter.shape!s:8}  {parameter.size:5} numbers")
weights = sum(parameter.size for parameter in network.parameters)
print(f"together     {weights:6} numbers")
print("logits", network.logits(X[:5]).shape, "for 5 images")

# %% start
loss_start = network.loss(X, y)
loss_blind = float(np.log(10))
print(f"loss before training  {loss_start:.3f}")
print(f"loss of a blind guess {loss_blind:.3f}")

# %% check
small = Network(C=64, hidden=16, K=10, rng=np.random.default_rng(shifted(1)))
rows = slice(0, 20)
exact = gradients(small, X[rows], y[rows])
nudged = numerical_gradients(small, X[rows], y[rows])
recursive = recursive_gradients(small, X[rows], y[rows])

W1, b1, W2, b2 = theirs = [torch.tensor(p) for p in small.parameters]
for parameter in theirs:
    parameter.requires_grad_()
A = torch.sigmoid(torch.tensor(X[rows]) @ W1.T + b1)
loss = cross_entropy(A @ W2.T + b2, torch.tensor(y[rows]))
loss.backward()
autograd = [parameter.grad.numpy() for parameter in theirs]

largest = max(np.abs(g).max() for g in exact)
print(f"largest entry of the gradient: {largest:.3f}")
print("largest difference from backpropagation")
for name, others in (
    ("numerical", nudged),
    ("recursive", recursive),
    ("PyTorch", autograd),
):
    gap = max(np.abs(a - b).max() for a, b in zip(exact, others, strict=True))
    print(f"  {name:9}  {gap:.0e}")

# %% cost
B, C, hidden, K = 20, 64, 16, 10
parameters = C * hidden + hidden + hidden * K + K
forward = B * (C * hidden + hidden * K)
per_weight = B * (C * hidden + hidden) * (K + 2) + B * (hidden * K + K)
numerical_passes = 2 * parameters
Table(
    ["gradient by", "passes", "multiplications"],
    [
        ["nudging", numerical_passes, numerical_passes * forward],
        ["recursion", 1, forward + per_weight],
        ["backpropagation", 1, 3 * forward + B * hidden],
    ],
    {"passes": ",", "multiplications": ","},
).show()

# %% seconds
seconds = {}
for method in (gradients, recursive_gradients, numerical_gradients):
    times = []
    for _ in range(3):
        begin = perf_counter()
        method(small, X[rows], y[rows])
        times.append(perf_counter() - begin)
    seconds[method] = min(times)
times_numerical = seconds[numerical_gradients] / seconds[gradients]
times_recursive = seconds[recursive_gradients] / seconds[gradients]


# %% train
def accuracy(X, y):
    return float((network.logits(X).argmax(axis=1) == y).mean())


means, last_batches, on_train, on_val = [], [], [], []
for epoch in range(1, 31):
    means.append(train_epoch(network, X, y, batch_size=32, lr=1.0, rng=rng))
    last_batches.append(network.error.loss)
    on_train.append(accuracy(X, y))
    on_val.append(accuracy(X_val, y_val))
    if epoch <= 3 or epoch % 5 == 0:
        line = f"epoch {epoch:2}  loss {means[-1]:.3f}"
        print(f"{line}  train {on_train[-1]:.3f}  validation {on_val[-1]:.3f}")
print(f"test {accuracy(X_test, y_test):.3f}")

# %% results
on_test = accuracy(X_test, y_test)
train_end, val_end = on_train[-1], on_val[-1]
mean_end, loss_after = means[-1], network.loss(X, y)

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 2.8))
epochs = range(1, len(means) + 1)
ax.plot(epochs, on_train, "C0--", label="training set")
ax.plot(epochs, on_val, "C1", label="validation set")
ax.set(xlabel="epoch", ylabel="accuracy", ylim=(0.2, 1.02))
ax.legend(loc="lower right")
show()

# %% updates
print("batch size  updates  validation accuracy")
after_pass = {}
for size in (1, 32, len(X)):
    rng = np.random.default_rng(shifted(0))
    network = Network(C=64, hidden=32, K=10, rng=rng)
    train_epoch(network, X, y, batch_size=size, lr=0.2, rng=rng)
    updates = -(-len(X) // size)
    after_pass[size] = accuracy(X_val, y_val)
    print(f"{size:10}  {updates:7}  {after_pass[size]:.3f}")
pass_single, pass_batch, pass_full = after_pass.values()

# %% replacement
N = len(X)
rng = np.random.default_rng(shifted(0))
without = len(np.unique(rng.permutation(N))) / N
shares = [len(np.unique(rng.integers(N, size=N))) / N for _ in range(200)]
seen_share, seen_least, seen_most = np.mean(shares), min(shares), max(shares)
seen_theory = 1 - (1 - 1 / N) ** N
print(f"without replacement: {without:.1%} of the rows seen")
print(f"with replacement:    {seen_share:.1%} on average over 200 draws")
print(f"                     {seen_least:.1%} to {seen_most:.1%}")
print(f"1 − (1 − 1/N)^N:     {seen_theory:.1%}")

# %% mean-or-last
rises_mean = int((np.diff(means) > 0).sum())
rises_last = int((np.diff(last_batches) > 0).sum())
rows_last = len(X) % 32
print(f"the last batch has {rows_last} of {len(X)} rows")
print(f"mean of the epoch:  rose {rises_mean} times in {len(means) - 1}")
print(f"last batch’s loss:  rose {rises_last} times in {len(means) - 1}")

# %% mean-or-last-figure
fig, ax = plt.subplots(figsize=(4.8, 2.8))
ax.plot(epochs, last_batches, "C1o-", ms=3, lw=0.8, label="last batch")
ax.plot(epochs, means, "C0", lw=2, label="mean of the epoch")
ax.set(yscale="log", xlabel="epoch", ylabel="loss (nats)")
ax.legend()
show()
