"""Network in network: a small dense network at each pixel of a layer."""

from collections.abc import Sequence

from torch import nn

from dlnotes.vision.classifier import Classifier


def nin_block(
    channels_in: int,
    widths: Sequence[int],
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    batch_norm: bool = False,
) -> nn.Sequential:
    """Stack a convolution and 1 × 1 convolutions: an NiN block.

    `widths` are the channels of each. The convolutions after the first
    are dense layers that every pixel passes through by itself; with one
    width alone the block is a plain convolution.
    """
    layers: list[nn.Module] = []
    for n, width in enumerate(widths):
        size = (kernel, stride, padding) if n == 0 else (1, 1, 0)
        layers.append(
            nn.Conv2d(channels_in, width, *size, bias=not batch_norm)
        )
        if batch_norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU())
        channels_in = width
    return nn.Sequential(*layers)


def average_head() -> nn.Sequential:
    """Average each of K maps over the image: (B, K, H, W) to (B, K)."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def nin(channels: int = 3, classes: int = 1000) -> Classifier:
    """Build the NiN for images of 224 × 224, with 7,439,608 parameters.

    The paper has tables for small images only; this is the common larger
    version, with the kernels of AlexNet.

    Source: Lin, Chen and Yan, Network in network, 2014.
    """
    features = nn.Sequential(
        nin_block(channels, (96, 96, 96), 11, stride=4),  # (B, 96, 54, 54)
        nn.MaxPool2d(3, stride=2),  # (B, 96, 26, 26)
        nin_block(96, (256, 256, 256), 5, padding=2),
        nn.MaxPool2d(3, stride=2),  # (B, 256, 12, 12)
        nin_block(256, (384, 384, 384), 3, padding=1),
        nn.MaxPool2d(3, stride=2),  # (B, 384, 5, 5)
        nn.Dropout(0.5),
        nin_block(384, (classes, classes, classes), 3, padding=1),
    )
    return Classifier(features, average_head())


def cifar_nin(channels: int = 3, classes: int = 10) -> Classifier:
    """Build the NiN for images of 32 × 32, with 966,986 parameters.

    Source: Lin, Chen and Yan, Network in network, 2014, section 4.
    """
    features = nn.Sequential(
        nin_block(channels, (192, 160, 96), 5, padding=2),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),  # (B, 96, 16, 16)
        nn.Dropout(0.5),
        nin_block(96, (192, 192, 192), 5, padding=2),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),  # (B, 192, 8, 8)
        nn.Dropout(0.5),
        nin_block(192, (192, 192, classes), 3, padding=1),  # (B, K, 8, 8)
    )
    return Classifier(features, average_head())


def small_nin(
    width: int = 24,
    channels: int = 1,
    classes: int = 10,
    batch_norm: bool = True,
    stride: int = 2,
    ones: int = 2,
    average: bool = True,
) -> Classifier:
    """Build an NiN for images of 28 × 28, with 59,314 parameters.

    Nothing follows the last convolution, so that logits may be negative.

    Args:
        width: channels of the first block; the others have twice as many.
        channels: of the images.
        classes: K, the number of logits.
        batch_norm: whether batch normalization stands before each ReLU.
        stride: of the first convolution.
        ones: how many 1 × 1 convolutions a block has; the last of the
            third block is the one that makes the K maps.
        average: whether the K maps are averaged, or 2 · width maps enter
            a dense layer of 128 units and one of K.
    """

    def stack(C: int, C_out: int, kernel: int, stride: int) -> nn.Sequential:
        widths = [C_out] * (1 + ones)
        return nin_block(C, widths, kernel, stride, kernel // 2, batch_norm)

    C, first = 2 * width, stack(channels, width, 5, stride)
    pool, again = (nn.MaxPool2d(3, stride=2, padding=1) for _ in range(2))
    features = nn.Sequential(first, pool, stack(width, C, 5, 1), again)
    if not average:
        features.append(stack(C, C, 3, 1))
        head = flat_head(C, -(-28 // (4 * stride)), classes)
        return Classifier(features, head, side=28)
    last = nin_block(C, [C] * ones, 3, padding=1, batch_norm=batch_norm)
    kernel = 1 if ones else 3
    last.append(nn.Conv2d(C, classes, kernel, padding=kernel // 2))
    return Classifier(features.append(last), average_head())


def flat_head(C: int, side: int, classes: int) -> nn.Sequential:
    """Turn maps (B, C, side, side) into logits with two dense layers."""
    flat = nn.Linear(C * side**2, 128)
    return nn.Sequential(
        nn.Flatten(), flat, nn.ReLU(), nn.Linear(128, classes)
    )
