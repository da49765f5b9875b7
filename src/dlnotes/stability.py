"""Keep numbers in range: in one sum, through many layers, in one step."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def log_sum_exp(z: Tensor) -> Tensor:
    """Return log Σ exp(z) over the last axis: z (..., K) becomes (...).

    Every exponent is at most 0, so that nothing overflows, and one is 0,
    so that the sum is at least 1.

    Source: Blanchard, Higham and Higham, Accurately computing the
    log-sum-exp and softmax functions, 2021.
    """
    largest = z.max(dim=-1, keepdim=True).values.detach()
    return largest[..., 0] + (z - largest).exp().sum(dim=-1).log()


def layer_scales(
    layers: Sequence[nn.Linear],
    activation: Callable[[Tensor], Tensor],
    X: Tensor,
) -> Tensor:
    """Return the root mean square of the activations of each layer.

    X (B, C) goes through the layers, each followed by the activation; the
    result is (len(layers),) in float64, where small squares are not lost.
    """
    scales = []
    with torch.no_grad():
        for layer in layers:
            X = activation(layer(X))
            scales.append(X.double().square().mean().sqrt())
    return torch.stack(scales)


def gradient_norms(layers: Sequence[nn.Linear]) -> Tensor:
    """Return the norm of dL/dW of each layer after a backward pass.

    Raises:
        ValueError: a layer has no gradient yet.
    """
    gradients = [layer.weight.grad for layer in layers]
    if any(g is None for g in gradients):
        raise ValueError("a layer has no gradient: call loss.backward() first")
    return torch.stack([g.norm() for g in gradients if g is not None])


def clip(gradients: Sequence[Tensor], threshold: float) -> Tensor:
    """Shorten the gradients, in place, to a common norm of `threshold`.

    All of them together are one vector g, which becomes
    min(1, threshold / ‖g‖) g: its direction stays. Return ‖g‖ as it was.

    Raises:
        ValueError: the threshold is not positive.

    Source: Pascanu, Mikolov and Bengio, On the difficulty of training
    recurrent neural networks, 2013, section 3.2.
    """
    if not threshold > 0:
        raise ValueError(f"the threshold is {threshold}: it must be positive")
    norm = torch.stack([g.norm() for g in gradients]).norm()
    if norm > threshold:
        for g in gradients:
            g.mul_(threshold / norm)
    return norm
