"""What a falling learning rate buys: under the noise floor, and on digits."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy

from dlnotes.data.digits import load_digits
from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import LinearRegression, least_squares, linear
from dlnotes.losses import mse
from dlnotes.mlp import MLP
from dlnotes.optim import SGD, Momentum
from dlnotes.plot import curves, show, use_style
from dlnotes.schedule import constant, cosine, warm_up
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.hooks import schedule_lr
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()

# %% floor
seed_everything(0)
X, y = noisy_line(n=1024, w=5, b=7, sigma=0.25)
X = (X - 0.5) * 12**0.5  # variance 1
lowest = mse(linear(X, *least_squares(X, y)), y)
steps = 640


def excess(lr, schedule):
    seed_everything(0)
    model = LinearRegression(features=1)
    optimizer = SGD(model.parameters(), lr)
    schedule_lr(optimizer, schedule)
    above = []

    def watch(history):
        with torch.no_grad():
            above.append((mse(model(X), y) - lowest).item())

    train(model, mse, optimizer, Batches(X, y, batch_size=8), steps, [watch])
    return torch.tensor(above)


above = {
    "constant 0.3": excess(0.3, constant),
    "constant 0.03": excess(0.03, constant),
    "cosine from 0.3": excess(0.3, cosine(steps)),
}
floor = {name: loss[-300:].mean() for name, loss in above.items()}
end_loss = {name: loss[-1] for name, loss in above.items()}

# %% floor-curve
fig, ax = plt.subplots()
tens = {name: loss.reshape(-1, 10).mean(1) for name, loss in above.items()}
curves(ax, range(5, steps, 10), tens)
ax.set(yscale="log", xlabel="step", ylabel="loss above the minimum")
ax.legend()
show()

# %% digits
digits = load_digits()
seeds = 5
epoch = len(Batches(*digits.train, batch_size=32))
total = 6 * epoch
SCHEDULES = {
    "constant": constant,
    "cosine": cosine(total),
    "with warm-up": warm_up(epoch, cosine(total - epoch)),
}


def validation_loss(lr, schedule, seed):
    seed_everything(seed)
    model = MLP([64, 32, 10])
    batches = Batches(*digits.train, batch_size=32)
    optimizer = Momentum(model.parameters(), lr)
    schedule_lr(optimizer, schedule)
    train(model, cross_entropy, optimizer, batches, total)
    return evaluate(model, cross_entropy, [digits.val])


losses = torch.tensor(
    [
        [
            [validation_loss(lr, schedule, seed) for seed in range(seeds)]
            for schedule in SCHEDULES.values()
        ]
        for lr in (0.02, 0.05, 0.1, 0.2, 0.5)
    ]
)  # (rate, schedule, seed)
mean_loss = dict(zip((0.02, 0.05, 0.1, 0.2, 0.5), losses.mean(2).tolist()))
rows = [[lr, *means] for lr, means in mean_loss.items()]
Table(["η", *(f"{name}:.3f" for name in SCHEDULES)], rows).show()

# %% quoted
best = losses.mean(2).argmin(0)  # of the rates, for each schedule
best_runs = losses[best, range(3)]  # (schedule, seed)
best_loss = dict(zip(SCHEDULES, best_runs.mean(1).tolist()))
uncertainty = dict(zip(SCHEDULES, (best_runs.std(1) / seeds**0.5).tolist()))
