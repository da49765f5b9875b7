"""Follow an image through AlexNet: shapes, parameters, multiplications."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torchvision.models import alexnet as torchvision_alexnet

from dlnotes.plot import show, use_style
from dlnotes.receptive import parameter_count
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.vision.alexnet import alexnet
from dlnotes.vision.shapes import layer_shapes

use_style()
seed_everything(0)

# %% shapes
with torch.device("meta"):  # shapes, and no numbers
    model = alexnet()
rows = layer_shapes(model, (1, 3, 224, 224))
kept = [row for row in rows if row.parameters or "Pool" in row.kind]
order = "conv 1, pooling, conv 2, pooling, conv 3, conv 4, conv 5, pooling"
names = [*order.split(", "), "average", "dense 1", "dense 2", "dense 3"]
Table(
    ["layer", "module", "shape of its output", "parameters:,"],
    [
        [name, row.name, " × ".join(map(str, row.shape[1:])), row.parameters]
        for name, row in zip(names, kept, strict=True)
    ],
).show()


# %% towers
with torch.device("meta"):
    models = {
        "the paper’s, two towers": alexnet(towers=2),
        "one tower": alexnet(),
        "torchvision’s": torchvision_alexnet(),
    }
parameters = {name: parameter_count(model) for name, model in models.items()}
for name, number in parameters.items():
    print(f"{name:24} {number:>10,}")

# %% stem
number_paper = (224 - 11) / 4 + 1
number_227 = (227 - 11) // 4 + 1
number_padded = (224 + 2 * 2 - 11) // 4 + 1
print("224, no padding:", number_paper)
print("227, no padding:", number_227)
print("224, padding 2: ", number_padded)

# %% spent
weighted = [row for row in kept if row.parameters]
labels = [name for name in names if name not in ("pooling", "average")]
work = []
for row in weighted:
    weights = model.get_submodule(row.name).weight.numel()
    places = row.shape[2] * row.shape[3] if len(row.shape) == 4 else 1
    work.append(weights * places)  # each weight once for each place
share_parameters = [
    row.parameters / parameters["one tower"] for row in weighted
]
share_work = [product / sum(work) for product in work]
share_dense = sum(share_parameters[5:])
share_convolutions = sum(share_work[:5])
product_count = sum(work)

# %% spent-figure
places = torch.arange(len(labels)).numpy()
fig, ax = plt.subplots(figsize=(4.6, 3.0))
ax.barh(places - 0.2, share_parameters, 0.4, color="C0", label="parameters")
ax.barh(places + 0.2, share_work, 0.4, color="C1", label="multiplications")
ax.set_yticks(places, labels)
ax.invert_yaxis()
ax.set(xlabel="share in the network")
ax.legend(loc="center right")
show()
