import pytest
import torch

from dlnotes.reduction import (
    check_class_weights,
    check_floating,
    check_labels,
    check_pair,
    check_probabilities,
    check_smoothing,
    counted,
    reduce_loss,
    summarize,
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


def test_a_pair_of_two_shapes_names_both() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        check_pair(torch.zeros(4, 1), torch.zeros(4))
    assert str(caught.value) == (
        "predictions have shape (4, 1), targets (4,): make them equal"
    )


@pytest.mark.parametrize("kind", [torch.float16, torch.float32, torch.float64])
def test_every_floating_type_is_welcome(kind: torch.dtype) -> None:
    x = torch.zeros(2, dtype=kind)
    check_floating(x)
    check_pair(x, torch.zeros(2, dtype=torch.int64))
    message = "^predictions are torch.int64: a loss needs floating-point"
    with pytest.raises(TypeError, match=message):
        check_pair(torch.zeros(2, dtype=torch.int64), x)


@pytest.mark.parametrize("count", [4, torch.tensor(4), torch.tensor(4.0)])
def test_the_mean_is_over_what_is_counted(count: torch.Tensor | int) -> None:
    assert summarize(LOSSES, "mean", count) == 3
    assert summarize(LOSSES, "sum", count) == 12
    assert torch.equal(summarize(LOSSES, "none", count), LOSSES)


class TestCounted:
    SCORES = torch.zeros(4, 3)
    LABELS = torch.tensor([2, 255, 0, 2], dtype=torch.uint8)

    def test_what_is_ignored_is_looked_up_as_0_and_counts_nothing(self) -> None:
        index, kept, w = counted(self.SCORES, self.LABELS, None, 255)
        assert index.tolist() == [2, 0, 0, 2]
        assert index.dtype == torch.int64
        assert kept.tolist() == w.tolist() == [True, False, True, True]

    def test_the_others_count_the_weight_of_their_class(self) -> None:
        weight = torch.tensor([0.5, 7.0, 2.0])
        _, kept, w = counted(self.SCORES, self.LABELS, weight, 255)
        assert kept.tolist() == [True, False, True, True]
        assert w.tolist() == [2, 0, 0.5, 2]

    def test_a_class_may_be_what_is_ignored(self) -> None:
        labels = torch.tensor([2, 0, 0, 1])
        assert counted(self.SCORES, labels, None, 0)[1].tolist() == [
            True,
            False,
            False,
            True,
        ]

    def test_what_is_ignored_otherwise_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"^label 255 at index \(1,\) is not a"):
            counted(self.SCORES, self.LABELS, None, -100)


def test_only_the_cpu_is_looked_into() -> None:
    """To look at another device's values is to wait for them."""
    elsewhere = torch.full((3,), 9, device="meta")
    here, scores = torch.full((3,), 9), torch.zeros(3, 3)
    with pytest.raises(ValueError, match="9"):
        check_labels(here, scores, 1)
    with pytest.raises(ValueError, match="target"):
        check_probabilities(here, "target")
    assert check_labels(elsewhere, scores.to("meta"), 1) is None
    assert check_probabilities(elsewhere, "target") is None


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_smoothing_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match=f"^label_smoothing is {share}: a share"):
        check_smoothing(share, torch.tensor([0]), -100)


def test_the_ends_are_shares_too() -> None:
    assert check_smoothing(0.0, torch.tensor([0]), 3) is None
    assert check_smoothing(1.0, torch.tensor([0.5]), -1) is None


def test_probabilities_have_no_label_to_ignore() -> None:
    with pytest.raises(ValueError, match=r"^ignore_index is 0, but the targets are"):
        check_smoothing(0.0, torch.tensor([0.5]), 0)


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
    assert check_probabilities(torch.tensor([0.0, 1.0]), "target") is None
    assert check_probabilities(torch.tensor([0, 1]), "target") is None


def test_one_weight_to_a_class() -> None:
    check_class_weights(torch.ones(3), 3)
    for wrong in (torch.ones(2), torch.ones(3, 1), torch.tensor(1.0)):
        with pytest.raises(ValueError, match="give one to each of the 3 classes"):
            check_class_weights(wrong, 3)
