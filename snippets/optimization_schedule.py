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
from dlnotes.plot import show, use_style
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


large, small = excess(0.3, constant), excess(0.03, constant)
falling = excess(0.3, cosine(steps))
floor_large, floor_small = large[-300:].mean(), small[-300:].mean()
end_falling = falling[-1]

# %% floor-curve
fig, ax = plt.subplots(figsize=(4.8, 3.0))
for losses, style, label in [
    (large, "-", "constant 0.3"),
    (small, "--", "constant 0.03"),
    (falling, "-.", "cosine from 0.3"),
]:
    smooth = losses.reshape(-1, 10).mean(1)
    ax.plot(range(5, steps, 10), smooth, style, label=label)
ax.set(yscale="log", xlabel="step", ylabel="loss above the minimum")
ax.legend()
show()

# %% digits
digits = load_digits()
epochs, batch_size = 10, 32


def validation_loss(lr, schedule, seed):
    seed_everything(seed)
    model = MLP([64, 32, 10])
    batches = Batches(*digits.train, batch_size=batch_size)
    optimizer = Momentum(model.parameters(), lr)
    schedule_lr(optimizer, schedule)
    train(model, cross_entropy, optimizer, batches, total)
    return evaluate(model, cross_entropy, [digits.val])


total = epochs * len(Batches(*digits.train, batch_size=batch_size))
warm = total // 10
rows = []
for lr in (0.1, 0.2, 0.3):
    row = [lr]
    for schedule in (
        constant,
        cosine(total),
        warm_up(warm, cosine(total - warm)),
    ):
        losses = [validation_loss(lr, schedule, seed) for seed in range(3)]
        row.append(sum(losses) / 3)
    rows.append(row)
form = {"constant": ".3f", "cosine": ".3f", "with warm-up": ".3f"}
Table(["η", "constant", "cosine", "with warm-up"], rows, form).show()
best_constant = min(row[1] for row in rows)
best_cosine = min(row[2] for row in rows)
best_warm = min(row[3] for row in rows)
constant_03, cosine_03 = rows[2][1], rows[2][2]
