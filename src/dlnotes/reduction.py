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
    if weight is not None:
        try:
            weight = weight.expand_as(losses)
        except RuntimeError:
            raise unequal(losses, weight, "losses", "weights") from None
        losses = losses * weight
    match reduction:
        case "none":
            return losses
        case "sum":
            return losses.sum()
        case "mean" if weight is not None and per_weight:
            return losses.sum() / weight.sum()
        case "mean":
            return losses.mean()
    raise ValueError(f"unknown reduction: {reduction!r}")


def unequal(
    one: Tensor, other: Tensor, name: str = "predictions", of: str = "targets"
) -> ValueError:
    """Say that two tensors should have had the same shape."""
    return ValueError(
        f"{name} have shape {tuple(one.shape)}, "
        f"{of} {tuple(other.shape)}: make them equal"
    )


def floating(prediction: Tensor) -> Tensor:
    """Return the predictions as they are.

    Raises:
        TypeError: they are integers, of which there is no derivative.
    """
    if not prediction.is_floating_point():
        raise TypeError(
            f"predictions are {prediction.dtype}: "
            "a loss needs floating-point numbers, such as x.float()"
        )
    return prediction


def check_labels(labels: Tensor, scores: Tensor, axis: int) -> None:
    """Refuse labels that do not fit scores whose `axis` is the class.

    Raises:
        TypeError: the labels are not integers.
        ValueError: they have not the shape of the scores without the axis,
            or one of them is not from 0 to C - 1.
    """
    if labels.is_floating_point():
        raise TypeError(f"labels are {labels.dtype}: make them integers")
    classes = scores.shape[axis]
    if labels.shape != scores.select(axis, 0).shape:
        raise ValueError(
            f"labels have shape {tuple(labels.shape)}, "
            f"scores {tuple(scores.shape)} with one class per index of axis "
            f"{axis}: labels must have the other axes"
        )
    outside = ((labels < 0) | (labels >= classes)).nonzero().tolist()
    if outside:
        index = tuple(outside[0])
        raise ValueError(
            f"label {labels[index]} at index {index} is not a class: "
            f"{classes} classes are numbered 0 to {classes - 1}"
        )


def check_class_weights(weight: Tensor, classes: int) -> None:
    """Refuse weights that are not one to a class.

    Raises:
        ValueError: their shape is not (classes,).
    """
    if weight.shape != (classes,):
        raise ValueError(
            f"weights have shape {tuple(weight.shape)}: "
            f"give one to each of the {classes} classes"
        )


def check_probabilities(values: Tensor, name: str) -> None:
    """Refuse probabilities below 0 or above 1.

    Raises:
        ValueError: there is one.
    """
    outside = ((values < 0) | (values > 1)).nonzero().tolist()
    if outside:
        index = tuple(outside[0])
        raise ValueError(
            f"{name} {values[index]} at index {index} is not a probability "
            "from 0 to 1 (predictions that are logits need bce_with_logits)"
        )
