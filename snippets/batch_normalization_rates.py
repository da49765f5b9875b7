"""Twenty dense layers, with and without batch norm, by learning rate."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.initialize import kaiming, redraw
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything

use_style()
digits = load_digits()
EPOCHS = 5


# %% network
def deep(batch_norm: bool, seed: int) -> nn.Sequential:
    seed_everything(seed)
    layers = [nn.Flatten()]
    C = digits.side**2
    for _ in range(20):
        layers.append(nn.Linear(C, 64, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm1d(64))
        layers.append(nn.ReLU())
        C = 64
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    redraw(model, kaiming)
    return model


# %% train
def learn(model: nn.Module, rate: float) -> float:
    optimizer = SGD(model.parameters(), lr=rate)
    try:
        fit(model, digits.train, optimizer, EPOCHS, batch_size=64)
    except FloatingPointError:
        return 0.0
    return score(model, digits.val)


def weight_norm(model: nn.Module) -> float:
    weights = [W.ravel() for W in model[4:-1].parameters() if W.ndim == 2]
    return torch.cat(weights).norm().item()


RATES = {
    "with batch norm": (0.01, 0.1, 0.3, 1.0, 3.0),
    "without": (0.01, 0.03, 0.1, 0.3),
}
accuracy = {"with batch norm": {}, "without": {}}
growth = {rate: [] for rate in RATES["with batch norm"]}  # of the weights
for name, rates in RATES.items():
    for rate in rates:
        found = accuracy[name][rate] = []
        for seed in range(3):
            model = deep(name == "with batch norm", seed)
            before = weight_norm(model)
            found.append(learn(model, rate))
            if name == "with batch norm":
                growth[rate].append(weight_norm(model) / before)

# %% table
heads = [f"seed {seed}:.2f" for seed in range(3)]
Table(
    ["network", "η:g", *heads],
    [
        [name, rate, *found]
        for name, by_rate in accuracy.items()
        for rate, found in by_rate.items()
    ],
).show()

# %% figure
fig, ax = plt.subplots()
marks = {"with batch norm": ("C0", "o"), "without": ("C1", "s")}
for name, (colour, marker) in marks.items():
    means = [sum(accuracy[name][rate]) / 3 for rate in RATES[name]]
    ax.plot(RATES[name], means, color=colour, marker=marker, label=name)
    for rate in RATES[name]:
        dots = dict(color=colour, marker=marker, s=12, alpha=0.5)
        ax.scatter([rate] * 3, accuracy[name][rate], **dots)
ax.set(xscale="log", xlabel="learning rate", ylabel="validation accuracy")
ax.set(ylim=(-0.03, 1))
ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
show()

# %% growth
for rate in growth:
    factors = " ".join(f"{factor:5.2f}" for factor in growth[rate])
    print(f"rate {rate:5}: the weights are longer by the factors {factors}")

# %% quoted
worst, best = {}, {}
for name, by_rate in accuracy.items():
    mean = {rate: sum(found) / 3 for rate, found in by_rate.items()}
    best[name] = max(mean, key=mean.get)
    worst[name] = min(by_rate[best[name]])
rate_best = best["with batch norm"]
rate_best_without = best["without"]
accuracy_worst = worst["with batch norm"]
accuracy_low_without = min(accuracy["without"][rate_best_without])
accuracy_high_without = max(accuracy["without"][rate_best_without])
accuracy_small_rate = max(accuracy["with batch norm"][0.01])
factor_growth = max(max(found) for found in growth.values())
