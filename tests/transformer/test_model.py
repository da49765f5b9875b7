"""The whole Transformer: PyTorch's answers, masks, a cache, and that it learns."""

from functools import partial
from itertools import product
from math import sqrt
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from compared import numbers
from dlnotes.attention.fused import fused_attention
from dlnotes.attention.masks import causal_mask
from dlnotes.attention.multi_head import MultiHeadAttention
from dlnotes.decode.beam import beam_search
from dlnotes.decode.one_by_one import greedy
from dlnotes.position import sinusoidal
from dlnotes.regularize import dropout
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
from dlnotes.transformer.looking import attention_maps
from dlnotes.transformer.model import Transformer, embeddings

V_SOURCE, V_TARGET, C, HEADS, LAYERS, HIDDEN = 9, 5, 8, 2, 3, 12
SIZES = V_SOURCE, V_TARGET, C, HEADS, LAYERS, HIDDEN
SOURCE = torch.tensor([[3, 4, 5, 6], [7, 8, PAD, PAD], [6, PAD, PAD, PAD]])
TARGET_IN = torch.tensor([[START, 3, 4], [START, 4, PAD], [START, 3, 3]])
PADDING = SOURCE == PAD
B, S, T = 3, 4, 3
PLACES = pytest.mark.parametrize("norm_first", [False, True])


def model(norm_first: bool = False, **more: Any) -> Transformer:
    """Return a model in which no parameter is 0 or 1."""
    torch.manual_seed(0)
    made = Transformer(*SIZES, norm_first=norm_first, **more).double()
    with torch.no_grad():
        for p in made.parameters():
            p += torch.randn_like(p) / 4
    return made


def slopes(of: Tensor, module: nn.Module, *inputs: Tensor) -> list[Tensor]:
    every = [*inputs, *module.parameters()]
    return list(torch.autograd.grad(of, every, numbers(*of.shape, seed=5)))


def pytorchs(norm_first: bool) -> nn.Transformer:
    """Return PyTorch's Transformer, whose last norms only a first norm needs."""
    sizes = C, HEADS, HIDDEN, 0.0
    end = nn.LayerNorm(C) if norm_first else None
    settings: dict[str, bool] = {"batch_first": True, "norm_first": norm_first}
    encoder = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(*sizes, **settings),  # type: ignore[arg-type]
        LAYERS,
        end,
        enable_nested_tensor=False,
    )
    decoder = nn.TransformerDecoder(
        nn.TransformerDecoderLayer(*sizes, **settings),  # type: ignore[arg-type]
        LAYERS,
        None if end is None else nn.LayerNorm(C),
    )
    return nn.Transformer(
        C, HEADS, custom_encoder=encoder, custom_decoder=decoder, batch_first=True
    ).double()


@PLACES
@pytest.mark.parametrize("masked", [False, True])
def test_encoder_and_decoder_equal_pytorchs(norm_first: bool, masked: bool) -> None:
    theirs = pytorchs(norm_first)
    torch.manual_seed(0)
    with torch.no_grad():
        for p in theirs.parameters():
            p.copy_(torch.randn_like(p) / 2)
    ours = model(norm_first)
    ours.encoder.load_state_dict(theirs.encoder.state_dict())
    ours.decoder.load_state_dict(theirs.decoder.state_dict())
    found = []
    for which in ("ours", "theirs"):
        source, target = (numbers(B, n, C, seed=n).requires_grad_() for n in (S, T))
        if which == "ours":
            mask = ~PADDING[:, None] if masked else None
            causal = causal_mask(T) if masked else None
            memory, weights = ours.encoder(source, mask)
            Y, more = ours.decoder(target, memory, causal, mask)
            assert len(weights) == len(more) == LAYERS
            parts = [*ours.encoder.parameters(), *ours.decoder.parameters()]
        else:
            Y = theirs(
                source,
                target,
                tgt_mask=~causal_mask(T) if masked else None,
                src_key_padding_mask=PADDING if masked else None,
                memory_key_padding_mask=PADDING if masked else None,
            )
            parts = list(theirs.parameters())
        gradients = torch.autograd.grad(
            Y, [source, target, *parts], numbers(B, T, C, seed=5)
        )
        found.append([Y, *gradients])
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-9)


@PLACES
def test_the_whole_is_its_parts(norm_first: bool) -> None:
    whole = model(norm_first)
    mask = ~PADDING[:, None]
    source, target = (
        weight[ids] * sqrt(C) + sinusoidal(ids.shape[1], C)
        for weight, ids in (
            (whole.source.weight, SOURCE),
            (whole.target.weight, TARGET_IN),
        )
    )
    memory, _ = whole.encoder(source, mask)
    Y, _ = whole.decoder(target, memory, causal_mask(T), mask)
    logits = whole(SOURCE, TARGET_IN)
    torch.testing.assert_close(logits, Y @ whole.target.weight.T)
    assert logits.shape == (B, T, V_TARGET)
    names = [name for name, _ in whole.named_parameters() if "norm." in name]
    expected = [f"{part}.norm.{p}" for part in ("encoder", "decoder") for p in WB]
    assert names == (expected if norm_first else [])


