"""A recurrent network and n-grams: one text to learn, another as a test."""

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
from dlnotes.language.perplexity import gap_and_error, perplexity
from dlnotes.language.smoothing import AddK, KneserNey
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import show, use_style
from dlnotes.recurrent.rnn import RNN
from dlnotes.table import Table
from dlnotes.train.bracket import bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.text import fit_text, score_text

use_style()

# %% text
text = load_text()
vocabulary = Vocabulary(letters(text.train))
train_ids, val_ids, test_ids = map(vocabulary.encode, text)
V = len(vocabulary)
STEPS = {128: 600, 256: 300}  # by units

# %% counted
grams = NGrams(train_ids, V, order=32)
ORDERS = (2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32)
models = {f"Kneser–Ney, n = {n}": KneserNey(grams, n) for n in ORDERS}
for n in (4, 5, 6):
    for k in (0.01, 0.03, 0.1):
        models[f"add-k {k}, n = {n}"] = AddK(grams, n, k)
perplexity_val = {
    name: perplexity(model.log_probabilities(val_ids)[1:])
    for name, model in models.items()
}
chosen = {
    kind: min(
        (name for name in models if name.startswith(kind)),
        key=perplexity_val.__getitem__,
    )
    for kind in ("add-k", "Kneser–Ney")
}


# %% trained
@cache  # what is asked for twice is trained once
def trained(units: int, rate: float, seed: int) -> LanguageModel:
    seed_everything(seed)
    model = LanguageModel(V, 32, RNN(32, units))
    optimizer = Adam(model.parameters(), rate)
    fit_text(model, train_ids, optimizer, STEPS[units], batch_size=32, T=16)
    return model


def score(model: LanguageModel, ids: Tensor) -> float:
    return perplexity(score_text(model, ids))


# %% rates
def by_rate(units: int, rates: tuple[float, ...]) -> dict[float, float]:
    tried = bracket(
        lambda rate: -score(trained(units, rate, 0), val_ids), rates
    )
    return {rate: -value for rate, value in tried.items()}


perplexity_by_rate = {
    128: by_rate(128, (0.008, 0.016, 0.032)),
    256: by_rate(256, (0.006, 0.012, 0.024)),
}
perplexity_best, units_best, rate_best = min(
    (value, units, rate)
    for units, row in perplexity_by_rate.items()
    for rate, value in row.items()
)
shown = {f"{units} units": row for units, row in perplexity_by_rate.items()}
rates_table("RNN", shown, digits=2).show()

# %% contest
networks = [trained(units_best, rate_best, seed) for seed in range(3)]
log_p_rnn = [score_text(model, test_ids) for model in networks]
log_p = {
    kind: models[name].log_probabilities(test_ids)[1:]
    for kind, name in chosen.items()
}
perplexity_rnn = [perplexity(found) for found in log_p_rnn]
perplexity_test = {kind: perplexity(found) for kind, found in log_p.items()}
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
        [f"RNN, {units_best} units", f"η = {rate_best:.2g}", spread],
    ],
).show()


# %% paired
gap, error = {}, {}
for kind, counted in log_p.items():
    pairs = [gap_and_error(network, counted) for network in log_p_rnn]
    gap[kind], error[kind] = map(list, zip(*pairs, strict=True))
    print(f"{kind:>10}:", *(f"{g:+.3f} ± {e:.3f}  " for g, e in pairs))

# %% context
KNOWN = (1, 2, 3, 4, 5, 6, 7, 10, 15, 20)  # letters before the one asked
last = torch.arange(max(KNOWN), len(val_ids), 16)  # every 16th letter


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
perplexity_counted = {}
for n in range(1, 8):
    counted = models[f"Kneser–Ney, n = {n + 1}"].log_probabilities(val_ids)
    perplexity_counted[n] = perplexity(counted[last])
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
gap_mean = {kind: mean(found) for kind, found in gap.items()}
gap_error = {kind: max(found) for kind, found in error.items()}
