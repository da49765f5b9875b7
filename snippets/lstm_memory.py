"""Say the first of T symbols: how far back an LSTM remembers, by its start."""

# %% imports
from functools import cache
from statistics import mean, median

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import Adam

from dlnotes.language.model import LanguageModel
from dlnotes.plot import show, use_style
from dlnotes.recurrent.memory import open_gates
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything

use_style()
SYMBOLS, STEPS = 8, 400


# %% starts
def recurrent(name: str) -> nn.Module:
    """Return 32 units whose forget gates start in the way that is named."""
    layer = nn.LSTM(16, 32, batch_first=True)
    if name != "default":
        open_gates(layer, float(name[-1]))
    return layer


# %% recipe
@cache  # what is asked for twice is trained once
def trained(name: str, T: int, rate: float, seed: int) -> tuple[float, float]:
    """Return the mean log p of the answers, and the accuracy, at the end."""
    seed_everything(seed)
    model = LanguageModel(SYMBOLS, 16, recurrent(name))
    optimizer = Adam(model.parameters(), rate, fused=True)
    found = []
    while len(found) < STEPS and [r for _, r in found[-20:]] != [1.0] * 20:
        X = torch.randint(SYMBOLS, (32, T))
        logits = model(X)[0][:, -1]  # after the last symbol
        loss = cross_entropy(logits, X[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right = (logits.argmax(1) == X[:, 0]).float().mean().item()
        found.append((-loss.item(), right))
    log_p, right = zip(*found[-20:], strict=True)
    return mean(log_p), mean(right)


# %% rates
# each start gets its rate at a distance that is hard for it
hard = {"default": 10, "bias 1": 20, "bias 3": 40}


def log_p_by_rate(name: str, T: int) -> dict[float, float]:
    return bracket(
        lambda rate: trained(name, T, rate, 0)[0], (0.0025, 0.005, 0.01)
    )


log_p = {name: log_p_by_rate(name, T) for name, T in hard.items()}
rate_best = {name: best(found) for name, found in log_p.items()}
RATES = (0.01, 0.03, 0.1)
log_p_20 = {  # the best of three seeds
    rate: max(trained("default", 20, rate, seed)[0] for seed in range(3))
    for rate in RATES
}
shown = {f"{name}, T = {hard[name]}": row for name, row in log_p.items()}
shown["default, T = 20"] = log_p_20
rates_table("forget gate", shown, digits=2).show()

# %% distances
DISTANCES = (5, 10, 20, 40)
accuracy = {}
for name, rate in rate_best.items():
    accuracy[name] = {}
    for T in DISTANCES:
        found = [trained(name, T, rate, seed)[1] for seed in range(3)]
        accuracy[name][T] = found
        if max(found) < 0.5:  # longer ones would be harder still
            break
Table(
    ["forget gate", "η:.2g", *(f"T = {T}" for T in DISTANCES)],
    [
        [
            name,
            rate_best[name],
            *(
                "  ".join(f"{a:.2f}" for a in found.get(T, []))
                for T in DISTANCES
            ),
        ]
        for name, found in accuracy.items()
    ],
).show()

# %% distances-figure
fig, ax = plt.subplots(figsize=(4.8, 3.2))
for n, (name, found) in enumerate(accuracy.items()):
    place = [0.95 + 0.05 * n] * 3  # times T, so that all dots are seen
    for T, row in found.items():
        at = [T * x for x in place]
        ax.plot(at, row, "osD"[n], color=f"C{n}", ms=4, alpha=0.7)
    middle = [median(row) for row in found.values()]
    ax.plot(found.keys(), middle, f"C{n}", ls=("-", "--", ":")[n], label=name)
ax.axhline(1 / SYMBOLS, color="gray", lw=0.8)
ax.set(xlabel="T", ylabel="accuracy", xscale="log", ylim=(0, 1.05))
ax.set_xticks(DISTANCES, [str(T) for T in DISTANCES], minor=False)
ax.minorticks_off()
ax.legend(loc=(0.02, 0.2))
show()

# %% quoted
accuracy_low = {
    name: {T: min(row) for T, row in found.items()}
    for name, found in accuracy.items()
}
accuracy_high = {
    name: {T: max(row) for T, row in found.items()}
    for name, found in accuracy.items()
}
