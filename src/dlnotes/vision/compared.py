"""One network of each kind, reduced to images of 28 × 28, to be compared."""

from collections.abc import Callable
from functools import partial

from torch import nn

from dlnotes.mlp import MLP
from dlnotes.vision.alexnet import small_alexnet
from dlnotes.vision.densenet import small_densenet
from dlnotes.vision.googlenet import small_googlenet
from dlnotes.vision.lenet import lenet
from dlnotes.vision.nin import small_nin
from dlnotes.vision.resnet import small_resnet
from dlnotes.vision.vgg import small_vgg

BLOCKS = ((8, 12, 16, 2, 4, 4), (16, 16, 24, 4, 12, 8))


def flat_mlp() -> nn.Sequential:
    """Build an MLP for images (B, 1, 28, 28), with 235,146 parameters."""
    return nn.Sequential(nn.Flatten(), MLP([28**2, 256, 128, 10]))


COMPARED: dict[str, Callable[[], nn.Module]] = {
    "MLP": flat_mlp,
    "LeNet": partial(lenet, nn.ReLU, nn.MaxPool2d),
    "AlexNet": partial(small_alexnet, width=8, dropout=0.0),
    "VGG": partial(small_vgg, batch_norm=True),
    "NiN": partial(small_nin, width=16),
    "GoogLeNet": partial(small_googlenet, blocks=BLOCKS),
    "ResNet": partial(small_resnet, depth=8, width=8),
    "DenseNet": partial(small_densenet, growth=8),
}
