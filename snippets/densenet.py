"""Follow DenseNet's maps through a block, and count what they occupy."""

# %% imports
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.vision.densenet import DenseBlock, densenet121
from dlnotes.vision.resnet import resnet18, resnet50
from dlnotes.vision.shapes import layer_shapes, multiplications

use_style()
seed_everything(0)

# %% block-figure
fig, ax = plt.subplots(figsize=(4.8, 2.4))
LAYERS, heights = 4, [3, 1, 1, 1, 1]
for layer in range(LAYERS + 1):  # a column: what the next layer sees
    bottom = 0.0
    for source in range(layer + 1):
        bar = dict(color=f"C{source}", alpha=0.6, ec="white", width=0.5)
        ax.bar(layer, heights[source], bottom=bottom, **bar)
        bottom += heights[source]
    if layer:
        end, start = (layer - 0.3, bottom - 0.5), (layer - 0.7, bottom - 0.5)
        ax.annotate("", end, start, arrowprops=dict(arrowstyle="->"))
ax.set_xticks(range(5), ["entrance", *(f"layer {n}" for n in range(1, 5))])
ax.set(ylabel="maps", yticks=[])
show()

# %% dense-block
X = torch.randn(2, 64, 14, 14)
block = DenseBlock(64, layers=6, growth=32)
out = block(X)
print(tuple(X.shape), "->", tuple(out.shape))
print("first 64 maps are the input:", torch.equal(out[:, :64], X))

# %% layers
with torch.device("meta"):  # shapes without numbers
    models = {
        "ResNet-18": resnet18(),
        "ResNet-50": resnet50(),
        "DenseNet-121": densenet121(),
    }
named = {
    "features.8": "normalization",
    "head.0": "global average",
    "head.2": "dense",
}
rows = layer_shapes(models["DenseNet-121"], (1, 3, 224, 224))
Table(
    ["layer", "output shape", "parameters:,"],
    [
        [
            named.get(row.name, row.name.partition(".")[2]),
            " × ".join(map(str, row.shape[1:])),
            row.parameters,
        ]
        for row in rows
        if row.parameters or row.name in named
    ],
).show()


# %% memory
def saved_bytes(compute: nn.Module, X: Tensor) -> int:
    """Count the bytes that autograd keeps, once each."""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter):
            kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        compute(X)
    sizes = [t.untyped_storage().nbytes() for t in kept.values()]
    return sum(sizes)


images = torch.empty(1, 3, 224, 224, device="meta")
parameters, products, memory = {}, {}, {}
for name, model in models.items():
    parameters[name] = sum(W.numel() for W in model.parameters()) / 1e6
    products[name] = multiplications(model, images.shape) / 1e9
    memory[name] = saved_bytes(model, images) / 2**20
Table(
    [
        "model",
        "parameters (M):.1f",
        "multiplications (G):.1f",
        "memory (MB):.0f",
    ],
    [[n, parameters[n], products[n], memory[n]] for n in models],
).show()


# %% checkpoint
class Thrifty(DenseBlock):
    """Keep the maps alone, and compute the rest again in the backward pass."""

    def forward(self, X: Tensor) -> Tensor:
        maps = [X]
        for layer in self.layers:
            see = partial(self.see, layer)
            maps.append(checkpoint(see, *maps, use_reentrant=False))
        return torch.cat(maps, dim=1)

    def see(self, layer: nn.Module, *maps: Tensor) -> Tensor:
        return layer(torch.cat(maps, dim=1))


counts = (2, 4, 8, 16, 32)
small = torch.empty(1, 64, 14, 14, device="meta", requires_grad=True)
megabytes = {
    name: [
        saved_bytes(kind(64, n, 32).to("meta"), small) / 2**20 for n in counts
    ]
    for name, kind in (("all kept", DenseBlock), ("computed again", Thrifty))
}
for name, kept in megabytes.items():
    print(name, *(f"{megabyte:.2f}" for megabyte in kept), "MB")

# %% memory-figure
fig, ax = plt.subplots()
curves(ax, counts, megabytes)
ax.set(xscale="log", yscale="log", xlabel="layers of the block")
ax.set_xticks(counts, [str(n) for n in counts])
ax.minorticks_off()
ax.set_ylabel("memory kept (MB)")
ax.legend()
show()

# %% quoted
ratio_memory = memory["DenseNet-121"] / memory["ResNet-50"]
ratio_all = megabytes["all kept"][-1] / megabytes["all kept"][-2]
ratio_again = megabytes["computed again"][-1] / megabytes["computed again"][-2]
share_again = megabytes["computed again"][-1] / megabytes["all kept"][-1]
