"""Kernels on a photograph, channels, one product of matrices, and pooling."""

# %% imports
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_sample_image
from torch import nn
from torch.nn.functional import conv2d as torch_conv2d

from dlnotes.conv import Conv2d, conv2d, cross_correlate
from dlnotes.plot import show, use_style
from dlnotes.pool import avg_pool2d, max_pool2d
from dlnotes.receptive import parameter_count
from dlnotes.train.seed import seed_everything

use_style()

# %% dense
pixels = 224 * 224 * 3
weights_dense = 1000 * pixels
weights_kernel = 3 * 3
print(f"1,000 units on {pixels:,} numbers: {weights_dense:,} weights")

# %% photograph
photo = torch.tensor(load_sample_image("china.jpg") / 255.0).float()
photo = photo.movedim(2, 0)  # (3, 427, 640): channels, rows, columns
grey = photo.mean(dim=0)[125:200, 245:345]  # (75, 100)
print("photograph", tuple(photo.shape), " grey part", tuple(grey.shape))

# %% kernels
kernels = {
    "left to right": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "top to bottom": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "mean": [[1 / 9] * 3] * 3,
    "sharper": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
}
answers = {
    name: cross_correlate(grey, torch.tensor(kernel, dtype=torch.float32))
    for name, kernel in kernels.items()
}

# %% kernels-figure
fig, axes = plt.subplots(2, 2, figsize=(4.8, 3.6))
for ax, (name, answer) in zip(axes.flat, answers.items()):
    edges = name in ("left to right", "top to bottom")
    limit = dict(vmin=-3, vmax=3) if edges else dict(vmin=0, vmax=1)
    ax.imshow(answer.numpy(), cmap="gray", interpolation="none", **limit)
    ax.set_axis_off()
    ax.text(0, -4, name, ha="left", va="bottom")
show()

# %% turned
kernel = torch.tensor(kernels["left to right"], dtype=torch.float32)
turned = kernel.flip(0, 1)
correlated, convolved = (cross_correlate(grey, k) for k in (kernel, turned))
gap_sign = (correlated + convolved).abs().max().item()
print("largest sum of the two:", gap_sign)

# %% channels
seed_everything(0)
X = torch.randn(2, 3, 7, 7)  # (B, C, H, W)
W, b = torch.randn(2, 3, 3, 3), torch.randn(2)  # (out, C, h, w) and (out,)
for stride in (1, 2):
    print("stride", stride, tuple(conv2d(X, W, b, stride).shape))
by_hand = sum(cross_correlate(X[0, c], W[1, c]) for c in range(3)) + b[1]
gap_channels = (conv2d(X, W, b)[0, 1] - by_hand).abs().max().item()
print(f"kernel 1, channel by channel: {gap_channels:.0e} apart")

# %% equal
settings = [
    (stride, padding, dilation, groups)
    for stride in (1, 2, 3)
    for padding in (0, 1, 2)
    for dilation in (1, 2)
    for groups in (1, 3)
]
gaps = []
for setting in settings:
    X = torch.randn(2, 6, 11, 9, dtype=torch.float64)
    W = torch.randn(9, 6 // setting[3], 3, 2, dtype=torch.float64)
    ours, theirs = (f(X, W, None, *setting) for f in (conv2d, torch_conv2d))
    gaps.append((ours - theirs).abs().max().item())
count_settings, gap_torch = len(settings), max(gaps)
print(f"{count_settings} settings, largest difference {gap_torch:.0e}")

# %% count
layer = Conv2d(3, 64, kernel_size=5)
parameters_conv = parameter_count(layer)
dense = nn.Linear(32 * 32 * 10, 1)  # n = 1 unit
parameters_per_unit = parameter_count(dense)
print("convolution:", parameters_conv, "= 64 · (3 · 5 · 5 + 1)")
print("a dense unit on 32 × 32 × 10:", parameters_per_unit)

# %% one-by-one
X = torch.randn(2, 16, 6, 6)
one = Conv2d(16, 4, kernel_size=1)
per_pixel = X.movedim(1, -1) @ one.weight[:, :, 0, 0].T + one.bias
gap_one = (one(X) - per_pixel.movedim(-1, 1)).abs().max().item()
print(f"a dense layer at every pixel: {gap_one:.0e} apart")

# %% pooling
X = torch.tensor([[1.0, 3, 2, 1], [4, 6, 5, 0], [1, 2, 8, 7], [0, 1, 3, 2]])
print(max_pool2d(X, 2), avg_pool2d(X, 2), sep="\n")
parameters_pool = parameter_count(nn.MaxPool2d(2)) + parameter_count(
    nn.AvgPool2d(2)
)

# %% pooling-figure
edges = answers["left to right"].abs()[:72, :96]
fig, axes = plt.subplots(1, 2, figsize=(4.8, 1.9))
for ax, (name, pool) in zip(
    axes, {"maximum": max_pool2d, "mean": avg_pool2d}.items()
):
    ax.imshow(pool(edges, 3).numpy(), cmap="gray", vmin=0, vmax=3)
    ax.set_axis_off()
    ax.text(0, -1, f"{name} of 3 × 3", ha="left", va="bottom")
show()

# %% shapes
try:
    Conv2d(3, 8, kernel_size=3)(torch.rand(2, 32, 32, 3))
except ValueError as error:
    print(error)
