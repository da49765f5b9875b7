import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from dlnotes.metrics import accuracy, confusion_matrix


@pytest.mark.filterwarnings("ignore:A single label")
@settings(deadline=None, max_examples=50)
@given(N=st.integers(1, 40), K=st.integers(1, 6), seed=st.integers(0, 999))
def test_both_equal_scikit_learn(N: int, K: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(N, K, generator=generator)
    labels = torch.randint(K, (N,), generator=generator)
    predicted = scores.argmax(dim=1)
    assert accuracy(scores, labels) == metrics.accuracy_score(labels, predicted)
    counts = confusion_matrix(predicted, labels, K)
    peer = metrics.confusion_matrix(labels, predicted, labels=range(K))
    assert counts.tolist() == peer.tolist()
    assert counts.dtype == torch.int64
    assert counts.diag().sum() / counts.sum() == pytest.approx(accuracy(scores, labels))


def test_the_accuracy_is_a_number_that_logits_and_probabilities_share() -> None:
    logits = torch.tensor([[2.0, 1.0], [-3.0, -2.0], [0.5, 0.0]])
    labels = torch.tensor([0, 0, 1])
    found = accuracy(logits, labels)
    assert found == 1 / 3
    assert type(found) is float
    assert accuracy(torch.softmax(logits, dim=1), labels) == found


def test_large_sets_are_counted_in_double_precision() -> None:
    labels = torch.zeros(2**24 + 3, dtype=torch.int64)
    assert accuracy(torch.zeros(len(labels), 1), labels) == 1.0
    labels[0] = 1
    assert accuracy(torch.zeros(len(labels), 1), labels) == 1 - 1 / len(labels)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [((3,), (3,)), ((3, 2), (2,)), ((3, 2), (3, 1)), ((3, 2, 2), (3,)), ((3, 2), ())],
)
def test_shapes_that_do_not_fit_are_named(
    scores: tuple[int, ...], labels: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        accuracy(torch.zeros(scores), torch.zeros(labels, dtype=torch.int64))
    assert str(caught.value) == (
        f"scores {scores} and labels {labels}: they must be (N, K) and (N,)"
    )


def test_no_rows_have_no_accuracy_but_a_table_of_zeros() -> None:
    none = torch.zeros(0, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"^the accuracy of no rows is not defined$"):
        accuracy(torch.zeros(0, 3), none)
    assert confusion_matrix(none, none, 2).tolist() == [[0, 0], [0, 0]]


def test_rows_are_the_truth_and_columns_the_prediction() -> None:
    predicted, labels = torch.tensor([2, 2, 0]), torch.tensor([1, 1, 0])
    counts = confusion_matrix(predicted, labels, classes=4)
    assert counts.tolist() == [[1, 0, 0, 0], [0, 0, 2, 0], [0] * 4, [0] * 4]


@pytest.mark.parametrize("value", [-1, 3, 7])
def test_a_class_out_of_range_is_named(value: int) -> None:
    good, bad = torch.tensor([0, 2]), torch.tensor([1, value])
    tail = "is not a class: 3 classes are numbered 0 to 2"
    with pytest.raises(ValueError, match=f"^prediction {value} {tail}$"):
        confusion_matrix(bad, good, classes=3)
    with pytest.raises(ValueError, match=f"^label {value} {tail}$"):
        confusion_matrix(good, bad, classes=3)
    with pytest.raises(ValueError, match=f"^label {value} "):  # the first of two
        confusion_matrix(good, torch.tensor([value, 9]), classes=3)


def test_as_many_predictions_as_labels() -> None:
    three, two = torch.zeros(3, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"^\(3,\) predictions, \(2,\) labels$"):
        confusion_matrix(three, two, classes=2)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_integers_of_every_size_are_counted_alike(dtype: torch.dtype) -> None:
    """With 21 classes the last cell is number 440, more than 8 bits can hold."""
    predicted = torch.tensor([20, 19, 3], dtype=dtype)
    labels = torch.tensor([20, 20, 3], dtype=dtype)
    counts = confusion_matrix(predicted, labels, classes=21)
    assert counts.nonzero().tolist() == [[3, 3], [20, 19], [20, 20]]
    assert counts.dtype == torch.int64


def test_nothing_is_computed_in_double_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not every device has it."""
    monkeypatch.setattr(torch.Tensor, "double", pytest.fail)
    assert accuracy(torch.eye(3), torch.tensor([0, 1, 1])) == 2 / 3
