"""A task that order decides, with no positions and three kinds of them."""

# %% imports
from collections.abc import Callable
from functools import cache, partial
from math import sqrt

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW

from dlnotes.attention.score import attention
from dlnotes.data.ordered import FIRST, SECOND, SYMBOLS, draw_ordered
from dlnotes.plot import curves, show, use_style
from dlnotes.position import Learned, Sinusoidal, rotary_attention
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything

use_style()
T, C = 16, 32
STEPS, B = 240, 64
LENGTHS = (T, 2 * T, 4 * T)
NAMES = ("no positions", "sinusoidal", "learned table", "rotary")

# %% task
seed_everything(0)
for ids, label in zip(*draw_ordered(5, T), strict=True):
    print("".join(SYMBOLS[n] for n in ids), label.item())


# %% model
class Encoder(nn.Module):
    """Say of strings (B, T) whether X comes before Y: logits (B, 2)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(SYMBOLS), C)
        nn.init.normal_(self.embedding.weight, std=1 / sqrt(C))
        self.positions = positions(name)
        self.attend = rotary_attention if name == "rotary" else attention
        self.W_q = nn.Linear(C, C, bias=False)
        self.W_k = nn.Linear(C, C, bias=False)
        self.W_v = nn.Linear(C, C, bias=False)
        self.hidden, self.output = nn.Linear(C, 2 * C), nn.Linear(2 * C, C)
        self.logits = nn.Linear(C, 2)

    def forward(self, ids: Tensor, offset: int = 0) -> Tensor:
        X = sqrt(C) * self.embedding(ids)  # (B, T, C)
        X = self.positions(X, offset)
        Y, _ = self.attend(self.W_q(X), self.W_k(X), self.W_v(X))
        X = X + Y
        X = X + self.output(self.hidden(X).relu())
        return self.logits(X.mean(dim=1))


def positions(name: str) -> Callable[[Tensor, int], Tensor]:
    if name == "sinusoidal":
        return Sinusoidal()
    if name == "learned table":
        return Learned(LENGTHS[-1], C)
    return lambda X, offset: X  # none, or rotary: turned inside the attention


# %% recipe
@cache  # what is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> Encoder:
    seed_everything(seed)
    model = Encoder(name)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    for _ in range(STEPS):
        ids, label = draw_ordered(B, T)
        loss = cross_entropy(model(ids), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


# %% rates
seed_everything(100)
ids_val, label_val = draw_ordered(1000, T)


def minus_loss(name: str, rate: float) -> float:
    model = trained(name, rate, 0)
    with torch.no_grad():
        return -cross_entropy(model(ids_val), label_val).item()


rates = dict.fromkeys(NAMES[1:], (0.005, 0.01, 0.02))
rates["learned table"] = (0.0025, 0.005, 0.01)
found_by_rate = {
    name: bracket(partial(minus_loss, name), tried)
    for name, tried in rates.items()
}
rate_best = {name: best(found) for name, found in found_by_rate.items()}
rate_best["no positions"] = rate_best["sinusoidal"]
loss_by_rate = {
    name: {rate: -value for rate, value in found.items()}
    for name, found in found_by_rate.items()
}
rates_table("positions", loss_by_rate, digits=5).show()

# %% seeds
seed_everything(200)
test = {length: draw_ordered(1000, length) for length in LENGTHS}


def share_right(model: Encoder, length: int, offset: int = 0) -> float:
    ids, label = test[length]
    with torch.no_grad():
        right = model(ids, offset).argmax(dim=1) == label
    return right.float().mean().item()


accuracy = {
    name: {
        length: [
            share_right(trained(name, rate_best[name], seed), length)
            for seed in range(3)
        ]
        for length in LENGTHS
    }
    for name in NAMES[1:]
}
Table(
    ["positions", *(f"T = {length}" for length in LENGTHS)],
    [
        [name, *(", ".join(f"{x:.2f}" for x in row) for row in rows.values())]
        for name, rows in accuracy.items()
    ],
).show()

# %% slower
rate_slower = max(
    rate for rate in found_by_rate["rotary"] if rate < rate_best["rotary"]
)
accuracy_slower = {
    length: [
        share_right(trained("rotary", rate_slower, seed), length)
        for seed in range(3)
    ]
    for length in LENGTHS
}

# %% accuracy-figure
panels = accuracy | {"rotary, smaller η": accuracy_slower}
fig, axes = plt.subplots(2, 2, figsize=(4.8, 3.8), sharex=True, sharey=True)
for ax, (name, row) in zip(axes.flat, panels.items(), strict=True):
    for n, found in enumerate(row.values()):
        x = [n - 0.15, n, n + 0.15]  # three seeds
        ax.plot(x, found, "o", color="C0", alpha=0.7)
        ax.plot(n, sum(found) / 3, "_", color="black", ms=24)
    ax.axhline(0.5, color="gray", lw=0.8)
    ax.set_title(name, fontsize=10)
    ax.set_xticks(range(3), LENGTHS)
axes[0, 0].set(ylim=(0.35, 1.05))
for ax in axes[1]:
    ax.set(xlabel="length T")
for ax in axes[:, 0]:
    ax.set(ylabel="accuracy")
show()

# %% beyond
ids, label = test[2 * T]
last = ((ids == FIRST) | (ids == SECOND)).int() * torch.arange(2 * T)
inside = last.amax(dim=1) < T  # X and Y stand at trained places
share_inside = inside.float().mean().item()
accuracy_split = {name: {"inside": [], "beyond": []} for name in NAMES[1:3]}
for name, row in accuracy_split.items():
    for seed in range(3):
        with torch.no_grad():
            logits = trained(name, rate_best[name], seed)(ids)
        right = (logits.argmax(dim=1) == label).float()
        row["inside"].append(right[inside].mean().item())
        row["beyond"].append(right[~inside].mean().item())
Table(
    ["positions", "both among the first 16", "one or both beyond"],
    [
        [
            name,
            *(", ".join(f"{x:.2f}" for x in found) for found in row.values()),
        ]
        for name, row in accuracy_split.items()
    ],
).show()

# %% shifted
OFFSETS = range(0, 49, 4)
waves = [
    trained("sinusoidal", rate_best["sinusoidal"], seed) for seed in range(3)
]
accuracy_shifted = {
    offset: [share_right(model, T, offset) for model in waves]
    for offset in OFFSETS
}
fig, ax = plt.subplots(figsize=(4.8, 2.8))
by_seed = zip(*accuracy_shifted.values(), strict=True)
curves(ax, OFFSETS, {f"seed {n}": row for n, row in enumerate(by_seed)})
ax.axhline(0.5, color="gray", lw=0.8)
ax.set(xlabel="place of the first symbol", ylabel="accuracy", ylim=(0, 1.02))
ax.legend()
show()

# %% blind
ids, _ = draw_ordered(100, T)
swapped = ids.where(ids < FIRST, FIRST + SECOND - ids)  # X for Y, Y for X
model = trained("no positions", rate_best["no positions"], 0)
with torch.no_grad():
    difference_swapped = (model(ids) - model(swapped)).abs().max().item()
accuracy_none = share_right(model, T)
print(f"no positions: {accuracy_none:.2f} of new strings right")
print(f"X and Y exchanged, no positions: differs by {difference_swapped:.0e}")

# %% quoted
accuracy_trained = min(min(row[T]) for row in accuracy.values())
accuracy_rotary = sum(accuracy["rotary"][2 * T]) / 3
accuracy_sinusoidal = sum(accuracy["sinusoidal"][2 * T]) / 3
accuracy_learned = sum(accuracy["learned table"][2 * T]) / 3
accuracy_slower_trained = min(accuracy_slower[T])
accuracy_slower_worst = min(accuracy_slower[2 * T])
accuracy_slower_best = max(accuracy_slower[2 * T])
accuracy_half = max(accuracy_shifted[T // 2])
accuracy_far_worst = min(accuracy_shifted[3 * T])
accuracy_far_best = max(accuracy_shifted[3 * T])
