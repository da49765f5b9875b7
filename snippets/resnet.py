"""Residual blocks: what they compute, what they cost, how they start."""

# %% imports
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dlnotes.data.digits import load_digits
from dlnotes.plot import curves, show, use_style
from dlnotes.stability import gradient_norms
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.vision.resnet import (
    Bottleneck,
    Residual,
    resnet18,
    resnet50,
    small_resnet,
)
from dlnotes.vision.shapes import layer_shapes, multiplications
from dlnotes.vision.vgg import vgg16

use_style()

# %% block-figure
parts = ["x", "3 × 3, norm", "ReLU", "3 × 3, norm", "", "ReLU"]
arrow = dict(arrowstyle="-|>", color="gray", shrinkA=0, shrinkB=0)
fig, ax = plt.subplots(figsize=(4.6, 3.6))
for left, name in ((0, "plain block"), (3, "residual block")):
    for n, part in enumerate(parts):
        box = dict(boxstyle="round,pad=0.45", fc="white", edgecolor="C0")
        if n == 0:
            box["edgecolor"] = "gray"
        if part:
            ax.text(left, -n, part, bbox=box, ha="center", va="center")
        if n and part:
            top = -n + (1.7 if n == 5 and not left else 0.72)
            ends = dict(xy=(left, -n + 0.28), xytext=(left, top))
            ax.annotate("", **ends, arrowprops=arrow)
    ax.text(left, 0.75, name, ha="center", color="gray")
ax.plot(3, -4, "o", ms=17, mfc="white", mec="C1")
ax.plot(3, -4, "+", ms=9, color="C1")
ax.annotate("", (3, -3.74), (3, -3.28), arrowprops=arrow)
ax.plot([3.2, 4.3, 4.3], [0, 0, -4], color="C1")
orange = {**arrow, "color": "C1"}
ax.annotate("", (3.3, -4), (4.3, -4), arrowprops=orange)
ax.text(4.4, -2, "shortcut x", color="C1", va="center")
for left in (0, 3):  # what computes F(x)
    edge = left - 1.15
    line = ([edge + 0.12, edge, edge, edge + 0.12], [-0.6, -0.6, -3.4, -3.4])
    ax.plot(*line, color="C0")
    ax.text(edge - 0.1, -2, "F(x)", color="C0", ha="right", va="center")
ax.set(xlim=(-2, 5.8), ylim=(-5.4, 1.1))
ax.axis("off")
show()

# %% always-adds
seed_everything(0)
block = Residual(16, 16).eval()  # 16 channels enter and leave
X = torch.rand(8, 16, 7, 7)  # not negative, as behind a ReLU
last_norm = block.conv2[1]
nn.init.zeros_(last_norm.weight)
rows, maximum_output = [], {}
for value in (0.0, 1.0, -1.0, -100.0):
    nn.init.constant_(last_norm.bias, value)  # now F(X) = value everywhere
    with torch.no_grad():
        Y = block(X)
    same = "yes" if torch.equal(Y, X) else "no"
    maximum_output[value] = Y.max().item()
    rows.append([value, X.max().item(), maximum_output[value], same])
Table(
    ["F(x):.0f", "largest input:.2f", "largest output:.2f", "output = x?"],
    rows,
).show()

# %% shapes
IMAGES = (1, 3, 224, 224)
stages = [f"stage {n}" for n in range(1, 5)]
names = ["stem", *stages, "global average", "flatten", "dense layer"]
Table(
    ["part", "shape of its output", "parameters:,"],
    [
        [name, " × ".join(map(str, row.shape[1:])), row.parameters]
        for name, row in zip(names, layer_shapes(resnet18(), IMAGES))
    ],
).show()

# %% costs
models = {"VGG-16": vgg16, "ResNet-18": resnet18, "ResNet-50": resnet50}
parameters, multiplied = {}, {}
for name, build in models.items():
    with torch.device("meta"):  # shapes alone: there is nothing to compute
        model = build()
    parameters[name] = sum(W.numel() for W in model.parameters())
    multiplied[name] = multiplications(model, IMAGES) / 1e9
Table(
    ["model", "parameters:,", "multiplications (10⁹):.2f"],
    [[name, parameters[name], multiplied[name]] for name in models],
).show()

# %% bottleneck
maps = (1, 256, 14, 14)
blocks = {"two 3 × 3": Residual(256, 256), "bottleneck": Bottleneck(256, 64)}
parameters_of_block = {
    name: sum(W.numel() for W in block.parameters())
    for name, block in blocks.items()
}
Table(
    ["block on 256 channels", "parameters:,", "multiplications (10⁶):.1f"],
    [
        [name, parameters_of_block[name], multiplications(block, maps) / 1e6]
        for name, block in blocks.items()
    ],
).show()

# %% gradients
digits = load_digits().train
X, y = digits.images[:128], digits.y[:128]


def kernels(model: nn.Module) -> list[Tensor]:
    """Return the 3 × 3 kernels, those of shortcuts left out."""
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    return [layer.weight for layer in layers if layer.kernel_size == (3, 3)]


norms, ratio = {}, {}  # ratio: the first layer's to the last one's
for name, residual in (("plain", False), ("residual", True)):
    for seed in range(3):
        seed_everything(seed)
        model = small_resnet(56, width=8, residual=residual, stride=1)
        cross_entropy(model(X), y).backward()
        found = gradient_norms(kernels(model)).tolist()
        norms.setdefault(name, found)  # the figure shows the first seed
        ratio.setdefault(name, []).append(found[0] / found[-1])
    print(f"{name:8}  first / last:", *(f"{r:.1f}" for r in ratio[name]))

# %% gradients-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
curves(ax, range(1, 56), norms)
ax.set(xlabel="layer", ylabel="norm of ∂L/∂W", yscale="log")
ax.legend()
show()


# %% neighbours
def input_gradient(model: nn.Module, X: Tensor) -> Tensor:
    """Return (B, H W): the gradient of each image's own logit."""
    X = X.clone().requires_grad_()
    logits = model(X).gather(1, y[:, None])
    return torch.autograd.grad(logits.sum(), X)[0].flatten(1)


DEPTHS = (8, 14, 20, 32, 56)
cosine = {"plain": {}, "residual": {}}  # for each depth, of three seeds
for name, by_depth in cosine.items():
    for depth in DEPTHS:
        by_depth[depth] = []
        for seed in range(3):
            seed_everything(seed)
            kind = dict(residual=name == "residual", stride=1)
            model = small_resnet(depth, width=8, **kind)
            near = X + 0.01 * torch.randn_like(X)
            pair = (input_gradient(model, X), input_gradient(model, near))
            found = torch.cosine_similarity(*pair).mean()
            by_depth[depth].append(found.item())

# %% neighbours-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
cosine_mean = {}
for marker, (name, by_depth) in zip("os", cosine.items(), strict=True):
    cosine_mean[name] = {n: mean(by_depth[n]) for n in DEPTHS}
    bars = [stdev(by_depth[n]) for n in DEPTHS]
    line = dict(marker=marker, capsize=3, label=name)
    ax.errorbar(DEPTHS, cosine_mean[name].values(), bars, **line)
ax.set(xlabel="layers", ylabel="cosine of the angle", ylim=(-0.05, 1))
ax.set_xticks(DEPTHS)
ax.legend()
show()

# %% quoted
ratio_low = {name: min(found) for name, found in ratio.items()}
ratio_high = {name: max(found) for name, found in ratio.items()}
