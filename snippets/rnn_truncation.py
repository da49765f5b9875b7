"""Windows of a text: how long they are, and whether the state is carried."""

# %% imports
from functools import cache
from statistics import mean, stdev

import matplotlib.pyplot as plt
from torch import Tensor, nn
from torch.optim import Adam

from dlnotes.data.text import load_text
from dlnotes.language.batches import RandomWindows
from dlnotes.language.model import LanguageModel
from dlnotes.language.perplexity import perplexity
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import show, use_style
from dlnotes.recurrent.rnn import RNN
from dlnotes.schedule import cosine, warm_up
from dlnotes.table import Table
from dlnotes.train.bracket import bracket, rates_table
from dlnotes.train.hooks import clip_gradients, schedule_lr
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything
from dlnotes.train.text import entries, fit_text, next_loss, score_text

use_style()

# %% text
text = load_text()
vocabulary = Vocabulary(letters(text.train))
train_ids, val_ids, _ = map(vocabulary.encode, text)
val_ids = val_ids[:10_000]
TOKENS, STEPS = 512, 200  # in a batch, and in a run


# %% windows
class Anew(nn.Module):
    """Run a language model from the state 0 in every batch."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, X: Tensor) -> Tensor:
        """Return the logits alone."""
        return self.model(X)[0]


@cache  # what is asked for twice is trained once
def trained(T: int, carried: bool, rate: float, seed: int) -> LanguageModel:
    """Train on windows of T letters, in batches of 512."""
    seed_everything(seed)
    model = LanguageModel(len(vocabulary), 32, RNN(32, 64))
    optimizer = Adam(model.parameters(), rate)
    if carried:
        fit_text(model, train_ids, optimizer, STEPS, TOKENS // T, T)
        return model
    rising = STEPS // 10
    schedule_lr(optimizer, warm_up(rising, cosine(STEPS - rising)))
    clip_gradients(optimizer, 1)
    windows = RandomWindows(train_ids, TOKENS // T, T)
    train(Anew(model), next_loss, optimizer, windows, STEPS, count=entries)
    return model


# %% rates
def score(T: int, carried: bool, rate: float, seed: int) -> float:
    model = trained(T, carried, rate, seed)
    return perplexity(score_text(model, val_ids))


def by_rate(T: int, carried: bool) -> dict[float, float]:
    tried = bracket(lambda rate: -score(T, carried, rate, 0), RATES)
    return {rate: -value for rate, value in tried.items()}


RATES = (0.02, 0.04, 0.08)
KINDS = {True: "state carried", False: "random windows"}
cases = {
    f"T = {T}, {KINDS[carried]}": (T, carried)
    for T in (4, 16, 64)
    for carried in KINDS
}
perplexity_by_rate = {name: by_rate(*case) for name, case in cases.items()}
rate_best = {
    name: min(found, key=found.__getitem__)
    for name, found in perplexity_by_rate.items()
}
rates_table("windows", perplexity_by_rate, digits=2).show()

# %% seeds
perplexity_val = {
    name: [score(*case, rate_best[name], seed) for seed in range(3)]
    for name, case in cases.items()
}
Table(
    ["windows", "η:.2g", "validation perplexity"],
    [
        [name, rate_best[name], f"{mean(found):.2f} ± {stdev(found):.2f}"]
        for name, found in perplexity_val.items()
    ],
).show()

# %% windows-figure
fig, ax = plt.subplots(figsize=(4.4, 2.9))
for marker, kind in zip("os", KINDS.values(), strict=True):
    found = [perplexity_val[f"T = {T}, {kind}"] for T in (4, 16, 64)]
    line = dict(marker=marker, capsize=4, label=kind)
    ax.errorbar((4, 16, 64), [*map(mean, found)], [*map(stdev, found)], **line)
ax.set(xlabel="letters in a window, T", ylabel="validation perplexity")
ax.set_xscale("log")
ax.set_xticks((4, 16, 64), ("4", "16", "64"))
ax.minorticks_off()
ax.legend()
show()

# %% quoted
perplexity_mean = {name: mean(found) for name, found in perplexity_val.items()}
