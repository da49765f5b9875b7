"""From letters to digits: keep the features, or train them on."""

# %% imports
from copy import deepcopy
from functools import cache
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import interpolate
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.data.letters import load_letters
from dlnotes.data.scenes import draw_scenes
from dlnotes.finetune import freeze, replace_head, two_rates
from dlnotes.looking import (
    grad_cam,
    gradient_times_input,
    occlusion,
    shares_inside,
)
from dlnotes.plot import gallery, show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.resnet import small_resnet

use_style()

# %% data
letters = load_letters()  # 16 faces of 52 letters, face by face
held_out = torch.arange(len(letters.y)) // 52 % 4 == 3  # bold italics
drawn = ImageSet(letters.X[~held_out], letters.y[~held_out])
unseen = ImageSet(letters.X[held_out], letters.y[held_out])
source = draw_scenes(drawn, 4000, seed=10).canvases
source_test = draw_scenes(unseen, 1000, seed=11).canvases

digits = load_digits()
pool = draw_scenes(digits.train, 1000, seed=0).canvases
val = draw_scenes(digits.val, 1000, seed=1).canvases
test = draw_scenes(digits.test, 2000, seed=2)

# %% data-figure
fig, ax = plt.subplots(figsize=(4.6, 1.3))
pictures = torch.cat([source.images[:8], pool.images[:8]])
gallery(ax, pictures[:, 0], columns=8)
show()

# %% pretrain
WIDTH = 8
seed_everything(0)
pretrained = small_resnet(8, WIDTH, classes=52)
optimizer = SGD(pretrained.parameters(), lr=0.3, momentum=0.9)
fit(pretrained, source, optimizer, epochs=8)
accuracy_source = score(pretrained, source_test)
print(f"letters in new faces: {accuracy_source:.2f}, by chance {1 / 52:.2f}")


# %% recipe
def few(k: int, seed: int) -> ImageSet:
    """Return k images of each class, chosen anew for each seed."""
    generator = torch.Generator().manual_seed(shifted(seed))
    order = torch.randperm(len(pool.y), generator=generator)
    y = pool.y[order]
    rows = torch.cat([order[y == digit][:k] for digit in range(10)])
    return ImageSet(pool.X[rows], pool.y[rows])


@cache
def adapt(
    start: Classifier,
    k: int,
    lr: float,
    seed: int,
    frozen: bool,
    lr_head: float | None,
) -> Classifier:
    """Train a copy of `start` for 120 steps on k digits of each class."""
    images = few(k, seed)
    seed_everything(seed)
    model = deepcopy(start)
    replace_head(model, 10)
    if frozen:
        freeze(model)
    groups = two_rates(model, lr, lr_head or lr)
    optimizer = SGD(groups, lr=lr, momentum=0.9)
    fit(model, images, optimizer, epochs=300 // k, batch_size=25)
    return model


# %% rates
seed_everything(0)
untrained = small_resnet(8, WIDTH)
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
starts = {
    "new head alone": (pretrained, True, RATES[2:]),
    "all layers": (pretrained, False, RATES[:5]),
    "from scratch": (untrained, False, RATES[3:]),
}
accuracy_val = {k: {} for k in (5, 50)}  # one seed
for k, found in accuracy_val.items():
    for name, (start, frozen, rates) in starts.items():
        models = [adapt(start, k, lr, 0, frozen, None) for lr in rates]
        found[name] = [score(model, val) for model in models]

# %% rates-figure
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.9), sharey=True)
for ax, (k, found) in zip(axes, accuracy_val.items(), strict=True):
    for marker, name in zip("^os", found, strict=True):
        ax.plot(starts[name][2], found[name], marker=marker, label=name)
    ax.text(0.04, 0.95, f"k = {k}", transform=ax.transAxes)
    ax.set(xlabel="learning rate η", xscale="log", ylim=(0, 0.9))
axes[0].set_ylabel("validation accuracy")
axes[0].legend(loc="lower left", fontsize=8)
show()

# %% images
SMALL, LARGE = 0.01, 0.1
methods = {
    "untrained features": (untrained, LARGE, True),
    "new head alone": (pretrained, LARGE, True),
    f"all layers, η = {SMALL}": (pretrained, SMALL, False),
    f"all layers, η = {LARGE}": (pretrained, LARGE, False),
    "from scratch": (untrained, 0.3, False),
}
K = (5, 20, 50)
models = {
    (name, k): [adapt(start, k, lr, s, frozen, None) for s in range(3)]
    for name, (start, lr, frozen) in methods.items()
    for k in K
}
accuracy = {
    name: {k: [score(m, test.canvases) for m in models[name, k]] for k in K}
    for name in methods
}
Table(
    ["what is trained", *(f"k = {k}" for k in K)],
    [
        [name, *(f"{mean(row[k]):.2f} ± {stdev(row[k]):.2f}" for k in K)]
        for name, row in accuracy.items()
    ],
).show()

