"""Two blocks for 256 maps: of 3 × 3 convolutions, and with a bottleneck."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import nn

from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything
from dlnotes.vision.resnet import Bottleneck, Residual

use_style()
seed_everything(0)

# %% bottleneck-figure
C = 256
blocks = {"basic": Residual(C, C), "bottleneck": Bottleneck(C, C // 4)}
fig, axes = plt.subplots(1, 2, figsize=(4.8, 3.0), sharey=True)
for ax, (name, block) in zip(axes, blocks.items(), strict=True):
    layers = [m for m in block.modules() if isinstance(m, nn.Conv2d)]
    widths = [C, *(layer.out_channels for layer in layers)]
    ys = torch.linspace(0, -3, len(widths)).tolist()
    for width, y in zip(widths, ys, strict=True):
        ax.barh(y, width, height=0.35, left=-width / 2, color="C0")
        ax.text(0, y, f"{width}", ha="center", va="center", color="white")
    for layer, top, y in zip(layers, ys, ys[1:], strict=False):
        k, _ = layer.kernel_size
        text = f"{k} × {k}: {layer.weight.numel():,}"
        ax.text(0, (top + y) / 2, text, ha="center", va="center")
    ax.plot([140, 175, 175, 140], [0, 0, -3, -3], color="C1")
    ax.set(title=name, xlim=(-140, 185), ylim=(-3.3, 0.3))
    ax.set_axis_off()
show()
