"""Three losses fit a line to 60 points, six of which are far off."""

# %% imports
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch.optim import SGD

from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import LinearRegression, least_squares
from dlnotes.losses import huber, mae, mse
from dlnotes.plot import show, use_style
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


def line_by(loss) -> LinearRegression:
    model = LinearRegression(features=1)
    optimizer = SGD(model.parameters(), lr=0.02, momentum=0.9)
    train(model, loss, optimizer, Batches(X, y, batch_size=60), steps=1000)
    return model


half = partial(huber, delta=0.5)
losses = {"MSE": mse, "MAE": mae, "Huber, δ = 0.5": half}
lines = {name: line_by(loss) for name, loss in losses.items()}

# %% table
rows = [[name, m.w.item(), m.b.item()] for name, m in lines.items()]
Table(["loss", "w", "b"], rows, {"w": ".2f", "b": ".2f"}).show()
w_mse, w_mae, w_huber = (row[1] for row in rows)
b_mse, b_mae, b_huber = (row[2] for row in rows)
w_exact, b_exact = least_squares(X, y)
mse_gap = (w_exact - lines["MSE"].w).abs().item()

# %% lines
fig, ax = plt.subplots(figsize=(4.8, 3.6))
ends = torch.tensor([[0.0], [1.0]])
ax.plot(X[:, 0], y, ".", color="gray", label="60 points, 6 far off")
for (name, model), style in zip(lines.items(), ("--", ":", "-"), strict=True):
    ax.plot(ends, model(ends).detach(), style, lw=2.4, label=name)
ax.set(ylim=(2, 15), xlabel="x", ylabel="y")
ax.legend(loc="upper left", ncols=2)
show()

# %% shares
prediction = (5 * X[:, 0] + 7).requires_grad_()
for name, loss in losses.items():
    (pull,) = torch.autograd.grad(loss(prediction, y), prediction)
    share = pull.abs()[far].sum() / pull.abs().sum()
    print(f"{name:14}  six points make {share:.0%} of the gradient")
    if name == "MSE":
        share_mse = share
    elif name == "MAE":
        share_mae = share
    else:
        share_huber = share
