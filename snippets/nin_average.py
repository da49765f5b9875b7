"""NiN with a global average and with a dense head."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes
from dlnotes.looking import shares_inside
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.nin import small_nin

use_style()
digits = load_digits()
images = draw_scenes(digits.train, 2000, seed=0).canvases
val = draw_scenes(digits.val, 1000, seed=1).canvases
test, boxes = draw_scenes(digits.test, 1000, seed=2)

# %% variants
EPOCHS = 4
variants = {  # how it is built, and rates to try
    "average": (lambda: small_nin(16), (0.1, 0.3, 1.0)),
    "dense head": (lambda: small_nin(16, average=False), (0.03, 0.1, 0.3)),
}


def trained(name: str, rate: float, seed: int) -> nn.Module:
    seed_everything(seed)
    model = variants[name][0]()
    optimizer = SGD(model.parameters(), lr=rate)
    fit(model, images, optimizer, EPOCHS, batch_size=32)
    return model.cpu()


# %% accuracy
accuracy_by_rate, rate_best, accuracy, models, rows = {}, {}, {}, {}, []
for name, (_, rates) in variants.items():
    tried = {rate: trained(name, rate, seed=0) for rate in rates}
    found = {rate: score(model, val) for rate, model in tried.items()}
    accuracy_by_rate[name] = found
    rate_best[name] = rate = max(found, key=found.get)
    models[name] = [tried[rate], *(trained(name, rate, s) for s in (1, 2))]
    accuracy[name] = [score(model, test) for model in models[name]]
    rows.append([name, rate, *accuracy[name]])
heads = [f"seed {seed}:.3f" for seed in range(3)]
Table(["network", "η:g", *heads], rows).show()

# %% maps
model = models["average"][0].eval()
with torch.no_grad():
    maps = model.features(test.images)  # (N, K, 4, 4)
own = maps[torch.arange(len(test.y)), test.y]  # the map of the right class
side = test.side / own.shape[-1]
centres = side * (torch.arange(own.shape[-1]) + 0.5)
hit, _ = shares_inside(own.relu(), centres, boxes)
share_hit = hit.double().mean().item()
share_box = (boxes[:, 0] / test.side).square().mean().item()
print(f"strongest place of the map inside the digit's box: {share_hit:.2f}")
print(f"a place at random: {share_box:.2f}")

# %% maps-figure
fig, axes = plt.subplots(2, 6, figsize=(5.6, 2.2))
edges = (0, test.side, test.side, 0)
for i, (above, below) in enumerate(axes.T):
    above.imshow(test.images[i, 0].numpy(), cmap="gray_r", extent=edges)
    above.set_title(f"{test.y[i]}")
    limit = own[i].abs().max()
    ends = dict(cmap="RdBu_r", vmin=-limit, vmax=limit, extent=edges)
    below.imshow(own[i].numpy(), **ends)
    for ax in (above, below):
        size, top, left = boxes[i].tolist()
        box = plt.Rectangle((left, top), size, size, fill=False, ec="C1")
        ax.add_patch(box)
        ax.set_axis_off()
show()

# %% quoted
mean = {name: sum(found) / 3 for name, found in accuracy.items()}
accuracy_average, accuracy_dense = mean.values()
