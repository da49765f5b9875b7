"""One network on one curve: without an activation, and with three."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import Adam

from dlnotes.linear import least_squares
from dlnotes.losses import mse
from dlnotes.mlp import MLP
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

use_style()

# %% data
x = torch.linspace(-3, 3, 121)[:, None]  # (121, 1)
y = torch.sin(2 * x) + 0.5 * x + 0.5


# %% learn
def learn(activation, after=None, seed=0):
    """Fit the curve with two hidden layers of 20 units; return the model."""
    seed_everything(seed)
    stack = MLP([1, 20, 20, 1], activation)
    model = nn.Sequential(stack, after or nn.Identity())
    optimizer = Adam(model.parameters(), lr=0.02)
    train(model, mse, optimizer, Batches(x, y, batch_size=len(x)), steps=400)
    return model


def loss_of(model):
    with torch.no_grad():
        return mse(model(x), y).item()


# %% compare
candidates = {
    "none": nn.Identity(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "ReLU": torch.relu,
}
models = {name: learn(g) for name, g in candidates.items()}
losses = {name: loss_of(model) for name, model in models.items()}
Table(["activation", "MSE:.5f"], list(losses.items())).show()

# %% collapse
W, b = torch.eye(1), torch.zeros(1)
for layer in models["none"][0].layers:
    W, b = layer.weight @ W, layer.weight @ b + layer.bias
w_line, b_line = least_squares(x, y[:, 0])
loss_line = mse(x @ w_line + b_line, y[:, 0]).item()
slope, slope_line = W.item(), w_line.item()
loss_none = losses["none"]
print("               slope      bias     MSE")
print(f"three layers  {slope:7.4f}  {b.item():8.4f}  {loss_none:.5f}")
rest = f"{b_line.item():8.4f}  {loss_line:.5f}"
print(f"least squares {slope_line:7.4f}  {rest}")
parameters = sum(p.numel() for p in models["none"].parameters())

# %% figure
fig, ax = plt.subplots(figsize=(4.8, 3))
ax.plot(x[::3], y[::3], "o", ms=4, color="gray", label="target curve")
with torch.no_grad():
    ax.plot(x, models["none"](x), "C1--", lw=2, label="no activation")
    ax.plot(x, models["tanh"](x), "C0", lw=2, label="tanh")
ax.set(xlabel="input x", ylabel="output y")
ax.legend()
show()

# %% output-range
floors = {
    "ReLU": (y - y.clamp(min=0)).square().mean().item(),
    "sigmoid": (y - y.clamp(0, 1)).square().mean().item(),
}
rows = [["identity", 0, losses["tanh"], 0.0]]
for name, after, seed in (
    ("sigmoid", nn.Sigmoid(), 0),
    ("ReLU", nn.ReLU(), 0),
    ("ReLU", nn.ReLU(), 1),
):
    loss = loss_of(learn(torch.tanh, after, seed))
    rows.append([name, seed, loss, floors[name]])
Table(["output", "seed", "MSE:.4f", "lowest possible:.4f"], rows).show()
loss_squashed, loss_dead, loss_cut = (row[2] for row in rows[1:])
mean_square = y.square().mean().item()
