"""NiN with a global average, with a dense head, and without 1 × 1 layers."""

# %% imports
from functools import cache

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.optim import AdamW

from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.nin import small_nin

use_style()
digits = load_digits()
images = draw_scenes(digits.train, 500, seed=0).canvases
val = draw_scenes(digits.val, 1000, seed=1).canvases
test, boxes = draw_scenes(digits.test, 1000, seed=2)

# %% variants
EPOCHS = 6
variants = {  # how it is built, and rates to begin with
    "average": (lambda: small_nin(16), (0.003, 0.01, 0.03)),
    "dense head": (
        lambda: small_nin(16, average=False),
        (0.001, 0.003, 0.01),
    ),
    "no 1 × 1": (lambda: small_nin(21, ones=0), (0.001, 0.003, 0.01)),
}


@cache  # a network that is asked for twice is trained once
def trained(name: str, rate: float, seed: int) -> Classifier:
    seed_everything(seed)
    model = variants[name][0]()
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit(model, images, optimizer, EPOCHS)
    return model.cpu()


# %% rates
def accuracies(name: str) -> dict[float, float]:
    return bracket(
        lambda rate: score(trained(name, rate, 0), val), variants[name][1]
    )


accuracy_by_rate = {name: accuracies(name) for name in variants}
rate_best = {name: best(found) for name, found in accuracy_by_rate.items()}
rates_table("network", accuracy_by_rate).show()

# %% accuracy
accuracy = {}
for name, rate in rate_best.items():
    models = [trained(name, rate, seed) for seed in range(3)]
    accuracy[name] = torch.tensor([score(m, test) for m in models])
mean = {name: found.mean().item() for name, found in accuracy.items()}
deviation = {name: found.std().item() for name, found in accuracy.items()}
heads = [f"seed {seed}:.3f" for seed in range(3)]
Table(
    ["network", "η:.2g", *heads, "mean:.3f", "deviation:.3f"],
    [
        [n, rate_best[n], *accuracy[n].tolist(), mean[n], deviation[n]]
        for n in variants
    ],
).show()


# %% maps
def correlation(a: Tensor, b: Tensor) -> float:
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


model = trained("average", rate_best["average"], 0).eval()
with torch.no_grad():
    maps = model.features(test.images)  # (N, K, 4, 4)
own = maps[torch.arange(len(test.y)), test.y]  # the map of the right class
positive = own.relu() + 1e-6  # a map with nothing positive has a middle
mass = positive / positive.sum(dim=(1, 2), keepdim=True)  # (N, 4, 4)
places = 8 * torch.arange(4) + 0.5  # pixels, where the entries are
row, column = mass.sum(dim=2) @ places, mass.sum(dim=1) @ places  # (N,)
size, top, left = boxes.T
correlation_rows = correlation(row, top + size / 2)
correlation_columns = correlation(column, left + size / 2)
print(f"along rows {correlation_rows:.2f}, columns {correlation_columns:.2f}")

# %% maps-figure
fig, axes = plt.subplots(2, 6, figsize=(5.6, 2.2))
for i, (above, below) in enumerate(axes.T):
    above.imshow(test.images[i, 0].numpy(), "gray_r", extent=(0, 28, 28, 0))
    above.set_title(f"{test.y[i]}")
    limit = own[i].abs().max()
    ends = dict(vmin=-limit, vmax=limit, extent=(-3.5, 28.5, 28.5, -3.5))
    below.imshow(own[i].numpy(), "RdBu_r", **ends)
    for ax in (above, below):
        size, top, left = boxes[i].tolist()
        box = plt.Rectangle((left, top), size, size, fill=False, ec="C1")
        ax.add_patch(box)
        ax.set(xlim=(0, 28), ylim=(28, 0))
        ax.set_axis_off()
show()
