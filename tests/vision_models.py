"""What the tests of image classifiers share: twins of torchvision's, and learning."""

import math

import torch
from torch import Tensor, nn


def twin(ours: nn.Module, theirs: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Draw the weights and statistics of both, both on "meta", and make them equal.

    What ours holds is theirs, in order: the names differ. Dropout is switched off, for
    two models do not draw the same units. Returned is theirs, on the CPU.
    """
    generator = torch.Generator().manual_seed(0)

    def draw(name: str, like: Tensor) -> Tensor:
        W = torch.empty(like.shape, dtype=dtype)
        if like.ndim == 0:  # the number of batches
            return torch.zeros(like.shape, dtype=like.dtype)
        if like.ndim > 1:
            fan_in = like[0].numel()
            return W.normal_(0, math.sqrt(2 / fan_in), generator=generator)
        if name.endswith(("bias", "mean")):
            return W.normal_(0, 0.1, generator=generator)
        return W.uniform_(0.5, 1.5, generator=generator)

    drawn = {name: draw(name, W) for name, W in theirs.state_dict().items()}
    theirs.load_state_dict(drawn, assign=True)
    parameters = {name for name, _ in theirs.named_parameters()}
    copied = [W if name in parameters else W.clone() for name, W in drawn.items()]
    ours.load_state_dict(dict(zip(ours.state_dict(), copied, strict=True)), assign=True)
    for module in (*ours.modules(), *theirs.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return theirs


def difference(found: Tensor, expected: Tensor) -> float:
    """Return the largest difference, in units of the largest of what is expected."""
    scale = expected.abs().max().clamp(min=1e-30)
    return float((found - expected).abs().max() / scale)


def gaps(
    ours: nn.Module, theirs: nn.Module, X: Tensor, *, train: bool
) -> tuple[float, float, float]:
    """Return the differences of outputs, of gradients, and of buffers thereafter."""
    labels = torch.arange(len(X))
    outputs = []
    for model in (ours.train(train), theirs.train(train)):
        model.zero_grad()
        logits = model(X)
        nn.functional.cross_entropy(logits, labels).backward()
        outputs.append(logits.detach())
    pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
    gradients = max(difference(p.grad, q.grad) for p, q in pairs)
    buffers = zip(ours.buffers(), theirs.buffers(), strict=True)
    kept = [difference(b.double(), c.double()) for b, c in buffers]
    return difference(*outputs), gradients, max(kept, default=0.0)


def images(B: int, C: int, side: int, dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(B, C, side, side, generator=generator, dtype=dtype)


def count(model: nn.Module) -> int:
    return sum(W.numel() for W in model.parameters())


def learns(model: nn.Module, lr: float = 0.003, steps: int = 60, B: int = 10) -> float:
    """Return the loss on a tiny batch of noise, a class per image, after some steps."""
    X, labels = images(B, 1, 28), torch.arange(B) % 10
    optimizer = torch.optim.Adam(model.parameters(), lr)
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(X), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()
