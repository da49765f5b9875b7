import math
from functools import partial
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from dlnotes.decode.beam import beam_search
from dlnotes.decode.one_by_one import greedy
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoded, Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import (
    END,
    PAD,
    START,
    PairBatches,
    masked_cross_entropy,
    pad_rows,
)
from dlnotes.train.batches import tokens
from dlnotes.train.loop import evaluate, train

V_SOURCE, V_TARGET = 9, 5
SOURCE = torch.tensor([[3, 4, 5, 6], [7, 8, PAD, PAD], [6, PAD, PAD, PAD]])
TARGET_IN = torch.tensor([[START, 3, 4], [START, 4, PAD], [START, 3, 3]])


def encoder(bidirectional: bool = False) -> Encoder:
    torch.manual_seed(0)
    return Encoder(V_SOURCE, 4, 5, bidirectional).double()


def model(forcing: float = 1.0, bidirectional: bool = False) -> Seq2Seq:
    reader = encoder(bidirectional)
    writer = Decoder(V_TARGET, 3, 6, reader.size)
    return Seq2Seq(reader, writer, forcing).double()


def decided(forcing: float = 1.0) -> Seq2Seq:
    """Return a model with large weights, whose sentences differ."""
    translator = model(forcing)
    with torch.no_grad():
        for weight in translator.parameters():
            weight *= 3
    return translator


def slopes(of: Tensor, module: nn.Module) -> list[Tensor]:
    """Return the gradient with respect to each parameter."""
    return list(torch.autograd.grad(of, list(module.parameters())))


@pytest.mark.parametrize("bidirectional", [False, True])
class TestEncoder:
    def test_equals_pytorchs_on_packed_input(self, bidirectional: bool) -> None:
        ours = encoder(bidirectional)
        theirs = nn.GRU(4, 5, batch_first=True, bidirectional=bidirectional).double()
        theirs.load_state_dict(ours.recurrent.state_dict())
        X = ours.embedding(SOURCE)
        Y, h = theirs(pack_padded_sequence(X, [4, 2, 1], batch_first=True))
        outputs, vector, mask = ours(SOURCE)
        rows, _ = nn.utils.rnn.pad_packed_sequence(Y, batch_first=True)
        torch.testing.assert_close(outputs, rows)
        torch.testing.assert_close(vector, torch.cat(list(h), 1))
        assert vector.shape == (3, ours.size)
        assert ours.size == (10 if bidirectional else 5)
        assert Encoder(V_SOURCE, 4, 5).size == 5  # one direction, if not told
        assert mask.tolist() == [[True] * n + [False] * (4 - n) for n in (4, 2, 1)]

    def test_padding_changes_nothing(self, bidirectional: bool) -> None:
        reader = encoder(bidirectional)
        before = reader(SOURCE)
        longer = reader(functional.pad(SOURCE, (0, 3), value=PAD))
        torch.testing.assert_close(longer.vector, before.vector)
        torch.testing.assert_close(longer.outputs[:, :4], before.outputs)
        assert (longer.outputs[:, 4:] == 0).all()
        gradient = slopes(before.vector.sin().sum(), reader)
        torch.testing.assert_close(slopes(longer.vector.sin().sum(), reader), gradient)
        assert (gradient[0][PAD] == 0).all()
        with torch.no_grad():
            reader.embedding.weight[PAD] += 100
        torch.testing.assert_close(reader(SOURCE).vector, before.vector)
        for row, n in enumerate((4, 2, 1)):
            alone = reader(SOURCE[row : row + 1, :n])
            torch.testing.assert_close(alone.vector[0], before.vector[row])
            torch.testing.assert_close(alone.outputs[0], before.outputs[row, :n])

    def test_padding_is_at_the_end(self, bidirectional: bool) -> None:
        reader = encoder(bidirectional)
        with pytest.raises(
            ValueError, match="source 1 has a token behind padding, at 2"
        ):
            reader(torch.tensor([[3, 4, 5], [3, PAD, 5]]))
        with pytest.raises(ValueError, match="source 1 begins with padding"):
            reader(torch.tensor([[3, 4], [PAD, PAD]]))


class TestDecoder:
    def encoded(self) -> Encoded:
        return encoder()(SOURCE)

    def decoder(self) -> Decoder:
        torch.manual_seed(1)
        return Decoder(V_TARGET, 3, 6, 5).double()

    def test_is_given_the_vector_at_each_step(self) -> None:
        writer, encoded = self.decoder(), self.encoded()
        theirs = nn.GRU(3 + 5, 6, batch_first=True).double()
        theirs.load_state_dict(writer.recurrent.state_dict())
        c = encoded.vector
        x = torch.cat([writer.embedding(TARGET_IN), torch.stack([c, c, c], 1)], 2)
        H, h = theirs(x, (c @ writer.first.weight.T + writer.first.bias).tanh()[None])
        logits, state = writer(TARGET_IN, writer.start(encoded))
        torch.testing.assert_close(
            logits, H @ writer.dense.weight.T + writer.dense.bias
        )
        torch.testing.assert_close(state, (h[0], c))

    def test_goes_on_where_it_was(self) -> None:
        writer = self.decoder()
        state = writer.start(self.encoded())
        whole, last = writer(TARGET_IN, state)
        parts = []
        for t in range(3):
            logits, state = writer(TARGET_IN[:, t : t + 1], state)
            assert [len(part) for part in state] == [3, 3]
            parts.append(logits)
        torch.testing.assert_close(torch.cat(parts, 1), whole)
        torch.testing.assert_close(state, last)


