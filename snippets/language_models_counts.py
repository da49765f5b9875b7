"""What counts are worth: in another text, and for shorter contexts."""

# %% imports
from collections import Counter, defaultdict
from itertools import pairwise

import torch
from torch import Tensor

from dlnotes.data.text import load_text
from dlnotes.language.ngram import NGrams
from dlnotes.language.smoothing import discount
from dlnotes.language.vocabulary import Vocabulary, letters, words
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)
text = load_text()
vocabulary = Vocabulary(letters(text.train))
ids, V = vocabulary.encode(letters(text.train)), len(vocabulary)


# %% halves
def halves(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Deal stretches of 100 letters out to two texts of the same length."""
    stretches = ids[: len(ids) // 200 * 200].view(-1, 100)
    mixed = stretches[torch.randperm(len(stretches))]
    one, other = mixed.flatten().chunk(2)
    return one, other


n, seen = 5, {}
count_there = {r: [] for r in range(1, 7)}  # on average, of three seeds
D = []
for seed in range(3):
    seed_everything(seed)
    one, other = halves(ids)
    here, there = NGrams(one, V, n), NGrams(other, V, n)
    c_here = here.counts[n][here.find(one)[n]]  # of the one that ends there
    found = there.find(one)[n]  # −1: never seen
    c_there = there.counts[n][found].where(found >= 0, 0)
    D.append(discount(here.counts[n]))
    for r, means in count_there.items():
        found_there = c_there[n - 1 :][c_here[n - 1 :] == r].double()
        means.append(found_there.mean().item())
        seen.setdefault(r, int((here.counts[n] == r).sum()))
Table(
    ["r", "5-grams:,", *(f"half B, seed {n}:.2f" for n in range(3))],
    [[r, seen[r], *means] for r, means in count_there.items()],
).show()

# %% quoted
count_mean = {r: sum(m) / 3 for r, m in count_there.items()}
gap_counts = {r: r - mean for r, mean in count_mean.items()}
share_lost = {r: gap / r for r, gap in gap_counts.items()}
discount_mean = sum(D) / 3

# %% francisco
tokens = words(text.train)
counts, before = Counter(tokens), defaultdict(Counter)
for h, w in pairwise(tokens):
    before[w][h] += 1
frequent = [w for w, c in counts.items() if c >= 50]
frequent.sort(key=lambda w: len(before[w]) / counts[w])
number_before, occurs = [], []
for w in (frequent[0], frequent[-1]):
    (h, c), kinds = before[w].most_common(1)[0], len(before[w])
    print(f"{w!r}: {counts[w]} times, after {kinds} different words,")
    print(f"    most often {h!r}, {c} times")
    number_before.append(kinds)
    occurs.append(counts[w])
