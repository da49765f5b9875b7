"""A hidden layer that is wide enough fits any curve: built, and trained."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.optim import Adam

from dlnotes.losses import mse
from dlnotes.mlp import MLP
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

use_style()


# %% target
def target(x):
    return torch.sin(x) + 0.5 * torch.sin(3 * x)


x = torch.linspace(-3, 3, 1001)[:, None]  # (1001, 1)


def error(model):
    with torch.no_grad():
        return (model(x) - target(x)).abs().max().item()


# %% built
def built(m):
    knots = torch.linspace(-3, 3, m + 1)
    heights = target(knots)
    slopes = heights.diff() / knots.diff()  # (m,)
    turns = torch.cat([slopes[:1], slopes.diff()])  # (m,)
    model = MLP([1, m, 1])
    hidden, output = model.layers
    with torch.no_grad():
        hidden.weight.fill_(1)
        hidden.bias.copy_(-knots[:-1])
        output.weight.copy_(turns)
        output.bias.copy_(heights[0])
    return model


widths = (4, 16, 64, 256)
errors_built = [error(built(width)) for width in widths]
for width, wrong in zip(widths, errors_built, strict=True):
    print(f"{width:3} hidden units: largest error {wrong:.5f}")
shrink = errors_built[1] / errors_built[2]

# %% pieces
fig, ax = plt.subplots(figsize=(4.8, 2.8))
with torch.no_grad():
    ax.plot(x, target(x), color="black", lw=3, alpha=0.3, label="target")
    ax.plot(x, built(4)(x), "C0--", label="4 hidden units")
    ax.plot(x, built(16)(x), "C1", label="16 hidden units")
ax.set(xlabel="x", ylabel="y")
ax.legend(loc="lower right", ncols=1)
show()


# %% trained
def trained(width, seed):
    seed_everything(seed)
    model = MLP([1, width, 1])
    optimizer = Adam(model.parameters(), lr=0.02)
    sample = x[::5]  # (201, 1)
    batches = Batches(sample, target(sample), batch_size=len(sample))
    train(model, mse, optimizer, batches, steps=600)
    return model


spread = [[error(trained(w, seed)) for seed in (0, 1, 2)] for w in widths]
errors_trained = [sorted(three)[1] for three in spread]
Table(
    ["width", "built", "trained"],
    list(zip(widths, errors_built, errors_trained, strict=True)),
    {"built": ".4f", "trained": ".4f"},
).show()

# %% widths
fig, ax = plt.subplots(figsize=(4.8, 3.0))
ax.plot(widths, errors_built, "C0o-", label="built by hand")
ax.plot(widths, errors_trained, "C1s--", label="trained, median of 3")
for width, three in zip(widths, spread, strict=True):
    ax.plot([width] * 3, three, "_", color="C1", ms=10)
ax.set(xscale="log", yscale="log", xlabel="hidden units")
ax.set(ylabel="largest error", xticks=widths, xticklabels=map(str, widths))
ax.minorticks_off()
ax.legend()
show()

# %% results
built_4, built_16, built_64, built_256 = errors_built
trained_4, trained_16, trained_64, trained_256 = errors_trained
times_worse = trained_256 / built_256
