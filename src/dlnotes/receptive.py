"""What a stack of layers costs, and how much of the input it sees."""

from collections.abc import Iterable
from copy import deepcopy

import torch
from torch import Tensor, nn

from dlnotes.conv import Conv2d, check_fit
from dlnotes.pool import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d

SLIDING = (Conv2d, nn.Conv2d, MaxPool2d, nn.MaxPool2d, AvgPool2d, nn.AvgPool2d)
SEE_ALL = (nn.Flatten, nn.Linear, AdaptiveAvgPool2d, nn.AdaptiveAvgPool2d)


def output_size(
    n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return the number of windows along an axis of n pixels.

    Raises:
        ValueError: the kernel does not fit.

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep
    learning, 2016, relationship 15.
    """
    span = dilation * (kernel - 1) + 1
    check_fit((n + 2 * padding,), (span,))
    return (n + 2 * padding - span) // stride + 1


def parameter_count(model: nn.Module) -> int:
    """Return how many numbers a model learns, shared ones counted once."""
    return sum(p.numel() for p in model.parameters())


def receptive_field(layers: Iterable[tuple[int, int, int]]) -> tuple[int, int]:
    """Return how many pixels an output sees along an axis, and the jump.

    Each layer is (kernel, stride, dilation), the first one first. Two
    neighbouring outputs see fields that start `jump` pixels apart.

    Source: Araujo, Norris and Sim, Computing receptive fields of
    convolutional neural networks, 2019, eq. 2.
    """
    size, jump = 1, 1
    for kernel, stride, dilation in layers:
        size += dilation * (kernel - 1) * jump
        jump *= stride
    return size, jump


def sliding_layers(model: nn.Module) -> list[tuple[int, int, int]]:
    """List (kernel, stride, dilation) of a stack, as `receptive_field` reads.

    Sequences in sequences are followed; layers that see one position at a
    time, such as activations, are left out.

    Raises:
        ValueError: a layer is no sequence but has layers of its own, sees
            all positions, or has a kernel that is not square.
    """
    if isinstance(model, nn.Sequential):
        return [found for layer in model for found in sliding_layers(layer)]
    name = type(model).__name__
    if isinstance(model, SEE_ALL):
        raise ValueError(f"{name} sees all positions: leave it out")
    if not isinstance(model, SLIDING):
        if list(model.children()):
            raise ValueError(f"{name} is no sequence of layers: measure it")
        return []
    sizes = [model.kernel_size, model.stride, getattr(model, "dilation", 1)]
    pairs = [(n, n) if isinstance(n, int) else tuple(n) for n in sizes]
    if any(rows != columns for rows, columns in pairs):
        raise ValueError(f"{name} differs along rows and columns: measure it")
    (kernel, _), (stride, _), (dilation, _) = pairs
    return [(kernel, stride, dilation)]


def receptive_field_by_gradient(
    model: nn.Module, shape: tuple[int, int, int]
) -> tuple[int, int]:
    """Measure how many rows and columns of an input one output sees.

    From the first to the last with a gradient in `sensitivity`; a field
    that reaches over the border of the input ends there.
    """
    seen = sensitivity(model, shape) > 0
    rows, columns = seen.any(dim=1).nonzero(), seen.any(dim=0).nonzero()
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def sensitivity(model: nn.Module, shape: tuple[int, int, int]) -> Tensor:
    """Return the gradient (H, W) of one central output, summed over channels.

    So that a zero means that a pixel is out of sight, `opened` copies the
    model first; the input, of a shape (C, H, W), is small everywhere.

    Raises:
        ValueError: the model's output is not (B, C, H, W).
    """
    X = torch.full((1, *shape), 0.01, dtype=torch.float64, requires_grad=True)
    Y = opened(model)(X)
    if Y.ndim != 4:
        raise ValueError(
            f"the output has shape {tuple(Y.shape)}, not (B, C, H, W): "
            "give the layers up to the last map"
        )
    centre = Y[..., Y.shape[-2] // 2, Y.shape[-1] // 2]
    (gradient,) = torch.autograd.grad(centre.sum(), X)
    return gradient[0].sum(dim=0)


def opened(model: nn.Module) -> nn.Module:
    """Copy a model so that each output has a positive gradient in all it sees.

    The copy evaluates in 64 bits. Its weights are all positive, those of a
    unit with the sum 1, so that a ReLU lets everything through and nothing
    cancels; scales are 1 and biases 0; batch normalization subtracts 0 and
    divides by 1. Layers of max pooling, but not the function, take
    averages instead.
    """
    model = deepcopy(model).cpu().double().eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            weight = 1 / p[0].numel() if p.ndim > 1 else 1.0
            p.fill_(0.0 if name.endswith("bias") else weight)
        for name, statistic in model.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                statistic.fill_(name.endswith("var"))
    for layer in model.modules():
        if isinstance(layer, MaxPool2d | nn.MaxPool2d):
            layer.register_forward_hook(average_instead)
    return model


def average_instead(
    pool: nn.Module, inputs: tuple[Tensor, ...], _: Tensor
) -> Tensor:
    """Answer for a layer of max pooling with the averages of its windows."""
    assert isinstance(pool, MaxPool2d | nn.MaxPool2d)
    ceil = isinstance(pool, nn.MaxPool2d) and pool.ceil_mode
    sizes = pool.kernel_size, pool.stride, pool.padding
    return nn.functional.avg_pool2d(inputs[0], *sizes, ceil_mode=ceil)
