"""Draw the first weights so that signals keep their size in many layers."""

from collections.abc import Callable
from math import sqrt

from torch import Tensor, nn


def fans(W: Tensor) -> tuple[int, int]:
    """Return how many inputs a unit sums and how many units an input feeds.

    W is (out, in) for a dense layer and (out, in, ...) for a convolution,
    whose kernel entries count as inputs and outputs of their own.

    Raises:
        ValueError: W has fewer than two axes, as a bias has.
    """
    if W.ndim < 2:
        raise ValueError(
            f"a tensor of shape {tuple(W.shape)} has no inputs and outputs: "
            "draw weights, and set biases to zero"
        )
    kernel = W[0, 0].numel()
    return W.shape[1] * kernel, W.shape[0] * kernel


def xavier(W: Tensor) -> Tensor:
    """Draw W, in place, from N(0, 2 / (fan_in + fan_out)).

    A compromise between keeping the variance forwards, which asks for
    1 / fan_in, and backwards, 1 / fan_out.

    Source: Glorot and Bengio, Understanding the difficulty of training
    deep feedforward neural networks, 2010, eq. 12.
    """
    fan_in, fan_out = fans(W)
    return nn.init.normal_(W, 0.0, sqrt(2 / (fan_in + fan_out)))


def kaiming(W: Tensor) -> Tensor:
    """Draw W, in place, from N(0, 2 / fan_in), for layers before a ReLU.

    Source: He et al., Delving deep into rectifiers, 2015, eq. 10.
    """
    fan_in, _ = fans(W)
    return nn.init.normal_(W, 0.0, sqrt(2 / fan_in))


def redraw(model: nn.Module, draw: Callable[[Tensor], Tensor]) -> None:
    """Draw all weights of a model anew, in place, and set biases to zero.

    A weight is a parameter of two axes or more, so that the factors of a
    normalization stay as they are.

    Args:
        model: built of any layers whose biases are named `bias`.
        draw: such as `xavier` or `kaiming`.
    """
    for name, W in model.named_parameters():
        if W.ndim >= 2:
            draw(W)
        elif name.endswith("bias"):
            nn.init.zeros_(W)
