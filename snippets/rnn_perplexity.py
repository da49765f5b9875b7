"""A recurrent network and n-grams, on the same text that neither has seen."""

# %% imports
from functools import cache
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.optim import Adam

from dlnotes.data.text import load_text
from dlnotes.language.model import LanguageModel
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import perplexity
from dlnotes.language.smoothing import AddK, KneserNey
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import show, use_style
from dlnotes.recurrent.rnn import RNN
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.text import fit_text, score_text

use_style()

# %% text
text = load_text()
vocabulary = Vocabulary(letters(text.train))
train_ids, val_ids, test_ids = map(vocabulary.encode, text)
V = len(vocabulary)
STEPS = 1200

# %% counted
grams = NGrams(train_ids, V, order=8)
models = {f"Kneser–Ney, n = {n}": KneserNey(grams, n) for n in range(2, 9)}
for n in (4, 5, 6):
    for k in (0.01, 0.03, 0.1):
        models[f"add {k}, n = {n}"] = AddK(grams, n, k)
perplexity_val = {
    name: perplexity(model.log_probabilities(val_ids)[1:])
    for name, model in models.items()
}
chosen = {
    kind: min(
        (name for name in models if name.startswith(kind)),
        key=perplexity_val.__getitem__,
    )
    for kind in ("add", "Kneser–Ney")
}


# %% trained
@cache  # a network that is asked for twice is trained once
def trained(rate: float, seed: int) -> LanguageModel:
    seed_everything(seed)
    model = LanguageModel(V, 32, RNN(32, 128))
    optimizer = Adam(model.parameters(), rate)
    fit_text(model, train_ids, optimizer, STEPS, batch_size=32, T=16)
    return model


def score(model: LanguageModel, ids: Tensor) -> float:
    return perplexity(score_text(model, ids))


# %% rates
tried = bracket(
    lambda rate: -score(trained(rate, 0), val_ids), (0.006, 0.012, 0.024)
)
rate_best = best(tried)
perplexity_by_rate = {rate: -value for rate, value in tried.items()}
rates_table("perplexity", {"RNN": perplexity_by_rate}, digits=2).show()

# %% contest
networks = [trained(rate_best, seed) for seed in range(3)]
perplexity_rnn = [score(model, test_ids) for model in networks]
perplexity_test = {
    kind: perplexity(models[name].log_probabilities(test_ids)[1:])
    for kind, name in chosen.items()
}
parameters = sum(W.numel() for W in networks[0].parameters())
spread = f"{mean(perplexity_rnn):.2f} ± {stdev(perplexity_rnn):.2f}"
Table(
    ["model", "chosen by validation", "test perplexity"],
    [
        ["uniform", "", f"{V}"],
        *(
            [kind, name, f"{perplexity_test[kind]:.2f}"]
            for kind, name in chosen.items()
        ),
        ["RNN, 128 units", f"η = {rate_best:.2g}", spread],
    ],
).show()

# %% context
KNOWN = (1, 2, 3, 4, 5, 6, 7, 10, 15, 20)  # letters before the one asked
last = torch.arange(max(KNOWN), len(val_ids), 8)  # every eighth letter


def after(model: LanguageModel, known: int) -> float:
    """Return the perplexity of letters of which `known` before are read."""
    before = last[:, None] + torch.arange(-known, 0)  # (letters, known)
    with torch.no_grad():
        logits, _ = model(val_ids[before])
    log_p = logits[:, -1].log_softmax(-1)
    return perplexity(log_p.gather(1, val_ids[last, None]))


perplexity_after = [[after(m, n) for n in KNOWN] for m in networks]
perplexity_all = [
    perplexity(score_text(model, val_ids)[last - 1]) for model in networks
]

# %% context-figure
perplexity_counted = {
    n: perplexity_val[f"Kneser–Ney, n = {n + 1}"] for n in range(1, 8)
}
fig, ax = plt.subplots(figsize=(4.8, 3.0))
ax.plot(KNOWN, [*map(mean, zip(*perplexity_after, strict=True))], "o-")
ax.plot(*zip(*perplexity_counted.items(), strict=True), "s--")
ax.axhline(mean(perplexity_all), color="C0", ls=":")
ax.set(xlabel="letters known before", ylabel="validation perplexity")
ax.set(ylim=(2.5, 11), xticks=range(0, 21, 5))
ax.legend(["RNN", "Kneser–Ney", "RNN, all letters before"])
show()

# %% quoted
perplexity_mean = mean(perplexity_rnn)
perplexity_known = {
    n: mean(row[KNOWN.index(n)] for row in perplexity_after) for n in KNOWN
}
perplexity_read = mean(perplexity_all)
