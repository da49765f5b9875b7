from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

from dlnotes.hardware import MixedPrecision
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.loop import check_finite, train


@pytest.fixture
def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    X = torch.rand(10, 3)
    return X, (X @ torch.tensor([1.0, -2.0, 0.5]) + 4)[:, None]


@pytest.fixture
def model() -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(3, 1)


class TestCheckFinite:
    def test_a_finite_loss_passes(self) -> None:
        check_finite(-3.5, History())

    @pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
    def test_the_step_is_named(self, value: str) -> None:
        history = History()
        for _ in range(41):
            history.record(0.5, epoch=0, count=1)
        message = (
            f"^the loss is {value} at step 42: "
            r"learning rate too large, data not finite, or nothing to count\?$"
        )
        with pytest.raises(FloatingPointError, match=message):
            check_finite(float(value), history)


class TestTrain:
    @pytest.mark.parametrize("make", [SGD, Adam])
    def test_equals_the_loop_written_out(
        self, make: type, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        twin = nn.Linear(3, 1)
        twin.load_state_dict(model.state_dict())
        torch.manual_seed(5)
        optimizer = make(model.parameters(), lr=0.05)
        history = train(
            model, mse_loss, optimizer, Batches(*data, batch_size=4), steps=7
        )

        torch.manual_seed(5)
        optimizer, losses = make(twin.parameters(), lr=0.05), []
        batches = Batches(*data, batch_size=4)
        while len(losses) < 7:
            for X, y in batches:
                if len(losses) == 7:
                    break
                loss = mse_loss(twin(X), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        assert history.losses == losses
        assert torch.equal(model.weight, twin.weight)
        assert torch.equal(model.bias, twin.bias)

    def test_the_history_has_steps_epochs_and_rows(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=0.01)
        history = train(
            model, mse_loss, optimizer, Batches(*data, batch_size=4), steps=5
        )
        assert history.step == 5
        assert history.epochs == [0, 0, 0, 1, 1]
        assert history.counts == [4, 4, 2, 4, 4]

    def test_gradients_do_not_pile_up(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=0.0)
        batches = Batches(*data, batch_size=10)
        train(model, mse_loss, optimizer, batches, steps=1)
        assert model.weight.grad is not None
        once = model.weight.grad.clone()
        train(model, mse_loss, optimizer, batches, steps=5)
        assert torch.allclose(model.weight.grad, once)

    def test_knows_no_task_and_takes_any_loader(self) -> None:
        torch.manual_seed(0)
        X = torch.randn(12, 2)
        label = (X[:, 0] > X[:, 1]).long()
        model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
        loader = DataLoader(TensorDataset(X, label), batch_size=6, shuffle=True)
        optimizer = Adam(model.parameters(), lr=0.05)
        history = train(model, cross_entropy, optimizer, loader, steps=200)
        assert history.epoch_means()[-1] < 0.01
        assert torch.equal(model(X).argmax(dim=1), label)

    def test_every_hook_sees_every_step(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        seen: list[tuple[str, int]] = []

        def first(history: History) -> bool:
            seen.append(("first", history.step))
            return history.step == 2

        def second(history: History) -> None:
            seen.append(("second", history.step))

        optimizer = SGD(model.parameters(), lr=0.01)
        history = train(
            model, mse_loss, optimizer, Batches(*data, batch_size=5), 9, [first, second]
        )
        assert history.step == 2
        assert seen == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]

    def test_several_inputs(self) -> None:
        torch.manual_seed(0)
        A, B = torch.randn(20, 2), torch.randn(20, 3)
        model = nn.Bilinear(2, 3, 1)
        y = (A[:, :1] * B[:, :1]) - 2 * A[:, 1:] * B[:, 2:]
        optimizer = Adam(model.parameters(), lr=0.1)
        history = train(model, mse_loss, optimizer, Batches(A, B, y, batch_size=5), 300)
        assert history.losses[-1] < 1e-3

    def test_a_model_in_evaluation_mode_is_put_into_training_mode(
        self, data: tuple[Tensor, Tensor]
    ) -> None:
        model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 1))
        model.eval()
        optimizer = SGD(model.parameters(), lr=0.01)
        train(model, mse_loss, optimizer, Batches(*data, batch_size=5), steps=1)
        assert all(module.training for module in model.modules())
        assert model[0].running_mean.abs().max() > 0

    def test_a_frozen_part_of_a_model_that_trains_stays_frozen(
        self, data: tuple[Tensor, Tensor]
    ) -> None:
        model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1))
        model[0].eval()
        optimizer = SGD(model[1].parameters(), lr=0.01)
        train(model, mse_loss, optimizer, Batches(*data, batch_size=5), steps=3)
        assert not model[0].training
        assert model[0].running_mean.tolist() == [0, 0, 0]

    def test_a_frozen_part_is_one_of_those_that_compute(
        self, data: tuple[Tensor, Tensor]
    ) -> None:
        """What is wrapped around a model is new, and tells nothing of it."""
        inner = nn.Sequential(nn.BatchNorm1d(3), nn.Sequential(nn.Linear(3, 1)))
        model = MixedPrecision(inner.eval())
        assert model.training
        optimizer = SGD(model.parameters(), lr=0.01)
        train(model, mse_loss, optimizer, Batches(*data, batch_size=5), steps=1)
        assert all(module.training for module in model.modules())
        assert inner[0].running_mean.abs().max() > 0
        inner[1].eval()
        train(model, mse_loss, optimizer, Batches(*data, batch_size=5), steps=1)
        assert inner[0].training
        assert not inner[1].training

    def test_what_a_mean_counts_is_recorded(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=0.01)
        batches = Batches(*data, batch_size=4)
        history = train(
            model, mse_loss, optimizer, batches, 3, count=lambda y: 10 * len(y)
        )
        assert history.counts == [40, 40, 20]

    def test_a_hook_that_ends_the_run_is_in_the_history(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=0.01)
        for stop in (True, False):
            batches = Batches(*data, batch_size=4)
            hooks = [lambda history, stop=stop: stop and history.step == 2]
            history = train(model, mse_loss, optimizer, batches, 2, hooks)
            assert history.stopped is stop

    def test_a_schedule_is_a_hook(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=0.08)
        schedule = StepLR(optimizer, step_size=2, gamma=0.5)
        train(
            model,
            mse_loss,
            optimizer,
            Batches(*data, batch_size=5),
            4,
            [lambda history: schedule.step()],
        )
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.02)

    def test_clipping_is_a_hook_of_the_optimizer(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        before = [p.detach().clone() for p in model.parameters()]
        optimizer = SGD(model.parameters(), lr=1.0)
        optimizer.register_step_pre_hook(
            lambda *_: (clip_grad_norm_(model.parameters(), 0.01), None)[1]
        )
        train(model, mse_loss, optimizer, Batches(*data, batch_size=10), steps=1)
        moved = [p - q for p, q in zip(model.parameters(), before, strict=True)]
        length = sum((change**2).sum() for change in moved).sqrt()  # type: ignore[union-attr]
        assert length.item() == pytest.approx(0.01, rel=1e-3)

    def test_early_stopping_is_a_hook(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=0.1)
        history = train(
            model,
            mse_loss,
            optimizer,
            Batches(*data, batch_size=10),
            10_000,
            [lambda history: history.losses[-1] < 0.5],
        )
        assert history.losses[-1] < 0.5 <= history.losses[-2]

    def test_stops_before_the_first_loss_that_is_not_finite_does_harm(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        X, y = data
        spoiled = y.clone()
        spoiled[3] = float("nan")
        kept: list[Tensor] = []

        def keep(history: History) -> None:
            kept.append(model.weight.detach().clone())

        optimizer = SGD(model.parameters(), lr=0.01)
        with pytest.raises(FloatingPointError, match="the loss is nan at step 3"):
            train(model, mse_loss, optimizer, [(X, y), (X, y), (X, spoiled)], 9, [keep])
        assert len(kept) == 2
        assert torch.equal(model.weight, kept[-1])

    def test_a_rate_that_is_too_large_ends_in_words(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=10.0)
        with pytest.raises(FloatingPointError, match="learning rate too large"):
            train(model, mse_loss, optimizer, Batches(*data, batch_size=10), steps=1000)

    def test_an_empty_data_set_does_not_loop_for_ever(self, model: nn.Linear) -> None:
        optimizer = SGD(model.parameters(), lr=0.01)
        with pytest.raises(ValueError, match="the data set is empty"):
            train(model, mse_loss, optimizer, [], steps=3)

    def test_a_generator_is_refused_in_its_second_pass(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        def once() -> Iterator[tuple[Tensor, Tensor]]:
            yield data

        optimizer = SGD(model.parameters(), lr=0.01)
        with pytest.raises(ValueError, match="gone through only once"):
            train(model, mse_loss, optimizer, once(), steps=3)

    def test_zero_steps_change_nothing(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        before = model.weight.detach().clone()
        optimizer = SGD(model.parameters(), lr=0.01)
        history = train(
            model, mse_loss, optimizer, Batches(*data, batch_size=5), steps=0
        )
        assert history.step == 0
        assert torch.equal(model.weight, before)
