"""The decoder: a recurrent network that writes a sentence."""

import torch
from torch import Tensor, nn

from dlnotes.recurrent.gru import GRU
from dlnotes.seq2seq.encoder import Encoded

State = tuple[Tensor, Tensor]


class Decoder(nn.Module):
    """Write with a GRU that is given one vector, of `size`, at each step.

    The state is h (B, hidden) and the vector (B, size).

    Source: Cho et al., Learning phrase representations using RNN
    encoder-decoder, 2014, eqs. 3 and 4 and the appendix, section 1.2.
    """

    def __init__(self, V: int, embedding: int, hidden: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, embedding)
        self.first = nn.Linear(size, hidden)
        self.recurrent = GRU(embedding + size, hidden)
        self.dense = nn.Linear(hidden, V)

    def start(self, encoded: Encoded) -> State:
        """Return the state before the first token."""
        return self.first(encoded.vector).tanh(), encoded.vector

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the logits (B, T, V) of what follows each of the tokens.

        The tokens are (B, T); the state returned is that after the last.
        """
        h, vector = state
        x = self.embedding(tokens)  # (B, T, embedding)
        c = vector[:, None].expand(-1, tokens.shape[1], -1)  # (B, T, size)
        H, h = self.recurrent(torch.cat([x, c], dim=-1), h[None])
        return self.dense(H), (h[0], vector)
