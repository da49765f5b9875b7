"""Solutions to the exercises of the chapter on attention pooling."""

# %% setup
from math import log
from statistics import geometric_mean, mean

import torch

from dlnotes.attention.kernel import kernel_weights, leave_one_out
from dlnotes.attention.softmax import masked_softmax
from dlnotes.data.curve import noisy_wave, wave
from dlnotes.losses import mse
from dlnotes.train.seed import seed_everything

seed_everything(0)
keys, values = noisy_wave(50)
queries = torch.linspace(0, 5, 101)
WIDTHS = [0.05 * 2 ** (n / 4) for n in range(21)]  # from 0.05 to 1.6

# %% solution-1
weights_by_width = {}
for width in (1, 2):
    scores = -(((2 - torch.tensor([1.0, 2.0, 4.0])) / width) ** 2) / 2
    weights = (scores.exp() / scores.exp().sum()).tolist()
    weights_by_width[width] = weights
    print(f"width {width}:", *(f"{alpha:.3f}" for alpha in weights))

# %% solution-2
lead = log(0.999 / (2 * 0.001))
share = torch.tensor([4 - lead, 4, 4]).softmax(0)[0].item()
print(f"a lead of {lead:.2f}, a weight of {share:.4f}")

# %% solution-3
beyond = torch.tensor([5.0, 6.0, 10.0, 20.0])
outputs = (kernel_weights(beyond, keys, width=0.3) @ values).tolist()
print("largest key:", f"{keys[-1]:.2f}", " its value:", f"{values[-1]:.2f}")
for query, found in zip(beyond.tolist(), outputs, strict=True):
    print(f"query {query:4}: output {found:.2f}")

# %% solution-4
weights = kernel_weights(keys, keys, width=0.3)
own = weights.diagonal()
shortcut = (weights @ values - own * values) / (1 - own)
left_out = kernel_weights(keys, keys, 0.3, leave_one_out(50)) @ values
difference = (shortcut - left_out).abs().max().item()
print(f"the two differ by at most {difference:.0e}")


# %% solution-5
def box(queries, keys, width, mask=None):
    """Return equal weights for all keys no further than the width."""
    d = (queries[:, None] - keys).abs()
    near = d <= width
    return masked_softmax(0 * d, near if mask is None else near & mask)


def left_out_loss(kernel, width):
    weights = kernel(keys, keys, width, leave_one_out(len(keys)))
    return mse(weights @ values, values).item()


def error_at(kernel, width):
    outputs = kernel(queries, keys, width) @ values
    return mse(outputs, wave(queries)).item()


KERNELS = {"Gaussian": kernel_weights, "box": box}
error_of = {name: [] for name in KERNELS}
error_best = {name: [] for name in KERNELS}
width_of = {name: [] for name in KERNELS}
width_best = {name: [] for name in KERNELS}
for seed in range(3):
    seed_everything(seed)
    keys, values = noisy_wave(50)
    for name, kernel in KERNELS.items():
        width = min(WIDTHS, key=lambda w: left_out_loss(kernel, w))
        best = min(WIDTHS, key=lambda w: error_at(kernel, w))
        width_of[name].append(width)
        width_best[name].append(best)
        error_of[name].append(error_at(kernel, width))
        error_best[name].append(error_at(kernel, best))
        print(
            f"draw {seed + 1}, {name}: width {width:.2f},",
            f"error {error_of[name][-1]:.3f}",
            f"(best: {best:.2f}, {error_best[name][-1]:.3f})",
        )
count_empty = (box(queries, keys, 0.1).sum(1) == 0).sum().item()
print(f"draw 3, width 0.1: no key near {count_empty} of 101 queries")

# %% solution-6
width_by_size, error_by_size = {}, {}
for N in (50, 200, 800):
    widths, errors = [], []
    for seed in range(10):
        seed_everything(seed)
        keys, values = noisy_wave(N)
        losses = {w: left_out_loss(kernel_weights, w) for w in WIDTHS}
        widths.append(min(losses, key=losses.__getitem__))
        errors.append(error_at(kernel_weights, widths[-1]))
    width_by_size[N], error_by_size[N] = geometric_mean(widths), mean(errors)
    print(
        f"{N:3} points: geometric mean width {width_by_size[N]:.2f},",
        f"mean error {error_by_size[N]:.4f}",
    )
ratio_width = width_by_size[800] / width_by_size[50]
