"""Five networks that learned centred digits, and digits that have moved."""

# %% imports
import matplotlib.pyplot as plt
from torch import nn
from torch.nn.functional import pad
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import draw_scenes
from dlnotes.mlp import MLP
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet
from dlnotes.vision.nin import small_nin
from dlnotes.vision.resnet import small_resnet

use_style()
digits = load_digits()
centred = dict(sizes=(8, 12), pieces=0, spread=0)
images = draw_scenes(digits.train, 1000, seed=0, **centred).canvases
test = draw_scenes(digits.test, 250, seed=2, **centred).canvases


# %% moved
def moved(images: ImageSet, down: int, right: int) -> ImageSet:
    """Move all images by whole pixels; what enters is black."""
    edges = (right, -right, down, -down)  # negative: cut off
    return ImageSet(pad(images.images, edges).flatten(1), images.y)


def accuracy_moved(model: nn.Module, pixels: int) -> float:
    ways = ((0, 1), (1, 0))  # to the right, down
    sets = [moved(test, pixels * a, pixels * b) for a, b in ways]
    return sum(score(model, shown) for shown in sets) / len(sets)


# %% train
networks = {  # how it is built, its rate, epochs
    "MLP": (lambda: nn.Sequential(nn.Flatten(), MLP([784, 128, 10])), 0.3, 12),
    "LeNet": (lambda: lenet(nn.ReLU, nn.MaxPool2d), 0.3, 12),
    "NiN, dense head": (lambda: small_nin(16, average=False), 0.1, 4),
    "ResNet-8": (lambda: small_resnet(8, 8), 0.3, 4),
    "NiN": (lambda: small_nin(16), 0.3, 4),
}
PIXELS = range(9)
accuracy = {}
for name, (build, rate, epochs) in networks.items():
    accuracy[name] = []
    for seed in range(3):
        seed_everything(seed)
        model = build()
        optimizer = SGD(model.parameters(), lr=rate)
        fit(model, images, optimizer, epochs, batch_size=32)
        found = [accuracy_moved(model, pixels) for pixels in PIXELS]
        accuracy[name].append(found)

# %% figure
mean = {
    name: [sum(found) / 3 for found in zip(*runs, strict=True)]
    for name, runs in accuracy.items()
}
fig, ax = plt.subplots(figsize=(4.8, 3.6))
curves(ax, PIXELS, mean)
ax.set(xlabel="moved by (pixels)", ylabel="test accuracy", ylim=(0, 1))
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
show()

# %% table
shown = (0, 1, 2, 4, 6, 8)
rows = [
    [name, *(found[pixels] for pixels in shown)]
    for name, found in mean.items()
]
Table(["network", *(f"{p} px:.2f" for p in shown)], rows).show()

# %% quoted
accuracy_mlp = mean["MLP"][4]
accuracy_resnet_0, *_, accuracy_resnet_8 = mean["ResNet-8"]
accuracy_resnet_4 = mean["ResNet-8"][4]
accuracy_nin_2, _, accuracy_nin_4 = mean["NiN"][2:5]
