"""Kernel regression: weights from the distance of a query to the keys."""

# %% imports
from functools import cache

import matplotlib.pyplot as plt
import torch

from dlnotes.attention.kernel import kernel_weights
from dlnotes.attention.softmax import masked_softmax
from dlnotes.data.curve import noisy_wave, wave
from dlnotes.losses import mse
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% data
seed_everything(0)
keys, values = noisy_wave(50)
queries = torch.linspace(0, 5, 101)
curve = wave(queries)

# %% mean
output_mean = values.mean().item()
error_mean = mse(values.mean().expand(101), curve).item()
print(f"the mean of the 50 values: {output_mean:.2f}")
print(f"its mean squared error over 101 queries: {error_mean:.2f}")

# %% kernels
fig, ax = plt.subplots(figsize=(4.8, 2.6))
x = torch.linspace(0, 5, 1001)
bells = {
    f"width {width}": torch.exp(-(((2.5 - x) / width) ** 2) / 2).tolist()
    for width in (0.02, 0.3, 2.0)
}
curves(ax, x.tolist(), bells)
ax.vlines(keys.tolist(), -0.08, 0, color="gray", lw=1)
ax.set(xlabel="key", ylabel="kernel", ylim=(-0.1, 1.35))
ax.legend(loc="upper center", ncols=3)
show()

# %% by-hand
three = torch.tensor([1.0, 2.0, 4.0])  # keys
weights_three = kernel_weights(torch.tensor([2.0]), three, width=1)
output_three = (weights_three @ torch.tensor([10.0, 20.0, 40.0])).item()
print("weights:", *(f"{alpha:.3f}" for alpha in weights_three[0].tolist()))
print(f"output: {output_three:.2f}")

# %% formula
d = (queries[:, None] - keys) / 0.3  # (T, S)
K = torch.exp(-(d**2) / 2)
weights = kernel_weights(queries, keys, width=0.3)
difference_formula = (K / K.sum(1, keepdim=True) - weights).abs().max().item()
print(f"K / ΣK and the softmax differ by at most {difference_formula:.0e}")

# %% fit
outputs = weights @ values  # (T, S) times (S,)
error_pooled = mse(outputs, curve).item()
print("weights:", tuple(weights.shape), "outputs:", tuple(outputs.shape))
print(f"mean squared error over 101 queries: {error_pooled:.3f}")

# %% fit-figure
fig, ax = plt.subplots(figsize=(4.8, 3))
x = queries.tolist()
ax.plot(keys.tolist(), values.tolist(), ".", color="gray", label="50 points")
ax.plot(x, curve.tolist(), "--", color="black", lw=1, label="true curve")
ax.plot(x, outputs.tolist(), color="C0", label="outputs")
ax.axhline(output_mean, color="gray", ls=":", label="mean of the values")
ax.set(xlabel="key or query", ylabel="value")
ax.legend()
show()

# %% one-query
for query in (0.5, 1.5, 2.5, 3.5, 4.5):
    alpha = kernel_weights(torch.tensor([query]), keys, width=0.3)[0]
    _, axes = plt.subplots(
        2, num=f"query {query}", figsize=(4.8, 4), sharex=True
    )
    axes[0].plot(queries.tolist(), curve.tolist(), "--", color="gray")
    axes[0].plot(keys.tolist(), values.tolist(), ".", color="C0")
    axes[0].plot(query, (alpha @ values).item(), "D", color="C1", ms=8)
    axes[1].vlines(keys.tolist(), 0, alpha.tolist(), color="C0")
    sizes = (500 * alpha).tolist()
    axes[0].scatter(keys.tolist(), values.tolist(), sizes, "C0", alpha=0.4)
    for ax in axes:
        ax.axvline(query, color="C1", lw=1)
    axes[0].set(ylabel="value")
    axes[1].set(xlabel="key", ylabel="weight", ylim=(0, 0.25))
show()

# %% heat-map
fig, ax = plt.subplots(figsize=(4.8, 3.6))
box = (0.5, 50.5, -0.025, 5.025)
image = ax.imshow(weights.tolist(), extent=box, origin="lower", aspect="auto")
ax.set(xlabel="number of the key, in order", ylabel="query")
fig.colorbar(image, label="weight")
show()

