"""Train twenty layers from different starts, and clip what grows too long."""

# %% imports
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.initialize import kaiming, xavier
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.plot import show, use_style
from dlnotes.stability import clip_norm
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.hooks import clip_gradients
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()
Activation = Callable[[Tensor], Tensor]
Draw = Callable[[Tensor], Tensor]

# %% recipe
digits = load_digits()


def deep(activation: Activation, draw: Draw | None) -> MLP:
    seed_everything(0)
    model = MLP([digits.side**2, *[64] * 20, 10], activation)
    if draw is not None:
        for layer in model.layers:
            draw(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def validation_accuracy(
    model: MLP, rate: float, threshold: float | None = None
) -> float:
    optimizer = SGD(model.parameters(), lr=rate)
    if threshold is not None:
        clip_gradients(optimizer, threshold)
    batches = Batches(*digits.train, batch_size=64)
    train(model, cross_entropy, optimizer, batches, steps=10 * len(batches))
    return evaluate(model, accuracy, [digits.val])


# %% starts
RATES = (0.03, 0.1)
starts = {
    "tanh, Xavier": (torch.tanh, xavier),
    "ReLU, Kaiming": (torch.relu, kaiming),
    "ReLU, Xavier": (torch.relu, xavier),
    "ReLU, default": (torch.relu, None),
    "sigmoid, Xavier": (torch.sigmoid, xavier),
}
reached = {
    name: [validation_accuracy(deep(*start), rate) for rate in RATES]
    for name, start in starts.items()
}
Table(
    ["network", *(f"η = {rate}" for rate in RATES)],
    [[name, *found] for name, found in reached.items()],
    {f"η = {rate}": ".3f" for rate in RATES},
).show()
guess = (digits.val[1].bincount().max() / len(digits.val[1])).item()

# %% starts-values
best_tanh = max(reached["tanh, Xavier"])
best_kaiming = max(reached["ReLU, Kaiming"])
best_of_the_rest = max(
    max(reached[name])
    for name in ("ReLU, Xavier", "ReLU, default", "sigmoid, Xavier")
)

# %% blow-up
model = deep(torch.relu, lambda W: nn.init.normal_(W, 0.0, 1.0))
try:
    validation_accuracy(model, rate=0.01)
except FloatingPointError as error:
    print(error)


# %% cliff
def gradient_of_chain(w: float) -> float:
    return 2 * (w**20 - 1) * 20 * w**19


def walk(w: float, threshold: float) -> list[float]:
    path = [w]
    for _ in range(40):
        g = torch.tensor(gradient_of_chain(path[-1]))
        clip_norm([g], threshold)
        path.append(path[-1] - 0.001 * g.item())
        if abs(path[-1]) > 2:
            break
    return path


free = walk(1.15, threshold=float("inf"))
clipped = walk(1.15, threshold=10.0)
slope_there = gradient_of_chain(1.15)
landed = free[1]
arrived = clipped[-1]
print("free:   ", *(f"{w:.3f}" for w in free[:4]))
print("clipped:", *(f"{w:.3f}" for w in clipped[:8]), "...", f"{arrived:.3f}")

# %% cliff-figure
w = torch.linspace(0.6, 1.17, 200)
fig, ax = plt.subplots(figsize=(4.6, 2.9))
ax.plot(w, (w**20 - 1) ** 2, color="gray")
points = torch.tensor(clipped)
ax.plot(
    points, (points**20 - 1) ** 2, "o", color="C0", ms=4, label="clipped at 10"
)
ax.annotate(
    "not clipped",
    xy=(0.6, (1.15**20 - 1) ** 2),
    xytext=(1.15, (1.15**20 - 1) ** 2),
    arrowprops={"arrowstyle": "->", "color": "C1"},
    color="C1",
    va="center",
    ha="right",
)
ax.set(xlabel="shared weight w", ylabel="(w²⁰ − 1)²")
ax.legend(loc="upper left")
show()

# %% thresholds
THRESHOLDS = (None, 10.0, 1.0, 0.1)
with_clipping = [
    validation_accuracy(deep(torch.relu, kaiming), 0.3, threshold)
    for threshold in THRESHOLDS
]
Table(
    ["threshold θ", "accuracy"],
    [
        ["none" if threshold is None else f"{threshold:g}", found]
        for threshold, found in zip(THRESHOLDS, with_clipping, strict=True)
    ],
    {"accuracy": ".3f"},
).show()
fast_free, _, fast_clipped, _ = with_clipping
