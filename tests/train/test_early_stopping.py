import pytest
import torch
from torch import nn

from dlnotes.train.early_stopping import EarlyStopping
from dlnotes.train.history import History


def run(
    losses: list[float], patience: int, model: nn.Module | None = None
) -> tuple[EarlyStopping, int]:
    """Call the hook until it stops the run or the losses end."""
    model = model or nn.Linear(1, 1)
    coming = iter(losses)
    stopping = EarlyStopping(model, lambda: next(coming), patience)
    history = History()
    for _ in losses:
        history.record(0.0, 0, 1)
        nn.init.constant_(model.weight, history.step)
        if stopping(history):
            break
    return stopping, history.step


def test_it_stops_after_so_many_calls_without_a_smaller_loss() -> None:
    stopping, stopped = run([3, 2, 1, 2, 1.5, 1.2, 0], patience=3)
    assert stopped == 6
    assert (stopping.best, stopping.best_step) == (1, 3)
    assert stopping.losses == [3, 2, 1, 2, 1.5, 1.2]


def test_a_smaller_loss_starts_the_count_anew() -> None:
    assert run([3, 4, 2, 3, 1, 2, 2], patience=2)[1] == 7


def test_an_equal_loss_is_not_smaller() -> None:
    stopping, stopped = run([1, 1, 1], patience=2)
    assert (stopped, stopping.best_step) == (3, 1)


def test_without_a_halt_it_answers_no() -> None:
    stopping = EarlyStopping(nn.Linear(1, 1), lambda: 1.0, patience=1)
    history = History()
    assert stopping(history) is False
    assert stopping(history) is True


def test_a_loss_that_is_not_a_number_is_never_the_best() -> None:
    stopping, stopped = run([float("nan"), 2, float("nan")], patience=2)
    assert (stopping.best, stopped) == (2, 3)
    stopping, stopped = run([float("nan"), float("inf")], patience=2)
    assert (stopping.best, stopping.best_step, stopped) == (float("inf"), 0, 2)


def test_restore_puts_back_the_weights_of_the_best_step() -> None:
    model = nn.Linear(1, 1)
    stopping, _ = run([3, 1, 2, 2], 2, model)
    assert model.weight.item() == 4
    stopping.restore()
    assert model.weight.item() == 2


def test_its_state_goes_on_elsewhere() -> None:
    model = nn.Linear(1, 1)
    stopping, _ = run([3, 1, 2], 5, model)
    other = EarlyStopping(model, lambda: 2.0, 2)
    other.load_state_dict(stopping.state_dict())
    assert (other.best, other.best_step, other.waited) == (1, 2, 1)
    assert other.losses == [3, 1, 2]
    assert other(History()) is True
    other.restore()
    assert model.weight.item() == 2


def test_what_it_keeps_is_a_copy() -> None:
    model = nn.Linear(1, 1)
    stopping = EarlyStopping(model, lambda: 1.0, 1)
    stopping(History())
    kept = stopping.weights["weight"].clone()
    with torch.no_grad():
        model.weight += 1
    assert torch.equal(stopping.weights["weight"], kept)


@pytest.mark.parametrize("losses", [[], [float("nan")] * 3, [float("inf")] * 2])
def test_without_a_best_there_is_nothing_to_restore(losses: list[float]) -> None:
    stopping, _ = run(losses, patience=9)
    message = (
        f"^no weights to restore: of {len(losses)} validation losses none was finite$"
    )
    with pytest.raises(ValueError, match=message):
        stopping.restore()


def test_a_model_may_keep_more_than_tensors() -> None:
    """As one does that carries a state from batch to batch."""

    class Carrying(nn.Linear):
        extra: object = None

        def get_extra_state(self) -> object:
            return self.extra

        def set_extra_state(self, state: object) -> None:
            self.extra = state

    model = Carrying(1, 1)
    model.extra = (torch.ones(1), torch.zeros(1))
    stopping = EarlyStopping(model, lambda: 1.0, 1)
    stopping(History())
    model.extra[0].add_(5)
    stopping.restore()
    assert model.extra == (1, 0)
