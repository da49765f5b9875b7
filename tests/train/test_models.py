"""Models of the parts to come train with the loop, and it knows none of them."""

import math
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

from dlnotes.data.digits import load_digits
from dlnotes.hardware import MixedPrecision, OnDevice
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.regularize import weight_decay_groups
from dlnotes.schedule import cosine, warm_up
from dlnotes.train.accumulate import Accumulate
from dlnotes.train.batches import Batches, tokens
from dlnotes.train.carry import Carry
from dlnotes.train.hooks import clip_gradients, every, schedule_lr
from dlnotes.train.loop import evaluate, train


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def convolutional() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(16 * 4 * 4, 10),
    )


class TestConvolutional:
    def test_it_learns_digits(self) -> None:
        digits = load_digits()
        model = convolutional()
        optimizer = Adam(weight_decay_groups(model, 0.001), lr=0.01)
        batches = Batches(digits.train.images, digits.train.y, batch_size=64)
        steps = 6 * len(batches)
        schedule_lr(optimizer, warm_up(len(batches), cosine(steps)))
        val = [(digits.val.images, digits.val.y)]
        seen: list[float] = []
        history = train(
            model,
            cross_entropy,
            optimizer,
            batches,
            steps,
            [
                every(
                    len(batches), lambda _: seen.append(evaluate(model, accuracy, val))
                )
            ],
        )
        assert len(seen) == 6
        assert seen[-1] > 0.95
        assert history.epoch_means()[-1] < 0.1
        assert model.training

    def test_evaluation_in_pieces_equals_that_of_the_whole(self) -> None:
        val = load_digits().val
        model = convolutional()
        whole = [(val.images, val.y)]
        pieces = DataLoader(TensorDataset(val.images, val.y), batch_size=77)
        for metric in (accuracy, cross_entropy):
            found = evaluate(model, metric, pieces)
            assert found == pytest.approx(evaluate(model, metric, whole), rel=1e-6)

    def test_a_data_set_of_torchvisions_as_it_is(self) -> None:
        """Random images from torchvision, whose labels are learned by heart."""
        import torchvision  # takes seconds

        data = torchvision.datasets.FakeData(
            24, (1, 8, 8), 3, torchvision.transforms.ToTensor()
        )
        loader = DataLoader(data, batch_size=8, shuffle=True)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
        optimizer = Adam(model.parameters(), lr=0.01)
        train(model, cross_entropy, optimizer, loader, 150)
        assert evaluate(model, accuracy, loader) == 1

    def test_with_all_that_may_stand_around_it(self) -> None:
        """bfloat16, large batches in pieces, a device, PyTorch's own schedule."""
        digits = load_digits()
        model = MixedPrecision(convolutional())
        optimizer = Adam(model.parameters())
        scheduler = OneCycleLR(optimizer, max_lr=0.02, total_steps=1 + 100)
        batches = Batches(digits.train.images, digits.train.y, batch_size=32)
        train(
            model,
            cross_entropy,
            Accumulate(optimizer, pieces=2),
            OnDevice(batches, "cpu"),
            200,
            [every(2, lambda _: scheduler.step())],
        )
        val = OnDevice([(digits.val.images, digits.val.y)], "cpu")
        assert evaluate(model, accuracy, val) > 0.95


