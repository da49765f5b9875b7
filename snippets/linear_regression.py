"""Recover a line from 256 noisy points by stochastic gradient descent."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.nn.functional import mse_loss
from torch.optim import SGD

from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import (
    LinearRegression,
    design_matrix,
    least_squares,
    linear,
)
from dlnotes.losses import mse
from dlnotes.plot import show, surface, use_style
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

use_style()

# %% data
seed_everything(1809)
X, y = noisy_line(n=256, w=5, b=7, sigma=0.25)
print(tuple(X.shape), tuple(y.shape))
for x_i, y_i in zip(X[:3, 0], y[:3]):
    print(f"x = {x_i:.3f}   y = {y_i:.3f}   5x + 7 = {5 * x_i + 7:.3f}")

# %% against-torch
prediction = 3 * X[:, 0] + 6
for reduction in ("mean", "sum", "none"):
    ours = mse(prediction, y, reduction)
    theirs = mse_loss(prediction, y, reduction=reduction)
    difference = (ours - theirs).abs().max()
    shape = str(tuple(ours.shape))
    print(f"{reduction:4}  shape {shape:6}  difference {difference:.0e}")

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

# %% epochs
epoch_means = history.epoch_means()
epochs = len(epoch_means)
last_batches = history.losses[len(batches) - 1 :: len(batches)]
spread_batch = torch.tensor(last_batches[-100:]).std()
spread_mean = torch.tensor(epoch_means[-100:]).std()
print(f"{history.step} steps = {epochs} epochs of {len(batches)} batches")
print(f"last 100 epochs, loss of the last batch: ± {spread_batch:.5f}")
print(f"last 100 epochs, mean over the epoch:    ± {spread_mean:.5f}")

# %% loss-curve
fig, ax = plt.subplots(figsize=(4.8, 2.8))
middle = [len(batches) * (epoch + 0.5) for epoch in range(epochs)]
ax.plot(middle, epoch_means, label="mean of each epoch")
ax.axhline(1 / 16, color="C1", ls="--", label="noise variance 1/16")
ax.set(yscale="log", xlabel="step", ylabel="mean squared error")
ax.legend()
show()

# %% closed-form
w_fit, b_fit = least_squares(X, y)
loss_fit = mse(linear(X, w_fit, b_fit), y)
loss_sgd = mse(model(X).detach(), y)
w_sgd, b_sgd = path[-1]
print(f"closed form  w {w_fit.item():.4f}  b {b_fit:.4f}  loss {loss_fit:.6f}")
print(f"SGD          w {w_sgd:.4f}  b {b_sgd:.4f}  loss {loss_sgd:.6f}")

# %% line
ends = torch.tensor([[0.0], [1.0]])
fig, ax = plt.subplots(figsize=(4.8, 3.2))
ax.plot(X[:, 0], y, ".C1", alpha=0.6, label="256 observations")
ax.plot(ends, model(ends).detach(), lw=5, alpha=0.5, label="fitted line")
ax.plot(ends, 5 * ends + 7, "--", color="black", label="true line 5x + 7")
ax.set(xlabel="x", ylabel="y")
ax.legend()
show()

# %% curvature
A = design_matrix(X)  # (256, 2)
flat, steep = torch.linalg.eigvalsh(2 * A.T @ A / len(A)).tolist()
print(f"steep  curvature {steep:.3f}  factor per step {1 - 0.01 * steep:.4f}")
print(f"flat   curvature {flat:.3f}  factor per step {1 - 0.01 * flat:.4f}")

# %% descents
ws = [14.5, 6.5, 14.5, 14.5, 7.5, -0.5, -0.5]
bs = [-2.5, -2.5, 3.5, 12.5, 12.5, 12.5, 6.5]
theta = torch.tensor([ws, bs])  # (2, 7)
others = [theta]
for _ in range(3000):
    theta = theta - 0.01 * 2 * A.T @ (A @ theta - y[:, None]) / len(A)
    others.append(theta)

# %% surface
w_axis, b_axis = torch.linspace(-3, 13, 65), torch.linspace(-1, 15, 65)
w_grid, b_grid = torch.meshgrid(w_axis, b_axis, indexing="xy")
errors = w_grid[..., None] * X[:, 0] + b_grid[..., None] - y  # (65, 65, 256)
above = (errors**2).mean(-1) - loss_fit

fig, ax = plt.subplots(figsize=(4.8, 4.6))
surface(ax, w_axis, b_axis, above, [0.03 * 2**k for k in range(12)])
for b, w in torch.stack(others).permute(2, 1, 0).numpy():
    ax.plot(w[::20], b[::20], color="black", lw=0.8, alpha=0.7)
    ax.plot(w[:1001:100], b[:1001:100], ".", color="black", ms=4, alpha=0.7)
w, b = torch.tensor(path).T.numpy()
ax.plot(w[::20], b[::20], color="black", lw=2.4, label="SGD from (0, 0)")
ax.plot(w[:1001:100], b[:1001:100], "o", color="black", mfc="white", ms=5)
ax.plot(w_fit, b_fit, "*C1", mec="white", ms=17, label="least squares")
ax.set(xlim=(-3, 13), ylim=(-1, 15), xlabel="weight w", ylabel="bias b")
fig.legend(loc="outside upper center", ncols=2)
show()

# %% quoted
loss_first, loss_last = history.losses[0], history.mean(last=100)
loss_true = mse(5 * X[:, 0] + 7, y)
error_w, gap_w = w_sgd - 5, abs(w_sgd - w_fit.item())
loss_gap = loss_sgd - loss_fit
distance_across = {n: (1 - 0.01 * steep) ** n for n in (300, 3000)}
distance_along = {n: (1 - 0.01 * flat) ** n for n in (300, 3000)}
