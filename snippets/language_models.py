"""Count what follows what in a text, write with it, and measure it."""

# %% imports
from collections import Counter
from itertools import pairwise
from string import ascii_lowercase

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from dlnotes.data.text import load_text
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import bits_per_character, perplexity
from dlnotes.language.smoothing import AddK
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% text
text = load_text()
print(text)
print(text.train[:55])

# %% letters
vocabulary = Vocabulary(letters(text.train))
V = len(vocabulary)
ids = vocabulary.encode(letters(text.train))  # (N,)
print("".join(vocabulary.tokens), V)
print(ids[:12].tolist(), vocabulary.decode(ids[:12]))

# %% by-hand
pairs = Counter(pairwise(text.train))  # c(h, w)
singles = Counter(text.train[:-1])  # C(h)
for h, w in ("qu", "th", "ht", "zz"):
    share = pairs[h, w] / singles[h]
    print(f"p({w} | {h}) = {pairs[h, w]} / {singles[h]} = {share:.3f}")

# %% counted
grams = NGrams(ids, V, order=8)
print(grams)
bigrams = AddK(grams, order=2, k=0)  # C(h) of any h, and c(h, w) / C(h)
p = bigrams.probabilities(vocabulary.encode("q"))  # (V,)
probability_u = p[vocabulary.ids["u"]].item()
print(f"{probability_u:.3f}, all together {p.sum():.3f}")

# %% next-figure
LETTERS = " " + ascii_lowercase
fig, axes = plt.subplots(4, 1, figsize=(4.8, 4.2), sharex=True, sharey=True)
probability_next = {}
for n, (ax, context) in enumerate(zip(axes, ("", "t", "st", "str"))):
    model = AddK(grams, order=n + 1, k=0)
    p = model.probabilities(vocabulary.encode(context))
    found = dict(zip(vocabulary.tokens, p.tolist()))
    probability_next[context] = max(p).item()
    ax.bar(range(27), [found[w] for w in LETTERS], color=f"C{n}")
    label = f"after {context}" if context else "after nothing"
    ax.text(26, 0.55, label, ha="right", color=f"C{n}")
axes[-1].set_xticks(range(27), "␣" + ascii_lowercase, fontsize=8)
axes[-1].set_xlabel("next letter")
fig.supylabel("probability", fontsize=10)
show()


# %% write
def write(model: AddK, prompt: str, length: int) -> str:
    """Go on from a prompt, each letter drawn from its probabilities."""
    ids = vocabulary.encode(prompt)
    for _ in range(length):
        p = model.probabilities(ids)  # (V,)
        ids = torch.cat([ids, torch.multinomial(p, 1)])
    return "".join(vocabulary.decode(ids))


seed_everything(0)
for n in range(1, 9):
    model = AddK(grams, order=n, k=0)
    print(n, write(model, "the functio"[: n - 1], 61 - n))


# %% copies
def share_copied(ids: Tensor, length: int = 15) -> float:
    """Return the share of stretches that occur in the training text."""
    stretches = ids.unfold(1, length, 5).flatten(0, 1)
    found = ["".join(vocabulary.decode(row)) for row in stretches]
    return sum(row in text.train for row in found) / len(found)


share = {n: [] for n in (2, 4, 6, 8)}  # of three seeds
for n, found in share.items():
    model = AddK(grams, order=n, k=0)
    for seed in range(3):
        seed_everything(seed)
        begin = torch.randint(len(ids) - n, (24, 1)) + torch.arange(n)
        drawn = ids[begin]  # from here on, rows of their own
        for _ in range(30):
            p = model.probabilities(drawn)  # (24, V)
            drawn = torch.cat([drawn, torch.multinomial(p, 1)], dim=1)
        found.append(share_copied(drawn[:, n:]))
share_new = share_copied(vocabulary.encode(text.val)[None])
level = AddK(grams, order=8, k=0).levels[-1]  # c, C and kinds
share_forced = (level.C[level.kinds == 1].sum() / level.C.sum()).item()
share_mean = {n: sum(found) / len(found) for n, found in share.items()}
Table(
    ["order n", "seed 0:.0%", "seed 1:.0%", "seed 2:.0%"],
    [[n, *found] for n, found in share.items()],
).show()
print(f"new text: {share_new:.0%}; only one way on: {share_forced:.0%}")

# %% perplexity
uniform = torch.full((1000,), 1 / V)
halves = torch.full((1000,), 1 / 2)
by_frequency = AddK(grams, order=1, k=0).likelihoods(ids)
models = {
    "perfect": torch.ones(1000),
    "two letters in doubt": halves,
    "half sure, half uniform": torch.cat([torch.ones(1000), uniform]),
    "by frequency": by_frequency,
    "uniform": uniform,
}
perplexity_of, rows = {}, []
for name, p in models.items():
    log_p = p.double().log()
    perplexity_of[name] = perplexity(log_p)
    nats = -log_p.mean().item()
    bits = bits_per_character(log_p, len(log_p))
    rows.append([name, nats + 0.0, perplexity_of[name], bits + 0.0])  # no −0
Table(
    ["model", "mean −log p:.2f", "perplexity:.2f", "bits per character:.2f"],
    rows,
).show()
