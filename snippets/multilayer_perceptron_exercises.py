"""Solutions to the exercises on the multilayer perceptron."""

# %% imports
import numpy as np
import torch
from torch.nn.functional import linear
from torch.optim import Adam

from dlnotes.basics.network import Network, train_epoch
from dlnotes.data.digits import load_digits
from dlnotes.losses import mse
from dlnotes.mlp import MLP
from dlnotes.seed import shifted
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

# %% solution-2
seed_everything(0)
deep = MLP([64, 100, 100, 10], activation=lambda Z: Z)
W, b = torch.eye(64), torch.zeros(64)
for layer in deep.layers:
    W, b = layer.weight @ W, layer.weight @ b + layer.bias

X = load_digits().test[0]
same = torch.allclose(deep(X), linear(X, W, b), atol=1e-5)
stacked = sum(p.numel() for p in deep.parameters())
single = W.numel() + b.numel()
print(f"three layers, {stacked:,} numbers; one layer, {single} numbers")
print("same logits to rounding:", same)

# %% solution-3
images, y = load_digits().train
X, y = images.double().numpy(), y.numpy()
rng = np.random.default_rng(shifted(0))
network = Network(C=64, hidden=32, K=10, rng=rng)
for W in (network.first.W, network.second.W):
    W[...] = 0.1
for _ in range(20):
    mean_loss = train_epoch(network, X, y, batch_size=32, lr=1.0, rng=rng)
right = (network.logits(X).argmax(axis=1) == y).mean()
rows = network.first.W
gap = np.abs(rows - rows[0]).max() / np.abs(rows).max()
print(f"loss {mean_loss:.3f}, training accuracy {right:.3f}")
print("all 32 hidden units the same to rounding:", bool(gap < 1e-9))

# %% solution-5
x = torch.linspace(-1, 1, 201)[:, None]
target = torch.sin(3 * x)
powers = torch.cat([x**0, x, x**2], dim=1)  # (201, 3)
parabola = powers @ torch.linalg.lstsq(powers, target).solution
loss_parabola = mse(parabola, target).item()
print(f"best parabola        loss {loss_parabola:.4f}")

loss = {}
for activation in (torch.square, torch.tanh):
    for width in (4, 64):
        seed_everything(0)
        model = MLP([1, width, 1], activation)
        optimizer = Adam(model.parameters(), lr=0.01)
        batches = Batches(x, target, batch_size=len(x))
        train(model, mse, optimizer, batches, steps=500)
        loss[activation.__name__, width] = mse(model(x), target).item()
        name = f"{activation.__name__}, width {width}"
        print(f"{name:19}  loss {loss[activation.__name__, width]:.4f}")
