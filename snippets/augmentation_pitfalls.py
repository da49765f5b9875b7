"""Augmented copies on both sides of a split, and a validation that changes."""

# %% imports
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.mlp import MLP
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything

# %% recipe
scenes = load_scenes()
X, y = scenes.train.X[:300], scenes.train.y[:300]
mean, deviation = X.mean().item(), X.std().item()
move = v2.RandomCrop(28, padding=2)


def copies(images: ImageSet, count: int) -> ImageSet:
    """Move every image `count` times, and keep the results as a data set."""
    moved = [move(x) for x in images.images for _ in range(count)]
    return ImageSet(
        torch.stack(moved).flatten(1), images.y.repeat_interleave(count)
    )


def trained(train: ImageSet, seed: int) -> nn.Module:
    seed_everything(seed)
    body = nn.Sequential(nn.Flatten(), MLP([28 * 28, 256, 10]))
    redraw(body, kaiming)
    model = nn.Sequential(v2.Normalize([mean], [deviation]), body)
    optimizer = AdamW(model.parameters(), lr=0.003, fused=True)
    fit(model, train, optimizer, epochs=4)
    return model


def parted(images: ImageSet, share: float) -> tuple[ImageSet, ImageSet]:
    """Cut a data set at random into two, the first with this share."""
    order = torch.randperm(len(images.y))
    cut = round(share * len(order))
    first, rest = order[:cut], order[cut:]
    return (
        ImageSet(images.X[first], images.y[first]),
        ImageSet(images.X[rest], images.y[rest]),
    )


# %% leak
claimed, true = (
    {"moved first": [], "split first": []},
    {"moved first": [], "split first": []},
)
models = []
for seed in range(3):
    seed_everything(seed)
    train, val = parted(copies(ImageSet(X, y), 8), 0.8)
    model = trained(train, seed)
    claimed["moved first"].append(score(model, val))
    true["moved first"].append(score(model, scenes.test))
    seed_everything(seed)
    train, val = parted(ImageSet(X, y), 0.8)
    model = trained(copies(train, 8), seed)
    claimed["split first"].append(score(model, val))
    true["split first"].append(score(model, scenes.test))
    models.append(model)
accuracy_claimed, accuracy_true = {}, {}
for order in ("moved first", "split first"):
    accuracy_claimed[order] = sum(claimed[order]) / 3
    accuracy_true[order] = sum(true[order]) / 3
    pairs = zip(claimed[order], true[order], strict=True)
    shown = "   ".join(f"{a:.2f} ({b:.2f})" for a, b in pairs)
    print(f"{order}: {shown}")

# %% validation
draws = [copies(scenes.val, 1) for _ in range(5)]
plain, disturbed = [], []
for model in models:
    plain.append(score(model, scenes.val))
    again = [score(model, moved) for moved in draws]
    disturbed.append(again)
    print(
        f"as they are {plain[-1]:.3f}, moved",
        *(f"{value:.3f}" for value in again),
    )

# %% normalization
raw = [nn.Sequential(model[1]) for model in models]  # without Normalize
accuracy_raw = [score(model, scenes.test) for model in raw]
for before, after in zip(true["split first"], accuracy_raw, strict=True):
    print(f"standardized {before:.2f}, not {after:.2f}")
