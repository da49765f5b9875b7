"""Three hundred canvases, as they are, moved, and mirrored."""

# %% imports
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.augment import Augment
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet

# %% few
scenes = load_scenes()
few = ImageSet(scenes.train.X[:300], scenes.train.y[:300])
mean, deviation = few.X.mean().item(), few.X.std().item()
EPOCHS = 40
changes = {
    "as they are": v2.Identity(),
    "shifts": v2.RandomCrop(28, padding=4),
    "shifts and flips": v2.Compose(
        [v2.RandomCrop(28, padding=4), v2.RandomHorizontalFlip()]
    ),
}


def trained(name: str, rate: float, seed: int) -> nn.Module:
    seed_everything(seed)
    body = lenet(nn.ReLU, nn.MaxPool2d)
    redraw(body, kaiming)
    normalize = v2.Normalize([mean], [deviation])
    model = nn.Sequential(Augment(changes[name]), normalize, body)
    optimizer = AdamW(model.parameters(), lr=rate)
    fit(model, few, optimizer, EPOCHS, batch_size=32)
    return model


# %% rates
RATES = (0.003, 0.01, 0.03)
tried = {
    name: [trained(name, rate, seed=0) for rate in RATES] for name in changes
}
accuracy_by_rate = {
    name: [score(model, scenes.val) for model in models]
    for name, models in tried.items()
}
rate_best = {
    name: RATES[row.index(max(row))] for name, row in accuracy_by_rate.items()
}
Table(
    ["augmentation", *(f"η = {rate:g}:.2f" for rate in RATES)],
    [[name, *row] for name, row in accuracy_by_rate.items()],
).show()

# %% seeds
accuracy_by_seed, accuracy_seen = {}, {}
for name, rate in rate_best.items():
    models = [tried[name][RATES.index(rate)]]
    models += [trained(name, rate, seed) for seed in (1, 2)]
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
