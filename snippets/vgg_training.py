"""Train two small kernels against one large one, each at its own rate."""

# %% imports
from functools import cache
from math import hypot, sqrt

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.plot import curves, show, use_style
from dlnotes.receptive import parameter_count
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.shapes import multiplications
from dlnotes.vision.vgg import small_vgg

use_style()

# %% contenders
scenes = load_scenes()
part = len(scenes.train.X) * 3 // 4
some = ImageSet(scenes.train.X[:part], scenes.train.y[:part])
centre = scenes.train.X.mean().item()
deviation = scenes.train.X.std().item()
EPOCHS = 2


def stages(convs: int, width: int) -> list[tuple[int, int]]:
    return [(convs, width), (convs, 2 * width), (convs, 4 * width)]


contenders = {
    "pairs of 3 × 3": (stages(2, 16), 3),
    "one 5 × 5": (stages(1, 19), 5),
}


def network(name: str, seed: int) -> nn.Sequential:
    seed_everything(seed)
    blocks, kernel = contenders[name]
    model = small_vgg(blocks, kernel=kernel)
    return nn.Sequential(
        nn.AvgPool2d(2),  # 14 × 14, to save time
        v2.Normalize([centre], [deviation]),
        model,
    )


@cache  # a network that is asked for twice is trained once
def trained(
    name: str, rate: float, seed: int
) -> tuple[nn.Sequential, list[float]]:
    model = network(name, seed)
    optimizer = AdamW(model.parameters(), rate, (0.8, 0.95), fused=True)
    history = fit(model, some, optimizer, EPOCHS)
    return model, history.losses


# %% budget
shape = (1, 1, 28, 28)
parameter_counts, product_counts = {}, {}
for name in contenders:
    model = network(name, seed=0)
    parameter_counts[name] = parameter_count(model)
    product_counts[name] = multiplications(model, shape)
    print(f"{name:14} {parameter_counts[name]:>8,} parameters, ", end="")
    print(f"{product_counts[name]:,} multiplications")

# %% rates
RATES = (0.001, 0.003, 0.009)


def accuracies_val(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0)[0], scenes.val), RATES
    )


accuracy_by_rate = {name: accuracies_val(name) for name in contenders}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("network", accuracy_by_rate).show()

# %% seeds
accuracies, losses = {}, {}
for name, rate in rate_best.items():
    runs = [trained(name, rate, seed) for seed in range(3)]
    accuracies[name] = [score(model, scenes.test) for model, _ in runs]
    losses[name] = [row for _, row in runs]
accuracy_mean = {n: sum(row) / len(row) for n, row in accuracies.items()}
deviations = {
    name: torch.tensor(row).std().item() for name, row in accuracies.items()
}
pairs, single = accuracy_mean.values()
standard_error = hypot(*deviations.values()) / sqrt(3)
errors_apart = (pairs - single) / standard_error
Table(
    ["network", "η:.2g", "seed 0:.3f", "1:.3f", "2:.3f", "mean:.3f", "±:.3f"],
    [
        [name, rate_best[name], *row, accuracy_mean[name], deviations[name]]
        for name, row in accuracies.items()
    ],
).show()

# %% curves-figure
length = len(losses["pairs of 3 × 3"][0]) // 18  # steps in a point
points = {}
for name, rows in losses.items():
    row = torch.tensor(rows).mean(dim=0)[: 18 * length]
    points[name] = row.reshape(18, length).mean(dim=1).tolist()
steps = length * torch.arange(1, 19).numpy()
fig, ax = plt.subplots()
curves(ax, steps, points)
ax.set(xlabel="step", ylabel="training loss")
ax.legend()
show()
