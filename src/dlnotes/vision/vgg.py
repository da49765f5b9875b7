"""VGG: blocks of small convolutions, each block at half the resolution."""

from collections.abc import Sequence

from torch import nn

from dlnotes.initialize import kaiming, redraw
from dlnotes.vision.alexnet import dense_head
from dlnotes.vision.classifier import Classifier

# Columns A and D of the paper's table 1: convolutions and channels by block.
VGG11 = ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))
VGG16 = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
SMALL = ((1, 8), (1, 16), (2, 32), (2, 64))


def vgg_block(
    convs: int,
    channels_in: int,
    channels: int,
    batch_norm: bool = False,
    kernel: int = 3,
) -> nn.Sequential:
    """Stack convolutions that keep the size, then halve it: a VGG block.

    It maps (B, channels_in, H, W) to (B, channels, H // 2, W // 2).
    """
    layers: list[nn.Module] = []
    for n in range(convs):
        C = channels if n else channels_in
        size = (kernel, 1, kernel // 2)
        layers.append(nn.Conv2d(C, channels, *size, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm2d(channels))
        layers.append(nn.ReLU())  # (B, channels, H, W)
    layers.append(nn.MaxPool2d(2))  # (B, channels, H // 2, W // 2)
    return nn.Sequential(*layers)


def vgg_features(
    stages: Sequence[tuple[int, int]],
    channels: int,
    batch_norm: bool = False,
    kernel: int = 3,
) -> nn.Sequential:
    """Stack a VGG block for each stage, given as (convolutions, channels)."""
    blocks = nn.Sequential()
    for n, (convs, width) in enumerate(stages):
        block = vgg_block(convs, channels, width, batch_norm, kernel)
        blocks.add_module(f"block{n + 1}", block)
        channels = width
    return blocks


def vgg(
    stages: Sequence[tuple[int, int]],
    channels: int = 3,
    classes: int = 1000,
    dropout: float = 0.5,
) -> Classifier:
    """Build a VGG for images of 224 × 224.

    Its weights start from `kaiming`. The authors, who did not have it,
    took the first layers of a deep network from a trained shallow one.

    Source: Simonyan and Zisserman, Very deep convolutional networks for
    large-scale image recognition, 2015, table 1.
    """
    features = vgg_features(stages, channels)
    head = dense_head(stages[-1][1], 7, 4096, classes, nn.ReLU, dropout)
    model = Classifier(features, head)
    redraw(model, kaiming)
    return model


def vgg11(channels: int = 3, classes: int = 1000) -> Classifier:
    """Build the paper's column A, with 132,863,336 parameters."""
    return vgg(VGG11, channels, classes)


def vgg16(channels: int = 3, classes: int = 1000) -> Classifier:
    """Build the paper's column D, with 138,357,544 parameters."""
    return vgg(VGG16, channels, classes)


def small_vgg(
    stages: Sequence[tuple[int, int]] = SMALL,
    channels: int = 1,
    classes: int = 10,
    batch_norm: bool = False,
    kernel: int = 3,
) -> Classifier:
    """Build a VGG for images of 28 × 28, with 96,682 parameters.

    Without batch norm it needs `kaiming` to train, with which it starts;
    with it, it has 96,898 parameters, and no biases in convolutions.
    """
    features = vgg_features(stages, channels, batch_norm, kernel)
    head = dense_head(stages[-1][1], 1, 128, classes, nn.ReLU, 0.0)
    model = Classifier(features, head)
    redraw(model, kaiming)
    return model
