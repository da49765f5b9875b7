"""Train two small kernels against one large one, each at its own rate."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.scenes import load_scenes
from dlnotes.plot import curves, show, use_style
from dlnotes.receptive import parameter_count
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.shapes import multiplications
from dlnotes.vision.vgg import small_vgg

use_style()

# %% contenders
scenes = load_scenes()
centre = scenes.train.X.mean().item()
deviation = scenes.train.X.std().item()
EPOCHS = 4


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


def trained(
    name: str, rate: float, seed: int
) -> tuple[nn.Sequential, list[float]]:
    model = network(name, seed)
    optimizer = AdamW(model.parameters(), lr=rate)
    history = fit(model, scenes.train, optimizer, EPOCHS, batch_size=32)
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
accuracy_by_rate, rate_best, models, losses = {}, {}, {}, {}
for name in contenders:
    found = [trained(name, rate, seed=0) for rate in RATES]
    row = [score(model, scenes.val) for model, _ in found]
    best = row.index(max(row))
    accuracy_by_rate[name], rate_best[name] = row, RATES[best]
    models[name], losses[name] = [found[best][0]], [found[best][1]]
Table(
    ["network", *(f"η = {rate:g}:.3f" for rate in RATES)],
    [[name, *row] for name, row in accuracy_by_rate.items()],
).show()

# %% seeds
accuracies = {}
for name, found in models.items():
    for seed in (1, 2):
        model, loss = trained(name, rate_best[name], seed)
        found.append(model)
        losses[name].append(loss)
    accuracies[name] = [score(model, scenes.test) for model in found]
accuracy_mean = {n: sum(row) / len(row) for n, row in accuracies.items()}
deviations = {
    name: torch.tensor(row).std().item() for name, row in accuracies.items()
}
Table(
    ["network", "η:g", "seed 0:.3f", "1:.3f", "2:.3f", "mean:.3f", "±:.3f"],
    [
        [name, rate_best[name], *row, accuracy_mean[name], deviations[name]]
        for name, row in accuracies.items()
    ],
).show()

# %% curves-figure
part = len(losses["pairs of 3 × 3"][0]) // 25  # steps in a point
points = {}
for name, rows in losses.items():
    parts = torch.tensor(rows).mean(dim=0)[: 25 * part].reshape(25, part)
    points[name] = parts.mean(dim=1).tolist()
steps = part * torch.arange(1, 26).numpy()
fig, ax = plt.subplots()
curves(ax, steps, points)
ax.set(xlabel="step", ylabel="training loss")
ax.legend()
show()
