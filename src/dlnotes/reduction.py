"""What every loss shares: its last step, and what it refuses at the door."""

from torch import Tensor


def reduce_loss(
    losses: Tensor,
    reduction: str,
    weight: Tensor | None = None,
    per_weight: bool = True,
) -> Tensor:
    """Return the losses times their weights, summed up or averaged.

    `reduction` is "none" (the losses, in their shape), "sum" or "mean".
    The mean is Σwl / Σw if `per_weight`, otherwise Σwl / n, where n is the
    number of elements, not of rows. Without weights both are Σl / n.

    Raises:
        ValueError: the weights do not expand to the shape of the losses,
            or the reduction is none of these.
    """
    if weight is None:
        return summarize(losses, reduction)
    try:
        weight = weight.expand_as(losses)
    except RuntimeError:
        raise ValueError(
            f"losses have shape {tuple(losses.shape)}, "
            f"weights {tuple(weight.shape)}: make them equal"
        ) from None
    count = weight.sum() if per_weight else losses.numel()
    return summarize(losses * weight, reduction, count)


def summarize(
    losses: Tensor, reduction: str, count: Tensor | int | None = None
) -> Tensor:
    """Return the losses ("none"), their sum, or their sum over `count`.

    Without a count the mean is over all elements.

    Raises:
        ValueError: the reduction is not "none", "sum" or "mean".
    """
    match reduction:
        case "none":
            return losses
        case "sum":
            return losses.sum()
        case "mean":
            return losses.mean() if count is None else losses.sum() / count
    raise ValueError(f"unknown reduction: {reduction!r}")


def counted(
    scores: Tensor, labels: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return labels to look up, which of them count, and how much each.

    The scores are (K,) or (B, K, ...), the labels and all three results ()
    or (B, ...). A label that is `ignore_index` is looked up as 0 and does
    not count; any other counts the weight of its class, or 1.
    """
    check_floating(scores)
    axis = min(1, scores.ndim - 1)
    check_labels(labels, scores, axis, ignore_index)
    check_class_weights(weight, classes=scores.shape[axis])
    labels = labels.long()
    kept = labels != ignore_index
    index = labels * kept
    return index, kept, kept if weight is None else weight[index] * kept


def check_floating(prediction: Tensor) -> None:
    """Refuse predictions that have no derivative.

    Raises:
        TypeError: they are integers.
    """
    if not prediction.is_floating_point():
        raise TypeError(
            f"predictions are {prediction.dtype}: "
            "a loss needs floating-point numbers, such as x.float()"
        )


def check_pair(prediction: Tensor, target: Tensor) -> None:
    """Refuse predictions and targets that only broadcasting would join.

    Raises:
        ValueError: their shapes differ.
        TypeError: the predictions are integers.
    """
    if prediction.shape != target.shape:
        raise ValueError(
            f"predictions have shape {tuple(prediction.shape)}, "
            f"targets {tuple(target.shape)}: make them equal"
        )
    check_floating(prediction)


def first_true(wrong: Tensor) -> tuple[int, ...] | None:
    """Return the index of the first entry that is true, if there is one.

    Only on the CPU: to look into a tensor on another device is to wait for
    all that it has to compute, so there this returns None.
    """
    if wrong.device.type != "cpu" or not wrong.any():
        return None
    return tuple(wrong.nonzero()[0].tolist())


def check_labels(
    labels: Tensor, scores: Tensor, axis: int, ignore_index: int = -100
) -> None:
    """Refuse labels that do not fit scores whose `axis` is the class.

    Raises:
        TypeError: the labels are not integers.
        ValueError: they have not the shape of the scores without the axis,
            or one of them is neither from 0 to K - 1 nor `ignore_index`.
    """
    if labels.is_floating_point():
        raise TypeError(f"labels are {labels.dtype}: make them integers")
    K = scores.shape[axis]
    if labels.shape != scores.select(axis, 0).shape:
        raise ValueError(
            f"labels have shape {tuple(labels.shape)}, "
            f"scores {tuple(scores.shape)} with one class per index of axis "
            f"{axis}: labels must have the other axes"
        )
    outside = (labels < 0) | (labels >= K)
    index = first_true(outside & (labels.long() != ignore_index))
    if index is not None:
        raise ValueError(
            f"label {labels[index]} at index {index} is not a class: "
            f"{K} classes are numbered 0 to {K - 1}"
        )


def check_smoothing(
    label_smoothing: float, target: Tensor, ignore_index: int
) -> None:
    """Refuse a share that is none, and probabilities with a label to ignore.

    Raises:
        ValueError: the smoothing is not from 0 to 1, or the targets are
            probabilities and `ignore_index` is a class.
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            f"label_smoothing is {label_smoothing}: a share from 0 to 1"
        )
    if target.is_floating_point() and ignore_index >= 0:
        raise ValueError(
            f"ignore_index is {ignore_index}, "
            "but the targets are probabilities, which have no label"
        )


def check_class_weights(weight: Tensor | None, classes: int) -> None:
    """Refuse weights that are not one to a class.

    Raises:
        ValueError: their shape is not (classes,).
    """
    if weight is not None and weight.shape != (classes,):
        raise ValueError(
            f"weights have shape {tuple(weight.shape)}: "
            f"give one to each of the {classes} classes"
        )


def check_probabilities(values: Tensor, name: str) -> None:
    """Refuse probabilities below 0 or above 1.

    Raises:
        ValueError: there is one.
    """
    index = first_true((values < 0) | (values > 1))
    if index is not None:
        raise ValueError(
            f"{name} {values[index]} at index {index} is not a probability "
            "from 0 to 1 (predictions that are logits need bce_with_logits)"
        )
