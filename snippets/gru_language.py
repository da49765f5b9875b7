"""A GRU as a language model, and plain networks as wide and as large."""

# %% imports
from functools import cache
from statistics import mean, stdev

import matplotlib.pyplot as plt
from torch.optim import Adam

from dlnotes.data.text import load_text
from dlnotes.language.model import LanguageModel
from dlnotes.language.perplexity import perplexity
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import dots, show, use_style
from dlnotes.recurrent.gru import GRU
from dlnotes.recurrent.rnn import RNN
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.text import fit_text, score_text

use_style()
text = load_text()
vocabulary = Vocabulary(letters(text.train))
train, val, test = (vocabulary.encode(letters(part)) for part in text)
STEPS, RATES = 300, (0.01, 0.02, 0.04)
val, test = val[:5_000], test[:20_000]
layers = {
    "RNN, 64 units": (RNN, 64),
    "RNN, 121 units": (RNN, 121),
    "GRU, 64 units": (GRU, 64),
}


# %% recipe
@cache
def trained(name, rate, seed):
    kind, H = layers[name]
    seed_everything(seed)
    model = LanguageModel(len(vocabulary), 32, kind(32, H))
    optimizer = Adam(model.parameters(), rate, fused=True)
    fit_text(model, train, optimizer, steps=STEPS, T=32)
    return model


# %% rates
def found_by_rate(name):
    def measure(rate):
        return -perplexity(score_text(trained(name, rate, 0), val))

    return bracket(measure, RATES)


negative = {name: found_by_rate(name) for name in layers}
rate_best = {name: best(found) for name, found in negative.items()}
perplexity_val = {
    name: {rate: -value for rate, value in found.items()}
    for name, found in negative.items()
}
rates_table("layer", perplexity_val, digits=2).show()

# %% seeds
models = {
    name: [trained(name, rate_best[name], seed) for seed in range(3)]
    for name in layers
}
perplexity_test = {
    name: [perplexity(score_text(model, test)) for model in found]
    for name, found in models.items()
}
parameters = {
    name: sum(W.numel() for W in found[0].recurrent.parameters())
    for name, found in models.items()
}
Table(
    ["layer", "parameters:,", "η:.2g", "test perplexity"],
    [
        [
            name,
            parameters[name],
            rate_best[name],
            f"{mean(found):.2f} ± {stdev(found):.2f}",
        ]
        for name, found in perplexity_test.items()
    ],
).show()

# %% seeds-figure
fig, ax = plt.subplots(figsize=(4.8, 2.0))
dots(ax, perplexity_test)
ax.set(xlabel="test perplexity")
show()

# %% quoted
perplexity_rnn_64, perplexity_rnn_121, perplexity_gru_64 = (
    mean(found) for found in perplexity_test.values()
)