class Echo(nn.Module):
    """A decoder that keeps what it reads, and says 4 after 3, otherwise 3."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[Tensor] = []

    def start(self, encoded: Any) -> None:
        return None

    def forward(self, ids: Tensor, state: None) -> tuple[Tensor, None]:
        self.read.append(ids)
        said = torch.where(ids == 3, 4, 3)
        return functional.one_hot(said, V_TARGET).double(), state


class TestForcing:
    def test_one_is_all_at_once_and_one_by_one_alike(self) -> None:
        forced = model(1.0)
        expected = forced(SOURCE, TARGET_IN)
        found = forced.partly_forced(TARGET_IN, forced.start(SOURCE))
        torch.testing.assert_close(found, expected)
        assert expected.shape == (3, 3, V_TARGET)

    def test_zero_reads_its_own_tokens(self) -> None:
        free, forced = decided(0.0), decided()
        long = TARGET_IN.repeat(1, 3)
        logits = free(SOURCE, long)
        start = torch.full((3,), START)
        decoded = greedy(free.step, free.start(SOURCE), start, -1, limit=9)
        assert torch.equal(logits.argmax(2), decoded.tokens)
        assert not torch.equal(logits.argmax(2), forced(SOURCE, long).argmax(2))
        free.eval()
        torch.testing.assert_close(free(SOURCE, long), forced(SOURCE, long))

    @pytest.mark.parametrize("forcing", [0.0, 0.25, 0.75, 1.0])
    def test_is_the_share_of_true_tokens(self, forcing: float) -> None:
        echo = Echo()
        partly = Seq2Seq(encoder(), echo, forcing)
        torch.manual_seed(0)
        target_in = torch.full((4_000, 3), 2)
        partly(SOURCE[:1].expand(4_000, -1), target_in)
        read = torch.cat(echo.read, 1)
        assert len(echo.read) == (1 if forcing == 1 else 3)
        assert (read[:, 0] == 2).all()
        for t in (1, 2):
            share = (read[:, t] == 2).double().mean().item()
            error = math.sqrt(forcing * (1 - forcing) / 4_000)
            assert share == pytest.approx(forcing, abs=3 * error)
        own = read[:, 1:] != 2
        said = torch.where(read[:, :-1] == 3, 4, 3)
        assert torch.equal(read[:, 1:][own], said[own])
        if 0 < forcing < 1:  # the coins of a row are its own at each step
            both = (own[:, 0] & own[:, 1]).double().mean().item()
            assert both == pytest.approx((1 - forcing) ** 2, abs=0.03)

    @pytest.mark.parametrize("forcing", [-0.1, 1.1])
    def test_is_a_share(self, forcing: float) -> None:
        with pytest.raises(ValueError, match=f"forcing is {forcing}: a share from 0"):
            model(forcing)


class TestSeq2Seq:
    @pytest.mark.parametrize("forcing", [0.0, 1.0])
    def test_padding_changes_neither_values_nor_gradients(self, forcing: float) -> None:
        translator = model(forcing, bidirectional=True)
        target = torch.tensor([[3, 4, END], [4, END, PAD], [3, 3, END]])
        found = []
        for more in (0, 2):
            source = functional.pad(SOURCE, (0, more), value=PAD)
            target_in = functional.pad(TARGET_IN, (0, more), value=PAD)
            target_in[1, 2:] = more  # behind the end
            wanted = functional.pad(target, (0, more), value=PAD)
            logits = translator(source, target_in)
            loss = masked_cross_entropy(logits, wanted)
            found.append((loss, *slopes(loss, translator)))
        torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)

    def test_a_step_is_a_forward_pass(self) -> None:
        translator = model()
        log_p = translator(SOURCE, TARGET_IN).log_softmax(2)
        state = translator.start(SOURCE)
        for t in range(3):
            found, state = translator.step(TARGET_IN[:, t], state)
            torch.testing.assert_close(found, log_p[:, t])

    def test_unlimited_beams_are_the_best_of_all_translations(self) -> None:
        translator = decided()
        start = torch.full((3,), START)
        state = translator.start(SOURCE)
        found = beam_search(translator.step, state, start, END, 125, 3, 1.0)
        for row in range(3):
            best = -math.inf
            for said in product(range(V_TARGET), repeat=3):
                n = [*said, END].index(END) + 1
                ids = torch.tensor([START, *said])[None]
                logits = translator(SOURCE[row : row + 1], ids[:, :-1])
                log_p = logits.log_softmax(2)[0, range(3), said][:n].sum().item()
                best = max(best, log_p / min(n, 3))
            n = min(len(found.until(END)[row]) + 1, 3)
            assert found.log_p[row].item() / n == pytest.approx(best)

    def test_learns_to_reverse(self) -> None:
        torch.manual_seed(0)
        lines = [torch.tensor(s) for n in (1, 2, 3) for s in product((3, 4), repeat=n)]
        batches = PairBatches(lines, [s.flip(0) for s in lines], 5, seed=0)
        reader = Encoder(V_SOURCE, 8, 24)
        translator = Seq2Seq(reader, Decoder(V_TARGET, 8, 24, reader.size))
        optimizer = torch.optim.Adam(translator.parameters(), 2e-2)
        loss = partial(masked_cross_entropy, pad=PAD)
        train(translator, loss, optimizer, batches, 150, count=tokens(PAD))
        assert evaluate(translator, loss, batches, count=tokens(PAD)) < 0.05
        start = torch.full((len(lines),), START)
        state = translator.start(pad_rows(lines))
        for found in (
            greedy(translator.step, state, start, END, 6),
            beam_search(translator.step, state, start, END, 3, 6),
        ):
            assert found.until(END) == [s.flip(0).tolist() for s in lines]
