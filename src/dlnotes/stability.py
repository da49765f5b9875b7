"""Keep numbers in range: in one sum, through many layers, in one step."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


def log_sum_exp(z: Tensor) -> Tensor:
    """Return log Σ exp(z) over the last axis: z (..., K) becomes (...).

    If the largest entry is finite, every exponent is at most 0, so that
    nothing overflows, and one is 0, so that the sum is at least 1. The
    value is right for infinite entries, too.

    Source: Blanchard, Higham and Higham, Accurately computing the
    log-sum-exp and softmax functions, 2021.
    """
    largest = z.amax(dim=-1, keepdim=True).detach().nan_to_num()  # finite
    return largest[..., 0] + (z - largest).exp().sum(dim=-1).log()


def layer_scales(
    model: nn.Module, layers: Sequence[nn.Module], *inputs: Tensor
) -> Tensor:
    """Return the root mean square of what enters each of a model's layers.

    The layers are modules that `model(*inputs)` calls, such as all but
    the first of an MLP, which the activations of the layers before enter.
    The model stays in the mode it is in. The result is (len(layers),) in
    float64, where small squares are not lost.

    Raises:
        ValueError: the model does not call one of the layers.
    """
    scales: dict[nn.Module, Tensor] = {}

    def measure(layer: nn.Module, entering: tuple[Tensor, ...]) -> None:
        scales[layer] = entering[0].cpu().double().square().mean().sqrt()

    handles = [layer.register_forward_pre_hook(measure) for layer in layers]
    try:
        with torch.no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    if missing := [layer for layer in layers if layer not in scales]:
        raise ValueError(f"the model does not call {missing[0]}")
    return torch.stack([scales[layer] for layer in layers])


def gradient_norms(parameters: Iterable[Tensor]) -> Tensor:
    """Return the norm of dL/dW for each parameter W, after a backward pass.

    Raises:
        ValueError: a parameter has no gradient yet.
    """
    gradients = [W.grad for W in parameters]
    norms = [g.norm() for g in gradients if g is not None]
    if len(norms) < len(gradients):
        raise ValueError(
            "a parameter has no gradient: call loss.backward() first"
        )
    return torch.stack(norms)


def clip_norm(gradients: Iterable[Tensor], threshold: float) -> Tensor:
    """Shorten gradients, in place, to a common norm of `threshold`.

    All of them together are one vector g, which becomes
    min(1, threshold / ‖g‖) g: its direction stays. Return ‖g‖ as it was.

    Raises:
        ValueError: the threshold is not positive, there are no gradients,
            or parameters came in place of their gradients.

    Source: Pascanu, Mikolov and Bengio, On the difficulty of training
    recurrent neural networks, 2013, section 3.2.
    """
    gradients = list(gradients)
    check_gradients(gradients, threshold)
    norm: Tensor = torch.stack([g.norm() for g in gradients]).norm()
    shrink = (threshold / norm).clamp(max=1)  # an `if` would wait
    for g in gradients:
        g.mul_(shrink)
    return norm


def check_gradients(gradients: Sequence[Tensor], threshold: float) -> None:
    """Refuse what cannot be clipped.

    Raises:
        ValueError: as `clip_norm` says.
    """
    if not threshold > 0:
        raise ValueError(f"the threshold is {threshold}: it must be positive")
    if not gradients:
        raise ValueError("there are no gradients: call loss.backward() first")
    if any(g.requires_grad and g.is_leaf for g in gradients):
        raise ValueError(
            "clip_norm takes gradients, not parameters: "
            "give it [p.grad for p in model.parameters()]"
        )
