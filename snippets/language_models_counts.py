"""What counts are worth: in another text, and for shorter contexts."""

# %% imports
from collections import Counter, defaultdict
from itertools import pairwise

import torch

from dlnotes.data.text import load_text
from dlnotes.language.smoothing import discount
from dlnotes.language.vocabulary import words
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)
text = load_text()

# %% halves
tokens = words(text.train)
stretches = [tokens[i : i + 20] for i in range(0, len(tokens) - 19, 20)]
NEWS = (0.448, 1.25, 2.24, 3.23, 4.21, 5.23)  # Church and Gale, 1991


def bigrams(chosen: list[int]) -> Counter[tuple[str, str]]:
    """Count the pairs of words inside some of the stretches."""
    return Counter(pair for i in chosen for pair in pairwise(stretches[i]))


count_there = {r: [] for r in range(1, 7)}  # on average, of three seeds
D = []
for seed in range(3):
    seed_everything(seed)
    order = torch.randperm(len(stretches)).tolist()
    here, there = bigrams(order[::2]), bigrams(order[1::2])
    D.append(discount(torch.tensor([*here.values()])))
    for r, means in count_there.items():
        found = [there[pair] for pair, c in here.items() if c == r]
        means.append(sum(found) / len(found))
Table(
    ["r", *(f"seed {n}:.2f" for n in range(3)), "news:.2f"],
    [[r, *m, news] for (r, m), news in zip(count_there.items(), NEWS)],
).show()

# %% quoted
count_mean = {r: sum(m) / 3 for r, m in count_there.items()}
gap_counts = {r: r - mean for r, mean in count_mean.items()}
share_lost = {r: gap / r for r, gap in gap_counts.items()}
discount_mean = sum(D) / 3

# %% francisco
counts, before = Counter(tokens), defaultdict(Counter)
for h, w in pairwise(tokens):
    before[w][h] += 1
frequent = [w for w, c in counts.items() if c >= 50]
frequent.sort(key=lambda w: len(before[w]) / counts[w])
held_out = [*pairwise(words(f"{text.val} {text.test}"))]
new = Counter(w for h, w in held_out if not before[w][h])  # not in training
number_before, occurs, number_new = [], [], []
for w in (frequent[0], frequent[-1]):
    (h, c), kinds = before[w].most_common(1)[0], len(before[w])
    print(f"{w!r}: {counts[w]} times, after {kinds} different words,")
    print(f"    most often {h!r}, {c} times")
    number_before.append(kinds)
    occurs.append(counts[w])
    number_new.append(new[w])
print(f"pairs that only the held-out text has: {number_new} with these two")
