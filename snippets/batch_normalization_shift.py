"""Batch norm with noise behind it, in small groups, and with a late memory."""

# %% imports
import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.initialize import kaiming, redraw
from dlnotes.metrics import accuracy
from dlnotes.table import Table
from dlnotes.train.classifier import Curve, fit, score
from dlnotes.train.seed import seed_everything

digits = load_digits()
B, EPOCHS, SEEDS = 64, 5, range(3)
N = len(digits.train.X) // B * B  # whole batches
images = ImageSet(digits.train.X[:N], digits.train.y[:N])
Behind = Sequence[Callable[[int], nn.Module]]  # what follows a dense layer
HEADS = [f"seed {seed}:.2f" for seed in SEEDS]


# %% network
def deep(behind: Behind, seed: int) -> nn.Sequential:
    seed_everything(seed)
    layers, C = [], digits.side**2
    for _ in range(20):
        parts = [nn.Linear(C, 64), *(part(64) for part in behind), nn.ReLU()]
        layers.append(nn.Sequential(*parts))
        C = 64
    model = nn.Sequential(nn.Flatten(), *layers, nn.Linear(64, 10))
    redraw(model, kaiming)
    return model


# %% noise
NOISE = 0.2


class Noise(nn.Module):
    """Stretch and move each unit by amounts that every step draws anew."""

    def __init__(self, C: int) -> None:
        super().__init__()
        self.C = C

    def forward(self, X: Tensor) -> Tensor:
        if not self.training:
            return X
        stretch, move = NOISE * torch.randn(2, self.C, device=X.device)
        return (1 + stretch) * X + move


# %% measure
def shift_and_accuracy(
    behind: Behind, rate: float, seed: int
) -> tuple[float, float]:
    model, means, X = deep(behind, seed), [], images.images[:200]

    def shift() -> float:
        with torch.no_grad():
            below = copy.deepcopy(model[:11]).cpu().train()
            A = below(X)  # what enters layer 11
        means.append(A.mean(dim=0) / A.std())
        moved = means[-1] - means[max(len(means) - 2, 0)]
        return moved.square().mean().sqrt().item()

    curve = Curve(shift)
    optimizer = SGD(model.parameters(), lr=rate)
    fit(model, images, optimizer, EPOCHS, curve, batch_size=B)
    return sum(curve.values) / (EPOCHS - 1), score(model, digits.val)


# %% shift
networks = {
    "without batch norm": ([], 0.03),
    "batch norm": ([nn.BatchNorm1d], 0.3),
    "batch norm and noise": ([nn.BatchNorm1d, Noise], 0.3),
}
shifts, accuracy_noisy, rows = {}, {}, []
for name, (behind, rate) in networks.items():
    runs = [shift_and_accuracy(behind, rate, seed) for seed in SEEDS]
    shifts[name], accuracy_noisy[name] = map(list, zip(*runs, strict=True))
    rows.append([name, rate, sum(shifts[name]) / 3, *accuracy_noisy[name]])
heads = ["network", "rate η:g", "shift of the inputs:.2f", *HEADS]
Table(heads, rows).show()


# %% grouped
class GroupedBatchNorm(nn.BatchNorm1d):
    """Take the statistics from each n rows of a batch by themselves."""

    def __init__(self, C: int, n: int) -> None:
        super().__init__(C)
        self.n = n

    def forward(self, X: Tensor) -> Tensor:
        if not self.training:
            return super().forward(X)
        B, C = X.shape
        groups = B // self.n  # their units become channels of their own
        X = X.view(groups, self.n, C).transpose(0, 1).reshape(self.n, -1)
        mean = self.running_mean.repeat(groups)
        var = self.running_var.repeat(groups)
        X = batch_norm(X, mean, var, training=True)
        self.running_mean.copy_(mean.view(groups, C).mean(dim=0))
        self.running_var.copy_(var.view(groups, C).mean(dim=0))
        X = X.view(self.n, groups, C).transpose(0, 1).reshape(B, C)
        return self.weight * X + self.bias


# %% groups
_, rate_groups = networks["batch norm"]


def in_groups(n: int, seed: int) -> float:
    model = deep([lambda C: GroupedBatchNorm(C, n)], seed)
    optimizer = SGD(model.parameters(), lr=rate_groups)
    fit(model, images, optimizer, EPOCHS, batch_size=B)
    return score(model, digits.val)


accuracy_by_group = {n: [in_groups(n, seed) for seed in SEEDS] for n in (2, 8)}
accuracy_by_group[B] = accuracy_noisy["batch norm"]
names = ("pairs of images", "groups of 8", "the whole batch of 64")
groups = zip(names, accuracy_by_group.values(), strict=True)
rows = [[name, *found] for name, found in groups]
Table(["statistics from", *HEADS], rows).show()


# %% measure-anew
def measure_anew(model: nn.Module, images: ImageSet) -> None:
    """Replace all running statistics by averages over a set of images."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # an average over all batches
    model.train()
    with torch.no_grad():
        for X in images.images.split(B):
            model(X)


# %% lag
rate_lag = 1.0


def asked_three_ways(
    momentum: float, epochs: int, seed: int
) -> tuple[float, float, float]:
    model = deep([lambda C: nn.BatchNorm1d(C, momentum=momentum)], seed)
    optimizer = SGD(model.parameters(), lr=rate_lag)
    fit(model, images, optimizer, epochs, batch_size=B)
    late = score(model.cpu(), digits.val)
    with torch.no_grad():
        scores = copy.deepcopy(model).train()(digits.val.images)
    measure_anew(model, images)
    return late, accuracy(scores, digits.val.y), score(model, digits.val)


means, by_way, steps = [], {}, {}
for momentum, epochs in ((0.1, 1), (0.01, 2)):
    runs = [asked_three_ways(momentum, epochs, seed) for seed in SEEDS]
    by_way[momentum] = [list(way) for way in zip(*runs, strict=True)]
    means.append([sum(way) / len(way) for way in by_way[momentum]])
    steps[momentum] = epochs * len(images.X) // B
names = ("running ones", "the batch’s own", "measured anew")
Table(
    ["statistics", *(f"m = {momentum}:.2f" for momentum in by_way)],
    list(zip(names, *means, strict=True)),
).show()

# %% quoted
deviation_noise = NOISE
late, own, anew = (sum(way) / len(way) for way in by_way[0.1])
accuracy_late, accuracy_own = late, own
accuracy_without, accuracy_free, accuracy_noise = (
    sum(found) / len(found) for found in accuracy_noisy.values()
)
shift_without, _, shift_noise = (
    sum(found) / len(found) for found in shifts.values()
)
ratio_shift = shift_noise / shift_without