WB = "weight", "bias"


def test_the_norm_comes_after_unless_told() -> None:
    blocks = [*Transformer(*SIZES).encoder.layers, *Transformer(*SIZES).decoder.layers]
    assert [block.norm_first for block in blocks] == [False] * 2 * LAYERS


def test_every_block_attends_as_asked() -> None:
    made = model(attention=fused_attention)
    found = [part for part in made.modules() if isinstance(part, MultiHeadAttention)]
    assert len(found) == 3 * LAYERS  # one in each encoder block, two in each other
    assert {part.attention for part in found} == {fused_attention}


def test_embeddings_have_variance_1_once_scaled() -> None:
    torch.manual_seed(0)
    weight = embeddings(2_000, 50).weight
    assert weight.shape == (2_000, 50)
    assert weight.var().item() * 50 == pytest.approx(1, rel=0.02)
    torch.manual_seed(0)
    made = Transformer(400, 300, 100, 2, 1, 8)
    for drawn, V in ((made.source, 400), (made.target, 300)):
        assert drawn.weight.shape == (V, 100)
        assert drawn.weight.var().item() * 100 == pytest.approx(1, rel=0.05)


def test_drops_embeddings_while_training() -> None:
    made = Transformer(*SIZES, dropout=0.25).double()
    torch.manual_seed(1)
    X = made.embed(SOURCE, made.source)
    torch.manual_seed(1)
    whole = made.source(SOURCE) * sqrt(C) + sinusoidal(S, C)
    torch.testing.assert_close(X, dropout(whole, 0.25))
    for block in [*made.encoder.layers, *made.decoder.layers]:
        assert block.dropout.p == 0.25
    plain = Transformer(*SIZES).double()
    plain.load_state_dict(made.state_dict())
    torch.testing.assert_close(made.eval()(SOURCE, TARGET_IN), plain(SOURCE, TARGET_IN))


def test_places_go_on_from_the_offset() -> None:
    made = model()
    X = made.embed(SOURCE, made.source)
    torch.testing.assert_close(made.embed(SOURCE[:, 2:], made.source, 2), X[:, 2:])


@PLACES
class TestMasks:
    def test_padding_changes_neither_values_nor_gradients(
        self, norm_first: bool
    ) -> None:
        translator = model(norm_first)
        target = torch.tensor([[3, 4, END], [4, END, PAD], [3, 3, END]])
        found = []
        for more in (0, 2):
            source = functional.pad(SOURCE, (0, more), value=PAD)
            target_in = functional.pad(TARGET_IN, (0, more), value=PAD)
            target_in[1, 2:] = more  # behind the end
            wanted = functional.pad(target, (0, more), value=PAD)
            logits = translator(source, target_in)
            loss = masked_cross_entropy(logits, wanted)
            found.append((loss, *torch.autograd.grad(loss, translator.parameters())))
        torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
        assert (found[0][1][PAD] == 0).all()  # of the source's embeddings
        with torch.no_grad():
            before = translator(SOURCE, TARGET_IN)
            translator.source.weight[PAD] += 100
            after = translator(SOURCE, TARGET_IN)
        torch.testing.assert_close(after, before, rtol=0, atol=0)

    def test_a_row_is_what_it_is_alone(self, norm_first: bool) -> None:
        translator = model(norm_first)
        logits = translator(SOURCE, TARGET_IN)
        for row, n in enumerate((4, 2, 1)):
            rows = slice(row, row + 1)
            alone = translator(SOURCE[rows, :n], TARGET_IN[rows])
            torch.testing.assert_close(alone[0], logits[row])

    def test_no_token_sees_a_later_one(self, norm_first: bool) -> None:
        translator = model(norm_first)
        logits = translator(SOURCE, TARGET_IN)
        for t in range(1, T):
            other = TARGET_IN.clone()
            other[:, t:] = 2 - other[:, t:].clamp(max=1)
            found = translator(SOURCE, other)
            torch.testing.assert_close(found[:, :t], logits[:, :t])
            assert not torch.isclose(found[:, t], logits[:, t]).any()

    def test_a_source_of_nothing_is_finite(self, norm_first: bool) -> None:
        translator = model(norm_first)
        logits = translator(torch.full((2, 3), PAD), TARGET_IN[:2])
        for gradient in slopes(logits, translator):
            assert gradient.isfinite().all()


