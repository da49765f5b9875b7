"""The blocks against PyTorch's layers: outputs, weights, gradients, masks."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, relu

from compared import numbers
from dlnotes.attention.fused import fused_attention
from dlnotes.attention.masks import causal_mask, padding_mask
from dlnotes.position import rotary_attention
from dlnotes.regularize import dropout
from dlnotes.transformer.block import DecoderBlock, EncoderBlock

B, T, S, C, HEADS, HIDDEN = 3, 4, 5, 8, 2, 12
X, MEMORY = numbers(B, T, C), numbers(B, S, C, seed=1)
TOKENS = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])
MEMORY_PADDING = padding_mask(TOKENS, 0)  # (B, 1, S)
PADDING = MEMORY_PADDING[..., :T]
CAUSAL = causal_mask(T)
PLACES = pytest.mark.parametrize("norm_first", [False, True])

SETTINGS: list[dict[str, Any]] = [{}, {"activation": gelu}, {"bias": False}]


def randomize(module: nn.Module) -> None:
    """Draw all parameters anew, so that none is 0 or 1."""
    torch.manual_seed(0)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p) / 2)


def pair(kind: str, norm_first: bool, **more: Any) -> tuple[Any, Any]:
    """Return our block and PyTorch's layer, with the same weights."""
    ours = {"Encoder": EncoderBlock, "Decoder": DecoderBlock}[kind]
    theirs = getattr(nn, f"Transformer{kind}Layer")
    sizes = C, HEADS, HIDDEN, 0.0
    layer = theirs(*sizes, batch_first=True, norm_first=norm_first, **more).double()
    randomize(layer)
    block = ours(*sizes, norm_first, **more).double()
    block.load_state_dict(layer.state_dict())
    return block, layer


def slopes(Y: Tensor, inputs: list[Tensor], module: nn.Module) -> list[Tensor]:
    leaves = [*inputs, *module.parameters()]
    return [Y, *torch.autograd.grad(Y, leaves, numbers(*Y.shape, seed=5))]


def leaves(*tensors: Tensor) -> list[Tensor]:
    return [tensor.clone().requires_grad_() for tensor in tensors]


@PLACES
@pytest.mark.parametrize("settings", SETTINGS)
class TestEncoderBlock:
    def equal(
        self,
        norm_first: bool,
        settings: dict[str, Any],
        mask: Tensor | None,
        theirs: dict[str, Tensor],
    ) -> None:
        block, layer = pair("Encoder", norm_first, **settings)
        x, z = leaves(X), leaves(X)
        Y, weights = block(*x, mask)
        expected = layer(*z, **theirs)
        torch.testing.assert_close(
            slopes(Y, x, block), slopes(expected, z, layer), rtol=1e-9, atol=1e-9
        )
        before = layer.norm1(X) if norm_first else X
        its = layer.self_attn(
            before,
            before,
            before,
            attn_mask=theirs.get("src_mask"),
            key_padding_mask=theirs.get("src_key_padding_mask"),
            average_attn_weights=False,
        )[1]
        torch.testing.assert_close(weights, its, rtol=1e-9, atol=1e-9)

    def test_equals_pytorchs(self, norm_first: bool, settings: dict[str, Any]) -> None:
        self.equal(norm_first, settings, None, {})

    def test_with_padding(self, norm_first: bool, settings: dict[str, Any]) -> None:
        hidden = TOKENS[:, :T] == 0
        theirs = {"src_key_padding_mask": hidden}
        self.equal(norm_first, settings, PADDING, theirs)

    def test_looking_back(self, norm_first: bool, settings: dict[str, Any]) -> None:
        self.equal(norm_first, settings, CAUSAL, {"src_mask": ~CAUSAL})

    def test_loads_its_own_state(
        self, norm_first: bool, settings: dict[str, Any]
    ) -> None:
        block, _ = pair("Encoder", norm_first, **settings)
        other = EncoderBlock(C, HEADS, HIDDEN, 0.0, norm_first, **settings).double()
        other.load_state_dict(block.state_dict())
        torch.testing.assert_close(other(X), block(X), rtol=0, atol=0)
        assert not any(name.startswith("linear") for name in block.state_dict())


