"""How large an output is, and how much of the input each entry sees."""

# %% imports
from itertools import product

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import conv2d as torch_conv2d

from dlnotes.plot import show, use_style
from dlnotes.receptive import (
    output_size,
    parameter_count,
    receptive_field,
    receptive_field_by_gradient,
    sensitivity,
    sliding_layers,
)
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% cases
CASES = (  # n, kernel, stride, padding, dilation
    (7, 3, 1, 0, 1),
    (7, 3, 1, 1, 1),
    (7, 3, 2, 0, 1),
    (7, 3, 2, 1, 1),
    (8, 3, 2, 0, 1),
    (7, 3, 1, 0, 2),
)


# %% draw
def draw(ax, n, kernel, stride, padding, dilation):
    """Draw an axis of n pixels, and below it a row for each window."""
    for k in range(-padding, n + padding):
        real = 0 <= k < n
        box = dict(ec="gray", lw=0.8, fc="C0" if real else "none")
        look = dict(alpha=0.35) if real else dict(ls=":")
        ax.add_patch(plt.Rectangle((k, -1), 1, 1, **box, **look))
    size = output_size(n, kernel, stride, padding, dilation)
    for i in range(size):
        start = i * stride - padding
        taps = [start + dilation * k + 0.5 for k in range(kernel)]
        row = [i + 0.6] * kernel
        ax.plot(taps, row, "C1o-", ms=4, lw=1.5)
    settings = f"n = {n}, s = {stride}, p = {padding}, d = {dilation}"
    ax.text(n / 2, -1.4, settings, ha="center", va="bottom")
    ax.text(n + 1.4, size / 2, f"→ {size}", ha="left", va="center")
    ax.set(xlim=(-1.2, n + 3.2), aspect="equal")
    ax.set_axis_off()


# %% cases-figure
depths = (7.4, 4.4, 3.4)  # of the three rows of drawings
tall = dict(height_ratios=[depth + 2.6 for depth in depths])
fig, axes = plt.subplots(3, 2, figsize=(4.8, 5.0), gridspec_kw=tall)
for k, (ax, case) in enumerate(zip(axes.flat, CASES)):
    draw(ax, *case)
    ax.set_ylim(depths[k // 2], -2.6)
show()

# %% against
count_tried = wrong = 0
for n, k, s, p, d in product(
    range(3, 12), (1, 2, 3), (1, 2, 3), (0, 1), (1, 2)
):
    if n + 2 * p < d * (k - 1) + 1:
        continue  # the kernel does not fit
    x, W = torch.zeros(1, 1, n, n), torch.zeros(1, 1, k, k)
    found = torch_conv2d(x, W, stride=s, padding=p, dilation=d).shape[-1]
    count_tried += 1
    wrong += found != output_size(n, k, s, p, d)
print(f"{count_tried} cases, {wrong} of them unlike PyTorch's")


# %% stacks
def convs(*layers):
    """Stack convolutions with a ReLU behind each: (kernel, stride) pairs."""
    stack = nn.Sequential()
    for kernel, stride in layers:
        padding = kernel // 2
        stack.append(nn.Conv2d(1, 1, kernel, stride, padding))
        stack.append(nn.ReLU())
    return stack


stacks = {
    "one 3 × 3": convs((3, 1)),
    "two 3 × 3": convs((3, 1), (3, 1)),
    "three 3 × 3": convs((3, 1), (3, 1), (3, 1)),
    "one 7 × 7": convs((7, 1)),
    "three, first with stride 2": convs((3, 2), (3, 1), (3, 1)),
    "with pooling": nn.Sequential(
        convs((3, 1)), nn.MaxPool2d(2), convs((3, 1)), nn.MaxPool2d(2)
    ),
}
rows, sizes = [], {}
for name, stack in stacks.items():
    size, jump = receptive_field(sliding_layers(stack))
    measured, _ = receptive_field_by_gradient(stack, (1, 40, 40))
    sizes[name] = size
    rows.append([name, size, measured, jump, parameter_count(stack)])
Table(["stack", "formula", "measured", "jump", "parameters"], rows).show()

# %% sensitivity-figure
chosen = ("three 3 × 3", "one 7 × 7", "with pooling")
fig, axes = plt.subplots(1, 3, figsize=(4.8, 1.9))
for ax, name in zip(axes, chosen):
    seen = sensitivity(stacks[name], (1, 40, 40))[12:29, 12:29]
    ax.imshow((seen / seen.max()).numpy(), cmap="viridis", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[], xlabel=name)
show()

# %% quoted
seen = sensitivity(stacks["three 3 × 3"], (1, 40, 40))
middle = seen.argmax() // 40
share_centre = (
    seen[middle - 1 : middle + 2, middle - 1 : middle + 2].sum() / seen.sum()
).item()
