import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from dlnotes.language.batches import RandomWindows, Streams
from dlnotes.train.carry import Carry
from dlnotes.train.loop import train

sizes = st.integers(1, 6)


class TestStreams:
    @given(st.integers(2, 60), sizes, sizes)
    def test_the_batches_side_by_side_are_the_text(
        self, N: int, B: int, T: int
    ) -> None:
        if N < B + 1:
            N += B
        text = torch.arange(N)
        batches = list(Streams(text, B, T))
        X, y = (torch.cat(side, dim=1) for side in zip(*batches, strict=True))
        length = (N - 1) // B
        assert X.shape == (B, length)
        assert torch.equal(X.flatten(), text[: B * length])
        assert torch.equal(y, X + 1)
        assert N - 1 - X.numel() < B

    @given(st.integers(10, 60), sizes, sizes)
    def test_all_batches_but_the_last_are_b_times_t(
        self, N: int, B: int, T: int
    ) -> None:
        streams = Streams(torch.arange(N), B, T)
        shapes = [X.shape for X, y in streams]
        assert [y.shape for X, y in streams] == shapes
        assert all(shape == (B, T) for shape in shapes[:-1])
        assert 1 <= shapes[-1][1] <= T
        assert len(streams) == len(shapes)

    def test_one_stream_leaves_out_nothing(self) -> None:
        X, y = zip(*Streams(torch.arange(8), 1, 3), strict=True)
        assert [x.tolist() for x in X] == [[[0, 1, 2]], [[3, 4, 5]], [[6]]]
        assert [x.tolist() for x in y] == [[[1, 2, 3]], [[4, 5, 6]], [[7]]]

    def test_each_pass_is_the_same(self) -> None:
        streams = Streams(torch.arange(20), 2, 4)
        for (X, _), (again, _) in zip(streams, streams, strict=True):
            assert torch.equal(X, again)

    def test_repr(self) -> None:
        streams = Streams(torch.arange(4001), 2, 16)
        assert repr(streams) == "Streams(2 streams of 2,000 tokens, T=16)"

    def test_the_shortest_text(self) -> None:
        ((X, y),) = Streams(torch.arange(4), 3, 5)
        assert (X.tolist(), y.tolist()) == ([[0], [1], [2]], [[1], [2], [3]])
        with pytest.raises(ValueError, match="at least 5 tokens"):
            Streams(torch.arange(4), 4, 5)


class TestRandomWindows:
    @given(st.integers(2, 60), sizes, sizes, st.integers(0, 99))
    def test_windows_lie_end_to_end_and_cover_the_text(
        self, N: int, B: int, T: int, seed: int
    ) -> None:
        N = max(N, 2 * T)
        windows = RandomWindows(torch.arange(N), B, T, seed)
        for _ in range(3):
            X, y = (torch.cat(side) for side in zip(*windows, strict=True))
            assert torch.equal(y, X + 1)
            start = int(X.min())
            assert start < T
            assert torch.equal(
                X.flatten().sort().values, torch.arange(start, start + X.numel())
            )
            assert torch.equal(X - X[:, :1], torch.arange(T).expand(len(X), -1))
            assert y.max() < N
            assert N - X.numel() < 2 * T

    @given(st.integers(12, 60), sizes, sizes)
    def test_all_batches_but_the_last_are_b_times_t(
        self, N: int, B: int, T: int
    ) -> None:
        windows = RandomWindows(torch.arange(N), B, T, 0)
        shapes = [X.shape for X, _ in windows]
        assert [y.shape for _, y in windows] == shapes
        assert all(shape == (B, T) for shape in shapes[:-1])
        assert 1 <= shapes[-1][0] <= B
        assert shapes[-1][1] == T
        assert len(windows) == len(shapes)

    def test_every_start_is_drawn_and_every_order(self) -> None:
        windows = RandomWindows(torch.arange(12), 2, 4, 0)
        passes = [torch.cat([X for X, _ in windows]) for _ in range(100)]
        assert {int(X.min()) for X in passes} == {0, 1, 2, 3}
        assert {bool(X[0, 0] < X[1, 0]) for X in passes} == {True, False}

    def test_the_shortest_text(self) -> None:
        windows = RandomWindows(torch.arange(6), 4, 3, 0)
        starts = {int(X[0, 0]) for _ in range(50) for X, _ in windows}
        assert starts == {0, 1, 2}
        with pytest.raises(ValueError, match="at least 6 tokens"):
            RandomWindows(torch.arange(5), 4, 3)

    def test_the_seed_decides(self) -> None:
        drawn = []
        for seed in (7, 7, 8):
            torch.manual_seed(0)
            windows = RandomWindows(torch.arange(90), 5, 3, seed)
            drawn.append(torch.cat([X for _ in range(3) for X, _ in windows]))
        assert torch.equal(drawn[0], drawn[1])
        assert not torch.equal(drawn[0], drawn[2])

    def test_without_a_seed_it_is_the_last_one_set(self) -> None:
        drawn = []
        for seed, draws in ((7, 0), (7, 3), (8, 0)):
            torch.manual_seed(seed)
            windows = RandomWindows(torch.arange(90), 30, 3)
            torch.rand(draws)
            drawn.append(next(iter(windows))[0])
        assert torch.equal(drawn[0], drawn[1])
        assert not torch.equal(drawn[0], drawn[2])

    def test_repr(self) -> None:
        windows = RandomWindows(torch.arange(6000), 2, 3)
        assert repr(windows) == "RandomWindows(1,999 windows of 3 tokens)"


@pytest.mark.parametrize("kind", [Streams, RandomWindows])
class TestBoth:
    @pytest.mark.parametrize(("B", "T"), [(0, 3), (3, 0), (-1, 3)])
    def test_sizes_below_1(self, kind: type, B: int, T: int) -> None:
        message = f"^batch_size is {B} and T is {T}: both from 1 on$"
        with pytest.raises(ValueError, match=message):
            kind(torch.arange(9), B, T)
        assert len(kind(torch.arange(9), 1, 1)) == 8

    @pytest.mark.parametrize("text", [torch.arange(3), torch.zeros(20, 2)])
    def test_a_text_that_is_none(self, kind: type, text: Tensor) -> None:
        shape = re.escape(str(tuple(text.shape)))
        message = rf"^ids are {shape}: a text \(N,\) of at least 4 tokens is needed$"
        with pytest.raises(ValueError, match=message):
            kind(text, 3, 2)

    def test_a_model_is_trained_with_them(self, kind: type) -> None:
        """A GRU learns the order of a cycle; the streams carry its state."""
        torch.manual_seed(0)
        batches = kind(torch.arange(400) % 5, 4, 10)
        model = Carry(Cycle()) if kind is Streams else Alone(Cycle())
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        loss = lambda logits, y: nn.functional.cross_entropy(logits.mT, y)  # noqa: E731
        history = train(model, loss, optimizer, batches, steps=40)
        assert history.losses[-1] < 0.1 < history.losses[0]


class Cycle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.out = nn.Embedding(5, 8), nn.Linear(8, 5)
        self.rnn = nn.GRU(8, 8, batch_first=True)

    def forward(self, X: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        h, state = self.rnn(self.embed(X), state)
        return self.out(h), state


class Alone(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, X: Tensor) -> Tensor:
        return self.model(X, None)[0]
