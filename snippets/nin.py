"""The layers of NiN, and where the parameters of its rivals lie."""

# %% imports
import torch
from torch import nn

from dlnotes.receptive import parameter_count
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import alexnet
from dlnotes.vision.nin import cifar_nin, nin, nin_block, small_nin
from dlnotes.vision.shapes import layer_shapes, multiplications
from dlnotes.vision.vgg import vgg16

# %% block
seed_everything(0)
X = torch.randn(1, 16, 7, 7)
block = nin_block(16, (32, 24), kernel=3, padding=1)
inner = block[2]  # the 1 × 1 convolution
dense = nn.Linear(32, 24)
dense.load_state_dict({"weight": inner.weight[:, :, 0, 0], "bias": inner.bias})
maps = block[:2](X)  # (1, 32, 7, 7)
by_pixel = dense(maps.movedim(1, -1)).movedim(-1, 1)
difference = (inner(maps) - by_pixel).abs().max().item()
print("shapes", tuple(inner(maps).shape), tuple(by_pixel.shape))
print(f"largest difference {difference:.0e}")

# %% cifar
paper = cifar_nin()
rows = [
    [layer.kind, " × ".join(map(str, layer.shape[1:])), layer.parameters]
    for layer in layer_shapes(paper, (1, 3, 32, 32), depth=3)
    if layer.kind != "ReLU"
]
Table(["layer", "output shape", "parameters:,"], rows).show()

# %% heads
models = {"AlexNet": alexnet(), "VGG-16": vgg16(), "NiN": nin()}
rows, share, parameters = [], {}, {}
for name, model in models.items():
    parameters[name] = parameter_count(model)
    share[name] = parameter_count(model.head) / parameters[name]
    G = multiplications(model, (1, 3, 224, 224)) / 1e9
    rows.append([name, parameters[name], share[name], G])
heads = [
    "network",
    "parameters:,",
    "in the head:.0%",
    "multiplications, 10⁹:.2f",
]
Table(heads, rows).show()
ratio_parameters = parameters["AlexNet"] / parameters["NiN"]

# %% small
variants = {
    "average": small_nin(16),
    "dense head": small_nin(16, average=False),
    "no 1 × 1": small_nin(21, ones=0),
}
count = {name: parameter_count(model) for name, model in variants.items()}
Table(
    ["network", "parameters:,", "multiplications, 10³:,.0f"],
    [
        [name, count[name], multiplications(model, (1, 1, 28, 28)) / 1000]
        for name, model in variants.items()
    ],
).show()
ratio_head = count["dense head"] / count["average"]
