"""Seven methods in one valley, along the axes and turned by 45 degrees."""

# %% imports
from functools import partial
from math import cos, pi, sin

import matplotlib.pyplot as plt
import torch

from dlnotes.optim import SGD, Adadelta, Adagrad, Adam, Momentum, RMSprop
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% valley
curvatures = torch.diag(torch.tensor([1.0, 25.0]))


def turned(angle):
    turn = torch.tensor([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    return turn @ curvatures @ turn.T, turn @ torch.tensor([-4.0, 1.0])


def descend(method, rate, angle, steps=40):
    H, start = turned(angle)
    theta = start.clone().requires_grad_()
    optimizer = method([theta], lr=rate)
    path = [start]
    for _ in range(steps):
        theta.grad = H @ theta.detach()
        optimizer.step()
        path.append(theta.detach().clone())
    path = torch.stack(path)  # (41, 2)
    losses = ((path @ H) * path).sum(1) / 2  # (41,)
    return losses, rate, path


METHODS = {
    "SGD": SGD,
    "Momentum": Momentum,
    "Nesterov": partial(Momentum, nesterov=True),
    "Adagrad": Adagrad,
    "RMSprop": partial(RMSprop, alpha=0.9),
    "Adadelta": Adadelta,
    "Adam": Adam,
}
RATES = [a * 10**b for b in range(-3, 3) for a in (1, 2, 5)]


def best(method, angle):
    runs = [descend(method, rate, angle) for rate in RATES]
    steady = [run for run in runs if run[0].max() <= run[0][0]]
    return min(steady, key=lambda run: run[0][-1])


# %% compare
straight = {name: best(method, 0) for name, method in METHODS.items()}
slanted = {name: best(method, pi / 4) for name, method in METHODS.items()}
ends = {
    name: (straight[name][0][-1].item(), slanted[name][0][-1].item())
    for name in METHODS
}
rows = [[name, *ends[name]] for name in METHODS]
form = {"along the axes": ".0e", "turned by 45°": ".0e"}
Table(["method", "along the axes", "turned by 45°"], rows, form).show()
sgd_end, sgd_turned = ends["SGD"]
adagrad_end, adagrad_turned = ends["Adagrad"]


# %% trajectories
def draw(ax, run, angle, bottom, top):
    H, _ = turned(angle)
    x, y = torch.linspace(-4.5, 2, 80), torch.linspace(bottom, top, 60)
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
    loss = (grid @ H * grid).sum(-1) / 2
    levels = [0.05 * 3**k for k in range(7)]
    ax.contour(x, y, loss, levels, colors="gray", alpha=0.5)
    ax.plot(*run[2].T, ".-", color="C0", lw=1, ms=4)
    ax.plot(0, 0, "*", color="C1", ms=10)
    ax.text(1.9, bottom + 0.1, f"η = {run[1]:g}", ha="right")
    ax.set(xlim=(-4.5, 2), ylim=(bottom, top))


fig, axes = plt.subplots(4, 2, figsize=(4.8, 6.6))
for ax, name in zip(axes.flat, METHODS, strict=False):
    draw(ax, straight[name], 0, -1.6, 1.6)
    ax.text(-4.3, 1.15, name)
draw(axes[3, 1], slanted["Adagrad"], pi / 4, -3.6, 0.8)
axes[3, 1].text(-4.3, 0.2, "Adagrad, 45°")
fig.supxlabel("x")
fig.supylabel("y")
show()
