"""Letters restored in real text: one way and both ways, flat and deep."""

# %% imports
from collections import Counter
from functools import cache
from itertools import product
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import Adam

from dlnotes.data.text import load_text
from dlnotes.language.blanks import Blanked
from dlnotes.language.vocabulary import UNKNOWN, Vocabulary, letters
from dlnotes.plot import dots, show, use_style
from dlnotes.recurrent.tagger import Tagger
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.tags import fit_tags, score_tags

use_style()

# %% data
BLANK, T, SHARE = "_", 32, 0.2
text = load_text()
vocabulary = Vocabulary(letters(text.train), specials=(UNKNOWN, BLANK))
V, blank = len(vocabulary), vocabulary.ids[BLANK]


def blanked(part: str, batch_size: int, seed: int) -> Blanked:
    ids = vocabulary.encode(letters(part))
    return Blanked(ids, batch_size, T, blank, SHARE, shifted(seed))


data_val = list(blanked(text.val, 500, 0))
data_test = list(blanked(text.test, 500, 0))
X, y = data_test[0]
for row, target in zip(X[:3], y[:3], strict=True):
    print("".join(vocabulary.decode(row)))
    print("".join(vocabulary.tokens[i] if i >= 0 else " " for i in target))

# %% counts
Context = tuple[str, str]  # letters on the left, on the right


@cache
def likeliest(left: int, right: int) -> dict[Context, str]:
    """Count: what stood most often between so many letters."""
    n = left + 1 + right
    pieces = (text.train[i : i + n] for i in range(len(text.train) - n + 1))
    common = Counter(pieces).most_common()[::-1]  # the last one stays
    return {(s[:left], s[left + 1 :]): s[left] for s, _ in common}


def restored(tables: dict[tuple[int, int], dict[Context, str]]) -> float:
    """Return the share right; the first context that is known decides."""
    right = 0
    for X, y in data_test:
        for row, target in zip(X, y, strict=True):
            line = "".join(vocabulary.decode(row))
            for t in (target >= 0).nonzero()[:, 0].tolist():
                contexts = (
                    (table, (line[t - a : t], line[t + 1 : t + 1 + b]))
                    for (a, b), table in tables.items()
                    if a <= t < T - b
                )
                guess = next(table[c] for table, c in contexts if c in table)
                right += guess == vocabulary.tokens[target[t]]
    return right / sum((y >= 0).sum().item() for _, y in data_test)


widths = {  # letters on the left and on the right, the most first
    "left only": [(n, 0) for n in (5, 4, 3, 2, 1, 0)],
    "both sides": sorted(product(range(4), repeat=2), key=sum, reverse=True),
}
accuracy_counts = {
    name: restored({width: likeliest(*width) for width in found})
    for name, found in widths.items()
}

# %% recipe
EMBEDDING = 16
cases = {  # hidden units in each direction, layers, both ways
    "one-way": (54, 1, False),
    "two-way": (35, 1, True),
    "two-way, 2 layers": (20, 2, True),
}


@cache
def trained(name: str, rate: float, seed: int) -> Tagger:
    """Train for one epoch."""
    seed_everything(seed)
    hidden, layers, both = cases[name]
    shape = dict(batch_first=True, bidirectional=both)
    layer = nn.LSTM(EMBEDDING, hidden, layers, **shape)
    model = Tagger(V, EMBEDDING, layer, V)
    batches = blanked(text.train, 32, seed)
    optimizer = Adam(model.parameters(), rate, fused=True)
    fit_tags(model, batches, optimizer, len(batches))
    return model


# %% rates
accuracy_val = {
    name: bracket(
        lambda rate, name=name: score_tags(trained(name, rate, 0), data_val),
        (0.02, 0.04, 0.08),
    )
    for name in cases
}
rate_best = {name: best(found) for name, found in accuracy_val.items()}
rates_table("network", accuracy_val).show()

# %% seeds
models = {
    name: [trained(name, rate_best[name], seed) for seed in range(3)]
    for name in cases
}
accuracy = {
    name: [score_tags(model, data_test) for model in found]
    for name, found in models.items()
}
parameters = {
    name: sum(W.numel() for W in found[0].parameters())
    for name, found in models.items()
}
rows = [
    [
        name,
        f"{parameters[name]:,}",
        f"{rate_best[name]:.2g}",
        f"{mean(found):.3f} ± {stdev(found):.3f}",
    ]
    for name, found in accuracy.items()
]
rows += [
    [f"counting, {name}", "", "", f"{share:.3f}"]
    for name, share in accuracy_counts.items()
]
columns = ["network", "parameters", "η", "share restored"]
Table(columns, rows).show()

# %% letters-figure
fig, ax = plt.subplots(figsize=(4.8, 2.6))
dots(ax, accuracy)
ax.set(xlabel="share of the letters restored")
show()


# %% example
def mark(found: str, true: str) -> str:
    """Write a wrong letter as a capital, and a wrong space as *."""
    return found if found == true else found.upper().replace(" ", "*")


X, y = (part[:3] for part in data_test[0])
asked = X == blank
truth = torch.where(asked, y, X)
lines = {"text": X, "answer": truth}
for name in ("one-way", "two-way"):
    with torch.no_grad():
        lines[name] = torch.where(asked, models[name][0](X).argmax(-1), X)
for n, true in enumerate(map(vocabulary.decode, truth)):
    for name, filled in lines.items():
        line = vocabulary.decode(filled[n])
        if name != "text":
            line = list(map(mark, line, true))
        print(f"{name:8}", "".join(line))
    print()

# %% quoted
steps = len(blanked(text.train, 32, 0))
accuracy_mean = {name: mean(found) for name, found in accuracy.items()}
