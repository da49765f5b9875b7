"""A text with gaps: some tokens are blanked, and are to be restored."""

from collections.abc import Iterator

import torch
from torch import Tensor

from dlnotes.language.batches import RandomWindows, Windows
from dlnotes.losses import IGNORE


class Blanked:
    """Cut a text (N,) into windows of T tokens, and blank some of these.

    A batch is X and y (B, T): X has the id `blank` in place of some tokens,
    and y has these tokens there, and `IGNORE` everywhere else. Windows and
    blanks are drawn anew in each epoch, from one generator of their own.

    Args:
        ids: the text.
        batch_size: windows in a batch.
        T: tokens in a window.
        blank: the id that no token of the text has.
        share: the probability that a token is blanked.
        seed: of the generator; PyTorch's initial seed if None.

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
        share: float,
        seed: int | None = None,
    ) -> None:
        check_blanks(ids, blank, share)
        self.windows = RandomWindows(ids, batch_size, T, seed)
        self.blank, self.share = blank, share

    def __repr__(self) -> str:
        windows = self.windows
        return (
            f"Blanked({windows.count:,} windows of {windows.T} tokens, "
            f"share={self.share:g})"
        )

    def __len__(self) -> int:
        return len(self.windows)

    def __iter__(self) -> Iterator[Windows]:
        for X, _ in self.windows:
            drawn = torch.rand(X.shape, generator=self.windows.generator)
            hidden = (drawn < self.share).to(X.device)
            X_blanked = X.masked_fill(hidden, self.blank)
            yield X_blanked, X.masked_fill(~hidden, IGNORE)


def check_blanks(ids: Tensor, blank: int, share: float) -> None:
    """Refuse what cannot be blanked.

    Raises:
        ValueError: as `Blanked` says.
    """
    if not 0 < share < 1:
        raise ValueError(
            f"share is {share}: a number between 0 and 1, neither of them, "
            "is needed"
        )
    if (ids == blank).any():
        raise ValueError(
            f"blank is {blank}, which is a token of the text: "
            "give the vocabulary a special one"
        )
