"""How good translations are, by the length of what is translated."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import mean, stdev

from matplotlib.axes import Axes

from dlnotes.data.pair import Pair
from dlnotes.train.translation import score_translation

BOUNDS = (4, 6, 8, 10, 12, 14, 16, 99)  # words
SEEN = 12  # words of the longest sentence for training


def bleu_of_lengths(
    sentences: Sequence[list[str]], pairs: Sequence[Pair]
) -> dict[str, float]:
    """Return the BLEU of translations, 0 to 100, by the words of the English.

    A name such as "5–6" stands for lengths from BOUNDS; a length that no
    pair has is left out.
    """
    found = {}
    for low, high in pairwise(BOUNDS):
        inside = [n for n, p in enumerate(pairs) if low < len(p.words) <= high]
        if inside:
            name = f"{low + 1}–{high}" if high < 99 else f"{low + 1}+"
            found[name] = score_translation(
                [sentences[n] for n in inside], [pairs[n] for n in inside]
            ).bleu
    return found


def draw_lengths(ax: Axes, found: Mapping[str, Sequence[float]]) -> None:
    """Draw mean and deviation of the BLEU of several models, by length.

    Behind a dotted line sentences are longer than those for training.
    """
    means = [mean(row) for row in found.values()]
    bars = [stdev(row) if len(row) > 1 else 0.0 for row in found.values()]
    ax.errorbar([*found], means, bars, marker="o", capsize=4)
    seen = sum(int(name.split("–")[-1].rstrip("+")) <= SEEN for name in found)
    ax.axvline(seen - 0.5, color="gray", ls=":")
    ax.set(
        xlabel="words of the English sentence", ylabel="BLEU", ylim=(0, 100)
    )
