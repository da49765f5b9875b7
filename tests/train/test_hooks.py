import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from dlnotes.train.accumulate import Accumulate
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.hooks import clip_gradients, every, schedule_lr
from dlnotes.train.loop import train


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


def parameter() -> nn.Parameter:
    """Return a parameter whose gradient is 1."""
    w = nn.Parameter(torch.zeros(1))
    w.grad = torch.ones(1)
    return w


class TestScheduleLr:
    def test_every_step_has_the_rate_of_the_schedule(self) -> None:
        w = parameter()
        optimizer = SGD([w], lr=8.0)
        schedule_lr(optimizer, lambda step: 1 / (1 + step))
        for _ in range(4):
            optimizer.step()
        assert w.item() == pytest.approx(-8 * (1 + 1 / 2 + 1 / 3 + 1 / 4))

    def test_every_group_keeps_its_share(self) -> None:
        groups = [{"params": [parameter()], "lr": lr} for lr in (1e-4, 1e-1)]
        optimizer = SGD(groups)
        schedule_lr(optimizer, lambda step: 0.5**step)
        for _ in range(3):
            optimizer.step()
        assert [g["lr"] for g in optimizer.param_groups] == [0.25e-4, 0.25e-1]

    def test_it_counts_steps_of_the_optimizer_not_calls_of_the_loop(self) -> None:
        w = parameter()
        optimizer = SGD([w], lr=1.0)
        schedule_lr(optimizer, lambda step: 10.0**step)
        pieces = Accumulate(optimizer, pieces=3)
        for _ in range(6):
            w.grad = torch.full((1,), 3.0)
            pieces.step()
        assert w.item() == -11

    @pytest.mark.parametrize("late", [False, True])
    def test_its_place_is_in_the_state_of_the_optimizer(self, late: bool) -> None:
        """Whether the schedule is asked for before the state is loaded, or after."""
        first = SGD([parameter()], lr=8.0)
        schedule_lr(first, lambda step: 0.5**step)
        first.step()
        first.step()
        w = parameter()
        second = SGD([w], lr=8.0)
        if not late:
            schedule_lr(second, lambda step: 0.5**step)
        second.load_state_dict(first.state_dict())
        if late:
            schedule_lr(second, lambda step: 0.5**step)
        second.step()
        assert w.item() == -2

    def test_a_group_that_comes_later_has_a_count_of_its_own(self) -> None:
        optimizer = SGD([parameter()], lr=8.0)
        schedule_lr(optimizer, lambda step: 0.5**step)
        optimizer.step()
        optimizer.add_param_group({"params": [parameter()], "lr": 1.0})
        optimizer.step()
        assert [group["lr"] for group in optimizer.param_groups] == [4, 1]

    def test_after_it_is_removed_another_goes_on_counting(self) -> None:
        optimizer = SGD([parameter()], lr=8.0)
        schedule_lr(optimizer, lambda step: 0.5**step).remove()
        schedule_lr(optimizer, lambda step: 0.5**step)
        optimizer.step()
        assert optimizer.param_groups[0]["lr"] == 8
        optimizer.step()
        assert optimizer.param_groups[0]["lr"] == 4

    def test_removed_it_changes_nothing_more(self) -> None:
        optimizer = SGD([parameter()], lr=8.0)
        handle = schedule_lr(optimizer, lambda step: 0.5**step)
        optimizer.step()
        optimizer.step()
        handle.remove()
        optimizer.step()
        assert optimizer.param_groups[0]["lr"] == 4

    @pytest.mark.parametrize("rates", [(0.1,), (0.1, 0.02)])
    def test_a_run_equals_one_with_torchs_scheduler(
        self, rates: tuple[float, ...]
    ) -> None:
        X, y = torch.arange(12.0)[:, None] / 12, torch.ones(12, 1)
        ends = []
        for ours in (True, False):
            torch.manual_seed(0)
            model = nn.Linear(1, 1)
            groups = [
                {"params": [p], "lr": lr}
                for p, lr in zip(model.parameters(), rates * 2, strict=False)
            ]
            optimizer = SGD(groups)
            hooks = []
            if ours:
                schedule_lr(optimizer, lambda step: 0.9**step)
            else:
                scheduler = LambdaLR(optimizer, lambda step: 0.9**step)
                hooks = [lambda history, s=scheduler: s.step()]
            batches = Batches(X, y, batch_size=5)
            train(model, mse_loss, optimizer, batches, 20, hooks)
            ends.append([p.detach() for p in model.parameters()])
        for mine, theirs in zip(*ends, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=0)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_an_epoch_is_as_many_steps_as_there_are_batches(steps: int) -> None:
    rows = torch.zeros(4 * steps - 1, 1)
    batches = Batches(rows, rows, batch_size=4)
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
            train(model, mse_loss, optimizer, Batches(X, y, batch_size=5), 20)
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

    def test_removed_it_clips_nothing_more(self) -> None:
        w = parameter()
        optimizer = SGD([w], lr=1.0)
        clip_gradients(optimizer, 0.25).remove()
        optimizer.step()
        assert w.item() == -1

    def test_twice_is_as_the_smaller_threshold(self) -> None:
        w = parameter()
        optimizer = SGD([w], lr=1.0)
        clip_gradients(optimizer, 0.5)
        clip_gradients(optimizer, 0.25)
        optimizer.step()
        assert w.item() == -0.25

    def test_a_step_without_any_gradient_is_told(self) -> None:
        optimizer = SGD([nn.Parameter(torch.ones(1))], lr=1.0)
        clip_gradients(optimizer, 0.25)
        with pytest.raises(ValueError, match=r"^there are no gradients: call loss\.b"):
            optimizer.step()

    def test_gradients_of_many_batches_are_clipped_together(self) -> None:
        w = parameter()
        optimizer = SGD([w], lr=1.0)
        clip_gradients(optimizer, 0.25)
        pieces = Accumulate(optimizer, pieces=2)
        pieces.step()
        w.grad += 1
        assert w.grad.item() == 2
        pieces.step()
        assert w.item() == -0.25
