"""Two directions that predict the next letter: they read it."""

# %% imports
from functools import cache
from math import exp
from statistics import mean

import torch
from torch import nn
from torch.optim import Adam

from dlnotes.data.text import load_text
from dlnotes.language.batches import RandomWindows
from dlnotes.language.model import LanguageModel
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import perplexity
from dlnotes.language.smoothing import AddK
from dlnotes.language.vocabulary import UNKNOWN, Vocabulary, letters
from dlnotes.recurrent.tagger import Tagger
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.train.tags import fit_tags

# %% data
T, HIDDEN = 32, {False: 50, True: 32}  # units in each direction
text = load_text()
vocabulary = Vocabulary(letters(text.train), specials=(UNKNOWN,))
V = len(vocabulary)


def windows(part: str, batch_size: int, seed: int) -> RandomWindows:
    ids = vocabulary.encode(letters(part))
    return RandomWindows(ids, batch_size, T, shifted(seed))


data_test = list(windows(text.test, 500, 0))  # X and the next letters y


# %% train
@cache
def trained(both: bool, seed: int) -> Tagger:
    seed_everything(seed)
    layer = nn.LSTM(16, HIDDEN[both], batch_first=True, bidirectional=both)
    model = Tagger(V, 16, layer, V)
    batches = windows(text.train, 64, seed)
    optimizer = Adam(model.parameters(), 0.02)
    fit_tags(model, batches, optimizer, len(batches))
    return model


@torch.no_grad()
def perplexities(model: Tagger) -> tuple[float, float]:
    """Return the perplexity before the last place, and there."""
    logits = torch.cat([model(X) for X, _ in data_test])  # (N, T, V)
    y = torch.cat([y for _, y in data_test])  # (N, T)
    log_p = logits.log_softmax(-1).gather(-1, y[..., None])[..., 0]
    early, last = log_p[:, :-1].mean().item(), log_p[:, -1].mean().item()
    return exp(-early), exp(-last)


# %% compare
ways = {"one-way": False, "two-way": True}
measured = {
    name: [perplexities(trained(both, seed)) for seed in range(3)]
    for name, both in ways.items()
}
parameters = {
    name: sum(W.numel() for W in trained(both, 0).parameters())
    for name, both in ways.items()
}
perplexity_early = {
    name: mean(early for early, _ in found) for name, found in measured.items()
}
perplexity_last = {
    name: mean(last for _, last in found) for name, found in measured.items()
}
Table(
    ["network", "parameters:,", f"places 1 to {T - 1}:.2f", f"place {T}:.1f"],
    [
        [
            name,
            parameters[name],
            perplexity_early[name],
            perplexity_last[name],
        ]
        for name in measured
    ],
).show()

# %% pairs
train_ids, _, test_ids = (vocabulary.encode(letters(part)) for part in text)
pairs = AddK(NGrams(train_ids, V, order=2), 2, 0.1)
perplexity_pairs = perplexity(pairs.log_probabilities(test_ids)[1:])

# %% refused
try:
    LanguageModel(V, 16, nn.LSTM(16, 32, bidirectional=True))
except ValueError as error:
    message = str(error)
    print(message)
