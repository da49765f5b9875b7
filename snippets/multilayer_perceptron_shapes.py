"""What hidden units draw: XOR and two moons, found by training."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.optim import SGD

from dlnotes.basics.network import Network, gradients, train_epoch
from dlnotes.basics.perceptron import ROWS
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.plot import show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()

# %% xor
X, y = ROWS.astype(float), np.array([0, 1, 1, 0])


def learn_xor(hidden, seed):
    rng = np.random.default_rng(shifted(seed))
    network = Network(C=2, hidden=hidden, K=2, rng=rng)
    for _ in range(600):
        train_epoch(network, X, y, batch_size=4, lr=4.0, rng=rng)
    right = (network.logits(X).argmax(axis=1) == y).sum()
    return network, int(right)


runs, solved = {}, {}
for hidden in (1, 2, 4):
    runs[hidden] = [learn_xor(hidden, seed) for seed in range(20)]
    solved[hidden] = sum(right == 4 for _, right in runs[hidden])
    print(f"{hidden} hidden: {solved[hidden]:2} of 20 starts solve it")
solved_1, solved_2, solved_4 = solved.values()

# %% two-units
good = next(network for network, right in runs[2] if right == 4)
bad = next(network for network, right in runs[2] if right < 4)
for name, network in (("solved", good), ("stuck", bad)):
    loss = network.loss(X, y)
    slope = max(np.abs(g).max() for g in gradients(network, X, y))
    print(f"{name:6}  loss {loss:.3f}  largest derivative {slope:.4f}")
    print("  row        ", "  ".join(f"{x1} {x2}" for x1, x2 in ROWS))
    for unit, outputs in enumerate(network.second.X.T, start=1):
        print(f"  hidden {unit} ", *(f"{a:4.1f}" for a in outputs))
loss_stuck = bad.loss(X, y)
loss_tie = float(np.log(2) / 2)

# %% xor-figure
axis = np.linspace(-0.5, 1.5, 81)
grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)

fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.7), sharey=True)
for ax, network in zip(axes, (good, bad), strict=True):
    lead = (network.logits(grid) @ [-1, 1]).reshape(81, 81)
    ax.contourf(axis, axis, lead, [-99, 0, 99], colors=["C0", "C1"], alpha=0.3)
    for (w1, w2), bias in zip(network.first.W, network.first.b, strict=True):
        ax.plot(axis, -(w1 * axis + bias) / w2, "--", color="black", lw=1)
    ax.plot(*X[y == 0].T, "o", mfc="white", mec="C0", ms=8)
    ax.plot(*X[y == 1].T, "o", color="C1", ms=8)
    ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1))
    ax.set_xlabel("x₁")
axes[0].set_ylabel("x₂")
show()


# %% moons
def moons(n, noise=0.2):
    angle = torch.pi * torch.rand(n)
    label = torch.arange(n) % 2
    sign = 1 - 2 * label  # +1 above, -1 below
    x1 = sign * angle.cos() + label
    x2 = sign * angle.sin() + label / 2
    return torch.stack([x1, x2], dim=1) + noise * torch.randn(n, 2), label


seed_everything(0)
M, labels = moons(200)
M_new, labels_new = moons(2000)
print("trained on", tuple(M.shape), " measured on", tuple(M_new.shape))

# %% moons-train
models, rows, new = {}, [], {}
starts = [(0, 0), (3, 0), (3, 1), (3, 2), (16, 0), (16, 1), (16, 2)]
for width, seed in starts:
    seed_everything(seed)
    model = MLP([2, width, 2] if width else [2, 2], torch.tanh)
    optimizer = SGD(model.parameters(), lr=0.5)
    batches = Batches(M, labels, batch_size=50)
    train(model, cross_entropy, optimizer, batches, steps=1000)
    seen = evaluate(model, accuracy, [(M, labels)])
    new[width, seed] = evaluate(model, accuracy, [(M_new, labels_new)])
    models[width, seed] = model
    rows.append((width, seed, seen, new[width, seed]))

form = {"training": ".3f", "new points": ".3f"}
Table(["hidden units", "seed", "training", "new points"], rows, form).show()
new_line, new_found = new[0, 0], new[3, 0]
new_stuck = max(new[3, 1], new[3, 2])
wide = [new[16, seed] for seed in range(3)]
wide_least, wide_most = min(wide), max(wide)

# %% moons-figure
x1, x2 = torch.linspace(-2, 3, 101), torch.linspace(-1.5, 2, 101)
plane = torch.cartesian_prod(x1, x2)  # (10201, 2)

fig, axes = plt.subplots(2, 2, figsize=(4.8, 4.4), sharex=True, sharey=True)
shown = [(0, 0), (3, 1), (3, 0), (16, 0)]
for ax, (width, seed) in zip(axes.flat, shown, strict=True):
    model = models[width, seed]
    with torch.no_grad():
        lead = model(plane).diff(dim=1).reshape(101, 101).T
    ax.contourf(x1, x2, lead, [-99, 0, 99], colors=["C0", "C1"], alpha=0.3)
    ax.plot(*M[labels == 0][:35].T, "o", ms=3, mfc="white", mec="C0")
    ax.plot(*M[labels == 1][:35].T, "o", ms=3, color="C1")
    ax.text(-1.9, -1.4, str(width), fontsize=14, va="bottom")
    ax.set(xlim=(-2, 3), ylim=(-1.5, 2), xticks=(-1, 1), yticks=(-1, 1))
for ax in axes[1]:
    ax.set_xlabel("x₁")
for ax in axes[:, 0]:
    ax.set_ylabel("x₂")
show()
