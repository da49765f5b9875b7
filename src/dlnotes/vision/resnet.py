"""ResNet: each block adds what it computes to what entered it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlnotes.initialize import kaiming, redraw
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.nin import average_head


def conv(
    channels_in: int,
    channels: int,
    kernel: int,
    stride: int = 1,
    batch_norm: bool = True,
) -> nn.Sequential:
    """Convolve and normalize; at stride 1 the size of the maps stays."""
    size = (kernel, stride, kernel // 2)
    first = nn.Conv2d(channels_in, channels, *size, bias=not batch_norm)
    layers = nn.Sequential(first)
    if batch_norm:
        layers.append(nn.BatchNorm2d(channels))
    return layers


def shortcut(
    channels_in: int, channels: int, stride: int, batch_norm: bool
) -> nn.Module:
    """Bring a block's input to the shape of its output.

    If need be it drops pixels, and convolves 1 × 1 (the paper's option B).
    """
    if stride == 1 and channels_in == channels:
        return nn.Identity()
    mix = conv(channels_in, channels, 1, 1, batch_norm)
    return nn.Sequential(nn.AvgPool2d(1, stride), *mix)


class Residual(nn.Module):
    """Two 3 × 3 convolutions and a shortcut: the basic residual block.

    It maps (B, channels_in, H, W) to (B, width, H / stride, W / stride).

    Args:
        channels_in: of the maps that enter.
        width: channels of the convolutions.
        stride: of the first convolution.
        residual: False leaves the shortcut out: a plain block.
        batch_norm: whether batch normalization follows convolutions.

    Source: He, Zhang, Ren and Sun, Deep residual learning for image
    recognition, 2016, figure 5, left.
    """

    expansion = 1  # channels that leave, in widths

    def __init__(
        self,
        channels_in: int,
        width: int,
        stride: int = 1,
        residual: bool = True,
        batch_norm: bool = True,
    ) -> None:
        super().__init__()
        self.conv1 = conv(channels_in, width, 3, stride, batch_norm)
        self.conv2 = conv(width, width, 3, 1, batch_norm)
        self.shortcut: nn.Module | None = None
        if residual:
            self.shortcut = shortcut(channels_in, width, stride, batch_norm)

    def forward(self, X: Tensor) -> Tensor:
        """Return relu(F(X) + X), or relu(F(X)) in a plain block."""
        identity = X  # (B, C_in, H, W)
        X = torch.relu(self.conv1(X))  # (B, C, H', W')
        X = self.conv2(X)
        if self.shortcut is not None:
            X = X + self.shortcut(identity)
        return torch.relu(X)


class Bottleneck(nn.Module):
    """Convolve few channels, between two 1 × 1 layers, and a shortcut.

    It maps (B, channels_in, H, W) to (B, 4 width, H / stride, W / stride)
    and is built as `Residual` is (figure 5, right). The stride is the 3 × 3
    convolution's, as in torchvision; in the paper it is that of the first
    1 × 1 layer, which then skips three pixels of four.
    """

    expansion = 4

    def __init__(
        self,
        channels_in: int,
        width: int,
        stride: int = 1,
        residual: bool = True,
        batch_norm: bool = True,
    ) -> None:
        super().__init__()
        self.conv1 = conv(channels_in, width, 1, 1, batch_norm)
        self.conv2 = conv(width, width, 3, stride, batch_norm)
        self.conv3 = conv(width, 4 * width, 1, 1, batch_norm)
        self.shortcut: nn.Module | None = None
        if residual:
            out = 4 * width
            self.shortcut = shortcut(channels_in, out, stride, batch_norm)

    def forward(self, X: Tensor) -> Tensor:
        """Return relu(F(X) + X), or relu(F(X)) in a plain block."""
        identity = X  # (B, C_in, H, W)
        X = torch.relu(self.conv1(X))  # (B, C, H, W)
        X = torch.relu(self.conv2(X))  # (B, C, H', W')
        X = self.conv3(X)  # (B, 4 C, H', W')
        if self.shortcut is not None:
            X = X + self.shortcut(identity)
        return torch.relu(X)


def resnet(
    stem: nn.Module,
    block: type[Residual | Bottleneck],
    depths: Sequence[int],
    width: int = 64,
    classes: int = 1000,
    residual: bool = True,
    batch_norm: bool = True,
) -> Classifier:
    """Build a ResNet on a stem that ends with `width` channels.

    Stage i, from 0, has depths[i] blocks of 2**i · width channels; all but
    the first halve the maps. Weights start from `kaiming`, as the paper's.
    """
    features = nn.Sequential()
    features.add_module("stem", stem)
    C = width
    for i, depth in enumerate(depths):
        stage = nn.Sequential()
        for n in range(depth):
            stride = 2 if i > 0 and n == 0 else 1
            stage.append(block(C, width * 2**i, stride, residual, batch_norm))
            C = width * 2**i * block.expansion
        features.add_module(f"stage{i + 1}", stage)
    head = average_head().append(nn.Linear(C, classes))
    model = Classifier(features, head)
    redraw(model, kaiming)
    return model


def large_stem(channels: int) -> nn.Sequential:
    """Bring images (B, C, H, W) to maps (B, 64, H / 4, W / 4)."""
    pool = nn.MaxPool2d(3, stride=2, padding=1)
    return nn.Sequential(conv(channels, 64, 7, 2), nn.ReLU(), pool)


def resnet18(channels: int = 3, classes: int = 1000) -> Classifier:
    """Build ResNet-18 (table 1), with 11,689,512 parameters."""
    depths = (2, 2, 2, 2)
    return resnet(large_stem(channels), Residual, depths, classes=classes)


def resnet50(channels: int = 3, classes: int = 1000) -> Classifier:
    """Build ResNet-50 (table 1), with 25,557,032 parameters."""
    stem = large_stem(channels)
    return resnet(stem, Bottleneck, (3, 4, 6, 3), classes=classes)


def small_resnet(
    depth: int = 8,
    width: int = 16,
    channels: int = 1,
    classes: int = 10,
    residual: bool = True,
    batch_norm: bool = True,
    stride: int = 2,
) -> Classifier:
    """Build a ResNet for small images of `depth` = 6n + 2 layers.

    The stem is a 3 × 3 convolution with this stride, and three stages of n
    blocks follow. At stride 1 and width 16, on three channels, it is the
    paper's for CIFAR-10 (section 4.2), but with 1 × 1 convolutions in two
    shortcuts: 272,474 parameters at depth 20, 269,722 without them.

    Raises:
        ValueError: the depth is not 6n + 2.
    """
    n, rest = divmod(depth - 2, 6)
    if n < 1 or rest:
        raise ValueError(
            f"a depth of {depth}: it must be 6n + 2, such as 8, 14 or 20"
        )
    stem = nn.Sequential(
        conv(channels, width, 3, stride, batch_norm), nn.ReLU()
    )
    made = width, classes, residual, batch_norm
    return resnet(stem, Residual, (n, n, n), *made)