@PLACES
@pytest.mark.parametrize("settings", SETTINGS)
class TestDecoderBlock:
    @pytest.mark.parametrize("masked", [False, True])
    def test_equals_pytorchs(
        self, norm_first: bool, settings: dict[str, Any], masked: bool
    ) -> None:
        block, layer = pair("Decoder", norm_first, **settings)
        x, z = leaves(X, MEMORY), leaves(X, MEMORY)
        masks, theirs = [], {}
        if masked:
            masks = [PADDING & CAUSAL, MEMORY_PADDING]
            theirs = {
                "tgt_mask": ~CAUSAL,
                "tgt_key_padding_mask": TOKENS[:, :T] == 0,
                "memory_key_padding_mask": TOKENS == 0,
            }
        Y, weights = block(*x, *masks)
        expected = layer(*z, **theirs)
        torch.testing.assert_close(
            slopes(Y, x, block), slopes(expected, z, layer), rtol=1e-9, atol=1e-9
        )
        assert [w.shape for w in weights] == [(B, HEADS, T, T), (B, HEADS, T, S)]
        before = layer.norm1(X) if norm_first else X
        own, its = layer.self_attn(
            before,
            before,
            before,
            attn_mask=theirs.get("tgt_mask"),
            key_padding_mask=theirs.get("tgt_key_padding_mask"),
            average_attn_weights=False,
        )
        torch.testing.assert_close(weights[0], its)
        before = layer.norm2(X + own) if norm_first else layer.norm1(X + own)
        _, its = layer.multihead_attn(
            before,
            MEMORY,
            MEMORY,
            key_padding_mask=theirs.get("memory_key_padding_mask"),
            average_attn_weights=False,
        )
        torch.testing.assert_close(weights[1], its)


def test_the_norm_comes_after_unless_told() -> None:
    assert not EncoderBlock(C, HEADS, HIDDEN).norm_first
    assert not DecoderBlock(C, HEADS, HIDDEN).norm_first


@PLACES
class TestMasks:
    def test_what_is_masked_changes_neither_values_nor_gradients(
        self, norm_first: bool
    ) -> None:
        encoder, _ = pair("Encoder", norm_first)
        decoder, _ = pair("Decoder", norm_first)
        seen, kept = PADDING[:, 0], MEMORY_PADDING[:, 0]
        results = []
        for noise in (0.0, 50.0):
            x, memory = leaves(
                X + noise * ~seen[..., None], MEMORY + noise * ~kept[..., None]
            )
            for block, inputs, masks in (
                (encoder, [x], [PADDING]),
                (decoder, [x, memory], [PADDING & CAUSAL, MEMORY_PADDING]),
            ):
                Y, _ = block(*inputs, *masks)
                found = torch.autograd.grad(
                    Y[seen].sin().sum(), [*inputs, *block.parameters()]
                )
                assert (found[0][~seen] == 0).all()
                assert (found[0][seen] != 0).all()
                if block is decoder:
                    assert (found[1][~kept] == 0).all()
                    assert (found[1][0] != 0).any(1).all()
                results.append([Y[seen], *found])
        torch.testing.assert_close(results[:2], results[2:], rtol=1e-9, atol=1e-9)

    def test_nothing_looks_ahead(self, norm_first: bool) -> None:
        block, _ = pair("Decoder", norm_first)
        Y, _ = block(X, MEMORY, CAUSAL)
        for t in range(1, T):
            other = X.clone()
            other[:, t:] += 1
            found, _ = block(other, MEMORY, CAUSAL)
            torch.testing.assert_close(found[:, :t], Y[:, :t], rtol=1e-12, atol=1e-12)
            assert not torch.isclose(found[:, t:], Y[:, t:]).all(2).any()

    @pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
    def test_a_row_without_keys_is_finite(self, norm_first: bool, kind: str) -> None:
        block, _ = pair(kind, norm_first)
        nothing = torch.zeros(B, 1, T, dtype=torch.bool)
        x, memory = leaves(X, MEMORY)
        if kind == "Encoder":
            Y, weights = block(x, nothing)
            kept = [weights]
        else:
            Y, kept = block(x, memory, nothing, torch.zeros(B, 1, S).bool())
        assert all((w == 0).all() for w in kept)
        Y.sin().sum().backward()
        for p in [x, *block.parameters()]:
            assert p.grad is not None
            assert p.grad.isfinite().all()


