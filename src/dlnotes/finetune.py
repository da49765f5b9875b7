"""Use a network that has learned one task for another."""

from typing import Any

from torch import nn


def head_of(model: nn.Module) -> tuple[str, nn.Linear]:
    """Return the name of a model's last dense layer, and the layer.

    Raises:
        ValueError: there is none.
    """
    dense = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
    ]
    if not dense:
        raise ValueError(
            "the model has no dense layer that could be its head: "
            "replace the layer that gives the logits by hand"
        )
    return dense[-1]


def replace_head(model: nn.Module, classes: int) -> nn.Linear:
    """Put a new dense layer, with K = `classes` logits, in the last's place.

    Returns the new layer, whose weights are drawn as PyTorch does.
    """
    name, old = head_of(model)
    bias = old.bias is not None
    head = nn.Linear(old.in_features, classes, bias, old.weight.device)
    model.set_submodule(name, head)
    return head


def freeze(model: nn.Module) -> None:
    """Keep all that a model has learned as it is, but its head.

    Its parameters ask for no gradient, and its modules go into evaluation
    mode, in which batch normalization and dropout change nothing.
    """
    _, head = head_of(model)
    model.requires_grad_(False).eval()
    head.requires_grad_(True).train()


def two_rates(
    model: nn.Module, body_lr: float, head_lr: float
) -> list[dict[str, Any]]:
    """Return an optimizer's groups: the head learns at a rate of its own."""
    _, head = head_of(model)
    own = {id(p) for p in head.parameters()}
    body = [p for p in model.parameters() if id(p) not in own]
    return [
        {"params": body, "lr": body_lr},
        {"params": list(head.parameters()), "lr": head_lr},
    ]
