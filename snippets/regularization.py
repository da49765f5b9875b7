"""L1 and L2 on the diabetes data, weight decay, and noise on the inputs."""

# %% imports
import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_diabetes
from torch import nn
from torch.optim import SGD

from dlnotes.losses import mse
from dlnotes.mlp import MLP
from dlnotes.plot import show, use_style
from dlnotes.regularize import l2, lasso, ridge, weight_decay_groups
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% data
seed_everything(0)
features, progress = load_diabetes(return_X_y=True, scaled=False)
order = torch.randperm(len(progress))
measured = torch.tensor(features)[order]
invented = torch.randn(len(progress), 40, dtype=measured.dtype)
X_all, y_all = (
    torch.cat([measured, invented], dim=1),
    torch.tensor(progress)[order],
)

sizes = [120, 120, 202]  # training, validation, test
mean, deviation = X_all[:120].mean(dim=0), X_all[:120].std(dim=0)
X, X_val, X_test = ((X_all - mean) / deviation).split(sizes)
y, y_val, y_test = (y_all - y_all[:120].mean()).split(sizes)

# %% balls
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.4), sharey=True)
grid = torch.linspace(-2.2, 3.2, 120)
w1, w2 = torch.meshgrid(grid, grid, indexing="xy")
loss = (w1 - 2) ** 2 - 1.2 * (w1 - 2) * (w2 - 1.4) + (w2 - 1.4) ** 2
sizes = (w1.abs() + w2.abs(), (w1**2 + w2**2).sqrt())
for ax, size in zip(axes, sizes, strict=True):
    best = loss.where(size <= 1, torch.inf)
    row, column = divmod(int(best.argmin()), len(grid))
    ax.contour(w1, w2, loss, levels=[0.1, 0.6, best.min(), 3], colors="gray")
    ax.contour(w1, w2, size, levels=[1], colors="C0")
    ax.plot(grid[column], grid[row], "o", color="C1")
    ax.plot(2, 1.4, "+", color="black")
    ax.set(aspect="equal", xlabel="w₁", xlim=(-1.4, 3.2), ylim=(-1.4, 3.2))
axes[0].set_ylabel("w₂")
show()

# %% paths
strengths = torch.logspace(-1, 2, 21).tolist()
path_l1 = torch.stack([lasso(X, y, strength) for strength in strengths])
path_l2 = torch.stack([ridge(X, y, strength) for strength in strengths])

# %% paths-figure
fig, axes = plt.subplots(2, 1, figsize=(4.6, 4.8), sharex=True)
for ax, path, name in zip(axes, (path_l1, path_l2), ("L1", "L2"), strict=True):
    ax.plot(strengths, path[:, 10:], color="gray", lw=0.6)
    for feature in range(10):
        ax.plot(strengths, path[:, feature], color=f"C{feature % 7}", lw=1.6)
    ax.set(xscale="log", ylabel="weight")
    ax.text(0.97, 0.9, name, transform=ax.transAxes, ha="right")
axes[1].set_xlabel("strength λ")
show()

# %% choose
w_free = ridge(X, y, 0.0)
rows, tests, weights = [], {}, {}
for name, path in (("none", w_free[None]), ("L1", path_l1), ("L2", path_l2)):
    best = int(torch.stack([mse(X_val @ w, y_val) for w in path]).argmin())
    w = weights[name] = path[best]
    tests[name] = mse(X_test @ w, y_test).sqrt().item()
    zeros = [(part == 0).sum().item() for part in (w[:10], w[10:])]
    strength = f"{strengths[best]:.1f}" if name != "none" else "0"
    rows.append([name, strength, *zeros, tests[name]])
Table(
    ["penalty", "λ", "zeros of 10", "zeros of 40", "test error"],
    rows,
    {"test error": ".1f"},
).show()

# %% choose-values
zeros_measured, zeros_invented = rows[1][2:4]
test_free, test_l1, test_l2 = tests.values()

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
pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
difference = max((a - b).abs().max().item() for a, b in pairs)
largest = max(p.abs().max().item() for p in ours.parameters())
print(f"largest weight {largest:.2f}, largest difference {difference:.0e}")

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
w_ridge = ridge(X, y, sigma**2)
rows = []
for copies in (1, 10, 100, 1000):
    seed_everything(1)
    noisy = X.repeat(copies, 1)
    noisy = noisy + sigma * torch.randn_like(noisy)
    w_noise = ridge(noisy, y.repeat(copies), 0.0)
    rows.append([copies, (w_noise - w_ridge).abs().max().item()])
noise_difference = rows[-1][1]
largest_ridge = w_ridge.abs().max()
moved = (w_free - w_ridge).abs().max()
Table(
    ["noisy copies", "largest difference"], rows, {"largest difference": ".2f"}
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
ratios = []
for size in (0.01, 0.1, 0.3, 1.0, 3.0):
    with torch.no_grad():
        shaken = network(X.float() + size * torch.randn(200, *X.shape))
        added = mse(shaken, outputs.detach().expand_as(shaken))
    ratios.append((added / (size**2 * squares)).item())
    print(f"σ = {size:<4}  added loss ÷ σ²‖∇f‖² = {ratios[-1]:.3f}")
ratio_small, *_, ratio_large = ratios
