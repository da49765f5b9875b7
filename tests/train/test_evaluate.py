import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.train.batches import tokens
from dlnotes.train.loop import evaluate

X, y = torch.eye(4), torch.tensor([0, 1, 2, 0])


class Spy(nn.Module):
    """Remember in what state it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.inner = nn.Dropout(0.5)
        self.seen: list[tuple[bool, bool, bool]] = []

    def forward(self, X: Tensor) -> Tensor:
        state = (self.training, self.inner.training, torch.is_grad_enabled())
        self.seen.append(state)
        return self.scale * X


def test_it_is_the_metric_of_the_outputs_as_a_number() -> None:
    found = evaluate(Spy(), accuracy, [(X, y)])
    assert found == 0.75
    loss = evaluate(Spy(), nn.CrossEntropyLoss(), [(X, y)])
    assert type(loss) is float
    assert loss == pytest.approx(nn.CrossEntropyLoss()(2 * X, y).item())


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_mode_without_gradient_and_then_as_before(training: bool) -> None:
    model = Spy().train(training)
    evaluate(model, accuracy, [(X, y)])
    assert model.seen == [(False, False, False)]
    assert model.training is training
    assert model.inner.training is training
    assert torch.is_grad_enabled()
    assert model.scale.grad is None


def test_the_mode_comes_back_after_an_error_too() -> None:
    model = Spy()

    def fail(scores: Tensor, labels: Tensor) -> float:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        evaluate(model, fail, [(X, y)])
    assert model.training
    assert torch.is_grad_enabled()


def test_a_frozen_part_stays_frozen() -> None:
    """A batch norm whose statistics are fixed is in evaluation mode in training."""
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 4), nn.Dropout(0.5))
    model[0].eval()
    evaluate(model, accuracy, [(X, y)])
    assert [m.training for m in model.modules()] == [True, False, True, True]


def test_batches_weigh_as_much_as_they_count() -> None:
    batches = [(X[:3], y[:3]), (X[3:], y[3:])]
    assert [evaluate(Spy(), accuracy, [batch]) for batch in batches] == [1, 0]
    assert evaluate(Spy(), accuracy, batches) == 0.75

    def twos(labels: Tensor) -> Tensor:
        return (labels == 2).sum()

    assert evaluate(Spy(), accuracy, batches, twos) == 1


def test_a_batch_of_nothing_that_counts_is_left_out() -> None:
    """A mean over no token is not a number."""
    ignored = torch.full((4,), -100)
    batches = [(X, y), (X, ignored), (X, y)]
    count = tokens(-100)
    found = evaluate(Spy(), cross_entropy, batches, count)
    assert found == evaluate(Spy(), cross_entropy, [(X, y)], count)
    with pytest.raises(ValueError, match=r"^there is nothing to evaluate"):
        evaluate(Spy(), cross_entropy, [(X, ignored)], count)


def test_a_data_set_that_is_no_batch_is_told() -> None:
    message = r"^a batch is inputs and a target, not a tensor: .*\[digits\.val\]\)$"
    with pytest.raises(TypeError, match=message):
        evaluate(Spy(), accuracy, (X, y))


@given(k=st.integers(0, 3000), n=st.integers(1, 3000))
def test_a_set_in_one_piece_has_its_metric_to_the_last_bit(k: int, n: int) -> None:
    data = [(torch.zeros(n, 1), torch.zeros(n))]
    assert evaluate(nn.Identity(), lambda *_: k / n, data) == k / n


def test_several_inputs() -> None:
    model = nn.Bilinear(4, 4, 4)
    found = evaluate(model, accuracy, [(X, X, y)])
    assert found == accuracy(model(X, X), y)


@pytest.mark.parametrize(
    ("batches", "count"), [([], len), ([(X, y)], lambda labels: (labels > 9).sum())]
)
def test_nothing_to_evaluate_is_told(batches: list, count: object) -> None:
    model = Spy()
    with pytest.raises(ValueError, match=r"^there is nothing to evaluate: no batch"):
        evaluate(model, accuracy, batches, count)
    assert model.training


def test_dropout_drops_nothing() -> None:
    model = nn.Sequential(nn.Dropout(0.9))
    assert evaluate(model, lambda scores, _: scores.sum(), [(X, y)]) == 4
