"""AlexNet: five convolutions, three dense layers, ReLU and dropout."""

from collections.abc import Callable, Sequence

from torch import nn

from dlnotes.initialize import kaiming, redraw
from dlnotes.vision.classifier import Classifier

ONE_TOWER = (64, 192, 384, 256, 256)  # channels of the five convolutions
TWO_TOWERS = (96, 256, 384, 384, 256)


def alexnet_features(
    stem: nn.Conv2d,
    widths: Sequence[int],
    activation: Callable[[], nn.Module],
    towers: int = 1,
) -> nn.Sequential:
    """Stack AlexNet's convolutions; `widths` are the channels of all five.

    The stem is the first of them. With two towers, each of the second,
    fourth and fifth convolutions sees the maps of its own half only.
    """
    C1, C2, C3, C4, C5 = widths
    return nn.Sequential(
        stem,
        activation(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(C1, C2, 5, padding=2, groups=towers),
        activation(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(C2, C3, 3, padding=1),
        activation(),
        nn.Conv2d(C3, C4, 3, padding=1, groups=towers),
        activation(),
        nn.Conv2d(C4, C5, 3, padding=1, groups=towers),
        activation(),
        nn.MaxPool2d(3, stride=2),
    )


def dense_head(
    channels: int,
    side: int,
    hidden: int,
    classes: int,
    activation: Callable[[], nn.Module],
    dropout: float,
) -> nn.Sequential:
    """Put three dense layers on maps that are averaged to side × side."""
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(side),  # (B, C, side, side)
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(channels * side**2, hidden),
        activation(),
        nn.Dropout(dropout),
        nn.Linear(hidden, hidden),
        activation(),
        nn.Linear(hidden, classes),  # (B, K)
    )


def alexnet(
    channels: int = 3,
    classes: int = 1000,
    towers: int = 1,
    activation: Callable[[], nn.Module] = nn.ReLU,
    dropout: float = 0.5,
) -> Classifier:
    """Build AlexNet for images of 224 × 224.

    With one tower it is torchvision's, with 61,100,840 parameters, whose
    widths are those of Krizhevsky's code of 2014 for one GPU. With two it
    is the paper's, whose halves ran on a GPU each, with 60,965,224.
    Neither has the paper's local response normalization, which has no
    parameters.

    Source: Krizhevsky, Sutskever and Hinton, ImageNet classification with
    deep convolutional neural networks, 2012, section 3.5.
    """
    widths = ONE_TOWER if towers == 1 else TWO_TOWERS
    stem = nn.Conv2d(channels, widths[0], 11, stride=4, padding=2)
    features = alexnet_features(stem, widths, activation, towers)
    head = dense_head(widths[-1], 6, 4096, classes, activation, dropout)
    return Classifier(features, head)


def small_alexnet(
    width: int = 16,
    channels: int = 1,
    classes: int = 10,
    activation: Callable[[], nn.Module] = nn.ReLU,
    dropout: float = 0.0,
) -> Classifier:
    """Build an AlexNet for images of 28 × 28; `width` sets all channels.

    Its stem has kernels of 5 × 5 at stride 1, its hidden dense layers
    16 · width units; with a width of 16 it has 197,994 parameters. Weights
    start from `kaiming`, for ReLU: `redraw` them for another activation.
    """
    widths = [width * ratio for ratio in (1, 2, 4, 3, 3)]
    stem = nn.Conv2d(channels, widths[0], 5, padding=2)
    features = alexnet_features(stem, widths, activation)
    hidden = 16 * width
    head = dense_head(widths[-1], 2, hidden, classes, activation, dropout)
    model = Classifier(features, head)
    redraw(model, kaiming)
    return model
