"""Dropout and early stopping on a network that has too few digits."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.optim import Adam

from dlnotes.data.digits import load_digits
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.plot import curves, show, use_style
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
variance_before, variance_after = z.var(), dropped.var()
print(f"before  mean {z.mean():6.3f}  variance {variance_before:.3f}")
print(f"after   mean {dropped.mean():6.3f}  variance {variance_after:.3f}")

# %% histogram-figure
fig, ax = plt.subplots(figsize=(4.6, 2.7))
bins = torch.linspace(-6, 6, 61).tolist()
ax.hist(dropped.numpy(), bins, density=True, color="C1", label="after dropout")
line = dict(histtype="step", color="black", label="before")
ax.hist(z.numpy(), bins, density=True, **line)
ax.set(xlabel="value", ylabel="density", ylim=(0, 0.5))
ax.annotate("half are 0", xy=(0.1, 0.5), xytext=(1.6, 0.42), va="center")
ax.legend(loc="upper left")
show()

# %% few-digits
digits = load_digits()
Data = tuple[Tensor, Tensor]


def noisy_digits(seed: int) -> tuple[Data, Data, Tensor]:
    seed_everything(seed)
    chosen = torch.randperm(len(digits.train[0]))[:300]
    X, right = (part[chosen] for part in digits.train)
    y = torch.where(torch.rand(300) < 0.3, torch.randint(10, (300,)), right)
    return (X[:200], y[:200]), (X[200:], y[200:]), right[:200]


# %% recipe
EPOCHS = 40


def trained(
    seed: int, p: float = 0.0, weight_decay: float = 0.0, patience: int = 40
) -> tuple[nn.Module, EarlyStopping, History]:
    training, validation, _ = noisy_digits(seed)
    model = nn.Sequential(
        MLP([64, 128, 128]), nn.ReLU(), Dropout(p), MLP([128, 10])
    )
    optimizer = Adam(weight_decay_groups(model, weight_decay), lr=0.003)
    batches = Batches(*training, batch_size=40)
    stopping = EarlyStopping(
        model, lambda: evaluate(model, cross_entropy, [validation]), patience
    )
    hooks = [every(len(batches), stopping)]
    steps = EPOCHS * len(batches)
    history = train(model, cross_entropy, optimizer, batches, steps, hooks)
    return model, stopping, history


# %% compare
DRAWS = 3
cases = {"none": {}}
for p in (0.5, 0.8, 0.95):
    cases[f"dropout {p}"] = dict(p=p)
for strength in (0.001, 0.01, 0.1):
    cases[f"weight decay {strength}"] = dict(weight_decay=strength)


def scores(seed: int, **case: float) -> list[float]:
    model, stopping, _ = trained(seed, **case)
    training, _, _ = noisy_digits(seed)
    fit = evaluate(model, accuracy, [training])
    test = evaluate(model, accuracy, [digits.test])
    stopping.restore()
    test_best = evaluate(model, accuracy, [digits.test])
    return [fit, stopping.losses[-1], test, test_best]


found = {
    name: torch.tensor([scores(seed, **case) for seed in range(DRAWS)])
    for name, case in cases.items()
}
gains = {
    name: draws[:, 2] - found["none"][:, 2] for name, draws in found.items()
}
rows = []
for name, gain in gains.items():
    error = gain.std() / DRAWS**0.5
    shown = f"{gain.mean():+.2f} ± {error:.2f}" if name != "none" else ""
    rows.append([name, *found[name][:, :3].mean(dim=0).tolist(), shown])
Table(
    [
        "regularization",
        "training:.2f",
        "validation loss:.2f",
        "test:.3f",
        "improvement",
    ],
    rows,
).show()

# %% early
model, stopping, history = trained(seed=0, patience=10)
epoch_stopped = len(stopping.losses)
epoch_best = 1 + stopping.losses.index(stopping.best)
print(f"stopped after epoch {epoch_stopped}, the best was epoch {epoch_best}")

# %% restored
accuracy_stopped = evaluate(model, accuracy, [digits.test])
stopping.restore()
accuracy_restored = evaluate(model, accuracy, [digits.test])
print(f"test accuracy at the stop {accuracy_stopped:.3f}")
print(f"and of the best epoch     {accuracy_restored:.3f}")

# %% early-figure
_, watched, history = trained(seed=0)
loss_training, loss_validation = history.epoch_means(), watched.losses
losses = {"training": loss_training, "validation": loss_validation}
fig, ax = plt.subplots(figsize=(4.6, 2.9))
curves(ax, range(1, EPOCHS + 1), losses)
for epoch, name in ((epoch_best, "best"), (epoch_stopped, "stopped")):
    ax.axvline(epoch, color="gray", lw=1, ls=":")
    ax.text(epoch + 0.5, 0.05, name, color="gray", va="bottom")
ax.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
ax.legend()
show()

# %% leak
seed_everything(0)
X = digits.train[0][:200]
coin = MLP([64, 64, 10])
optimizer = Adam(coin.parameters(), lr=0.01)
batches = Batches(X, torch.randint(10, (200,)), batch_size=20)
answers = []


def note(_: History) -> None:
    with torch.no_grad():
        answers.append(coin(digits.test[0][:100]).argmax(dim=1))


hooks = [every(len(batches), note)]
train(coin, cross_entropy, optimizer, batches, EPOCHS * len(batches), hooks)
luck = torch.randint(10, (1000, 1, 100))  # a thousand draws of the labels
accuracies = (torch.stack(answers) == luck).double().mean(dim=2)
accuracy_mean = accuracies.mean()
accuracy_luck = accuracies.amax(dim=1).mean()
print("labels drawn at random")
print(f"mean {accuracy_mean:.3f}, best epoch {accuracy_luck:.3f}")

# %% quoted
accuracy_test = {name: draws[:, 2].mean() for name, draws in found.items()}
accuracy_fit = found["none"][:, 0].mean()
labels = [noisy_digits(seed) for seed in range(DRAWS)]
share_right = sum((y == right).double().mean() for (_, y), _, right in labels)
share_right = share_right / DRAWS
accuracy_end, accuracy_last_epoch = found["none"][0, 2], accuracy_test["none"]
accuracy_best_epoch = found["none"][:, 3].mean()
steps_up = torch.tensor(loss_validation).diff() > 0
epoch_first_rise = int(steps_up.nonzero()[0]) + 2
