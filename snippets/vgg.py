"""Count what VGG’s small kernels cost, and follow a signal through it."""

# %% imports
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_sample_image
from torch import Tensor, nn
from torchvision.models import vgg11 as torchvision_vgg11
from torchvision.models import vgg16 as torchvision_vgg16
from torchvision.transforms import v2

from dlnotes.initialize import kaiming, redraw
from dlnotes.plot import curves, show, use_style
from dlnotes.receptive import parameter_count
from dlnotes.stability import layer_scales
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.vision.shapes import layer_shapes
from dlnotes.vision.vgg import VGG16, vgg11, vgg16, vgg_block, vgg_features

use_style()


# %% stacks
def weights(*layers: nn.Module) -> int:
    return sum(parameter_count(layer) for layer in layers)


def convolution(channels_in: int, channels: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels, kernel, bias=False)


C = 64
stacks = []
for n, kernel in ((2, 5), (3, 7)):
    small = weights(*(convolution(C, C, 3) for _ in range(n)))
    large = weights(convolution(C, C, kernel))
    stacks.append([f"{n} × (3 × 3)", f"{kernel} × {kernel}", small, large])
small = weights(convolution(C, 2 * C, 3), convolution(2 * C, 2 * C, 3))
large = weights(convolution(C, 2 * C, 5))
stacks.append(["2 × (3 × 3), channels doubled", "5 × 5", small, large])
Table(
    ["stack", "one kernel", "stack’s:,", "one kernel’s:,", "ratio:.2f"],
    [[*row, row[2] / row[3]] for row in stacks],
).show()
ratio_pair, ratio_triple, ratio_doubled = (row[2] / row[3] for row in stacks)

# %% block
block = vgg_block(2, 3, 64)
print(block)
print(tuple(block(torch.zeros(1, 3, 224, 224)).shape))

# %% shapes
with torch.device("meta"):  # shapes, and no numbers
    model = vgg16()
rows = layer_shapes(model, (1, 3, 224, 224))
kept = [row for row in rows if row.parameters]
names = [*(f"block {n}" for n in range(1, 6)), "dense 1", "dense 2", "dense 3"]
convolutions = [*(convs for convs, _ in VGG16), "", "", ""]
Table(
    ["layer", "convolutions", "shape of its output", "parameters:,"],
    [
        [name, convs, " × ".join(map(str, row.shape[1:])), row.parameters]
        for name, convs, row in zip(names, convolutions, kept, strict=True)
    ],
).show()

# %% columns
with torch.device("meta"):
    pairs = {
        "VGG-11": (vgg11(), torchvision_vgg11()),
        "VGG-16": (model, torchvision_vgg16()),
    }
parameters = {}
for name, (ours, theirs) in pairs.items():
    parameters[name] = parameter_count(ours)
    print(f"{name} {parameter_count(ours):,}, ", end="")
    print(f"torchvision’s {parameter_count(theirs):,}")

# %% spent
spent = {}
for row in layer_shapes(model, (1, 3, 224, 224), depth=3):
    if not row.parameters:
        continue
    W = model.get_submodule(row.name).weight
    places = row.shape[2] * row.shape[3] if W.ndim == 4 else 1
    _, part, *_ = row.name.split(".")
    name = part if row.name.startswith("features") else f"dense {part}"
    learned, products = spent.get(name, (0, 0))
    spent[name] = (learned + row.parameters, products + W.numel() * places)
parameters_head = parameter_count(model.head)
product_count = sum(products for _, products in spent.values())
share_head = parameters_head / parameter_count(model)
share_first_dense = parameter_count(model.head[3]) / parameter_count(model)
products_head = sum(spent[f"dense {i}"][1] for i in (3, 6, 8))
share_work_head = products_head / product_count

# %% spent-figure
learned, products = torch.tensor(list(spent.values())).T
places = torch.arange(len(names)).numpy()
fig, ax = plt.subplots(figsize=(4.6, 3.0))
bars = {"parameters": learned, "multiplications": products}
for i, (name, amount) in enumerate(bars.items()):
    shares = (amount / amount.sum()).numpy()
    ax.barh(places + 0.4 * i - 0.2, shares, 0.4, color=f"C{i}", label=name)
ax.set_yticks(places, names)
ax.invert_yaxis()
ax.set(xlabel="share in the network")
ax.legend(loc="center right")
show()

# %% signal
prepare = v2.Compose(
    [
        v2.CenterCrop(420),
        v2.Resize(64),
        v2.ToDtype(torch.float32, scale=True),
    ]
)
photo = prepare(torch.tensor(load_sample_image("china.jpg")).permute(2, 0, 1))
photo = (photo - photo.mean()) / photo.std()


def normal(deviation: float) -> Callable[[Tensor], Tensor]:
    def draw(W: Tensor) -> Tensor:
        return nn.init.normal_(W, 0.0, deviation)

    return draw


starts: dict[str, Callable[[Tensor], Tensor]] = {
    "Kaiming": kaiming,
    "N(0, 0.1²)": normal(0.1),
    "N(0, 0.01²)": normal(0.01),
}
scales = {}
for name, draw in starts.items():
    seed_everything(0)
    features = vgg_features(VGG16, 3)
    redraw(features, draw)
    convs = [m for m in features.modules() if isinstance(m, nn.Conv2d)]
    scales[name] = layer_scales(features, convs, photo[None]).tolist()
    print(f"{name:12}", *(f"{size:.0e}" for size in scales[name][::4]))

# %% signal-figure
fig, ax = plt.subplots()
curves(ax, torch.arange(1, 14), scales)
ax.set(xlabel="convolution", ylabel="size of what enters it")
ax.set(xticks=range(1, 14, 2), yscale="log")
ax.legend()
show()