# %% images-figure
fig, ax = plt.subplots(figsize=(4.6, 3.2))
for marker, (name, row) in zip("v^osD", accuracy.items(), strict=True):
    heights = [mean(row[k]) for k in K]
    bars = [stdev(row[k]) for k in K]
    ax.errorbar(K, heights, bars, marker=marker, capsize=3, label=name)
ax.set(xlabel="images of each class, k", ylabel="accuracy", ylim=(0, 1))
ax.set_xticks(K)
ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=8)
show()

# %% two-rates
accuracy_two = []
for seed in range(3):
    model = adapt(pretrained, 20, SMALL, seed, False, LARGE)
    accuracy_two.append(score(model, test.canvases))
print(f"two rates, k = 20: {mean(accuracy_two):.2f}", end=" ")
print(f"± {stdev(accuracy_two):.2f}")

# %% batch-norm
layer = pretrained.features.stage3[0].conv1[1]  # a batch normalization
careless = deepcopy(pretrained)
replace_head(careless, 10)
careless.requires_grad_(False).head.requires_grad_(True)
moving = careless.features.stage3[0].conv1[1].running_mean
before = moving.clone()
optimizer = SGD(careless.head.parameters(), lr=LARGE, momentum=0.9)
fit(careless, few(5, 0), optimizer, epochs=60, batch_size=25)
frozen = models["new head alone", 5][0]
kept = frozen.features.stage3[0].conv1[1].running_mean
distance_careless = ((moving - before).norm() / before.norm()).item()
distance_frozen = ((kept - before).norm() / before.norm()).item()
print(
    f"running means moved by {distance_careless:.0%} and {distance_frozen:.0%}"
)

# %% looking
shown, boxes = test.canvases.images[:200], test.boxes[:200]
labels = test.canvases.y[:200]
SIDE = shown.shape[-1]


def maps_of(model: Classifier) -> dict[str, torch.Tensor]:
    """Return where a model looks, by four ways to ask."""
    model.eval()
    features = model.features
    return {
        "gradient × input": gradient_times_input(model, shown, labels),
        "occlusion": occlusion(model, shown, labels, 6, 4).clamp(min=0),
        "Grad-CAM, 7 × 7": grad_cam(model, features.stage2, shown, labels),
        "Grad-CAM, 4 × 4": grad_cam(model, features.stage3, shown, labels),
    }


def centres_of(way: str, lines: int) -> torch.Tensor:
    """Return the pixels at which the middles of a map's lines lie."""
    n = torch.arange(lines)
    return 3 + 4 * n if way == "occlusion" else (n + 0.5) * SIDE / lines


networks = list(methods)[1::2] + list(methods)[-1:]
looked = {name: [maps_of(m) for m in models[name, 50]] for name in networks}
ways = list(looked[networks[0]][0])
share_inside = {way: {} for way in ways}  # of the maps' maxima
for way in ways:
    for name in networks:
        hits = []
        for maps in looked[name]:
            middles = centres_of(way, maps[way].shape[1])
            hit, _ = shares_inside(maps[way], middles, boxes)
            hits.append(hit.float().mean().item())
        share_inside[way][name] = mean(hits)
share_of_canvas = (boxes[:, 0] ** 2 / SIDE**2).mean().item()
Table(
    ["asked by", *(f"{name}:.2f" for name in networks)],
    [[way, *share_inside[way].values()] for way in ways],
).show()

# %% looking-figure
maps = looked[networks[1]][0]
rows = [shown[:6, 0]]
for way in ("occlusion", "Grad-CAM, 7 × 7", "Grad-CAM, 4 × 4"):
    heat = maps[way][:6]
    heat = heat / heat.amax(dim=(1, 2), keepdim=True).clamp(min=1e-9)
    rows.append(interpolate(heat[:, None], (SIDE, SIDE))[:, 0])
fig, ax = plt.subplots(figsize=(4.6, 3.3))
gallery(ax, torch.cat(rows), columns=6)
show()

# %% quoted
count_letters = int(letters.y.max()) + 1
accuracy_mean = {
    name: {k: mean(row[k]) for k in K} for name, row in accuracy.items()
}
