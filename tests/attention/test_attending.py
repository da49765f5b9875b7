from functools import partial
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam

from dlnotes.attention.attending import AttendingDecoder
from dlnotes.data.pair import Pair
from dlnotes.decode.beam import beam_search
from dlnotes.decode.one_by_one import greedy
from dlnotes.decode.step import take_rows
from dlnotes.seq2seq.encoder import Encoder
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
from dlnotes.train.translation import fit_translation, learn_languages, translate

V_SOURCE, V_TARGET = 9, 5
SOURCE = torch.tensor([[3, 4, 5, 6], [7, 8, PAD, PAD], [6, PAD, PAD, PAD]])
TARGET_IN = torch.tensor([[START, 3, 4], [START, 4, PAD], [START, 3, 3]])
TARGET = torch.tensor([[3, 4, END], [4, END, PAD], [3, 3, END]])


def model(forcing: float = 1.0) -> Seq2Seq:
    """Return a model with large weights, whose attention has preferences."""
    torch.manual_seed(0)
    reader = Encoder(V_SOURCE, 4, 5, bidirectional=True)
    writer = AttendingDecoder(V_TARGET, 3, 6, reader.size)
    translator = Seq2Seq(reader, writer, forcing).double()
    with torch.no_grad():
        for weight in translator.parameters():
            weight *= 3
    return translator


def slopes(of: Tensor, module: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(of, list(module.parameters())))


def by_hand(writer: AttendingDecoder, encoded: tuple[Tensor, ...]) -> list[Tensor]:
    """Return the logits and weights, word by word as the paper has them."""
    outputs, vector, mask = encoded
    cell = nn.GRUCell(3 + outputs.shape[2], 6).double()
    weights = dict(writer.recurrent.named_parameters())
    U, W, v = (writer.get_parameter(f"score.{n}.weight") for n in ("W_k", "W_q", "w_v"))
    logits, looks = [], []
    for n, row in enumerate(mask):
        s = (vector[n] @ writer.first.weight.T + writer.first.bias).tanh()
        for y in TARGET_IN[n]:
            kept = [j for j, there in enumerate(row.tolist()) if there]
            e = torch.stack(
                [v[0] @ torch.tanh(W @ s + U @ outputs[n, j]) for j in kept]
            )
            alpha = e.exp() / e.exp().sum()
            c = sum(alpha[j] * outputs[n, j] for j in kept)
            x = torch.cat([writer.embedding.weight[y], c])
            s = torch.func.functional_call(cell, weights, (x[None], s[None]))[0]
            logits.append(writer.dense.weight @ torch.cat([s, c]) + writer.dense.bias)
            looks.append(functional.pad(alpha, (0, len(row) - len(kept))))
    return [torch.stack(part).view(*TARGET_IN.shape, -1) for part in (logits, looks)]


def test_equals_the_formulas_of_the_paper() -> None:
    translator = model()
    writer = translator.decoder
    found, gradients = [], []
    for ours in (True, False):
        encoded = translator.encoder(SOURCE)
        if ours:
            state = writer.start(encoded)
            results = [writer(TARGET_IN, state)[0], writer.look(TARGET_IN, state)]
        else:
            results = by_hand(writer, encoded)
        logits, weights = results
        found.append(results)
        gradients.append(slopes(logits.sin().sum() + weights.cos().sum(), translator))
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-9)
    assert all((gradient != 0).any() for gradient in gradients[0])


def test_looks_at_tokens_alone_and_elsewhere_at_each_step() -> None:
    translator = model()
    weights = translator.decoder.look(TARGET_IN, translator.start(SOURCE))
    assert weights.shape == (3, 3, 4)
    assert torch.equal(weights != 0, (SOURCE != PAD)[:, None].expand(3, 3, 4))
    torch.testing.assert_close(weights.sum(2), torch.ones(3, 3).double())
    assert (weights[0, 0] - weights[0, 1]).abs().max() > 0.01


def test_keys_are_made_once() -> None:
    translator = model()
    calls: list[tuple[int, ...]] = []
    translator.decoder.score.W_k.register_forward_hook(
        lambda module, inputs, output: calls.append(tuple(output.shape))
    )
    state = translator.start(SOURCE)
    for t in range(3):
        _, state = translator.step(TARGET_IN[:, t], state)
    assert calls == [(3, 4, 6)]


