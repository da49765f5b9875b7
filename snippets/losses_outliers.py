"""Three losses fit a line to 60 points, six of which are far off."""

# %% imports
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch.optim import SGD

from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import LinearRegression
from dlnotes.losses import huber, mae, mse
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

use_style()

# %% fit
seed_everything(0)
X, y = noisy_line(n=60, w=5, b=7, sigma=0.25)
far = X[:, 0].argsort()[-6:]
y[far] -= 8


def line_by(loss):
    model = LinearRegression(features=1)
    optimizer = SGD(model.parameters(), lr=0.02, momentum=0.9)
    train(model, loss, optimizer, Batches(X, y, batch_size=60), steps=1000)
    return model


losses = {"MSE": mse, "MAE": mae, "Huber": partial(huber, delta=0.5)}
lines = {name: line_by(loss) for name, loss in losses.items()}

# %% table
w = {name: model.w.item() for name, model in lines.items()}
b = {name: model.b.item() for name, model in lines.items()}
rows = [[name, w[name], b[name]] for name in losses]
Table(["loss", "w:.2f", "b:.2f"], rows).show()

# %% lines
fig, ax = plt.subplots(figsize=(4.8, 3.6))
ends = torch.tensor([[0.0], [1.0]])
ax.plot(X[:, 0].numpy(), y.numpy(), ".", color="gray", label="observations")
drawn = {name: lines[name](ends).detach().numpy() for name in lines}
curves(ax, ends[:, 0].numpy(), drawn)
ax.set(ylim=(2, 15), xlabel="x", ylabel="y")
ax.legend(loc="upper left", ncols=2)
show()

# %% shares
prediction = (5 * X[:, 0] + 7).requires_grad_()
share = {}
for name, loss in losses.items():
    (pull,) = torch.autograd.grad(loss(prediction, y), prediction)
    share[name] = (pull[far].abs().sum() / pull.abs().sum()).item()
    print(f"{name:5}  six points make {share[name]:.0%} of the gradient")