class LanguageModel(nn.Module):
    def __init__(self, V: int, C: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(V, C)
        self.lstm = nn.LSTM(C, C, batch_first=True)
        self.out = nn.Linear(C, V)

    def forward(self, X: Tensor, state: Any) -> tuple[Tensor, Any]:
        H, state = self.lstm(self.embed(X), state)  # (B, T, C)
        return self.out(H).transpose(1, 2), state  # (B, V, T)


def chunks(text: Tensor, rows: int, T: int) -> list[tuple[Tensor, Tensor]]:
    """Cut a text into rows that go on from chunk to chunk."""
    n = (len(text) - 1) // (rows * T) * rows * T
    X, y = text[:n].view(rows, -1), text[1 : n + 1].view(rows, -1)
    return list(zip(X.split(T, dim=1), y.split(T, dim=1), strict=True))


class TestLanguageModel:
    """A text in which the next letter depends on one that is farther back than T."""

    PERIOD, T = 6, 4

    def text(self) -> Tensor:
        """Return zeros with a 1 at every sixth place."""
        return (torch.arange(801) % self.PERIOD == 0).long()

    def perplexity(self, carried: bool) -> float:
        batches = chunks(self.text(), rows=4, T=self.T)
        model = Carry(LanguageModel(V=2, C=16))
        optimizer = Adam(model.parameters(), lr=0.02)
        clip_gradients(optimizer, 1.0)
        reset = every(len(batches) if carried else 1, model.reset)
        train(
            model,
            cross_entropy,
            optimizer,
            batches,
            10 * len(batches),
            [reset],
            count=lambda y: y.numel(),
        )
        if carried:
            return math.exp(
                evaluate(model, cross_entropy, batches, lambda y: y.numel())
            )
        losses = [evaluate(model, cross_entropy, [batch]) for batch in batches]
        return math.exp(sum(losses) / len(losses))

    def test_carried_state_knows_what_lies_before_the_batch(self) -> None:
        assert self.perplexity(carried=True) < 1.02
        torch.manual_seed(0)
        assert self.perplexity(carried=False) > 1.1

    def test_an_evaluation_between_does_not_change_the_training(self) -> None:
        batches = chunks(self.text(), rows=4, T=self.T)
        weights = []
        for watched in (True, False):
            torch.manual_seed(0)
            model = Carry(LanguageModel(V=2, C=4))
            optimizer = Adam(model.parameters(), lr=0.01)
            other = chunks(self.text(), rows=2, T=7)

            def watch(_: object, model: Carry = model, other: list = other) -> None:
                evaluate(model, cross_entropy, other)

            hooks = [every(3, watch)] if watched else []
            train(model, cross_entropy, optimizer, batches, 30, hooks)
            weights.append([p.detach() for p in model.parameters()])
        for one, another in zip(*weights, strict=True):
            assert torch.equal(one, another)


PAD, BEGIN = 0, 1


class Seq2Seq(nn.Module):
    """Read a source with a mask; write a target that is shifted by one."""

    def __init__(self, V: int, C: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(V, C)
        self.encoder = nn.GRUCell(C, C)
        self.decoder = nn.GRU(C, C, batch_first=True)
        self.out = nn.Linear(C, V)

    def forward(self, source: Tensor, mask: Tensor, before: Tensor) -> Tensor:
        E = self.embed(source)  # (B, T, C)
        h = torch.zeros_like(E[:, 0])
        for t in range(source.shape[1]):
            h = torch.where(mask[:, t, None], self.encoder(E[:, t], h), h)
        H, _ = self.decoder(self.embed(before), h[None])
        return self.out(H).transpose(1, 2)  # (B, V, T)


def sentences(N: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw numbers to be written backwards, padded to a length of 5."""
    lengths = torch.randint(2, 6, (N,))
    mask = torch.arange(5) < lengths[:, None]
    source = torch.randint(2, 8, (N, 5)) * mask
    places = (lengths[:, None] - 1 - torch.arange(5)) % 5
    target = source.gather(1, places) * mask
    before = torch.cat([torch.full((N, 1), BEGIN), target[:, :-1]], dim=1)
    return source, mask, before, target


class TestSequenceToSequence:
    LOSS = staticmethod(partial(cross_entropy, ignore_index=PAD))

    def trained(self, data: tuple[Tensor, ...], steps: int) -> Seq2Seq:
        torch.manual_seed(0)
        model = Seq2Seq(V=8, C=32)
        optimizer = Adam(model.parameters(), lr=0.01)
        batches = Batches(*data, batch_size=64)
        train(model, self.LOSS, optimizer, batches, steps, count=tokens(PAD))
        return model

    def test_it_learns_to_write_backwards(self) -> None:
        model = self.trained(sentences(3000), 300)
        *inputs, target = sentences(300)  # new ones
        right = model(*inputs).argmax(1) == target
        assert right[target != PAD].float().mean() > 0.9  # by chance 1/6

    def test_what_the_mask_hides_changes_nothing(self) -> None:
        source, mask, before, target = sentences(100)
        weights = []
        for hidden in (0, 5):
            data = source.masked_fill(~mask, hidden), mask, before, target
            weights.append(list(self.trained(data, 10).parameters()))
        for one, other in zip(*weights, strict=True):
            assert torch.equal(one, other)

    def test_nor_does_what_the_decoder_reads_after_the_end(self) -> None:
        source, mask, before, target = sentences(100)
        weights = []
        for hidden in (0, 5):
            after = torch.cat([torch.ones(100, 1) > 0, mask[:, :-1]], dim=1) & mask
            data = source, mask, before.masked_fill(~after, hidden), target
            weights.append(list(self.trained(data, 10).parameters()))
        for one, other in zip(*weights, strict=True):
            assert torch.equal(one, other)

    def test_the_loss_is_per_token_in_whatever_pieces(self) -> None:
        data = sentences(100)
        model = self.trained(data, 20)
        whole = evaluate(model, self.LOSS, [data], tokens(PAD))
        *inputs, target = data
        assert whole == pytest.approx(self.LOSS(model(*inputs), target).item())
        pieces = list(zip(*(t.split(30) for t in data), strict=True))
        in_pieces = evaluate(model, self.LOSS, pieces, tokens(PAD))
        assert in_pieces == pytest.approx(whole, rel=1e-6)
        assert evaluate(model, self.LOSS, pieces) != pytest.approx(whole, rel=1e-4)

    def test_the_history_counts_tokens(self) -> None:
        data = sentences(100)
        model = Seq2Seq(V=8, C=4)
        optimizer = Adam(model.parameters(), lr=0.0)
        batches = Batches(*data, batch_size=30)
        history = train(model, self.LOSS, optimizer, batches, 4, count=tokens(PAD))
        assert sum(history.counts) == int((data[-1] != PAD).sum())
        (mean,) = history.epoch_means()
        expected = evaluate(model, self.LOSS, [data], tokens(PAD))
        assert mean == pytest.approx(expected, rel=1e-6)
