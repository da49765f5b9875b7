"""The cache of keys and values: equal to computing everything anew."""

from typing import Any

import pytest
import torch
from torch import Tensor

from compared import numbers
from dlnotes.attention.fused import fused_attention
from dlnotes.attention.masks import causal_mask, padding_mask
from dlnotes.attention.multi_head import Attention, MultiHeadAttention
from dlnotes.attention.score import attention
from dlnotes.position import rotary_attention
from dlnotes.transformer.block import DecoderBlock, EncoderBlock
from dlnotes.transformer.cache import attend_across, attend_back, length

B, T, S, C, HEADS, HIDDEN = 3, 50, 5, 8, 2, 12
X, MEMORY = numbers(B, T, C), numbers(B, S, C, seed=1)
TOKENS = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])
PADDING = padding_mask(TOKENS, 0)
# how many tokens come at a time
WAYS = pytest.mark.parametrize(
    "chunks", [[1] * 50, [50], [7, 1, 20, 22]], ids=["each", "all", "chunks"]
)
PLACES = pytest.mark.parametrize("norm_first", [False, True])
KINDS = pytest.mark.parametrize("kind", [attention, fused_attention, rotary_attention])


def test_nothing_came_before_the_first() -> None:
    assert length(None) == 0


@WAYS
@KINDS
def test_attending_back_is_a_causal_mask(chunks: list[int], kind: Attention) -> None:
    torch.manual_seed(0)
    module = MultiHeadAttention(C, HEADS, attention=kind).double()
    expected, _ = module(X, X, X, causal_mask(T))
    past, found = None, []
    for part in X.split(chunks, 1):
        before = length(past)
        Y, past = attend_back(module, part, past)
        assert length(past) == before + part.shape[1]
        found.append(Y)
    torch.testing.assert_close(torch.cat(found, 1), expected, rtol=1e-9, atol=1e-9)
    assert past is not None
    torch.testing.assert_close(past, module.keys_values(X, X))


def test_attending_across_is_the_module_itself() -> None:
    torch.manual_seed(0)
    module = MultiHeadAttention(C, HEADS).double()
    memory = module.keys_values(MEMORY, MEMORY)
    for mask in (None, PADDING):
        more = () if mask is None else (mask,)
        Y, kept = attend_across(module, X, memory, *more)
        torch.testing.assert_close(Y, module(X, MEMORY, MEMORY, mask)[0])
        assert kept is memory


def test_length() -> None:
    assert length(None) == 0
    K = numbers(2, 3, 7, 4)
    assert length((K, K)) == 7


@WAYS
@KINDS
@PLACES
def test_an_encoder_block_step_by_step(
    norm_first: bool, kind: Attention, chunks: list[int]
) -> None:
    torch.manual_seed(0)
    block = EncoderBlock(C, HEADS, HIDDEN, 0.0, norm_first, attention=kind).double()
    expected, _ = block(X, causal_mask(T))
    past, found = None, []
    for part in X.split(chunks, 1):
        Y, past = block.step(part, past)
        found.append(Y)
    torch.testing.assert_close(torch.cat(found, 1), expected, rtol=1e-9, atol=1e-9)


@WAYS
@pytest.mark.parametrize("mask", [None, PADDING], ids=["whole", "padded"])
@PLACES
def test_a_decoder_block_step_by_step(
    norm_first: bool, mask: Tensor | None, chunks: list[int]
) -> None:
    torch.manual_seed(0)
    block = DecoderBlock(C, HEADS, HIDDEN, 0.0, norm_first).double()
    expected, _ = block(X, MEMORY, causal_mask(T), mask)
    caches: Any = block.start(MEMORY)
    assert caches[0] is None
    memory, found = caches[1], []
    for part in X.split(chunks, 1):
        Y, caches = block.step(part, caches, *(() if mask is None else (mask,)))
        assert caches[1] is memory  # and not projected again
        found.append(Y)
    torch.testing.assert_close(torch.cat(found, 1), expected, rtol=1e-9, atol=1e-9)
