"""Keys of several features, most of which have nothing to say."""

# %% imports
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch.optim import Adam

from dlnotes.attention.kernel import leave_one_out
from dlnotes.attention.softmax import masked_softmax
from dlnotes.data.curve import wave
from dlnotes.losses import mse
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything

use_style()
N, LEFT_OUT = 50, leave_one_out(50)
FEATURES = (1, 2, 4, 8)


# %% weights
def weights_of(queries, keys, widths, mask=None):
    """Return (T, S) for queries (T, C), keys (S, C) and widths (C,)."""
    d = (queries[:, None] - keys) / widths  # (T, S, C)
    return masked_softmax(-d.square().sum(-1) / 2, mask)


# %% draw
def draw(seed):
    """Return 50 points for training and 500 to test: 8 features, values."""
    seed_everything(seed)
    keys, queries = 5 * torch.rand(N, 8), 5 * torch.rand(500, 8)
    values = wave(keys[:, 0]) + 0.5 * torch.randn(N)
    return keys, values, queries, wave(queries[:, 0])


# %% near
keys, _, queries, _ = draw(0)
d = (queries[:, None] - keys).abs()  # (500, N, 8)
number_near = {}
for C in FEATURES:
    near = (d[..., :C] < 0.5).all(-1)
    number_near[C] = near.sum(1).float().mean().item()
    print(f"{C} features: {number_near[C]:5.2f} of {N} points are near")


# %% shared
def shared(keys, values):
    """Return the width, alike for all features, of the lowest loss."""

    def loss(width):
        weights = weights_of(keys, keys, width, LEFT_OUT)
        return mse(weights @ values, values).item()

    return min((0.05 * 2 ** (n / 4) for n in range(33)), key=loss)


# %% own
def own(keys, values):
    """Return a learned width for each feature."""
    log_widths = torch.zeros(keys.shape[1], requires_grad=True)
    optimizer = Adam([log_widths], lr=0.1)
    for _ in range(200):
        weights = weights_of(keys, keys, log_widths.exp(), LEFT_OUT)
        loss = mse(weights @ values, values)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return log_widths.exp().detach()


# %% compare
KINDS = {"one width for all": shared, "a width for each": own}
error = {name: {C: [] for C in FEATURES} for name in KINDS}
found = {name: {C: [] for C in FEATURES} for name in KINDS}
error_mean = []
for seed in range(3):
    keys, values, queries, curve = draw(seed)
    error_mean.append(mse(values.mean().expand(500), curve).item())
    for C in FEATURES:
        for name, choose in KINDS.items():
            widths = choose(keys[:, :C], values)
            weights = weights_of(queries[:, :C], keys[:, :C], widths)
            error[name][C].append(mse(weights @ values, curve).item())
            found[name][C].append(torch.as_tensor(widths).tolist())
width_shared, widths_own = found.values()

# %% compare-figure
fig, ax = plt.subplots(figsize=(4.8, 3))
for n, (name, by_features) in enumerate(error.items()):
    look = dict(color=f"C{n}", ls=("--", "-")[n], label=name)
    ax.plot(FEATURES, [mean(e) for e in by_features.values()], **look)
    for C, each in by_features.items():
        ax.plot([C] * 3, each, "o", color=f"C{n}", ms=4, alpha=0.6)
ax.axhline(mean(error_mean), color="gray", ls=":", label="the mean")
ax.set(xscale="log", xlabel="features of a key", ylabel="mean squared error")
ax.set_xticks(FEATURES, FEATURES)
ax.minorticks_off()
ax.legend()
show()

# %% widths-figure
look = dict(sharey=True, width_ratios=[1, 2])
fig, axes = plt.subplots(1, 2, figsize=(4.8, 3.3), **look)
for ax, C in zip(axes, (4, 8), strict=True):
    for n, widths in enumerate(widths_own[C]):
        ax.plot(range(1, C + 1), widths, "os^"[n], label=f"draw {n + 1}")
    ax.axhline(10, color="gray", ls=":")
    ax.set(yscale="log", xlabel="feature", title=f"{C} features")
    ax.set_xticks(range(1, C + 1))
    ax.set_yticks((0.3, 1, 3, 10), ("0.3", "1", "3", "10"))
    ax.minorticks_off()
axes[0].set(ylabel="learned width")
lines, names = ax.get_legend_handles_labels()
fig.legend(lines, names, loc="outside upper center", ncols=3)
show()

# %% quoted
error_shared_four = mean(error["one width for all"][4])
error_shared_eight = mean(error["one width for all"][8])
error_own_four = mean(error["a width for each"][4])
width_shared_largest = max(width_shared[8])
error_own_worst = max(error["a width for each"][8])
worst = error["a width for each"][8].index(error_own_worst)
ratio_own_worst = error_own_worst / error["a width for each"][1][worst]
keys, values, _, _ = draw(worst)
widths = own(keys, values)
alone = own(keys[:, :1], values)
outputs = weights_of(keys, keys, widths, LEFT_OUT) @ values
loss_own_worst = mse(outputs, values).item()
outputs = weights_of(keys[:, :1], keys[:, :1], alone, LEFT_OUT) @ values
loss_first_alone = mse(outputs, values).item()
error_mean_all = mean(error_mean)
width_first_largest = max(widths[0] for widths in widths_own[4])
width_others_smallest = min(w for widths in widths_own[4] for w in widths[1:])
