"""A decoder that looks at the source again before each token."""

import torch
from torch import Tensor, nn

from dlnotes.attention.score import Additive, attend
from dlnotes.recurrent.gru import GRUCell
from dlnotes.seq2seq.encoder import Encoded

Attending = tuple[Tensor, Tensor, Tensor, Tensor]


class AttendingDecoder(nn.Module):
    """Write with a GRU whose state looks at what the encoder has kept.

    It is `Decoder`, but for the vector: at each step that is another mean
    of the encoder's outputs, weighted by how the state of the step before
    scores them, and the logits see it, too. The state is h (B, hidden), the
    outputs (B, S, size), what W_k makes of them once for all steps, (B, S,
    hidden), and their mask (B, 1, S).

    Source: Bahdanau, Cho and Bengio, Neural machine translation by jointly
    learning to align and translate, 2015, section 3.1 and appendix A.2.2.
    """

    def __init__(self, V: int, embedding: int, hidden: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, embedding)
        self.first = nn.Linear(size, hidden)
        self.score = Additive(hidden, size, hidden)
        self.recurrent = GRUCell(embedding + size, hidden)
        self.dense = nn.Linear(hidden + size, V)

    def start(self, encoded: Encoded) -> Attending:
        """Return the state before the first token."""
        h = self.first(encoded.vector).tanh()
        keys = self.score.W_k(encoded.outputs)
        return h, encoded.outputs, keys, encoded.mask[:, None]

    def forward(
        self, tokens: Tensor, state: Attending
    ) -> tuple[Tensor, Attending]:
        """Return the logits (B, T, V) of what follows each of the tokens.

        The tokens are (B, T); the state returned is that after the last.
        """
        found, _, state = self.through_time(tokens, state)
        return self.dense(found), state

    def look(self, tokens: Tensor, state: Attending) -> Tensor:
        """Return the weights (B, T, S) of the source when tokens are read.

        Row t says where it looks to write what follows token t.
        """
        return self.through_time(tokens, state)[1]

    def through_time(
        self, tokens: Tensor, state: Attending
    ) -> tuple[Tensor, Tensor, Attending]:
        """Return all h and means, (B, T, hidden + size), and the weights.

        These are (B, T, S); behind them comes the state after all tokens.
        """
        h, outputs, keys, mask = state
        found, looks = [], []
        for x in self.embedding(tokens).unbind(dim=1):  # (B, embedding)
            scores = self.score.score(h[:, None], keys)  # (B, 1, S)
            c, weights = attend(scores, outputs, mask)
            c = c[:, 0]  # (B, size)
            h = self.recurrent(torch.cat([x, c], dim=1), h)
            found.append(torch.cat([h, c], dim=1))
            looks.append(weights)
        state = h, outputs, keys, mask
        return torch.stack(found, dim=1), torch.cat(looks, dim=1), state
