"""A language model: embeddings, a recurrent layer, logits of what follows."""

from typing import Any

from torch import Tensor, nn

from dlnotes.nested import map_tensors
from dlnotes.recurrent.layer import Recurrent
from dlnotes.recurrent.tagger import check_reads


class LanguageModel(nn.Module):
    """Predict each next token from all tokens so far.

    Args:
        V: the size of the vocabulary.
        embedding: the features of a token.
        recurrent: reads them; ours or PyTorch's, the batch first.

    Raises:
        ValueError: the layer expects other features, does not have the
            batch first, or reads backwards, too.

    Source: Mikolov et al., Recurrent neural network based language model,
    2010.
    """

    def __init__(
        self, V: int, embedding: int, recurrent: Recurrent | nn.RNNBase
    ) -> None:
        super().__init__()
        check_layer(recurrent, embedding)
        self.embedding = nn.Embedding(V, embedding)
        self.recurrent = recurrent
        self.output = nn.Linear(recurrent.hidden_size, V)

    def forward(self, ids: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Map ids (B, T) and a state to logits (B, T, V) and the next."""
        Y, state = self.recurrent(self.embedding(ids), state)
        return self.output(Y), state

    def step(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Map tokens (N,) and a state to log p (N, V) and the next state.

        The parts of these states are (N, layers, hidden): what decodes can
        pick rows of them.
        """
        layers_first = map_tensors(rows_second, state)
        logits, state = self(tokens[:, None], layers_first)
        return logits[:, 0].log_softmax(-1), map_tensors(rows_second, state)


def rows_second(part: Tensor) -> Tensor:
    """Exchange the first two axes of a part of a state."""
    return part.transpose(0, 1).contiguous()


def check_layer(recurrent: Recurrent | nn.RNNBase, embedding: int) -> None:
    """Refuse a layer that cannot be one of a language model.

    Raises:
        ValueError: as `LanguageModel` says.
    """
    if recurrent.bidirectional:
        raise ValueError(
            "a language model must not see the tokens that it predicts: "
            "give it a layer with bidirectional=False"
        )
    check_reads(recurrent, embedding)
