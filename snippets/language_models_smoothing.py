"""Share probability with what was never seen, and measure by order."""

# %% imports
from functools import partial
from math import log

import matplotlib.pyplot as plt
from torch import Tensor
from torch.nn.functional import pad

from dlnotes.data.text import load_text
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import (
    bits_per_character,
    gap_and_error,
    perplexity,
)
from dlnotes.language.smoothing import (
    AddK,
    JelinekMercer,
    KneserNey,
    NGramModel,
)
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)
text = load_text()
vocabulary = Vocabulary(letters(text.train))
train, val, test = (vocabulary.encode(letters(part)) for part in text)

# %% held-out
ORDERS = range(1, 9)
grams = NGrams(train, len(vocabulary), order=8)
count_letters = len(val)
perplexity_train, share_zero, count_zero, rows = {}, {}, {}, []
for n in ORDERS:
    model = AddK(grams, n, k=0)
    perplexity_train[n] = perplexity(model.log_probabilities(train))
    p = model.likelihoods(val)
    count_zero[n] = int((p == 0).sum())
    share_zero[n] = count_zero[n] / count_letters
    rows.append([n, perplexity_train[n], perplexity(p.log()), share_zero[n]])
Table(
    [
        "order n",
        "training text:.2f",
        "validation text:.2f",
        "probability 0:.2%",
    ],
    rows,
).show()


# %% add-k
def measure(model: NGramModel) -> float:
    """Return minus the perplexity of the validation text: the more, better."""
    return -perplexity(model.log_probabilities(val))


def add(n: int, k: float) -> float:
    return measure(AddK(grams, n, k))


tried = {n: bracket(partial(add, n), [0.01, 0.03, 0.1]) for n in ORDERS[1:]}
k_best = {n: best(found) for n, found in tried.items()}
perplexity_add = {1: -add(1, 1)}  # where no k makes a difference that shows
perplexity_add |= {n: -max(found.values()) for n, found in tried.items()}
order_add = min(perplexity_add, key=perplexity_add.get)

# %% add-k-table
ks = sorted({k for found in tried.values() for k in found})
Table(
    ["order n", *(f"k = {k:.2g}" for k in ks)],
    [
        [n, *(f"{-found[k]:.2f}" if k in found else "" for k in ks)]
        for n, found in tried.items()
    ],
).show()

# %% interpolation
WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7)
mixed = {
    (n, weight): -measure(JelinekMercer(grams, n, weight))
    for n in (6, 7, 8)
    for weight in WEIGHTS
}
order_mixed, weight_mixed = min(mixed, key=mixed.get)
perplexity_mixed = min(mixed.values())
Table(
    ["order n", *(f"λ = {weight}:.3f" for weight in WEIGHTS)],
    [[n, *(mixed[n, w] for w in WEIGHTS)] for n in (6, 7, 8)],
).show()

# %% kneser-ney
perplexity_kn = {n: -measure(KneserNey(grams, n)) for n in ORDERS}
longest = NGrams(train, len(vocabulary), order=16)
perplexity_16 = -measure(KneserNey(longest, 16))
contexts = val[: 200 * 7].view(200, 7)
sums = KneserNey(grams, 8).probabilities(contexts).sum(dim=1)
sum_low, sum_high = sums.min().item(), sums.max().item()
print(f"200 sums between {sum_low:.12f} and {sum_high:.12f}")


# %% ordinary
class Discounts(KneserNey):
    """The same discounts, with ordinary counts in every order."""

    def count(self, n: int) -> Tensor:
        return self.grams.counts[n]


perplexity_discounts = {n: -measure(Discounts(grams, n)) for n in ORDERS}
print(", ".join(f"{p:.2f}" for p in perplexity_discounts.values()))

# %% by-order-figure
fig, ax = plt.subplots(figsize=(4.8, 3.4))
named = {
    "training text, not smoothed": perplexity_train,
    "held out, add-k": perplexity_add,
    "held out, discounts alone": perplexity_discounts,
    "held out, Kneser–Ney": perplexity_kn,
}
curves(ax, ORDERS, {name: [*by.values()] for name, by in named.items()})
ax.set(xlabel="order n", ylabel="perplexity", yscale="log")
ax.set_xticks(ORDERS)
ax.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
ax.minorticks_off()
ax.legend()
show()

# %% test
models = {
    "by frequency": AddK(grams, 1, k=0),
    "add-k": AddK(grams, order_add, k_best[order_add]),
    "interpolation": JelinekMercer(grams, order_mixed, weight_mixed),
    "Kneser–Ney": KneserNey(grams, 8),
}
log_p = {name: m.log_probabilities(test) for name, m in models.items()}
perplexity_test = {name: perplexity(found) for name, found in log_p.items()}
bits = {n: bits_per_character(found, len(test)) for n, found in log_p.items()}
Table(
    ["model", "order n", "perplexity:.2f", "bits per character:.3f"],
    [[n, models[n].order, perplexity_test[n], bits[n]] for n in models],
).show()

opening = vocabulary.encode("the statement is exec")
p = models["Kneser–Ney"].probabilities(opening)  # (V,)
probability_u = p[vocabulary.ids["u"]].item()


# %% paired
gap_mean, gap_error = {}, {}
for name in ("add-k", "interpolation"):
    pair = gap_and_error(log_p["Kneser–Ney"], log_p[name])
    gap_mean[name], gap_error[name] = pair
    print(f"Kneser–Ney before {name}: {pair[0]:.3f} ± {pair[1]:.3f} nats")

# %% doubt-figure
START, WIDTH = 1070, 31
doubt = -KneserNey(grams, 8).log_probabilities(val) / log(2)  # bits, (N,)
first = pad(val[:-1] == vocabulary.ids[" "], (1, 0))  # of a word
inside = ~first & (val != vocabulary.ids[" "])
bits_first, bits_inside = doubt[first].mean(), doubt[inside].mean()
fig, axes = plt.subplots(2, 1, figsize=(4.8, 3.2), sharey=True)
for n, ax in enumerate(axes):
    part = slice(START + n * WIDTH, START + (n + 1) * WIDTH)
    colors = ["C1" if f else "C0" for f in first[part].tolist()]
    ax.bar(range(WIDTH), doubt[part].tolist(), color=colors)
    shown = text.val[part].replace(" ", "␣")
    ax.set_xticks(range(WIDTH), shown, fontsize=8)
    ax.tick_params(axis="x", length=0)
fig.supylabel("bits", fontsize=10)
show()