@PLACES
@pytest.mark.parametrize("fused", [False, True])
class TestSteps:
    def test_fifty_equal_recomputation(self, norm_first: bool, fused: bool) -> None:
        more = {"attention": fused_attention} if fused else {}
        translator = model(norm_first, **more)
        generator = torch.Generator().manual_seed(1)
        ids = torch.randint(V_TARGET, (B, 50), generator=generator)
        expected = translator(SOURCE, ids).log_softmax(2)
        state = translator.start(SOURCE)
        for t in range(50):
            log_p, state = translator.step(ids[:, t], state)
            anew = translator(SOURCE, ids[:, : t + 1])[:, -1].log_softmax(1)
            torch.testing.assert_close(log_p, anew, rtol=1e-9, atol=1e-9)
            torch.testing.assert_close(log_p, expected[:, t], rtol=1e-9, atol=1e-9)

    def test_greedy_is_what_forward_says(self, norm_first: bool, fused: bool) -> None:
        more = {"attention": fused_attention} if fused else {}
        translator = model(norm_first, **more)
        start = torch.full((B,), START)
        found = greedy(translator.step, translator.start(SOURCE), start, -1, 50)
        before = torch.cat([start[:, None], found.tokens[:, :-1]], 1)
        logits = translator(SOURCE, before)
        assert torch.equal(logits.argmax(2), found.tokens)
        log_p = logits.log_softmax(2).amax(2).sum(1)
        torch.testing.assert_close(found.log_p, log_p)


@PLACES
def test_unlimited_beams_are_the_best_of_all_translations(norm_first: bool) -> None:
    translator = model(norm_first)
    start = torch.full((B,), START)
    state = translator.start(SOURCE)
    found = beam_search(translator.step, state, start, END, 125, 3)
    every = list(product(range(V_TARGET), repeat=3))
    ids = torch.tensor([[START, *said] for said in every])
    lengths = torch.tensor([min([*said, END].index(END) + 1, 3) for said in every])
    for row in range(B):
        source = SOURCE[row : row + 1].expand(len(every), -1)
        log_p = translator(source, ids[:, :-1]).log_softmax(2)
        each = log_p.gather(2, ids[:, 1:, None])[..., 0]
        counts = torch.arange(3) < lengths[:, None]
        best = (each * counts).sum(1).max()
        torch.testing.assert_close(found.log_p[row], best)


@PLACES
def test_learns_to_reverse(norm_first: bool) -> None:
    torch.manual_seed(0)
    lines = [torch.tensor(s) for n in (1, 2, 3) for s in product((3, 4), repeat=n)]
    batches = PairBatches(lines, [s.flip(0) for s in lines], 14, seed=0)
    translator = Transformer(V_SOURCE, V_TARGET, 16, 2, 2, 32, norm_first=norm_first)
    optimizer = torch.optim.Adam(translator.parameters(), 1e-2)
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


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((9, 5, 8, 3, 1, 12), "8 channels cannot be shared by 3 heads"),
        ((9, 5, 8, 2, 1, 12, 1.0), r"p is 1\.0: a probability below 1"),
    ],
)
def test_refuses(sizes: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Transformer(*sizes)


def test_refuses_odd_channels_when_it_is_used() -> None:
    with pytest.raises(ValueError, match="3 channels: a sine and a cosine share"):
        Transformer(9, 5, 3, 1, 1, 12)(SOURCE, TARGET_IN)


class TestLooking:
    @PLACES
    def test_maps_are_the_weights_of_every_layer_and_head(
        self, norm_first: bool
    ) -> None:
        translator = model(norm_first, dropout=0.2)
        maps = attention_maps(translator, SOURCE, TARGET_IN)
        assert translator.training
        assert maps.encoder.shape == (LAYERS, B, HEADS, S, S)
        assert maps.decoder.shape == (LAYERS, B, HEADS, T, T)
        assert maps.across.shape == (LAYERS, B, HEADS, T, S)
        translator.eval()
        again = attention_maps(translator, SOURCE, TARGET_IN)
        assert not translator.training
        torch.testing.assert_close(again, maps)
        memory, mask, own = translator.encode(SOURCE)
        _, weights = translator.decode(TARGET_IN, memory, mask)
        for n in range(LAYERS):
            torch.testing.assert_close(maps.encoder[n], own[n])
            torch.testing.assert_close((maps.decoder[n], maps.across[n]), weights[n])
        assert not any(w.requires_grad for w in maps)

    def test_maps_sum_to_1_where_something_may_be_seen(self) -> None:
        maps = attention_maps(model(), SOURCE, TARGET_IN)
        for weights in maps:
            total = weights.sum(-1)
            torch.testing.assert_close(total, torch.ones_like(total))
        hidden = PADDING[:, None, None]
        for weights in (maps.encoder, maps.across):
            assert (weights.masked_select(hidden) == 0).all()
            assert (weights.masked_select(~hidden) > 0).all()
        assert torch.equal(maps.decoder[0, 0, 0] > 0, causal_mask(T))

    def test_fused_attention_has_none(self) -> None:
        translator = model(attention=fused_attention)
        with pytest.raises(ValueError, match="this attention keeps no weights: build"):
            attention_maps(translator, SOURCE, TARGET_IN)
        plain = Transformer(*SIZES).double()
        plain.load_state_dict(translator.state_dict())  # as the message says
        torch.testing.assert_close(
            plain(SOURCE, TARGET_IN), translator(SOURCE, TARGET_IN)
        )
        assert attention_maps(plain, SOURCE, TARGET_IN).across.shape[0] == LAYERS
