"""Compare a function of tensors with its reference, gradients included."""

from collections.abc import Callable

import torch
from torch import Tensor


def numbers(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def assert_same(
    ours: Callable[..., Tensor], theirs: Callable[..., Tensor], *inputs: Tensor
) -> None:
    """Compare outputs, and the gradients with respect to all inputs."""
    results = []
    for function in (ours, theirs):
        copies = [tensor.clone().requires_grad_() for tensor in inputs]
        Y = function(*copies)
        slopes = numbers(*Y.shape, seed=1)
        results.append([Y, *torch.autograd.grad(Y, copies, slopes)])
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)
