"""Learn a kernel from an image and what the kernel made of it."""

# %% imports
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_sample_image
from torch import nn
from torch.optim import LBFGS, SGD

from dlnotes.conv import conv2d, windows
from dlnotes.losses import mse
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% pairs
seed_everything(0)
photo = torch.tensor(load_sample_image("flower.jpg") / 255.0).float()
photo = photo.mean(dim=2)[170:234, 270:334]  # (64, 64)
inputs = {
    "photograph": photo,
    "photograph less its mean": photo - photo.mean(),
    "noise": torch.rand(64, 64) - 0.5,
}
kernel_true = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
pairs = {
    name: (x[None, None], conv2d(x[None, None], kernel_true[None, None]))
    for name, x in inputs.items()
}


# %% condition
def curvatures(x):
    """Return the eigenvalues of the mean of a aᵀ over all windows a."""
    patches = windows(x, 3).flatten(-2).flatten(0, -2)  # (places, 9)
    return torch.linalg.eigvalsh(patches.T @ patches / len(patches))


rate_limit, ratio_curvature = {}, {}
for name, (x, _) in pairs.items():
    eigenvalues = curvatures(x.double())
    rate_limit[name] = 1 / eigenvalues[-1].item()
    ratio_curvature[name] = (eigenvalues[-1] / eigenvalues[0]).item()
    print(f"{name:24}  ratio of curvatures {ratio_curvature[name]:7.1f}")


# %% descend
def error(model):
    return (model.weight[0, 0] - kernel_true).abs().max().item()


def descend(x, target, lr, steps, seed):
    """Return the error of the kernel after each step."""
    seed_everything(seed)
    model = nn.Conv2d(1, 1, 3, bias=False)
    optimizer = SGD(model.parameters(), lr=lr)
    errors = [error(model)]
    for _ in range(steps):
        optimizer.zero_grad()
        loss = mse(model(x), target)
        loss.backward()
        optimizer.step()
        errors.append(error(model))
    return errors


# %% rates
FRACTIONS = (0.1, 0.5, 0.9, 1.1)  # of the largest rate that converges
STEPS = 200
errors, rows, fraction_best = {}, [], {}
for name, pair in pairs.items():
    tried = {
        fraction: descend(*pair, fraction * rate_limit[name], STEPS, seed=0)
        for fraction in FRACTIONS
    }
    ends = [tried[fraction][-1] for fraction in FRACTIONS]
    fraction_best[name] = FRACTIONS[ends.index(min(ends))]
    errors[name] = tried[fraction_best[name]]
    rows.append([name, *ends])
Table(["image", *(f"{f:g}:.1e" for f in FRACTIONS)], rows).show()

# %% seeds
error_by_seed = {
    name: [
        descend(*pair, fraction_best[name] * rate_limit[name], STEPS, seed)[-1]
        for seed in range(3)
    ]
    for name, pair in pairs.items()
}

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 3.2))
curves(ax, range(STEPS + 1), errors)
ax.set(xlabel="step", ylabel="largest error of an entry", yscale="log")
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
show()

# %% better
x, target = pairs["photograph"]
patches = windows(x, 3).flatten(-2).flatten(0, -2)  # (places, 9)
solved = torch.linalg.lstsq(patches, target.reshape(-1, 1)).solution
error_solved = (solved.reshape(3, 3) - kernel_true).abs().max().item()

seed_everything(0)
model = nn.Conv2d(1, 1, 3, bias=False)
optimizer = LBFGS(model.parameters(), max_iter=50, tolerance_change=0)


def closure():
    optimizer.zero_grad()
    loss = mse(model(x), target)
    loss.backward()
    return loss


optimizer.step(closure)
error_lbfgs = error(model)
Table(
    ["method", "largest error:.0e"],
    [
        [f"gradient descent, {STEPS} steps", errors["photograph"][-1]],
        ["L-BFGS, at most 50 steps", error_lbfgs],
        ["least squares, solved", error_solved],
    ],
).show()

# %% quoted
error_photograph = errors["photograph"][-1]
