"""Brackets that close later: what one direction can reach, and two."""

# %% imports
from functools import cache
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.optim import Adam

from dlnotes.data.brackets import (
    SYMBOLS,
    closing,
    doubt,
    draw_brackets,
    forward_ceiling,
)
from dlnotes.plot import curves, show, use_style
from dlnotes.recurrent.tagger import Tagger
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.tags import fit_tags, score_tags

use_style()
T, V = 24, len(SYMBOLS)


# %% data
def drawn(N: int, seed: int) -> tuple[Tensor, Tensor]:
    return draw_brackets(N, T, torch.Generator().manual_seed(shifted(seed)))


ids, labels = drawn(3, 0)
for row, label in zip(ids.tolist(), labels.tolist(), strict=True):
    print("".join(SYMBOLS[i] for i in row))
    print("".join(".-"[bit] for bit in label))

# %% recipe
data_train, data_val, data_test = (
    drawn(8000, 1),
    drawn(1000, 2),
    drawn(2000, 3),
)
sizes = {"one-way": (32, False), "two-way": (16, True)}  # hidden, both ways


@cache
def trained(name: str, rate: float, seed: int) -> Tagger:
    """Train on each string once."""
    seed_everything(seed)
    hidden, both = sizes[name]
    layer = nn.LSTM(8, hidden, batch_first=True, bidirectional=both)
    model = Tagger(V, 8, layer, 2)
    batches = Batches(*data_train, batch_size=32)
    optimizer = Adam(model.parameters(), rate)
    fit_tags(model, batches, optimizer, len(batches))
    return model


# %% rates
accuracy_val = {
    name: bracket(
        lambda rate, name=name: score_tags(trained(name, rate, 0), [data_val]),
        (0.003, 0.01, 0.03),
    )
    for name in sizes
}
rate_best = {name: best(found) for name, found in accuracy_val.items()}
rates_table("network", accuracy_val).show()


# %% seeds
@torch.no_grad()
def right(model: Tagger) -> Tensor:
    """Return which labels of the test are right, (N, T)."""
    ids, labels = data_test
    return (model(ids).argmax(-1) == labels).float()


models = {
    name: [trained(name, rate_best[name], seed) for seed in range(3)]
    for name in sizes
}
by_position = {
    name: [right(model).mean(0) for model in found]
    for name, found in models.items()
}
accuracy = {
    name: [positions.mean().item() for positions in found]
    for name, found in by_position.items()
}
ceiling = forward_ceiling(T)
accuracy_ceiling = ceiling.mean().item()
bet_outside = 1 - doubt(T) * closing(T).flip(0)  # “outside”, if in doubt
accuracy_outside = bet_outside.mean().item()
accuracy_zero = 1 - data_test[1].float().mean().item()
parameters = {
    name: sum(W.numel() for W in found[0].parameters())
    for name, found in models.items()
}
rows = [
    [
        name,
        f"{parameters[name]:,}",
        f"{rate_best[name]:.2g}",
        f"{mean(found):.4f} ± {stdev(found):.4f}",
    ]
    for name, found in accuracy.items()
]
rows += [
    ["one-way ceiling", "", "", f"{accuracy_ceiling:.4f}"],
    ["always 0", "", "", f"{accuracy_zero:.4f}"],
]
Table(["network", "parameters", "η", "accuracy"], rows).show()

# %% positions-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
lines = {
    "two-way": torch.stack(by_position["two-way"]).mean(0),
    "one-way": torch.stack(by_position["one-way"]).mean(0),
    "one-way ceiling": ceiling,
}
curves(ax, range(1, T + 1), lines)
ax.set(xlabel="position in the string", ylabel="accuracy", ylim=(0.6, 1.02))
ax.legend(loc="lower left")
show()

# %% string-figure
symbols = "ab(cd(ef)a)bc)de(fa)b(cd"
string = torch.tensor([[SYMBOLS.index(symbol) for symbol in symbols]])
probability = {}
for name in ("two-way", "one-way"):
    with torch.no_grad():
        p = models[name][0](string).softmax(-1)
    probability[name] = p[0, :, 1].tolist()
fig, ax = plt.subplots(figsize=(4.8, 2.8))
curves(ax, range(T), probability)
ax.set_xticks(range(T), symbols)
ax.set(xlabel="symbol", ylabel="probability of “inside”")
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
show()

# %% quoted
accuracy_mean = {name: mean(found) for name, found in accuracy.items()}
