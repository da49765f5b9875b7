"""LeNet-5: convolution, pooling, twice, and dense layers on top."""

from collections.abc import Callable

from torch import nn

from dlnotes.vision.classifier import Classifier


def lenet(
    activation: Callable[[], nn.Module] = nn.Tanh,
    pool: Callable[[int], nn.Module] = nn.AvgPool2d,
    channels: int = 1,
    classes: int = 10,
) -> Classifier:
    """Build LeNet-5 in its common dense form for images of 28 × 28.

    Its 61,706 parameters are those of the paper's layers C1 to F6 and of
    an output layer, where every map of C3 sees all six maps below. In the
    paper a map of C3 sees three, four or six of them, a pooling layer
    has a weight and a bias per map, and the last layer measures distances
    to drawn patterns.

    Args:
        activation: such as `nn.Tanh`, `nn.Sigmoid` or `nn.ReLU`.
        pool: `nn.AvgPool2d` or `nn.MaxPool2d`.
        channels: of the images.
        classes: K, the number of logits.

    Source: LeCun, Bottou, Bengio and Haffner, Gradient-based learning
    applied to document recognition, 1998, section II.B.
    """
    features = nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=2),  # (B, 6, 28, 28)
        activation(),
        pool(2),  # (B, 6, 14, 14)
        nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
        activation(),
        pool(2),  # (B, 16, 5, 5)
    )
    head = nn.Sequential(
        nn.Flatten(),  # (B, 400)
        nn.Linear(400, 120),
        activation(),
        nn.Linear(120, 84),
        activation(),
        nn.Linear(84, classes),  # (B, K)
    )
    return Classifier(features, head, side=28)
