"""DenseNet: each layer sees the maps of all layers before it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlnotes.initialize import kaiming, redraw
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.nin import average_head


def dense_layer(
    channels_in: int, growth: int, bottleneck: bool = True
) -> nn.Sequential:
    """Make `growth` new maps: normalize, ReLU, convolve.

    A bottleneck brings the maps down to 4 · growth before the 3 × 3
    convolution.
    """
    layers = nn.Sequential()
    C = channels_in
    if bottleneck:
        C = 4 * growth
        layers.append(nn.BatchNorm2d(channels_in))
        layers.append(nn.ReLU())
        layers.append(nn.Conv2d(channels_in, C, 1, bias=False))
    layers.append(nn.BatchNorm2d(C))
    layers.append(nn.ReLU())
    layers.append(nn.Conv2d(C, growth, 3, padding=1, bias=False))
    return layers  # (B, channels_in, H, W) -> (B, growth, H, W)


class DenseBlock(nn.Module):
    """Append the maps of each layer to those that it saw.

    It maps (B, C, H, W) to (B, C + layers · growth, H, W), whose first C
    maps are those that entered.

    Source: Huang, Liu, van der Maaten and Weinberger, Densely connected
    convolutional networks, 2017, eq. 2.
    """

    def __init__(
        self,
        channels_in: int,
        layers: int,
        growth: int,
        bottleneck: bool = True,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            dense_layer(channels_in + n * growth, growth, bottleneck)
            for n in range(layers)
        )

    def forward(self, X: Tensor) -> Tensor:
        """Concatenate X and the maps of each layer, in order."""
        for layer in self.layers:
            new = layer(X)  # (B, growth, H, W)
            X = torch.cat((X, new), dim=1)  # (B, C + growth, H, W)
        return X


class Transition(nn.Sequential):
    """Mix the maps into fewer and halve their size, between two blocks."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__(
            nn.BatchNorm2d(channels_in),
            nn.ReLU(),
            nn.Conv2d(channels_in, channels, 1, bias=False),
            nn.AvgPool2d(2),  # (B, channels, H // 2, W // 2)
        )


def densenet(
    stem: nn.Module,
    channels: int,
    blocks: Sequence[int],
    growth: int,
    classes: int,
    compression: float = 0.5,
    bottleneck: bool = True,
) -> Classifier:
    """Build a DenseNet on a stem that ends with so many channels.

    `blocks` lists the layers of each dense block, and `compression` is the
    share of maps that a transition keeps (the paper's θ). Weights start
    from `kaiming`, as in the paper.
    """
    features = nn.Sequential()
    features.add_module("stem", stem)
    C = channels
    for n, layers in enumerate(blocks):
        if n > 0:
            kept = int(C * compression)
            features.add_module(f"transition{n}", Transition(C, kept))
            C = kept
        block = DenseBlock(C, layers, growth, bottleneck)
        features.add_module(f"block{n + 1}", block)
        C += layers * growth
    features.extend([nn.BatchNorm2d(C), nn.ReLU()])
    head = average_head().append(nn.Linear(C, classes))
    model = Classifier(features, head)
    redraw(model, kaiming)
    return model


def densenet121(channels: int = 3, classes: int = 1000) -> Classifier:
    """Build DenseNet-121 (table 1), with 7,978,856 parameters."""
    stem = nn.Sequential(
        nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),  # (B, 64, H / 4, W / 4)
    )
    return densenet(stem, 64, (6, 12, 24, 16), 32, classes)


def small_densenet(
    growth: int = 12,
    blocks: Sequence[int] = (2, 2, 2),
    channels: int = 1,
    classes: int = 10,
    compression: float = 0.5,
    bottleneck: bool = False,
    stride: int = 2,
) -> Classifier:
    """Build a DenseNet for images of 28 × 28, with 19,362 parameters.

    Its stem is a 3 × 3 convolution with this stride and 16 channels, as
    in the paper for CIFAR-10, where the stride is 1.
    """
    stem = nn.Conv2d(channels, 16, 3, stride, padding=1, bias=False)
    return densenet(stem, 16, blocks, growth, classes, compression, bottleneck)
