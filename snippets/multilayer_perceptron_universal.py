"""A hidden layer that is wide enough fits any curve: built, and trained."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.nn.functional import mse_loss
from torch.optim import Adam

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


errors_built = {width: error(built(width)) for width in (4, 16, 64, 256)}
for width, largest in errors_built.items():
    print(f"{width:3} hidden units: largest error {largest:.5f}")
factor_16_to_64 = errors_built[16] / errors_built[64]

# %% pieces
fig, ax = plt.subplots(figsize=(4.8, 2.8))
curve = {m: built(m)(x).detach().numpy() for m in (4, 16)}
style = dict(color="black", lw=3, alpha=0.3)
ax.plot(x.numpy(), target(x).numpy(), **style, label="target")
ax.plot(x.numpy(), curve[4], "C0--", label="4 hidden units")
ax.plot(x.numpy(), curve[16], "C1", label="16 hidden units")
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
    train(model, mse_loss, optimizer, batches, steps=600)
    return model


spread = {w: [error(trained(w, s)) for s in (0, 1, 2)] for w in errors_built}
errors_trained = {width: sorted(spread[width])[1] for width in spread}
error_ratio = errors_trained[256] / errors_built[256]
Table(
    ["width", "built:.4f", "trained:.4f"],
    [(w, errors_built[w], errors_trained[w]) for w in errors_built],
).show()

# %% widths
widths = list(spread)
fig, ax = plt.subplots(figsize=(4.8, 3.0))
ax.plot(widths, errors_built.values(), "C0o-", label="built by hand")
median = errors_trained.values()
ax.plot(widths, median, "C1s--", label="trained, median of 3")
for width in widths:
    ax.plot([width] * 3, spread[width], "_", color="C1", ms=10)
ax.set(xscale="log", yscale="log", xlabel="hidden units")
ax.set(ylabel="largest error", xticks=widths, xticklabels=map(str, widths))
ax.minorticks_off()
ax.legend()
show()
