import pytest
import torch
from torch import Tensor, nn

from dlnotes.metrics import accuracy
from dlnotes.train.evaluate import evaluate

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
    found = evaluate(Spy(), accuracy, X, y)
    assert found == 0.75
    loss = evaluate(Spy(), nn.CrossEntropyLoss(), X, y)
    assert type(loss) is float
    assert loss == pytest.approx(nn.CrossEntropyLoss()(2 * X, y).item())


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_mode_without_gradient_and_then_as_before(training: bool) -> None:
    model = Spy().train(training)
    evaluate(model, accuracy, X, y)
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
        evaluate(model, fail, X, y)
    assert model.training
    assert torch.is_grad_enabled()


def test_dropout_drops_nothing() -> None:
    model = nn.Sequential(nn.Dropout(0.9))
    assert evaluate(model, lambda scores, _: scores.sum(), X, y) == 4
