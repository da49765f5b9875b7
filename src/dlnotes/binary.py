"""Binary cross-entropy, of probabilities and of logits."""

from torch import Tensor
from torch.nn.functional import softplus

from dlnotes.reduction import check_pair, check_probabilities, reduce_loss


def bce(
    p: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross-entropy of probabilities p and targets.

    Both have one shape and are from 0 to 1. As in PyTorch the weighted
    mean is Σwl / n, and nothing is infinite at p = 0 and p = 1.
    """
    check_pair(p, target)
    check_probabilities(p, "prediction")
    check_probabilities(target, "target")
    inside = p * (1 - p) > 1e-12
    x = p.where(inside, 0.5)
    losses = -(target * x.log() + (1 - target) * (-x).log1p())
    losses = losses.where(inside, bce_at_the_ends(p, target))
    return reduce_loss(losses, reduction, weight, per_weight=False)


def bce_at_the_ends(p: Tensor, target: Tensor) -> Tensor:
    """Return `bce` where p is 0 or 1, or next to it, as PyTorch has it.

    Logarithms end at -100 and the slope is (p - target)·1e12.
    """
    x = p.detach()
    log_p, log_q = x.log().clamp(min=-100), (-x).log1p().clamp(min=-100)
    losses = -(target * log_p + (1 - target) * log_q)
    return losses + 1e12 * (x - target).detach() * (p - x)


def bce_with_logits(
    logits: Tensor,
    target: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross-entropy of p = σ(z), for logits z of any size.

    -log σ(z) is softplus(-z), and -log(1 - σ(z)) is softplus(z), for which
    PyTorch takes z itself beyond a threshold; at 40 no digit is lost.
    `pos_weight` multiplies what targets of 1 add, one weight per column.
    The weighted mean is Σwl / n.
    """
    check_pair(logits, target)
    check_probabilities(target, "target")
    yes, no = (softplus(z, threshold=40) for z in (-logits, logits))
    if pos_weight is not None:
        yes = yes * pos_weight.expand_as(logits)
    losses = target * yes + (1 - target) * no
    return reduce_loss(losses, reduction, weight, per_weight=False)
