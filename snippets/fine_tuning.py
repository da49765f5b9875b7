"""From letters to digits: keep the features, or train them on."""

# %% imports
from copy import deepcopy
from functools import cache
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch.optim import AdamW

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.data.letters import load_letters
from dlnotes.data.scenes import draw_scenes
from dlnotes.finetune import freeze, replace_head
from dlnotes.looking import (
    grad_cam,
    gradient_times_input,
    occlusion,
    shares_inside,
)
from dlnotes.plot import gallery, show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket
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
test = draw_scenes(digits.test, 1000, seed=2).canvases

# %% data-figure
fig, ax = plt.subplots(figsize=(4.6, 1.3))
pictures = torch.cat([source.images[:8], pool.images[:8]])
gallery(ax, pictures[:, 0], columns=8)
show()

# %% pretrain
WIDTH = 8
seed_everything(0)
pretrained = small_resnet(8, WIDTH, classes=52)
optimizer = AdamW(pretrained.parameters(), lr=0.027, fused=True)
fit(pretrained, source, optimizer, epochs=3)
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


seed_everything(0)
untrained = small_resnet(8, WIDTH)
methods = {  # where to start, and whether the features are frozen
    "new head alone": (pretrained, True),
    "all layers": (pretrained, False),
    "from scratch": (untrained, False),
    "untrained features": (untrained, True),
}


@cache
def adapt(method: str, k: int, lr: float, seed: int) -> Classifier:
    """Train a network for 60 steps on k digits of each class."""
    start, frozen = methods[method]
    seed_everything(seed)
    model = deepcopy(start)
    replace_head(model, 10)
    if frozen:
        freeze(model)
    optimizer = AdamW(model.parameters(), lr, fused=True)
    fit(model, few(k, seed), optimizer, epochs=150 // k, batch_size=25)
    return model


# %% rates
RATES = {  # to begin with
    "new head alone": (0.03, 0.09, 0.27),
    "all layers": (0.009, 0.027, 0.081),
    "from scratch": (0.003, 0.009, 0.027),
}


def accuracies(method: str, k: int) -> dict[float, float]:
    return bracket(
        lambda lr: score(adapt(method, k, lr, 0), val), RATES[method]
    )


accuracy_val = {k: {m: accuracies(m, k) for m in RATES} for k in (5, 50)}
rate_best = {
    k: {m: best(row) for m, row in found.items()}
    for k, found in accuracy_val.items()
}

# %% rates-figure
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.9), sharey=True)
for ax, (k, found) in zip(axes, accuracy_val.items(), strict=True):
    for marker, (name, row) in zip("^os", found.items(), strict=True):
        ax.plot(list(row), list(row.values()), marker=marker, label=name)
    ax.text(0.04, 0.93, f"k = {k}", transform=ax.transAxes)
    ax.set(xlabel="learning rate η", xscale="log", ylim=(0, 1))
axes[0].set_ylabel("validation accuracy")
fig.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=3)
show()

# %% images
K = (5, 10, 50)
rate_best[10] = rate_best[5]
models = {
    (name, k): [adapt(name, k, rate_best[k][name], s) for s in range(3)]
    for name in RATES
    for k in K
}
accuracy = {
    name: {k: [score(m, test) for m in models[name, k]] for k in K}
    for name in RATES
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
for marker, (name, row) in zip("^os", accuracy.items(), strict=True):
    heights = [mean(row[k]) for k in K]
    bars = [stdev(row[k]) for k in K]
    ax.errorbar(K, heights, bars, marker=marker, capsize=3, label=name)
ax.set(xlabel="images of each class, k", ylabel="accuracy", ylim=(0, 1))
ax.set(xscale="log")
ax.set_xticks(K, [str(k) for k in K])
ax.minorticks_off()
ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=8)
show()

# %% untrained
blind = [adapt("untrained features", 5, 0.09, seed) for seed in range(3)]
accuracy_untrained = [score(model, test) for model in blind]
print("untrained features, k = 5:", f"{mean(accuracy_untrained):.2f}", end=" ")
print(f"± {stdev(accuracy_untrained):.2f}")


