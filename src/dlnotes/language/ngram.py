"""The n-grams of a text: which there are, and how often each occurs."""

import torch
from torch import Tensor
from torch.nn.functional import pad


class NGrams:
    """Number the n-grams of a text, for n = 1 to `order`, and count them.

    The text is ids (N,) below V. For each n, from 0 on, `codes[n]` is
    sorted and has for each n-gram P·V + w, where w is its last token and P
    the number of the (n − 1)-gram before it; its place there is its own
    number. `counts[n]` is how often it occurs, and `suffixes[n]` the number
    of the (n − 1)-gram that is left without its first token. There is one
    0-gram, the empty one.

    Raises:
        ValueError: the ids are not (N,) or not below V, or are fewer than
            the order, or that is less than 1.
    """

    def __init__(self, ids: Tensor, V: int, order: int) -> None:
        check_ids(ids, V)
        if ids.ndim != 1 or not 1 <= order <= len(ids):
            raise ValueError(
                f"ids {tuple(ids.shape)} for the order {order}: they must "
                "be (N,), and the order from 1 to N"
            )
        self.V, self.order = V, order
        empty = torch.zeros(1, dtype=torch.int64, device=ids.device)
        self.codes, self.suffixes = [empty], [empty]
        self.counts = [empty + len(ids)]
        ends = torch.zeros_like(ids)  # the n-gram that ends at each token
        for n in range(1, order + 1):
            codes, found, counts = torch.unique(
                self.join(ends, ids, n)[n - 1 :],
                return_inverse=True,
                return_counts=True,
            )
            suffixes = torch.empty_like(codes)
            suffixes[found] = ends[n - 1 :]
            self.codes.append(codes)
            self.counts.append(counts)
            self.suffixes.append(suffixes)
            ends = pad(found, (n - 1, 0))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(codes):,}" for codes in self.codes[1:])
        return f"NGrams({sizes} of 1 to {self.order} tokens)"

    def join(self, ends: Tensor, ids: Tensor, n: int) -> Tensor:
        """Return the code of the n-gram that ends at each token.

        `ends` (..., T) has the numbers of the (n − 1)-grams that end there,
        ids (..., T) the tokens. Where the one before is −1, so is the code;
        the same where the text has not yet n tokens.
        """
        start = 0 if n == 1 else -1
        before = pad(ends[..., :-1], (1, 0), value=start)
        return torch.where(before < 0, -1, before * self.V + ids)

    def find(self, ids: Tensor) -> list[Tensor]:
        """Return the numbers of the n-grams that end at each token.

        For ids (..., T) of any text these are (..., T) for each n, from 0
        on; −1 is an n-gram that never occurred.

        Raises:
            ValueError: an id is not below V.
        """
        check_ids(ids, self.V)
        found = [torch.zeros_like(ids)]
        for n, codes in enumerate(self.codes[1:], start=1):
            code = self.join(found[-1], ids, n)
            at = torch.searchsorted(codes, code).clamp(max=len(codes) - 1)
            found.append(torch.where(codes[at] == code, at, -1))
        return found

    def continuations(self, n: int) -> Tensor:
        """Return before how many n-grams another token was seen.

        That is for each n-gram the number of different tokens before it.
        """
        return torch.bincount(
            self.suffixes[n + 1], minlength=len(self.codes[n])
        )


def check_ids(ids: Tensor, V: int) -> None:
    """Refuse ids that are not of a vocabulary of V tokens.

    Raises:
        ValueError: they are no whole numbers, or not from 0 to V − 1.
    """
    if ids.dtype != torch.int64:
        raise ValueError(f"ids are {ids.dtype}: int64 is needed")
    outside = ids[(ids < 0) | (ids >= V)]
    if len(outside):
        raise ValueError(
            f"{outside[0].item()} is no id of {V} tokens: they count from 0"
        )
