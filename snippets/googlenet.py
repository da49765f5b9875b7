"""Count what GoogLeNet's branches and reductions cost; nothing is trained."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import alexnet
from dlnotes.vision.googlenet import INCEPTION, Inception, googlenet
from dlnotes.vision.shapes import layer_shapes, multiplications

use_style()


# %% small-block
block = Inception(192, (64, 96, 128, 16, 32, 32))
X = torch.randn(2, 192, 28, 28)
for branch in block.branches:
    print(tuple(branch(X).shape))
print(tuple(block(X).shape), "all together")

# %% layers
with torch.device("meta"):  # shapes without numbers
    models = {
        "GoogLeNet": googlenet(),
        "AlexNet, two towers": alexnet(towers=2),
        "AlexNet, one tower": alexnet(),
    }
IMAGE = (1, 3, 224, 224)
named = {
    "features.0": "7 × 7, stride 2",
    "features.2": "1 × 1",
    "features.3": "3 × 3",
    "head.3": "dense",
}
Table(
    ["layer", "output shape", "parameters:,"],
    [
        [
            named.get(row.name, row.name.removeprefix("features.")),
            " × ".join(map(str, row.shape[1:])),
            row.parameters,
        ]
        for row in layer_shapes(models["GoogLeNet"], IMAGE)
        if row.parameters
    ],
).show()

# %% reductions
sides = {"3": 28, "4": 14, "5": 7}  # of the maps that enter each block
channels_in, millions = 192, {}
for name, widths in INCEPTION.items():
    ones, _, threes, _, fives, pooled = widths
    direct = (ones, 0, threes, 0, fives, pooled)
    shape = (1, channels_in, sides[name[0]], sides[name[0]])
    millions[name] = [
        multiplications(Inception(channels_in, w), shape) / 1e6
        for w in (widths, direct)
    ]
    channels_in = ones + threes + fives + pooled
Table(
    ["block", "with (M):,.0f", "without (M):,.0f", "ratio:.1f"],
    [[name, *pair, pair[1] / pair[0]] for name, pair in millions.items()],
).show()

# %% one-branch
product_direct = 192 * 32 * 5**2 * 28**2 / 1e6
product_reduction = 192 * 16 * 28**2 / 1e6
product_after = 16 * 32 * 5**2 * 28**2 / 1e6
print(f"direct: {product_direct:.1f} million")
print(f"reduced: {product_reduction:.1f} + {product_after:.1f} million")
with_all, without_all = map(sum, zip(*millions.values(), strict=True))
product_all = multiplications(models["GoogLeNet"], IMAGE) / 1e9
ratio_all = without_all / with_all


# %% parameters
def count(model: nn.Module) -> int:
    return sum(W.numel() for W in model.parameters())


parameters = {name: count(model) for name, model in models.items()}
parameters_last = count(models["GoogLeNet"].head)
parameters_rest = parameters["GoogLeNet"] - parameters_last
ratio_alexnet = parameters["AlexNet, two towers"] / parameters["GoogLeNet"]
ratio_no_head = parameters["AlexNet, two towers"] / parameters_rest
for name, number in parameters.items():
    share = number / parameters["AlexNet, two towers"]
    print(f"{name:20} {number:11,}  {share:.3f}")


# %% auxiliary
def auxiliary(channels: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(4),
        nn.Conv2d(channels, 128, 1),
        nn.ReLU(),
        nn.Flatten(),  # (B, 2048)
        nn.Linear(2048, 1024),
        nn.ReLU(),
        nn.Dropout(0.7),
        nn.Linear(1024, classes),
    )


with torch.device("meta"):
    heads = [auxiliary(C, 1000) for C in (512, 528)]
parameters_heads = sum(map(count, heads))
print(f"{parameters_heads:,} parameters in two auxiliary classifiers")


# %% gradients
def norms(start: str, help: float) -> list[float]:
    seed_everything(0)
    model = googlenet(channels=1, classes=10)
    heads = {"4a": auxiliary(512, 10), "4d": auxiliary(528, 10)}
    if start == "Kaiming":
        for part in (model, *heads.values()):
            redraw(part, kaiming)
    maps, loss = X, torch.zeros(())
    for name, layer in model.features.named_children():
        maps = layer(maps)
        if name in heads and help:
            loss = loss + help * cross_entropy(heads[name](maps), y)
    loss = loss + cross_entropy(model.head(maps), y)
    loss.backward()
    return [block_norm(layer) for layer in model.features if count(layer)]


def block_norm(layer: nn.Module) -> float:
    parts = [W.grad.norm() for W in layer.parameters() if W.ndim > 1]
    return torch.stack(parts).norm().item()


digits = load_scenes().train
X: Tensor = interpolate(digits.images[:8], size=112)  # (8, 1, 112, 112)
y = digits.y[:8]
gradients = {
    f"{start}, {'three heads' if help else 'one head'}": norms(start, help)
    for start in ("default", "Kaiming")
    for help in (0.0, 0.3)
}

# %% gradients-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
curves(ax, range(12), gradients)
ax.set_xticks(range(12), ["7 × 7", "1 × 1", "3 × 3", *INCEPTION])
ax.tick_params("x", rotation=90)
ax.set(yscale="log", ylabel="norm of the gradient")
ax.legend(fontsize="small")
show()

# %% quoted
first = {name: g[0] for name, g in gradients.items()}
ratio_heads_default = (
    first["default, three heads"] / first["default, one head"]
)
ratio_heads_kaiming = (
    first["Kaiming, three heads"] / first["Kaiming, one head"]
)
ratio_default = first["default, one head"] / gradients["default, one head"][-1]
ratio_kaiming = first["Kaiming, one head"] / gradients["Kaiming, one head"][-1]
parameters_all = parameters["GoogLeNet"]
