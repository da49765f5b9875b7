import pytest
import torch

from dlnotes.reduction import (
    check_class_weights,
    check_labels,
    check_probabilities,
    floating,
    reduce_loss,
    unequal,
)

LOSSES = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
WEIGHT = torch.tensor([[1.0, 0.5], [2.0, 0.0]])


@pytest.mark.parametrize(
    ("reduction", "plain", "weighted"), [("sum", 12, 8), ("mean", 3, 8 / 3.5)]
)
def test_one_number(reduction: str, plain: float, weighted: float) -> None:
    assert reduce_loss(LOSSES, reduction) == plain
    ours = reduce_loss(LOSSES, reduction, WEIGHT)
    assert ours.item() == pytest.approx(weighted)
    assert ours.shape == ()


def test_none_keeps_the_losses_times_their_weights() -> None:
    assert torch.equal(reduce_loss(LOSSES, "none"), LOSSES)
    expected = torch.tensor([[1.0, 1.0], [6.0, 0.0]])
    assert torch.equal(reduce_loss(LOSSES, "none", WEIGHT), expected)


def test_the_weighted_mean_over_elements() -> None:
    assert reduce_loss(LOSSES, "mean", WEIGHT, per_weight=False) == 2
    assert reduce_loss(LOSSES, "sum", WEIGHT, per_weight=False) == 8
    assert reduce_loss(LOSSES, "mean", per_weight=False) == 3


def test_weights_expand_and_count_as_often() -> None:
    columns = torch.tensor([1.0, 3.0])
    assert reduce_loss(LOSSES, "mean", columns) == (1 + 6 + 3 + 18) / 8
    with pytest.raises(ValueError, match=r"^losses have shape \(2, 2\), weights \(3,"):
        reduce_loss(LOSSES, "mean", torch.ones(3))


def test_the_mean_of_nothing_is_not_a_number() -> None:
    assert reduce_loss(torch.zeros(0), "mean").isnan()
    assert reduce_loss(torch.zeros(0), "sum") == 0


def test_unequal_names_both() -> None:
    error = unequal(torch.zeros(4, 1), torch.zeros(4))
    assert isinstance(error, ValueError)
    assert str(error) == (
        "predictions have shape (4, 1), targets (4,): make them equal"
    )


@pytest.mark.parametrize("kind", [torch.float16, torch.float32, torch.float64])
def test_floating_hands_on_what_it_got(kind: torch.dtype) -> None:
    x = torch.zeros(2, dtype=kind)
    assert floating(x) is x


@pytest.mark.parametrize("axis", [0, 1])
def test_every_class_and_no_other_is_a_label(axis: int) -> None:
    scores = torch.zeros(3, 3)
    check_labels(torch.tensor([0, 1, 2]), scores, axis)
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match=rf"^label {wrong} at index \(2,\)"):
            check_labels(torch.tensor([0, 1, wrong]), scores, axis)


def test_the_axis_of_the_classes_counts() -> None:
    check_labels(torch.zeros(2, dtype=torch.int64), torch.zeros(3, 2), 0)
    with pytest.raises(ValueError, match="axis 1: labels must have the other axes"):
        check_labels(torch.zeros(2, dtype=torch.int64), torch.zeros(3, 2), 1)


def test_the_first_offender_is_named() -> None:
    with pytest.raises(ValueError, match=r"^label 9 at index \(1,\)"):
        check_labels(torch.tensor([0, 9, 7]), torch.zeros(3, 3), 1)
    values = torch.tensor([0.5, -1.0, 2.0])
    with pytest.raises(ValueError, match=r"^target -1.0 at index \(1,\) is not"):
        check_probabilities(values, "target")


def test_the_ends_of_the_interval_are_probabilities() -> None:
    check_probabilities(torch.tensor([0.0, 1.0]), "target")
    check_probabilities(torch.tensor([0, 1]), "target")


def test_one_weight_to_a_class() -> None:
    check_class_weights(torch.ones(3), 3)
    for wrong in (torch.ones(2), torch.ones(3, 1), torch.tensor(1.0)):
        with pytest.raises(ValueError, match="give one to each of the 3 classes"):
            check_class_weights(wrong, 3)
