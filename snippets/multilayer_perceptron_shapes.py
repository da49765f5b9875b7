"""What hidden units draw: XOR and two moons, found by training."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from dlnotes.basics.network import Network, gradients, train_epoch
from dlnotes.basics.perceptron import ROWS
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.plot import regions, show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()

# %% xor
X, y = ROWS.astype(float), np.array([0, 1, 1, 0])


def descend(network, steps, rng):
    for _ in range(steps):
        train_epoch(network, X, y, batch_size=4, lr=4.0, rng=rng)


def learn_xor(hidden, seed):
    rng = np.random.default_rng(shifted(seed))
    network = Network(C=2, hidden=hidden, K=2, rng=rng)
    descend(network, 400, rng)
    return network


def solves(network):
    return bool((network.logits(X).argmax(axis=1) == y).all())


networks, solved_count = {}, {}
for hidden in (1, 2, 4):
    networks[hidden] = [learn_xor(hidden, seed) for seed in range(20)]
    solved_count[hidden] = sum(map(solves, networks[hidden]))
    print(f"{hidden} hidden: {solved_count[hidden]:2} of 20 starts solve it")

# %% two-units
good = next(network for network in networks[2] if solves(network))
bad = next(network for network in networks[2] if not solves(network))
for name, network in (("solved", good), ("stuck", bad)):
    loss = network.loss(X, y)
    slope = max(np.abs(g).max() for g in gradients(network, X, y))
    print(f"{name:6}  loss {loss:.3f}  largest derivative {slope:.4f}")
    print("  row        ", "  ".join(f"{x1} {x2}" for x1, x2 in ROWS))
    for unit, outputs in enumerate(network.second.X.T, start=1):
        print(f"  hidden {unit} ", *(f"{a:4.1f}" for a in outputs))
loss_tie = np.log(2) / 2

# %% xor-figure
axis = np.linspace(-0.5, 1.5, 81)
grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)

fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.7), sharey=True)
for ax, network in zip(axes, (good, bad)):
    lead = network.logits(grid) @ [-1, 1]
    regions(ax, axis, axis, lead.reshape(81, 81))
    for (w1, w2), b in zip(network.first.W, network.first.b):
        ax.plot(axis, -(w1 * axis + b) / w2, "--", color="black", lw=1)
    ax.plot(*X[y == 0].T, "o", mfc="white", mec="C0", ms=8)
    ax.plot(*X[y == 1].T, "o", color="C1", ms=8)
    ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1))
    ax.set_xlabel("x₁")
axes[0].set_ylabel("x₂")
show()

# %% stays
loss_stuck = bad.loss(X, y)
descend(bad, 3000, np.random.default_rng(shifted(0)))
loss_later = bad.loss(X, y)
print(f"stuck: loss {loss_stuck:.4f}, after 3,000 more steps {loss_later:.4f}")


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
def learn_moons(sizes, seed):
    seed_everything(seed)
    model = MLP(sizes, torch.tanh)
    optimizer = SGD(model.parameters(), lr=1.0)
    batches = Batches(M, labels, batch_size=len(M))
    train(model, cross_entropy, optimizer, batches, steps=500)
    return model


def measured(model):
    return evaluate(model, accuracy, [(M_new, labels_new)])


models, new_accuracy, count_above, rows = {}, {}, {}, []
for hidden, starts in ((0, 1), (3, 8), (16, 8)):
    sizes = [2, hidden, 2] if hidden else [2, 2]
    tried = [learn_moons(sizes, seed) for seed in range(starts)]
    models[hidden] = sorted(tried, key=measured)  # the best is the last
    found = new_accuracy[hidden] = [measured(m) for m in models[hidden]]
    count_above[hidden] = sum(a > 0.95 for a in found)
    rows.append((hidden, starts, count_above[hidden], found[0], found[-1]))
names = ["hidden units", "starts", "above 0.95", "lowest:.3f", "highest:.3f"]
Table(names, rows).show()

# %% moons-figure
x1, x2 = torch.linspace(-2, 3, 101), torch.linspace(-1.5, 2, 101)
plane = torch.cartesian_prod(x1, x2)  # (10201, 2)

fig, axes = plt.subplots(2, 2, figsize=(4.8, 4.4), sharex=True, sharey=True)
shown = [(0, 0), (3, 0), (3, -1), (16, 0)]  # 0 is the worst, -1 the best
for ax, (hidden, place) in zip(axes.flat, shown):
    logits = models[hidden][place](plane).detach()
    lead = logits.diff(dim=1).reshape(101, 101).T
    regions(ax, x1, x2, lead)
    ax.plot(*M[labels == 0][:35].T.numpy(), "o", ms=3, mfc="white", mec="C0")
    ax.plot(*M[labels == 1][:35].T.numpy(), "o", ms=3, color="C1")
    ax.text(-1.9, 1.9, str(hidden), fontsize=14, va="top")
    ax.set(xlim=(-2, 3), ylim=(-1.5, 2), xticks=(-1, 1), yticks=(-1, 1))
for ax in axes[1]:
    ax.set_xlabel("x₁")
for ax in axes[:, 0]:
    ax.set_ylabel("x₂")
show()
