"""A text with gaps: some tokens are blanked, and are to be restored."""

from collections.abc import Iterator

import torch
from torch import Tensor

from dlnotes.language.batches import RandomWindows, Windows
from dlnotes.recurrent.tagger import IGNORE


class Blanked:
    """Cut a text (N,) into windows of T tokens, and blank some of these.

    A batch is X and y (B, T): X has the id `blank` in place of some tokens,
    and y has these tokens there, and `IGNORE` everywhere else. Windows and
    blanks are drawn anew in each epoch, from generators of their own.

    Args:
        ids: the text.
        batch_size: windows in a batch.
        T: tokens in a window.
        blank: the id that no token of the text has.
        share: of the tokens, on the mean.
        seed: or else PyTorch's.

    Raises:
        ValueError: the share is not between 0 and 1, the text holds the
            blank, or as `RandomWindows` says.

    Source: Taylor, Cloze procedure, 1953.
    """

    def __init__(
        self,
        ids: Tensor,
        batch_size: int,
        T: int,
        blank: int,
        share: float = 0.15,
        seed: int | None = None,
    ) -> None:
        check_blanks(ids, blank, share)
        seed = torch.initial_seed() if seed is None else seed
        self.windows = RandomWindows(ids, batch_size, T, seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.blank, self.share = blank, share

    def __len__(self) -> int:
        return len(self.windows)

    def __iter__(self) -> Iterator[Windows]:
        for X, _ in self.windows:
            drawn = torch.rand(X.shape, generator=self.generator)
            hidden = (drawn < self.share).to(X.device)
            X_blanked = X.masked_fill(hidden, self.blank)
            yield X_blanked, X.masked_fill(~hidden, IGNORE)


def check_blanks(ids: Tensor, blank: int, share: float) -> None:
    """Refuse what cannot be blanked.

    Raises:
        ValueError: as `Blanked` says.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}: it lies between 0 and 1")
    if (ids == blank).any():
        raise ValueError(
            f"blank is {blank}, which is a token of the text: "
            "give the vocabulary a special one"
        )
