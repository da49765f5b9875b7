"""A recurrent network that labels every token of a sequence."""

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dlnotes.losses import IGNORE
from dlnotes.recurrent.layer import Recurrent


class Tagger(nn.Module):
    """Map each token of a sequence to logits, from a recurrent layer.

    The layer may read in both directions: then a label rests on what comes
    before its token and on what comes after it. All rows of a batch have
    one length: padding would be read as tokens are.

    Args:
        V: the size of the vocabulary.
        embedding: the features of a token.
        recurrent: reads them; ours or PyTorch's, the batch first.
        K: the number of labels.

    Raises:
        ValueError: the layer expects other features, or does not have the
            batch first.
    """

    def __init__(
        self,
        V: int,
        embedding: int,
        recurrent: Recurrent | nn.RNNBase,
        K: int,
    ) -> None:
        super().__init__()
        check_reads(recurrent, embedding)
        ways = 2 if recurrent.bidirectional else 1
        self.embedding = nn.Embedding(V, embedding)
        self.recurrent = recurrent
        self.output = nn.Linear(ways * recurrent.hidden_size, K)

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids (B, T) to logits (B, T, K)."""
        Y, _ = self.recurrent(self.embedding(ids))  # (B, T, ways · hidden)
        logits: Tensor = self.output(Y)
        return logits


def check_reads(recurrent: Recurrent | nn.RNNBase, embedding: int) -> None:
    """Refuse a layer that cannot read embeddings (B, T, embedding).

    Raises:
        ValueError: as `Tagger` says.
    """
    if recurrent.input_size != embedding:
        raise ValueError(
            f"the embedding has {embedding} features, the recurrent layer "
            f"expects {recurrent.input_size}"
        )
    if isinstance(recurrent, nn.RNNBase) and not recurrent.batch_first:
        raise ValueError(
            "the batch comes first here: give PyTorch's layer batch_first=True"
        )


def tag_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits (B, T, K), labels (B, T)."""
    return cross_entropy(logits.mT, labels, ignore_index=IGNORE)


def tag_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the accuracy over the labels (B, T) that are not `IGNORE`."""
    asked = labels != IGNORE
    right = (logits.argmax(-1) == labels) & asked
    return right.sum() / asked.sum()