@PLACES
def test_tokens_without_places_are_a_set(norm_first: bool) -> None:
    """An encoder without positions is equivariant under permutations."""
    block, _ = pair("Encoder", norm_first)
    Y, weights = block(X)
    for seed in range(5):
        order = torch.randperm(T, generator=torch.Generator().manual_seed(seed))
        found, its = block(X[:, order])
        torch.testing.assert_close(found, Y[:, order], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(its, weights[:, :, order][..., order])
    block, _ = pair("Encoder", norm_first, activation=relu)
    turned = EncoderBlock(
        C, HEADS, HIDDEN, 0.0, norm_first, attention=rotary_attention
    ).double()
    turned.load_state_dict(block.state_dict())
    torch.testing.assert_close(turned(X[:, :1])[0], block(X[:, :1])[0])
    Y, _ = turned(X)
    assert not torch.allclose(turned(X.flip(1))[0], Y.flip(1))


@PLACES
@pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
class TestAttention:
    def test_can_be_fused(self, norm_first: bool, kind: str) -> None:
        block, _ = pair(kind, norm_first)
        make = {"Encoder": EncoderBlock, "Decoder": DecoderBlock}[kind]
        fused = make(
            C, HEADS, HIDDEN, 0.0, norm_first, attention=fused_attention
        ).double()
        fused.load_state_dict(block.state_dict())
        given = [X] if kind == "Encoder" else [X, MEMORY]
        Y, weights = fused(*given, PADDING & CAUSAL)
        torch.testing.assert_close(Y, block(*given, PADDING & CAUSAL)[0])
        assert weights == (None if kind == "Encoder" else (None, None))


@PLACES
class TestDropout:
    """What is dropped: weights, hidden units, and what a sublayer adds."""

    P = 0.3

    def test_in_the_encoder(self, norm_first: bool) -> None:
        block = EncoderBlock(C, HEADS, HIDDEN, self.P, norm_first).double()
        torch.manual_seed(1)
        Y, _ = block(X)
        torch.manual_seed(1)
        attend, feed = block.self_attn, block.feed_forward
        if norm_first:
            Z = block.norm1(X)
            H = X + dropout(attend(Z, Z, Z)[0], self.P)
            expected = H + dropout(feed(block.norm2(H)), self.P)
        else:
            H = block.norm1(X + dropout(attend(X, X, X)[0], self.P))
            expected = block.norm2(H + dropout(feed(H), self.P))
        torch.testing.assert_close(Y, expected)
        assert attend.dropout == feed.dropout.p == self.P
        block.eval()
        plain = EncoderBlock(C, HEADS, HIDDEN, norm_first=norm_first).double()
        plain.load_state_dict(block.state_dict())
        torch.testing.assert_close(block(X), plain(X))

    def test_in_the_decoder(self, norm_first: bool) -> None:
        block = DecoderBlock(C, HEADS, HIDDEN, self.P, norm_first).double()
        torch.manual_seed(1)
        Y, _ = block(X, MEMORY)
        torch.manual_seed(1)
        own, across, feed = block.self_attn, block.multihead_attn, block.feed_forward
        if norm_first:
            Z = block.norm1(X)
            H = X + dropout(own(Z, Z, Z)[0], self.P)
            H = H + dropout(across(block.norm2(H), MEMORY, MEMORY)[0], self.P)
            expected = H + dropout(feed(block.norm3(H)), self.P)
        else:
            H = block.norm1(X + dropout(own(X, X, X)[0], self.P))
            H = block.norm2(H + dropout(across(H, MEMORY, MEMORY)[0], self.P))
            expected = block.norm3(H + dropout(feed(H), self.P))
        torch.testing.assert_close(Y, expected)
        assert own.dropout == across.dropout == feed.dropout.p == self.P
        block.eval()
        plain = DecoderBlock(C, HEADS, HIDDEN, norm_first=norm_first).double()
        plain.load_state_dict(block.state_dict())
        torch.testing.assert_close(block(X, MEMORY), plain(X, MEMORY))


@pytest.mark.parametrize("make", [EncoderBlock, DecoderBlock])
def test_refuses(make: Any) -> None:
    with pytest.raises(ValueError, match="8 channels cannot be shared by 3 heads"):
        make(C, 3, HIDDEN)
    with pytest.raises(ValueError, match=r"p is 1\.0: a probability below 1"):
        make(C, HEADS, HIDDEN, 1.0)
