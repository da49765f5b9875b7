"""A width that is learned, with each point among its keys and without."""

# %% imports
from itertools import product

import matplotlib.pyplot as plt
import torch
from torch.optim import Adam

from dlnotes.attention.kernel import (
    KernelRegression,
    kernel_weights,
    leave_one_out,
)
from dlnotes.data.curve import noisy_wave, wave
from dlnotes.losses import mse
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
queries = torch.linspace(0, 5, 101)
MASKS = {"among its keys": None, "left out": leave_one_out(50)}


# %% train
def learned_width(keys, values, mask):
    """Return a trained model and its training loss."""
    model = KernelRegression(width=1.0)
    optimizer = Adam(model.parameters(), lr=0.1)
    for _ in range(200):
        loss = mse(model(keys, keys, values, mask), values)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        loss = mse(model(keys, keys, values, mask), values)
    return model, loss.item()


# %% table
width_learned = {name: [] for name in MASKS}
loss_training = {name: [] for name in MASKS}
error_test = {name: [] for name in MASKS}
for (name, mask), seed in product(MASKS.items(), range(3)):
    seed_everything(seed)
    keys, values = noisy_wave(50)
    model, loss = learned_width(keys, values, mask)
    with torch.no_grad():
        error = mse(model(queries, keys, values), wave(queries)).item()
    width_learned[name].append(model.width.item())
    loss_training[name].append(loss)
    error_test[name].append(error)
rows = [
    [name, f"{n + 1}", width_learned[name][n], loss, error_test[name][n]]
    for name, losses in loss_training.items()
    for n, loss in enumerate(losses)
]
columns = ["the point is", "draw", "width:.3f", "training loss:.4f"]
Table([*columns, "error:.3f"], rows).show()

# %% losses
WIDTHS = [0.002 * 2 ** (n / 4) for n in range(45)]  # from 0.002 to 4
measured = {f"loss, point {name}": [] for name in MASKS} | {"error": []}
seed_everything(0)
keys, values = noisy_wave(50)
for width in WIDTHS:
    for name, mask in MASKS.items():
        outputs = kernel_weights(keys, keys, width, mask) @ values
        measured[f"loss, point {name}"].append(mse(outputs, values).item())
    outputs = kernel_weights(queries, keys, width) @ values
    measured["error"].append(mse(outputs, wave(queries)).item())

# %% losses-figure
fig, ax = plt.subplots(figsize=(4.8, 3.2))
curves(ax, WIDTHS, measured)
for n, name in enumerate(MASKS):
    ax.plot(width_learned[name][0], loss_training[name][0], f"oC{n}")
ax.set(xscale="log", xlabel="width", ylabel="mean squared error")
ax.legend()
show()

# %% maps
fig, axes = plt.subplots(2, figsize=(4.8, 6), sharex=True)
box = (0.5, 50.5, 0.5, 50.5)
for ax, (name, mask) in zip(axes, MASKS.items(), strict=True):
    weights = kernel_weights(keys, keys, width_learned[name][0], mask)
    image = ax.imshow(weights.tolist(), extent=box, origin="lower")
    ax.set(ylabel="number of the query", title=f"point {name}")
    fig.colorbar(image, label="weight")
axes[-1].set(xlabel="number of the key, in order")
show()


# %% quoted
def best_width(seed):
    """Return the lowest error and its width, which only we can know."""
    seed_everything(seed)
    keys, values = noisy_wave(50)
    errors = {
        w: mse(kernel_weights(queries, keys, w) @ values, wave(queries)).item()
        for w in (n / 100 for n in range(5, 100))
    }
    width = min(errors, key=errors.__getitem__)
    return errors[width], width


found = [best_width(seed) for seed in range(3)]
error_best, width_best = map(list, zip(*found, strict=True))
ratio_second = error_test["left out"][1] / error_best[1]
width_collapsed = max(width_learned["among its keys"])
loss_collapsed = max(loss_training["among its keys"])
pairs = zip(*error_test.values(), strict=True)
ratios = [collapsed / cured for collapsed, cured in pairs]
ratio_lowest, ratio_highest = min(ratios), max(ratios)
