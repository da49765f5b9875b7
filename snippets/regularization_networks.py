"""Dropout and early stopping on a network that has too few digits."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.optim import Adam

from dlnotes.data.digits import load_digits
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.plot import show, use_style
from dlnotes.regularize import Dropout, dropout, weight_decay_groups
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.early_stopping import EarlyStopping
from dlnotes.train.history import History
from dlnotes.train.hooks import every
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()

# %% histogram
seed_everything(0)
z = torch.randn(1_000_000)
dropped = dropout(z, 0.5)
mean_before, mean_after = z.mean(), dropped.mean()
variance_before, variance_after = z.var(), dropped.var()
print(f"before  mean {mean_before:6.3f}  variance {variance_before:.3f}")
print(f"after   mean {mean_after:6.3f}  variance {variance_after:.3f}")

# %% histogram-figure
fig, ax = plt.subplots(figsize=(4.6, 2.7))
bins = torch.linspace(-6, 6, 61).tolist()
ax.hist(dropped, bins, density=True, color="C1", label="after dropout")
ax.hist(z, bins, density=True, histtype="step", color="black", label="before")
ax.set(xlabel="value", ylabel="density", ylim=(0, 0.5))
ax.annotate("half are 0", xy=(0.1, 0.5), xytext=(1.6, 0.42), va="center")
ax.legend(loc="upper left")
show()

# %% few-digits
digits = load_digits()
X_all, y_all = (part[:250] for part in digits.train)
X, X_val = X_all.split([200, 50])  # 4 : 1
y, y_val = y_all.split([200, 50])
seed_everything(0)
wrong = torch.rand(len(y)) < 0.2
y_noisy = torch.where(wrong, torch.randint(10, (len(y),)), y)
share_wrong = (y_noisy != y).float().mean()


# %% early
def fresh(p: float = 0.0) -> nn.Module:
    return nn.Sequential(
        MLP([64, 128, 128]), nn.ReLU(), Dropout(p), MLP([128, 10])
    )


seed_everything(0)
network = fresh()
optimizer = Adam(network.parameters(), lr=0.001)
batches = Batches(X, y_noisy, batch_size=20)
stopping = EarlyStopping(
    network,
    lambda: evaluate(network, cross_entropy, [(X_val, y_val)]),
    patience=10,
)
epoch = len(batches)
history = train(
    network,
    cross_entropy,
    optimizer,
    batches,
    40 * epoch,
    [every(epoch, stopping)],
)
stopped = history.step // epoch
best_epoch = stopping.best_step // epoch
print(f"stopped after epoch {stopped}, the best was epoch {best_epoch}")

# %% restored
accuracy_stopped = evaluate(network, accuracy, [digits.test])
stopping.restore()
accuracy_restored = evaluate(network, accuracy, [digits.test])
print(f"test accuracy at the stop {accuracy_stopped:.3f}")
print(f"and of the best epoch     {accuracy_restored:.3f}")

# %% to-the-end
seed_everything(0)
network = fresh()
optimizer = Adam(network.parameters(), lr=0.001)
batches = Batches(X, y_noisy, batch_size=20)
watched = EarlyStopping(
    network,
    lambda: evaluate(network, cross_entropy, [(X_val, y_val)]),
    patience=1000,
)
history = train(
    network,
    cross_entropy,
    optimizer,
    batches,
    40 * epoch,
    [every(epoch, watched)],
)
training_losses = history.epoch_means()
accuracy_end = evaluate(network, accuracy, [digits.test])
fitted = evaluate(network, accuracy, [(X, y_noisy)])
last_training, last_validation = training_losses[-1], watched.losses[-1]
training_at_best = training_losses[best_epoch - 1]
best_validation = watched.best
steps_up = torch.tensor(watched.losses).diff() > 0
first_increase = int(steps_up.nonzero()[0]) + 2

# %% early-figure
fig, ax = plt.subplots(figsize=(4.6, 2.9))
epochs = range(1, 41)
ax.plot(epochs, training_losses, label="training")
ax.plot(epochs, watched.losses, ls="--", label="validation")
ax.axvline(best_epoch, color="gray", lw=1)
ax.text(best_epoch + 1, 0.05, "best", color="gray", va="bottom")
ax.axvline(stopped, color="gray", lw=1, ls=":")
ax.text(stopped + 1, 0.05, "stopped", color="gray", va="bottom")
ax.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
ax.legend()
show()


# %% compare
def trained(p: float, weight_decay: float, seed: int) -> nn.Module:
    seed_everything(seed)
    network = fresh(p)
    optimizer = Adam(weight_decay_groups(network, weight_decay), lr=0.001)
    batches = Batches(X, y_noisy, batch_size=20)
    train(network, cross_entropy, optimizer, batches, 40 * epoch)
    return network


CASES = {
    "none": (0.0, 0.0),
    "dropout 0.5": (0.5, 0.0),
    "weight decay 0.01": (0.0, 0.01),
}
rows = []
for name, settings in CASES.items():
    networks = [trained(*settings, seed) for seed in range(3)]
    found = torch.tensor(
        [
            [evaluate(n, accuracy, [data]) for n in networks]
            for data in ((X, y_noisy), digits.test)
        ]
    )
    (fit, test), sd = found.mean(dim=1), found[1].std()
    rows.append([name, fit.item(), f"{test:.3f} ± {sd:.3f}", test.item()])
Table(
    ["regularization", "training", "test"],
    [row[:3] for row in rows],
    {"training": ".3f"},
).show()
test_plain, test_dropout, test_decay = (row[3] for row in rows)

# %% leak
seed_everything(0)
luck = torch.randint(10, (len(digits.test[1]),))
coin = MLP([64, 64, 10])
optimizer = Adam(coin.parameters(), lr=0.01)
batches = Batches(X, torch.randint(10, (len(X),)), batch_size=20)
seen = []


def peek(_: History) -> None:
    seen.append(evaluate(coin, accuracy, [(digits.test[0][:100], luck[:100])]))


train(
    coin, cross_entropy, optimizer, batches, 40 * epoch, [every(epoch, peek)]
)
best_of_luck = max(seen)
mean_of_luck = sum(seen) / len(seen)
print("labels drawn by lot")
print(f"mean {mean_of_luck:.2f}, best epoch {best_of_luck:.2f}")
