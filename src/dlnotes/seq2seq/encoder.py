"""The encoder: a recurrent network that reads a sentence."""

from typing import NamedTuple

from torch import Tensor, nn

from dlnotes.recurrent.gru import GRU
from dlnotes.reduction import first_true
from dlnotes.seq2seq.pairs import PAD


class Encoded(NamedTuple):
    """Hold what a decoder may know of the sources, (B, S).

    `outputs` (B, S, size) are the states after each token, 0 at padding,
    `vector` (B, size) the last ones, and `mask` (B, S) tells what is a token.
    """

    outputs: Tensor
    vector: Tensor
    mask: Tensor


class Encoder(nn.Module):
    """Read sentences with a GRU, each up to its end.

    The `size` of its vector is `hidden`, or twice that if it reads in both
    directions.
    """

    def __init__(
        self, V: int, embedding: int, hidden: int, bidirectional: bool = False
    ) -> None:
        super().__init__()
        self.size = hidden * (2 if bidirectional else 1)
        self.embedding = nn.Embedding(V, embedding)
        self.recurrent = GRU(embedding, hidden, bidirectional=bidirectional)

    def forward(self, source: Tensor) -> Encoded:
        """Encode sources (B, S), padded with PAD behind their ends.

        Raises:
            ValueError: a source has no token, or one behind padding.
        """
        mask = source != PAD
        check_padding(mask)
        X = self.embedding(source)
        outputs, h = self.recurrent(X, lengths=mask.sum(dim=1))
        return Encoded(outputs, h.transpose(0, 1).flatten(1), mask)


def check_padding(mask: Tensor) -> None:
    """Refuse sources that do not begin with tokens and end with padding.

    Raises:
        ValueError: a row of the mask (B, S) is not first true, then false.
    """
    index = first_true(~mask[:, 0])
    if index is not None:
        raise ValueError(f"source {index[0]} begins with padding")
    index = first_true(mask[:, 1:] & ~mask[:, :-1])
    if index is not None:
        raise ValueError(
            f"source {index[0]} has a token behind padding, at "
            f"{index[1] + 1}: pad at the end only"
        )
