"""Two dense layers in NumPy learn handwritten digits, gradients checked."""

# %% imports
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

# %% data
digits = load_digits()
(X, y), (X_val, y_val), (X_test, y_test) = [
    (part.X.double().numpy(), part.y.numpy()) for part in digits
]
print("training  ", X.shape, y.shape)
print("validation", X_val.shape, y_val.shape)
print("test      ", X_test.shape, y_test.shape)

# %% network
rng = np.random.default_rng(shifted(0))
network = Network(C=64, hidden=32, K=10, rng=rng)
names = ("W1", "b1", "W2", "b2")
for name, parameter in zip(names, network.parameters):
    print(f"{name}  {parameter.shape!s:8}  {parameter.size:5} numbers")
weights = sum(parameter.size for parameter in network.parameters)
print(f"together     {weights:6} numbers")
print("logits", network.logits(X[:5]).shape, "for 5 images")

# %% start
loss_start = network.loss(X, y)
loss_blind = np.log(10)
half_variance = network.logits(X).var(axis=1).mean() / 2
print(f"loss before training        {loss_start:.3f}")
print(f"loss of a blind guess       {loss_blind:.3f}")
print(f"half the logits' variance   {half_variance:.3f}")

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
    gap = max(np.abs(a - b).max() for a, b in zip(exact, others))
    print(f"  {name:9}  {gap:.0e}")

# %% cost
B, C, hidden, K = 20, 64, 16, 10
parameters = C * hidden + hidden + hidden * K + K
forward = B * (C * hidden + hidden * K)
per_weight = B * (C * hidden + hidden) * (K + 2) + B * (hidden * K + K)
Table(
    ["gradient by", "passes:,", "multiplications:,"],
    [
        ["nudging", 2 * parameters, 2 * parameters * forward],
        ["recursion", 1, forward + per_weight],
        ["backpropagation", 1, 3 * forward + B * hidden],
    ],
).show()


# %% seconds
def seconds(method):
    """Return the shortest time of three."""
    times = []
    for _ in range(3):
        begin = perf_counter()
        method(small, X[rows], y[rows])
        times.append(perf_counter() - begin)
    return min(times)


unit = seconds(gradients)
time_ratio = {
    "nudging": seconds(numerical_gradients) / unit,
    "recursion": seconds(recursive_gradients) / unit,
}


# %% train
def accuracy(X, y):
    return float((network.logits(X).argmax(axis=1) == y).mean())


mean_loss, last_loss, train_accuracy, val_accuracy = [], [], [], []
for epoch in range(1, 31):
    mean = train_epoch(network, X, y, batch_size=32, lr=1.0, rng=rng)
    mean_loss.append(mean)
    last_loss.append(network.error.loss)
    train_accuracy.append(accuracy(X, y))
    val_accuracy.append(accuracy(X_val, y_val))
    if epoch <= 3 or epoch % 5 == 0:
        print(f"epoch {epoch:2}  loss {mean:.3f}", end="  ")
        print(f"train {train_accuracy[-1]:.3f}", end="  ")
        print(f"validation {val_accuracy[-1]:.3f}")
test_accuracy, loss_after = accuracy(X_test, y_test), network.loss(X, y)
print(f"test {test_accuracy:.3f}")

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 2.8))
epochs = range(1, 31)
ax.plot(epochs, train_accuracy, "C0--", label="training set")
ax.plot(epochs, val_accuracy, "C1", label="validation set")
ax.set(xlabel="epoch", ylabel="accuracy", ylim=(0.2, 1.02))
ax.legend(loc="lower right")
show()

# %% updates
print("batch size  updates  validation accuracy")
accuracy_at_size = {}
for size in (1, 32, len(X)):
    rng = np.random.default_rng(shifted(0))
    network = Network(C=64, hidden=32, K=10, rng=rng)
    train_epoch(network, X, y, batch_size=size, lr=0.2, rng=rng)
    accuracy_at_size[size] = accuracy(X_val, y_val)
    updates = -(-len(X) // size)
    print(f"{size:10}  {updates:7}  {accuracy_at_size[size]:.3f}")

# %% replacement
N = len(X)
rng = np.random.default_rng(shifted(0))
without = len(np.unique(rng.permutation(N))) / N
shares = [len(np.unique(rng.integers(N, size=N))) / N for _ in range(200)]
share_seen, share_theory = np.mean(shares), 1 - (1 - 1 / N) ** N
print(f"without replacement: {without:.1%} of the rows seen")
print(f"with replacement:    {share_seen:.1%} on average over 200 draws")
print(f"                     {min(shares):.1%} to {max(shares):.1%}")
print(f"1 − (1 − 1/N)^N:     {share_theory:.1%}")

# %% mean-or-last
rises_mean = int((np.diff(mean_loss) > 0).sum())
rises_last = int((np.diff(last_loss) > 0).sum())
rows_last = len(X) % 32
print(f"the last batch has {rows_last} of {len(X)} rows")
print(f"mean of the epoch:  rose {rises_mean} times in 29")
print(f"last batch’s loss:  rose {rises_last} times in 29")

# %% mean-or-last-figure
fig, ax = plt.subplots(figsize=(4.8, 2.8))
ax.plot(epochs, last_loss, "C1o-", ms=3, lw=0.8, label="last batch")
ax.plot(epochs, mean_loss, "C0", lw=2, label="mean of the epoch")
ax.set(yscale="log", xlabel="epoch", ylabel="loss (nats)")
ax.legend()
show()
