"""Recover a line from 256 noisy points by stochastic gradient descent."""

# %% imports
import matplotlib.pyplot as plt
import torch
from matplotlib.colors import LogNorm
from torch.nn.functional import mse_loss
from torch.optim import SGD

from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import LinearRegression, least_squares, linear
from dlnotes.losses import mse
from dlnotes.plot import show, use_style
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

use_style()

# %% idea
x_few = torch.tensor([0.1, 0.25, 0.4, 0.55, 0.7, 0.9])
y_few = torch.tensor([2.3, 1.7, 3.6, 2.6, 4.4, 4.1])
w_few, b_few = least_squares(x_few[:, None], y_few)
line_few = linear(x_few[:, None], w_few, b_few)

fig, ax = plt.subplots(figsize=(4.4, 2.7))
ax.vlines(x_few, line_few, y_few, color="C1", lw=2, label="error ŷ − y")
ax.axline((0, float(b_few)), slope=float(w_few), color="C0", label="model ŷ")
ax.plot(x_few, y_few, "o", color="black", label="observation y")
ax.set(xlim=(0, 1), ylim=(1, 5.4), xlabel="x", ylabel="y")
ax.legend(loc="upper left")
show()

# %% data
seed_everything(1809)
X, y = noisy_line(n=256, w=5, b=7, sigma=0.25)
print(tuple(X.shape), tuple(y.shape))
for x_i, y_i in zip(X[:3, 0], y[:3], strict=True):
    print(f"x = {x_i:.3f}   y = {y_i:.3f}   5x + 7 = {5 * x_i + 7:.3f}")

# %% train
model = LinearRegression(features=1)
optimizer = SGD(model.parameters(), lr=0.01)
batches = Batches(X, y, batch_size=64)
path = [(0.0, 0.0)]


def watch(history: History) -> None:
    path.append((model.w.item(), model.b.item()))
    if history.step % 100 == 0:
        w, b = path[-1]
        loss = history.mean(last=100)
        print(f"step {history.step:4}  loss {loss:7.4f}  w {w:.3f}  b {b:.3f}")


history = train(model, mse, optimizer, batches, steps=3000, hooks=[watch])

# %% results
w_sgd, b_sgd = path[-1]
w_error = w_sgd - 5
loss_first = history.losses[0]
loss_sgd = history.mean(last=100)
loss_true = mse(5 * X[:, 0] + 7, y)

# %% epochs
epoch_means = history.epoch_means()
epochs = len(epoch_means)
last_batches = history.losses[len(batches) - 1 :: len(batches)]
batch_spread = torch.tensor(last_batches[-100:]).std()
mean_spread = torch.tensor(epoch_means[-100:]).std()
print(f"{history.step} steps = {epochs} epochs of {len(batches)} batches")
print(f"last 100 epochs, loss of the last batch: ± {batch_spread:.5f}")
print(f"last 100 epochs, mean over the epoch:    ± {mean_spread:.5f}")

# %% loss-curve
fig, ax = plt.subplots(figsize=(4.8, 2.8))
middle = [len(batches) * (epoch + 0.5) for epoch in range(epochs)]
ax.plot(middle, epoch_means, label="mean of each epoch")
ax.axhline(1 / 16, color="C1", ls="--", label="noise variance 1/16")
ax.set(yscale="log", xlabel="step", ylabel="mean squared error")
ax.legend()
show()

# %% against-torch
prediction = model(X).detach()
for reduction in ("mean", "sum", "none"):
    ours = mse(prediction, y, reduction)
    theirs = mse_loss(prediction, y, reduction=reduction)
    difference = (ours - theirs).abs().max()
    shape = str(tuple(ours.shape))
    print(f"{reduction:4}  shape {shape:6}  difference {difference:.0e}")

# %% closed-form
w_fit, b_fit = least_squares(X, y)
loss_fit = mse(linear(X, w_fit, b_fit), y)
loss_all = mse(prediction, y)
w_exact = w_fit.item()
w_gap, loss_gap = abs(w_sgd - w_exact), loss_all - loss_fit
print(f"closed form  w {w_exact:.4f}  b {b_fit:.4f}  loss {loss_fit:.6f}")
print(f"SGD          w {w_sgd:.4f}  b {b_sgd:.4f}  loss {loss_all:.6f}")

# %% line
ends = torch.tensor([[0.0], [1.0]])
fig, ax = plt.subplots(figsize=(4.8, 3.2))
ax.plot(X[:, 0], y, ".", color="C1", alpha=0.6, label="256 observations")
ax.plot(ends, model(ends).detach(), lw=5, alpha=0.5, label="fitted line")
ax.plot(ends, 5 * ends + 7, "--", color="black", label="true line 5x + 7")
ax.set(xlabel="x", ylabel="y")
ax.legend()
show()

# %% curvature
A = torch.cat([torch.ones_like(X), X], dim=1)  # (256, 2)
flat, steep = torch.linalg.eigvalsh(2 * A.T @ A / len(A)).tolist()
flat_factor, steep_factor = 1 - 0.01 * flat, 1 - 0.01 * steep
steep_300, flat_300 = steep_factor**300, flat_factor**300
flat_3000 = flat_factor**3000
print(f"steep  curvature {steep:.3f}  factor per step {steep_factor:.4f}")
print(f"flat   curvature {flat:.3f}  factor per step {flat_factor:.4f}")

# %% surface
w_axis, b_axis = torch.linspace(-3, 13, 65), torch.linspace(-1, 15, 65)
w_grid, b_grid = torch.meshgrid(w_axis, b_axis, indexing="xy")
errors = w_grid[..., None] * X[:, 0] + b_grid[..., None] - y  # (65, 65, 256)
above = (errors**2).mean(-1) - loss_fit

starts = [[14.5, -2.5], [6.5, -2.5], [14.5, 3.5], [14.5, 12.5], [7.5, 12.5]]
starts += [[-0.5, 12.5], [-0.5, 6.5]]
theta = torch.tensor(starts).T  # (2, 7)
others = [theta]
for _ in range(3000):
    slope = 2 * A.T @ (A @ theta - y[:, None]) / len(A)
    theta = theta - 0.01 * slope
    others.append(theta)

fig, ax = plt.subplots(figsize=(4.8, 4.6))
levels = [0.03 * 2**k for k in range(12)]
norm = LogNorm(levels[0], levels[-1])
fill = {"norm": norm, "extend": "both", "cmap": "viridis_r", "alpha": 0.6}
ax.contourf(w_axis, b_axis, above, levels, **fill)
ax.contour(w_axis, b_axis, above, levels, colors="white", linewidths=0.6)
for b, w in torch.stack(others).permute(2, 1, 0):
    ax.plot(w[::20], b[::20], color="black", lw=0.8, alpha=0.7)
    ax.plot(w[:1001:100], b[:1001:100], ".", color="black", ms=4, alpha=0.7)
w, b = torch.tensor(path).T
ax.plot(w[::20], b[::20], color="black", lw=2.4, label="SGD from (0, 0)")
ax.plot(w[:1001:100], b[:1001:100], "o", color="black", mfc="white", ms=5)
star = {"color": "C1", "mec": "white", "ms": 17, "label": "least squares"}
ax.plot(w_fit, b_fit, "*", **star)
ax.set(xlim=(-3, 13), ylim=(-1, 15), xlabel="weight w", ylabel="bias b")
fig.legend(loc="outside upper center", ncols=2)
show()
