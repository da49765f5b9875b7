"""L1 and L2 on the diabetes data, weight decay, and noise on the inputs."""

# %% imports
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_diabetes
from torch import Tensor, nn
from torch.optim import SGD

from dlnotes.losses import mse
from dlnotes.mlp import MLP
from dlnotes.plot import level_lines, show, use_style
from dlnotes.regularize import l2, lasso, ridge, weight_decay_groups
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()


# %% balls
def bowl(w1: Tensor, w2: Tensor) -> Tensor:
    a, b = w1 - 2, w2 - 0.8
    return a**2 - 0.6 * a * b + b**2


t = torch.linspace(0, 1, 101)[:, None]  # along a side of the square
corners = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
sides = zip(corners, corners.roll(-1, dims=0))
angles = torch.linspace(0, 2 * torch.pi, 1001)
balls = {
    "L1": torch.cat([(1 - t) * start + t * end for start, end in sides]),
    "L2": torch.stack([angles.cos(), angles.sin()], dim=1),
}
lowest = {name: ball[bowl(*ball.T).argmin()] for name, ball in balls.items()}

# %% balls-figure
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.4), sharey=True)
grid = torch.linspace(-1.4, 3.2, 120)
loss = bowl(*torch.meshgrid(grid, grid, indexing="xy"))
for ax, name in zip(axes, balls):
    level_lines(ax, grid, grid, loss, [0.1, 0.5, bowl(*lowest[name]), 3])
    ax.plot(*balls[name].T.numpy(), color="C0")
    ax.plot(*lowest[name].numpy(), "o", color="C1")
    ax.plot(2, 0.8, "+", color="black")
    ax.set(aspect="equal", xlabel="w₁")
axes[0].set_ylabel("w₂")
show()

# %% data
SIZES = [120, 120, 202]  # training, validation, test
features, progress = load_diabetes(return_X_y=True, scaled=False)