# %% batch-norm
def vectors(model: Classifier) -> torch.Tensor:
    """Return what enters the head, for the validation canvases."""
    with torch.no_grad():
        return model.eval().head[:-1](model.features(val.images))


careless = deepcopy(pretrained)
replace_head(careless, 10)
careless.requires_grad_(False).head.requires_grad_(True)
optimizer = AdamW(careless.head.parameters(), lr=0.09, fused=True)
fit(careless, few(5, 0), optimizer, epochs=30, batch_size=25)

before = vectors(pretrained)
change = (vectors(careless) - before).norm() / before.norm()
change_frozen = vectors(models["new head alone", 5][0]) - before
distance_careless = change.item()
distance_frozen = (change_frozen.norm() / before.norm()).item()
print(f"vectors moved by {distance_careless:.0%} and {distance_frozen:.0%}")

# %% looking
scenes = draw_scenes(digits.test, 100, seed=3)
shown, labels = scenes.canvases.images, scenes.canvases.y
size, corner = scenes.boxes[:, :1], scenes.boxes[:, 1:]
SIDE = shown.shape[-1]
PLACES = {  # the pixel of a map's first line, and from line to line
    "gradient × input": (0.5, 1),
    "occlusion": (3.0, 4),
    "Grad-CAM, 7 × 7": (0.5, 4),
    "Grad-CAM, 4 × 4": (0.5, 8),
}


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


networks = list(RATES)
looked = {name: [maps_of(m) for m in models[name, 50]] for name in networks}
share_inside = {way: {} for way in PLACES}  # of the maps' maxima
share_other = {way: {} for way in PLACES}  # in the box of another canvas
for way, (first, step) in PLACES.items():
    for name in networks:
        rows = []
        for maps in looked[name]:
            middles = first + step * torch.arange(maps[way].shape[1])
            for boxes in (scenes.boxes, scenes.boxes.roll(1, 0)):
                hit, _ = shares_inside(maps[way], middles, boxes)
                rows.append(hit.float().mean().item())
        share_inside[way][name] = mean(rows[::2])
        share_other[way][name] = mean(rows[1::2])
share_of_canvas = (size**2 / SIDE**2).mean().item()
covers = (corner <= SIDE / 2) & (SIDE / 2 <= corner + size)
share_middle = covers.all(dim=1).float().mean().item()
Table(
    ["asked by", *networks],
    [
        [
            way,
            *(
                f"{share_inside[way][n]:.2f} / {share_other[way][n]:.2f}"
                for n in networks
            ),
        ]
        for way in PLACES
    ],
).show()

# %% looking-figure
maps = looked[networks[1]][0]
rows = [shown[:6, 0]]
for way in ("occlusion", "Grad-CAM, 7 × 7", "Grad-CAM, 4 × 4"):
    heat, (first, step) = maps[way][:6], PLACES[way]
    heat = heat / heat.amax(dim=(1, 2), keepdim=True).clamp(min=1e-9)
    line = ((torch.arange(SIDE) + 0.5 - first) / step).round().long()
    line = line.clamp(0, heat.shape[1] - 1)
    rows.append(heat[:, line][:, :, line])
names = ["canvas", "occlusion", "Grad-CAM, 7 × 7", "Grad-CAM, 4 × 4"]
fig, axes = plt.subplots(4, figsize=(4.8, 3.6))
for ax, row, name in zip(axes, rows, names, strict=True):
    gallery(ax, row, columns=6)
    ax.text(-0.02, 0.5, name, transform=ax.transAxes, ha="right", va="center")
    for n, (side, top, left) in enumerate(scenes.boxes[:6].tolist()):
        corner = (n * (SIDE + 1) + left - 0.5, top + 0.5)  # behind gaps of 1
        box = plt.Rectangle(corner, side, side, fill=False, edgecolor="C1")
        ax.add_patch(box)
show()

# %% quoted
count_letters = int(letters.y.max()) + 1
accuracy_mean = {
    name: {k: mean(row[k]) for k in K} for name, row in accuracy.items()
}
