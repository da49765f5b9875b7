"""Three hundred canvases, as they are, moved, and mirrored."""

# %% imports
from functools import cache

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.augment import Augment, random_shift
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.plot import gallery, show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet

use_style()

# %% few
scenes = load_scenes()
few = ImageSet(scenes.train.X[:300], scenes.train.y[:300])
mean, deviation = few.X.mean().item(), few.X.std().item()
EPOCHS = 20

changes = {
    "as they are": v2.Identity(),
    "shifts": random_shift,
    "shifts and flips": v2.Compose([random_shift, v2.RandomHorizontalFlip()]),
}

# %% changes-figure
shown = [3, 2, 7]
firsts = [(few.y == label).nonzero()[0, 0].item() for label in shown]
seed_everything(0)
views = [
    changes[name](few.images[i])[0].numpy()
    for i in firsts
    for name in ["as they are"] + ["shifts"] * 3 + ["shifts and flips"] * 3
]
fig, ax = plt.subplots(figsize=(4.8, 2.2))
gallery(ax, views, columns=7)
show()


# %% trained
@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> nn.Module:
    seed_everything(seed)
    body = lenet(nn.ReLU, nn.MaxPool2d)
    redraw(body, kaiming)
    normalize = v2.Normalize([mean], [deviation])
    model = nn.Sequential(Augment(changes[name]), normalize, body)
    optimizer = AdamW(model.parameters(), lr=rate, fused=True)
    fit(model, few, optimizer, EPOCHS)
    return model


# %% rates
RATES = (0.005, 0.01, 0.02)


def accuracies(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0), scenes.val), RATES
    )


accuracy_by_rate = {name: accuracies(name) for name in changes}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("augmentation", accuracy_by_rate, digits=2).show()

# %% seeds
accuracy_by_seed, accuracy_seen = {}, {}
for name, rate in rate_best.items():
    models = [trained(name, rate, seed) for seed in range(3)]
    accuracy_by_seed[name] = [score(model, scenes.test) for model in models]
    accuracy_seen[name] = [score(model, few) for model in models]
accuracy_mean, accuracy_deviation = {}, {}
for name, found in accuracy_by_seed.items():
    accuracy_mean[name] = torch.tensor(found).mean().item()
    accuracy_deviation[name] = torch.tensor(found).std().item()
Table(
    ["augmentation", "η:g", "training", "test"],
    [
        [
            name,
            rate_best[name],
            f"{sum(accuracy_seen[name]) / 3:.2f}",
            f"{accuracy_mean[name]:.3f} ± {accuracy_deviation[name]:.3f}",
        ]
        for name in changes
    ],
).show()
