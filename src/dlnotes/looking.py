"""What a convolutional network looks at: pure functions of a model."""

import torch
from torch import Tensor, nn


def feature_maps(
    model: nn.Module, layer: nn.Module, X: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the logits (B, K) for X, and what `layer` puts out on the way.

    The maps are (B, C, H, W) behind a convolution. The model's mode stays
    as it is, and the hook that fetches them is removed.

    Raises:
        ValueError: the model does not use the layer.
    """
    found: list[Tensor] = []
    handle = layer.register_forward_hook(
        lambda module, inputs, output: found.append(output)
    )
    try:
        logits = model(X)
    finally:
        handle.remove()
    if not found:
        raise ValueError("the model does not use this layer: is it its own?")
    return logits, found[-1]


def gradient_times_input(
    model: nn.Module, X: Tensor, labels: Tensor
) -> Tensor:
    """Return (B, H, W): how much each pixel adds to its label's logit.

    To first order, and summed over channels: x · ∂z/∂x, unsigned.

    Source: Shrikumar et al., Not just a black box, 2016.
    """
    X = X.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(chosen(model(X), labels).sum(), X)
    return (gradient * X).sum(dim=1).abs().detach()


def occlusion(
    model: nn.Module, X: Tensor, labels: Tensor, size: int = 6, stride: int = 2
) -> Tensor:
    """Return (B, H', W'): how much a black square costs the label's logit.

    The square, `size` pixels wide, stands at every `stride`-th place in
    which it fits; entry (i, j) is its effect at row i · stride.

    Source: Zeiler and Fergus, Visualizing and understanding convolutional
    networks, 2014, section 4.2.
    """
    H, W = X.shape[-2:]
    with torch.no_grad():
        whole = chosen(model(X), labels)
        rows = []
        for top in range(0, H - size + 1, stride):
            row = []
            for left in range(0, W - size + 1, stride):
                covered = X.clone()
                covered[..., top : top + size, left : left + size] = 0
                row.append(whole - chosen(model(covered), labels))
            rows.append(torch.stack(row, dim=1))  # (B, W')
    return torch.stack(rows, dim=1)


def grad_cam(
    model: nn.Module, layer: nn.Module, X: Tensor, labels: Tensor
) -> Tensor:
    """Return (B, H', W'): where the maps of `layer` speak for the label.

    The maps are added up, each with the mean of its gradient as weight;
    what is negative counts as 0.

    Source: Selvaraju et al., Grad-CAM, 2017, equations 1 and 2.
    """
    X = X.detach().requires_grad_()  # so that a frozen model has gradients
    logits, maps = feature_maps(model, layer, X)
    (gradient,) = torch.autograd.grad(chosen(logits, labels).sum(), maps)
    alpha = gradient.mean(dim=(2, 3), keepdim=True)  # (B, C, 1, 1)
    return (alpha * maps).sum(dim=1).relu().detach()


def shares_inside(
    heat: Tensor, centres: Tensor, boxes: Tensor
) -> tuple[Tensor, Tensor]:
    """Say whether maps (B, H', W') point into boxes (B, 3).

    `centres` (H',) are the pixel coordinates of the map's lines, equal for
    rows and columns; a box is its size, top and left edge in pixels.

    Returns:
        for each map whether its maximum lies inside its box, (B,), and the
        share of its sum that does, (B,). A map that is 0 counts as 0.
    """
    size, top, left = boxes[:, :, None].unbind(dim=1)  # (B, 1)
    row = (top <= centres) & (centres <= top + size)  # (B, H')
    column = (left <= centres) & (centres <= left + size)
    box = row[:, :, None] & column[:, None, :]  # (B, H', W')
    mass = (heat * box).sum(dim=(1, 2)) / heat.sum(dim=(1, 2)).clamp(min=1e-30)
    peak = heat.flatten(1).argmax(dim=1, keepdim=True)
    hit = box.flatten(1).gather(1, peak)[:, 0] & (mass > 0)
    return hit, mass


def chosen(logits: Tensor, labels: Tensor) -> Tensor:
    """Return, of logits (B, K), the one at each row's label: (B,)."""
    return logits.gather(1, labels[:, None])[:, 0]
