"""Blocks on top of each other: an encoder, a decoder."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from dlnotes.transformer.block import DecoderBlock, EncoderBlock, Weights
from dlnotes.transformer.cache import Cache

Caches = list[tuple[Cache | None, Cache]]  # of each block: past, memory


class TransformerEncoder(nn.Module):
    """Send sequences through blocks, and normalize what comes out, if asked.

    It also loads the weights of a torch.nn.TransformerEncoder.
    """

    def __init__(
        self, blocks: Sequence[EncoderBlock], norm: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(blocks)
        self.norm = nn.Identity() if norm is None else norm

    def forward(
        self, X: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, list[Weights]]:
        """Map X (B, S, C) to its shape; return the weights of each block."""
        found = []
        for block in self.layers:
            X, weights = block(X, mask)
            found.append(weights)
        return self.norm(X), found


class TransformerDecoder(nn.Module):
    """Send sequences through blocks that look at what an encoder has read.

    It also loads the weights of a torch.nn.TransformerDecoder.
    """

    layers: Any  # an nn.ModuleList of DecoderBlocks

    def __init__(
        self, blocks: Sequence[DecoderBlock], norm: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(blocks)
        self.norm = nn.Identity() if norm is None else norm

    def forward(
        self,
        X: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, list[tuple[Weights, Weights]]]:
        """Map X (B, T, C), with a memory (B, S, C), to the shape of X.

        Return the weights of each block, too: on itself, on the memory.
        """
        found = []
        for block in self.layers:
            X, weights = block(X, memory, mask, memory_mask)
            found.append(weights)
        return self.norm(X), found

    def start(self, memory: Tensor) -> Caches:
        """Return the caches of each block before the first token."""
        return [block.start(memory) for block in self.layers]

    def step(
        self, X: Tensor, caches: Caches, memory_mask: Tensor | None = None
    ) -> tuple[Tensor, Caches]:
        """Map tokens X (B, T, C) that come behind those of the caches."""
        new: Caches = []
        for block, cache in zip(self.layers, caches, strict=True):
            X, cache = block.step(X, cache, memory_mask)
            new.append(cache)
        return self.norm(X), new