# %% same-query
query = torch.tensor([2.5])
for seed in range(3):
    seed_everything(seed)
    others, _ = noisy_wave(50)
    alpha = kernel_weights(query, others, width=0.3).max().item()
    print(f"draw {seed + 1}: the largest weight for 2.5 is {alpha:.3f}")

# %% widths
WIDTHS = (0.02, 0.3, 2.0)  # narrow, about right, wide
fig, axes = plt.subplots(3, figsize=(4.8, 6), sharex=True, sharey=True)
number_effective = {}
for ax, width in zip(axes, WIDTHS, strict=True):
    alpha = kernel_weights(queries, keys, width)
    number_effective[width] = (1 / alpha.square().sum(1)).mean().item()
    ax.plot(keys.tolist(), values.tolist(), ".", color="gray")
    ax.plot(queries.tolist(), curve.tolist(), "--", color="black", lw=1)
    ax.plot(queries.tolist(), (alpha @ values).tolist(), color="C0")
    ax.set(ylabel="value", title=f"width {width}")
axes[-1].set(xlabel="key or query")
show()


# %% draws
@cache
def error_at(width, seed):
    """Return the mean squared error over all queries for one draw."""
    seed_everything(seed)
    keys, values = noisy_wave(50)
    return mse(kernel_weights(queries, keys, width) @ values, curve).item()


error = {w: [error_at(w, seed) for seed in range(3)] for w in WIDTHS}
error[1000] = [error_at(1000, seed) for seed in range(3)]
columns = ["width", *(f"draw {n}:.3f" for n in (1, 2, 3))]
Table(columns, [[f"{w}", *found] for w, found in error.items()]).show()

# %% draws-figure
fig, ax = plt.subplots(figsize=(4.8, 3))
WIDER = [0.01 * 2 ** (n / 3) for n in range(31)]  # from 0.01 to 10
error_by_draw = [[error_at(w, n) for w in WIDER] for n in range(3)]
curves(ax, WIDER, {f"draw {n + 1}": error_by_draw[n] for n in range(3)})
ax.set(xscale="log", xlabel="width", ylabel="mean squared error", ylim=(0, 1))
ax.legend()
show()

# %% limits
far = kernel_weights(queries, keys, width=1000) @ values
near = kernel_weights(queries, keys, width=0.0001) @ values
nearest = values[(queries[:, None] - keys).abs().argmin(1)]
difference_mean = (far - values.mean()).abs().max().item()
difference_nearest = (near - nearest).abs().max().item()
print(f"width 1000: {difference_mean:.1g} from the mean")
print(f"width 0.0001: {difference_nearest:.1g} from the nearest key's value")

# %% underflow
count_nan = {}
for width in (0.02, 0.01, 0.001):
    K = torch.exp(-(((queries[:, None] - keys) / width) ** 2) / 2)
    naive = K / K.sum(1, keepdim=True)
    count_nan[width] = naive.isnan().any(1).sum().item()
    print(f"width {width}: nan for {count_nan[width]} of 101 queries")

# %% softmax
scores = torch.tensor([2.0, 4.0, 4.0])
weights_softmax = scores.softmax(0).tolist()
weights_tenfold = (10 * scores).softmax(0).tolist()
print("of 2, 4, 4:   ", *(f"{alpha:.4f}" for alpha in weights_softmax))
print("of 20, 40, 40:", *(f"{alpha:.4g}" for alpha in weights_tenfold))

# %% masked
mask = torch.tensor([False, True, True])
weights_masked = masked_softmax(scores, mask)
weights_hidden = masked_softmax(torch.tensor([100.0, 4.0, 4.0]), mask)
after = torch.softmax(scores, 0) * mask  # not the way to do it
none = masked_softmax(scores, torch.zeros(3, dtype=torch.bool))
sum_masked, sum_after = weights_masked.sum().item(), after.sum().item()
for name, found in {
    "masked": weights_masked,
    "masked, 100 for 2": weights_hidden,
    "softmax, then mask": after,
    "nothing to look at": none,
}.items():
    print(f"{name:18}", *(f"{alpha:.4f}" for alpha in found.tolist()))