def test_goes_on_where_it_was_with_the_rows_it_is_given() -> None:
    translator = model()
    writer, state = translator.decoder, translator.start(SOURCE)
    whole, last = writer(TARGET_IN, state)
    rows = torch.tensor([2, 0, 0])
    first, middle = writer(TARGET_IN[:, :1], state)
    logits, end = writer(TARGET_IN[rows, 1:], take_rows(middle, rows))
    torch.testing.assert_close(first, whole[:, :1])
    torch.testing.assert_close(logits, whole[rows, 1:])
    torch.testing.assert_close(end, take_rows(last, rows))


def test_a_step_is_a_forward_pass() -> None:
    translator = model()
    log_p = translator(SOURCE, TARGET_IN).log_softmax(2)
    state = translator.start(SOURCE)
    for t in range(3):
        found, state = translator.step(TARGET_IN[:, t], state)
        torch.testing.assert_close(found, log_p[:, t])


@pytest.mark.parametrize("forcing", [0.0, 1.0])
def test_padding_changes_neither_values_nor_gradients(forcing: float) -> None:
    translator = model(forcing)
    found = []
    for more in (0, 2):
        source = functional.pad(SOURCE, (0, more), value=PAD)
        target_in = functional.pad(TARGET_IN, (0, more), value=PAD)
        target_in[1, 2:] = more  # behind the end
        wanted = functional.pad(TARGET, (0, more), value=PAD)
        loss = masked_cross_entropy(translator(source, target_in), wanted)
        found.append((loss, *slopes(loss, translator)))
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
    before = translator(SOURCE, TARGET_IN)
    with torch.no_grad():
        translator.encoder.embedding.weight[PAD] += 100
    torch.testing.assert_close(translator(SOURCE, TARGET_IN), before)


def test_what_the_mask_hides_is_not_looked_at() -> None:
    translator = model()
    encoded = translator.encoder(SOURCE)
    results = []
    for filling in (0.0, 50.0):
        hidden = encoded.outputs.masked_fill(~encoded.mask[..., None], filling)
        hidden = hidden.detach().requires_grad_()
        state = translator.decoder.start(encoded._replace(outputs=hidden))
        logits, _ = translator.decoder(TARGET_IN, state)
        (gradient,) = torch.autograd.grad(logits.sin().sum(), hidden)
        results.append((logits, gradient))
        assert torch.equal((gradient != 0).all(2), encoded.mask)
    torch.testing.assert_close(*results)


def test_learns_to_reverse() -> None:
    torch.manual_seed(0)
    lines = [torch.tensor(s) for n in (1, 2, 3, 4) for s in product((3, 4), repeat=n)]
    batches = PairBatches(lines, [s.flip(0) for s in lines], 5, seed=0)
    reader = Encoder(V_SOURCE, 8, 24, bidirectional=True)
    translator = Seq2Seq(reader, AttendingDecoder(V_TARGET, 8, 24, reader.size))
    optimizer = Adam(translator.parameters(), 2e-2)
    loss = partial(masked_cross_entropy, pad=PAD)
    train(translator, loss, optimizer, batches, 200, count=tokens(PAD))
    assert evaluate(translator, loss, batches, count=tokens(PAD)) < 0.05
    start = torch.full((len(lines),), START)
    state = translator.start(pad_rows(lines))
    for found in (
        greedy(translator.step, state, start, END, 6),
        beam_search(translator.step, state, start, END, 3, 6),
    ):
        assert found.until(END) == [s.flip(0).tolist() for s in lines]


def test_is_fitted_and_translates_as_any_other() -> None:
    pairs = [Pair("a b", "甲乙"), Pair("b a", "乙甲"), Pair("b b a", "乙乙甲")]
    languages = learn_languages(pairs)
    torch.manual_seed(0)
    reader = Encoder(len(languages.english), 8, 16)
    writer = AttendingDecoder(len(languages.chinese), 8, 16, reader.size)
    translator = Seq2Seq(reader, writer)
    optimizer = Adam(translator.parameters(), 2e-2)
    fit_translation(translator, *languages.encode(pairs), optimizer, 60, 3)
    for width in (1, 3):
        found = translate(translator, pairs, languages, width)
        assert found.sentences == [pair.characters for pair in pairs]
