from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

from dlnotes.train.history import History
from dlnotes.train.loop import Batches, finite, passes, train


@pytest.fixture
def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    X = torch.rand(10, 3)
    return X, (X @ torch.tensor([1.0, -2.0, 0.5]) + 4)[:, None]


@pytest.fixture
def model() -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(3, 1)


class TestBatches:
    @settings(deadline=None)
    @given(n=st.integers(1, 30), batch_size=st.integers(1, 40))
    def test_one_pass_gives_every_row_once_and_its_own_target(
        self, n: int, batch_size: int
    ) -> None:
        X = torch.arange(n)
        batches = Batches(X[:, None], 10 * X, batch_size)
        seen = list(batches)
        assert len(seen) == len(batches)
        assert torch.equal(torch.cat([y for _, y in seen]).sort().values, 10 * X)
        assert all(torch.equal(10 * x[:, 0], y) for x, y in seen)
        assert all(len(y) == batch_size for _, y in seen[:-1])
        assert 1 <= len(seen[-1][1]) <= batch_size

    def test_each_pass_has_a_new_order(self) -> None:
        torch.manual_seed(0)
        batches = Batches(torch.arange(50), torch.arange(50), 50)
        (first,), (second,) = list(batches), list(batches)
        assert not torch.equal(first[0], second[0])

    def test_the_seed_decides_the_orders(self) -> None:
        orders = []
        for seed in (7, 7, 8):
            torch.manual_seed(seed)
            batches = Batches(torch.arange(50), torch.arange(50), 50)
            orders.append(torch.cat([X for _ in range(3) for X, _ in batches]))
        assert torch.equal(orders[0], orders[1])
        assert not torch.equal(orders[0], orders[2])

    def test_other_random_numbers_do_not_change_the_orders(self) -> None:
        orders = []
        for draws in (0, 3):
            torch.manual_seed(7)
            batches = Batches(torch.arange(50), torch.arange(50), 50)
            torch.rand(draws)
            orders.append(next(iter(batches))[0])
        assert torch.equal(*orders)

    def test_no_rows(self) -> None:
        with pytest.raises(ValueError, match="the data set is empty"):
            Batches(torch.zeros(0, 3), torch.zeros(0), 4)

    def test_rows_that_do_not_match(self) -> None:
        with pytest.raises(ValueError, match="X has 5 rows, y has 4"):
            Batches(torch.zeros(5, 1), torch.zeros(4), 2)


class TestPasses:
    def test_counts_the_epochs(self) -> None:
        endless = passes([(torch.tensor(0), torch.tensor(1))] * 2)
        assert [next(endless)[0] for _ in range(5)] == [0, 0, 1, 1, 2]

    def test_an_empty_data_set(self) -> None:
        with pytest.raises(ValueError, match="epoch 0 gave no batch"):
            next(passes([]))

    def test_an_iterator_that_is_used_up(self, data: tuple[Tensor, Tensor]) -> None:
        once = iter([data])
        endless = passes(once)
        next(endless)
        with pytest.raises(ValueError, match=r"epoch 1 gave no batch.*only once"):
            next(endless)


class TestFinite:
    def test_a_finite_loss_is_returned_itself(self) -> None:
        loss = torch.tensor(-3.5)
        assert finite(loss, 1) is loss

    @pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
    def test_the_step_is_named(self, value: str) -> None:
        with pytest.raises(FloatingPointError, match=f"the loss is {value} at step 42"):
            finite(torch.tensor(float(value)), 42)


class TestTrain:
    @pytest.mark.parametrize("make", [SGD, Adam])
    def test_equals_the_loop_written_out(
        self, make: type, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        twin = nn.Linear(3, 1)
        twin.load_state_dict(model.state_dict())
        torch.manual_seed(5)
        optimizer = make(model.parameters(), lr=0.05)
        history = train(model, mse_loss, optimizer, Batches(*data, 4), steps=7)

        torch.manual_seed(5)
        optimizer, losses = make(twin.parameters(), lr=0.05), []
        batches = Batches(*data, 4)
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
        history = train(model, mse_loss, optimizer, Batches(*data, 4), steps=5)
        assert history.step == 5
        assert history.epochs == [0, 0, 0, 1, 1]
        assert history.rows == [4, 4, 2, 4, 4]

    def test_gradients_do_not_pile_up(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=0.0)
        batches = Batches(*data, 10)
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
            model, mse_loss, optimizer, Batches(*data, 5), 9, [first, second]
        )
        assert history.step == 2
        assert seen == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]

    def test_a_schedule_is_a_hook(
        self, data: tuple[Tensor, Tensor], model: nn.Linear
    ) -> None:
        optimizer = SGD(model.parameters(), lr=0.08)
        schedule = StepLR(optimizer, step_size=2, gamma=0.5)
        train(
            model,
            mse_loss,
            optimizer,
            Batches(*data, 5),
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
        train(model, mse_loss, optimizer, Batches(*data, 10), steps=1)
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
            Batches(*data, 10),
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
            train(model, mse_loss, optimizer, Batches(*data, 10), steps=1000)

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
        history = train(model, mse_loss, optimizer, Batches(*data, 5), steps=0)
        assert history.step == 0
        assert torch.equal(model.weight, before)