def split(seed: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    seed_everything(seed)
    order = torch.randperm(len(progress))
    measured = torch.tensor(features)[order]
    invented = torch.randn(len(progress), 40, dtype=measured.dtype)
    X = torch.cat([measured, invented], dim=1)
    y = torch.tensor(progress)[order]
    X = (X - X[:120].mean(dim=0)) / X[:120].std(dim=0)
    y = y - y[:120].mean()
    return X.split(SIZES), y.split(SIZES)


(X, X_val, X_test), (y, y_val, y_test) = split(seed=0)


# %% paths
def paths(X: Tensor, y: Tensor, strengths: list[float]) -> dict[str, Tensor]:
    return {
        "none": ridge(X, y, 0.0)[None],
        "L1": torch.stack([lasso(X, y, strength) for strength in strengths]),
        "L2": torch.stack([ridge(X, y, strength) for strength in strengths]),
    }


strengths = torch.logspace(-1, 2, 21).tolist()
path = paths(X, y, strengths)

# %% paths-figure
fig, axes = plt.subplots(2, 1, figsize=(4.6, 4.8), sharex=True)
for ax, name in zip(axes, ("L1", "L2")):
    ax.plot(strengths, path[name][:, 10:].numpy(), color="gray", lw=0.6)
    for feature, weights in enumerate(path[name][:, :10].T.numpy()):
        ax.plot(strengths, weights, color=f"C{feature % 7}", lw=1.6)
    ax.set(xscale="log", ylabel="weight")
    ax.text(0.97, 0.9, name, transform=ax.transAxes, ha="right")
axes[1].set_xlabel("strength λ")
show()


# %% choose
def best(path: Tensor, X_val: Tensor, y_val: Tensor) -> int:
    return int(torch.stack([mse(X_val @ w, y_val) for w in path]).argmin())


def test_errors(seed: int) -> dict[str, float]:
    (X, X_val, X_test), (y, y_val, y_test) = split(seed)
    found = {}
    for name, path in paths(X, y, strengths[::4]).items():
        w = path[best(path, X_val, y_val)]
        found[name] = mse(X_test @ w, y_test).sqrt().item()
    return found


SPLITS = 10
errors = [test_errors(seed) for seed in range(SPLITS)]
rows, zeros, chosen, error_mean = [], {}, {}, {}
for name in path:
    chosen[name] = best(path[name], X_val, y_val)
    w = path[name][chosen[name]]
    zeros[name] = [int((part == 0).sum()) for part in (w[:10], w[10:])]
    strength = f"{strengths[chosen[name]]:.1f}" if name != "none" else "0"
    error_mean[name] = sum(e[name] for e in errors) / SPLITS
    rows.append([name, strength, *zeros[name], error_mean[name]])
Table(
    ["penalty", "λ", "zeros of 10", "zeros of 40", "test error:.1f"], rows
).show()

# %% decay
seed_everything(0)
ours, theirs = MLP([50, 16, 1]), MLP([50, 16, 1])
theirs.load_state_dict(ours.state_dict())
with_penalty = SGD(ours.parameters(), lr=1e-4)
with_decay = SGD(theirs.parameters(), lr=1e-4, weight_decay=0.1)
for _ in range(500):
    for model, optimizer in ((ours, with_penalty), (theirs, with_decay)):
        optimizer.zero_grad()
        loss = mse(model(X.float())[:, 0], y.float())
        if model is ours:
            loss = loss + 0.1 * l2(model.parameters())
        loss.backward()
        optimizer.step()
pairs = zip(ours.parameters(), theirs.parameters())
difference = max((a - b).abs().max().item() for a, b in pairs)
largest = max(p.abs().max().item() for p in ours.parameters())
print(f"largest weight {largest:.2f}, largest difference {difference:.1g}")

# %% biases
spring = nn.Linear(1, 1)
for name, groups in (
    ("all parameters", spring.parameters()),
    ("weights only", weight_decay_groups(spring, 0.1)),
):
    nn.init.ones_(spring.weight)
    nn.init.ones_(spring.bias)
    optimizer = SGD(groups, lr=0.1, weight_decay=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        (0 * spring(torch.ones(1, 1))).sum().backward()
        optimizer.step()
    w, b = spring.weight.item(), spring.bias.item()
    print(f"{name:15} w {w:.3f}  b {b:.3f}")

# %% noise
sigma = 0.5
w_ridge = ridge(X, y, strength=sigma**2)
seed_everything(1)
differences = {}
for copies in (1, 10, 100, 1000):
    noisy = X.repeat(copies, 1)
    noisy = noisy + sigma * torch.randn_like(noisy)
    w_noise = ridge(noisy, y.repeat(copies), strength=0.0)
    differences[copies] = (w_noise - w_ridge).abs().max().item()
Table(
    ["noisy copies", "largest difference:.2f"], list(differences.items())
).show()

# %% noise-nonlinear
seed_everything(0)
network = MLP([50, 32, 1], torch.tanh)
for layer in network.layers:
    nn.init.normal_(layer.weight, 0.0, 1 / layer.in_features**0.5)
inputs = X.float().requires_grad_()
outputs = network(inputs)
(slopes,) = torch.autograd.grad(outputs.sum(), inputs)
squares = slopes.square().sum(dim=1).mean()
ratios = {}
for size in (0.01, 0.1, 0.3, 1.0, 3.0):
    with torch.no_grad():
        shaken = network(X.float() + size * torch.randn(200, *X.shape))
        added = mse(shaken, outputs.detach().expand_as(shaken))
    ratios[size] = (added / (size**2 * squares)).item()
    print(f"σ = {size:<4}  added loss ÷ σ²‖∇f‖² = {ratios[size]:.3f}")

# %% quoted
difference_free = (path["none"][0] - w_ridge).abs().max()
count_same_order = sum(e["L1"] < e["L2"] < e["none"] for e in errors)
steps = torch.arange(len(strengths))[:, None]
entering = ((path["L1"] != 0) * steps).amax(dim=0)  # (50,)
count_first = (entering[:10] > entering[10:].max()).sum()
