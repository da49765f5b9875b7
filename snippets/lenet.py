"""Digits in clutter, and the layers of LeNet-5."""

# %% imports
import matplotlib.pyplot as plt
import torch

from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes, load_scenes
from dlnotes.plot import gallery, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet
from dlnotes.vision.shapes import layer_shapes, multiplications

use_style()
seed_everything(0)

# %% data
scenes = load_scenes()
for name, part in zip(("train", "validation", "test"), scenes, strict=True):
    print(f"{name:10}", tuple(part.images.shape), tuple(part.y.shape))
X = scenes.train.X
mean, deviation = X.mean().item(), X.std().item()
print(f"grey values: mean {mean:.3f}, standard deviation {deviation:.3f}")
print("of each class in train:", *torch.bincount(scenes.train.y).tolist())

# %% samples
y = scenes.train.y
first = torch.tensor([(y == n).nonzero()[0, 0] for n in range(10)])
fig, ax = plt.subplots(figsize=(4.8, 2.4))
names = [str(label) for label in y[first].tolist()]
gallery(ax, scenes.train.images[first, 0].numpy(), names, columns=5)
show()

# %% steps
digits = load_digits().train
stages = {
    "centred": draw_scenes(digits, 3, seed=9, pieces=0, spread=0.0),
    "anywhere": draw_scenes(digits, 3, seed=9, pieces=0),
    "in clutter": draw_scenes(digits, 3, seed=9),
}
fig, axes = plt.subplots(3, figsize=(3.6, 3.6))
for ax, (name, found) in zip(axes, stages.items(), strict=True):
    gallery(ax, found.canvases.images[:, 0].numpy(), columns=3)
    ax.text(-3, 14, name, ha="right", va="center")
show()

# %% shapes
model = lenet()
names = ["C1", "", "S2", "C3", "", "S4", "", "C5", "", "F6", "", "output"]
layers = layer_shapes(model, (1, 1, 28, 28))
Table(
    ["layer", "kind", "shape", "parameters"],
    [
        [name, row.kind, str(row.shape[1:]), row.parameters]
        for name, row in zip(names, layers, strict=True)
    ],
).show()
parameter_count = sum(row.parameters for row in layers)
product_count = multiplications(model, (1, 1, 28, 28))
print(f"{parameter_count:,} parameters, {product_count:,} multiplications")

# %% by-hand
by_hand = {
    "C1": 6 * (1 * 5 * 5 + 1),
    "C3": 16 * (6 * 5 * 5 + 1),
    "C5": 120 * (16 * 5 * 5 + 1),
    "F6": 84 * (120 + 1),
    "output": 10 * (84 + 1),
}
print(" + ".join(f"{n:,}" for n in by_hand.values()), end=" = ")
print(f"{sum(by_hand.values()):,}")
parameter_dense = (28 * 28 + 1) * 6 * 28 * 28
parameter_local = (5 * 5 + 1) * 6 * 28 * 28
print(f"a dense layer with as many outputs as C1: {parameter_dense:,}")
print(f"windows with weights of their own: {parameter_local:,}")

# %% paper
seen = {3: 6, 4: 9, 6: 1}  # maps of C3 that see 3, 4 and all 6 of S2
paper = {
    "C1": by_hand["C1"],
    "S2": 6 * 2,
    "C3": sum(count * (25 * maps + 1) for maps, count in seen.items()),
    "S4": 16 * 2,
    "C5": by_hand["C5"],
    "F6": by_hand["F6"],
}
parameter_paper = sum(paper.values())
print(paper, f"together {parameter_paper:,}")
first_network = {  # kernels are shared, biases are not
    "H1": 12 * 5 * 5 + 12 * 8 * 8,
    "H2": 12 * (8 * 5 * 5) + 12 * 4 * 4,
    "H3": 30 * (12 * 4 * 4 + 1),
    "output": 10 * (30 + 1),
}
parameter_1989 = sum(first_network.values())
print(first_network, f"together {parameter_1989:,}")
