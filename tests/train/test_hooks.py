import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from dlnotes.train.history import History
from dlnotes.train.hooks import clip_gradients, every, follow
from dlnotes.train.loop import Batches, train


def after(steps: int) -> History:
    history = History()
    for _ in range(steps):
        history.record(1.0, 0, 1)
    return history


class TestEvery:
    def test_the_hook_is_called_after_each_so_many_steps(self) -> None:
        called = []
        hook = every(3, lambda history: called.append(history.step))
        for step in range(1, 8):
            hook(after(step))
        assert called == [3, 6]

    def test_its_answer_counts_and_between_calls_nothing_stops(self) -> None:
        hook = every(2, lambda history: True)
        assert [hook(after(step)) for step in (1, 2, 3, 4)] == [None, True, None, True]


class TestFollow:
    def test_every_step_has_the_rate_of_the_schedule(self) -> None:
        optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=9.0)
        hook = follow(optimizer, lambda step: 1 / (1 + step))
        rates = []
        for step in range(4):
            rates.append(optimizer.param_groups[0]["lr"])
            hook(after(step + 1))
        assert rates == [1, 1 / 2, 1 / 3, 1 / 4]

    def test_every_group_follows(self) -> None:
        optimizer = SGD([{"params": [torch.zeros(1)], "lr": r} for r in (0.5, 0.7)])
        hook = follow(optimizer, lambda step: 0.1 * step)
        hook(after(2))
        assert [g["lr"] for g in optimizer.param_groups] == [0.2, 0.2]

    def test_a_run_equals_one_with_torchs_scheduler(self) -> None:
        X, y = torch.arange(12.0)[:, None] / 12, torch.ones(12, 1)

        def schedule(step: int) -> float:
            return 0.1 * 0.9**step

        ends = []
        for ours in (True, False):
            torch.manual_seed(0)
            model = nn.Linear(1, 1)
            optimizer = SGD(model.parameters(), lr=0.1)
            if ours:
                hooks = [follow(optimizer, schedule)]
            else:
                scheduler = LambdaLR(optimizer, lambda step: 0.9**step)
                hooks = [lambda history, s=scheduler: s.step()]
            train(model, mse_loss, optimizer, Batches(X, y, 5), 20, hooks)
            ends.append([p.detach() for p in model.parameters()])
        for mine, theirs in zip(*ends, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=0)

    def test_a_hook_that_follows_does_not_stop_the_run(self) -> None:
        optimizer = SGD([torch.zeros(1)], lr=1)
        assert follow(optimizer, lambda step: 1.0)(after(1)) is None


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_an_epoch_is_as_many_steps_as_there_are_batches(steps: int) -> None:
    rows = torch.zeros(4 * steps - 1, 1)
    batches = Batches(rows, rows, 4)
    epochs: list[int] = []
    model = nn.Linear(1, 1)
    hook = every(len(batches), lambda history: epochs.append(history.epochs[-1]))
    train(model, mse_loss, SGD(model.parameters(), 0.1), batches, 3 * steps, [hook])
    assert epochs == [0, 1, 2]


class TestClipGradients:
    def test_a_run_equals_one_with_torchs_clipping(self) -> None:
        X, y = torch.arange(12.0)[:, None] / 12, 100 * torch.ones(12, 1)
        ends = []
        for ours in (True, False):
            torch.manual_seed(0)
            model = nn.Linear(1, 1)
            groups = [{"params": [p]} for p in model.parameters()]
            optimizer = SGD(groups, lr=0.1)
            if ours:
                clip_gradients(optimizer, 2.0)
            else:
                optimizer.register_step_pre_hook(
                    lambda *_, m=model: clip_grad_norm_(m.parameters(), 2.0) and None
                )
            train(model, mse_loss, optimizer, Batches(X, y, 5), 20)
            ends.append([p.detach() for p in model.parameters()])
        for mine, theirs in zip(*ends, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=0)

    def test_a_step_is_at_most_the_rate_times_the_threshold(self) -> None:
        w = nn.Parameter(torch.tensor([3.0, 4.0]))
        optimizer = SGD([w], lr=0.5)
        clip_gradients(optimizer, 0.1)
        w.grad = torch.tensor([-30.0, -40.0])
        optimizer.step()
        assert w.tolist() == pytest.approx([3.03, 4.04])

    def test_parameters_without_a_gradient_are_left_out(self) -> None:
        w, unused = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
        optimizer = SGD([w, unused], lr=1.0)
        clip_gradients(optimizer, 0.25)
        w.grad = torch.tensor([5.0])
        optimizer.step()
        assert (w.item(), unused.item()) == (0.75, 1)
