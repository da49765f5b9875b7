"""GoogLeNet: several kernel sizes side by side in each layer."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlnotes.vision.classifier import Classifier
from dlnotes.vision.nin import average_head

# Table 1 of the paper: 1×1, 3×3 after a reduction, 5×5 after a reduction,
# and 1×1 after pooling. Pools stand before 4a and 5a.
INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def conv_relu(
    channels_in: int,
    channels: int,
    kernel: int,
    stride: int = 1,
    batch_norm: bool = False,
) -> nn.Sequential:
    """Convolve, normalize if asked, and apply ReLU."""
    size = (kernel, stride, kernel // 2)
    layers = nn.Sequential(
        nn.Conv2d(channels_in, channels, *size, bias=not batch_norm)
    )
    if batch_norm:
        layers.append(nn.BatchNorm2d(channels, eps=1e-3))  # torchvision's
    layers.append(nn.ReLU())
    return layers


def branch(
    channels_in: int, reduce: int, width: int, kernel: int, batch_norm: bool
) -> nn.Sequential:
    """Convolve, after a 1 × 1 convolution to `reduce` maps, if any."""
    layers = nn.Sequential()
    if reduce:
        layers.append(conv_relu(channels_in, reduce, 1, batch_norm=batch_norm))
        channels_in = reduce
    return layers.append(
        conv_relu(channels_in, width, kernel, batch_norm=batch_norm)
    )


class Inception(nn.Module):
    """Run up to four branches on the same maps and concatenate the results.

    It maps (B, channels_in, H, W) to (B, channels, H, W), where `channels`
    is the sum of the branches' widths.

    Args:
        channels_in: of the maps that enter.
        widths: of the 1 × 1 branch; of the reduction by a 1 × 1
            convolution and of the 3 × 3 branch; of the reduction and of
            the 5 × 5 branch; of the 1 × 1 convolution after pooling. A
            branch of width 0 is left out, and a reduction of width 0 too.
        batch_norm: whether batch normalization stands before each ReLU.
        kernel: of the third branch.

    Source: Szegedy et al., Going deeper with convolutions, 2015, figure 2.
    """

    def __init__(
        self,
        channels_in: int,
        widths: Sequence[int],
        batch_norm: bool = False,
        kernel: int = 5,
    ) -> None:
        super().__init__()
        ones, reduce3, threes, reduce5, fives, pooled = widths
        self.channels = ones + threes + fives + pooled
        self.branches = nn.ModuleList()
        for width, reduce, size in (
            (ones, 0, 1),
            (threes, reduce3, 3),
            (fives, reduce5, kernel),
        ):
            if width:
                args = (channels_in, reduce, width, size, batch_norm)
                self.branches.append(branch(*args))
        if pooled:
            pool = nn.MaxPool2d(3, stride=1, padding=1)
            last = conv_relu(channels_in, pooled, 1, batch_norm=batch_norm)
            self.branches.append(nn.Sequential(pool, last))

    def forward(self, X: Tensor) -> Tensor:
        """Return the maps of all branches, (B, channels, H, W)."""
        maps = [branch(X) for branch in self.branches]  # (B, width, H, W)
        return torch.cat(maps, dim=1)


def googlenet(
    channels: int = 3,
    classes: int = 1000,
    batch_norm: bool = False,
    kernel: int = 5,
    last_pool: int = 3,
) -> Classifier:
    """Build GoogLeNet for images of 224 × 224, with 6,998,552 parameters.

    Left out are its two auxiliary classifiers, which gave lower layers a
    gradient in training and are not used afterwards, and local response
    normalization, which has no parameters. With batch norm, a kernel of 3
    in the 5 × 5 branches and a last pooling over 2 × 2 it is torchvision's
    with `aux_logits=False`: 6,624,904 parameters.

    Source: Szegedy et al., Going deeper with convolutions, 2015, table 1.
    """
    features = nn.Sequential(
        conv_relu(channels, 64, 7, 2, batch_norm),  # (B, 64, 112, 112)
        nn.MaxPool2d(3, stride=2, ceil_mode=True),  # (B, 64, 56, 56)
        conv_relu(64, 64, 1, 1, batch_norm),
        conv_relu(64, 192, 3, 1, batch_norm),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),  # (B, 192, 28, 28)
    )
    pools = {"4a": 3, "5a": last_pool}
    C = 192
    for name, widths in INCEPTION.items():
        if name in pools:  # to (B, C, 14, 14), then (B, C, 7, 7)
            size = pools[name]
            features.append(nn.MaxPool2d(size, stride=2, ceil_mode=True))
        block = Inception(C, widths, batch_norm, kernel)
        features.add_module(name, block)
        C = block.channels
    last = [nn.Dropout(0.4), nn.Linear(C, classes)]
    return Classifier(features, average_head().extend(last))


def small_googlenet(
    divide: int = 8,
    channels: int = 1,
    classes: int = 10,
    batch_norm: bool = True,
    blocks: Sequence[Sequence[int]] = (),
) -> Classifier:
    """Build a GoogLeNet for images of 28 × 28, with 24,704 parameters.

    It has the blocks 3a, 3b, 4a and 4b of the paper, all widths divided.

    Args:
        divide: by what the paper's widths are divided.
        channels: of the images.
        classes: K, the number of logits.
        batch_norm: whether batch normalization stands before each ReLU.
        blocks: lists of widths for `Inception`, instead of those; with
            more than two, a pooling stands before the third.
    """
    names = ("3a", "3b", "4a", "4b")
    blocks = blocks or [[w // divide for w in INCEPTION[n]] for n in names]
    C = 192 // divide
    features = nn.Sequential(
        conv_relu(channels, 64 // divide, 5, 2, batch_norm),  # (B, 8, 14, 14)
        nn.MaxPool2d(3, stride=2, padding=1),  # (B, 8, 7, 7)
        conv_relu(64 // divide, C, 3, 1, batch_norm),  # (B, 24, 7, 7)
    )
    for n, widths in enumerate(blocks):
        if n == 2:
            features.append(nn.MaxPool2d(3, stride=2, padding=1))  # 4 × 4
        block = Inception(C, widths, batch_norm)
        features.append(block)
        C = block.channels
    head = average_head().append(nn.Linear(C, classes))
    return Classifier(features, head)
