"""The softmax applied twice: a floor under the loss, gradients that vanish."""

# %% imports
import math

import matplotlib.pyplot as plt
import torch
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.linear import SoftmaxRegression
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.hooks import every
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()
(X, y), val, test = load_digits()


# %% twice
def softmax_twice(logits, labels):
    """Hand probabilities to a loss that takes logits: the mistake."""
    return cross_entropy(torch.softmax(logits, dim=1), labels)


# %% floor
perfect = torch.zeros(1, 10)
perfect[0, 3] = 1.0
loss_floor = cross_entropy(perfect, torch.tensor([3]))
print(f"the best possible loss: {loss_floor:.4f}")
print(f"log(1 + 9/e):           {math.log(1 + 9 / math.e):.4f}")


# %% ratio
def gradient_norm(loss_function, margin):
    """Return the gradient's length where a wrong logit leads by `margin`."""
    logits = torch.zeros(1, 10, dtype=torch.float64)
    logits[0, 8] = margin
    logits.requires_grad_()
    loss_function(logits, torch.tensor([3])).backward()
    return logits.grad.norm().item()


margins = (0, 2, 4, 6, 8)
once = {m: gradient_norm(cross_entropy, m) for m in margins}
twice = {m: gradient_norm(softmax_twice, m) for m in margins}
ratios = {m: once[m] / twice[m] for m in margins}
Table(
    ["margin", "once:.4f", "twice:.5f", "ratio:,.0f"],
    [(m, once[m], twice[m], ratios[m]) for m in margins],
).show()


# %% learn
def learn(loss_function, rate):
    """Train for 50 epochs; return model, losses, validation accuracies."""
    seed_everything(0)
    model = SoftmaxRegression(features=X.shape[1], classes=10)
    batches = Batches(X, y, batch_size=64)
    optimizer = SGD(model.parameters(), lr=rate)
    accuracies = []

    def watch(history):
        accuracies.append(evaluate(model, accuracy, [val]))

    steps, hooks = 50 * len(batches), [every(len(batches), watch)]
    history = train(model, loss_function, optimizer, batches, steps, hooks)
    return model, history.epoch_means(), accuracies


def first_epoch(accuracies, goal=0.95):
    """Return the first epoch with at least this accuracy, or a dash."""
    there = (i + 1 for i, found in enumerate(accuracies) if found >= goal)
    return next(there, "—")


# %% train
_, loss_once, accuracy_once = learn(cross_entropy, rate=3)
epochs_once = first_epoch(accuracy_once)
rows = [("once", 3, epochs_once, accuracy_once[-1], loss_once[-1])]
loss_twice, accuracy_twice, epochs_twice = {}, {}, {}
for rate in (1, 3, 5, 10, 30):
    stuck, losses, accuracies = learn(softmax_twice, rate)
    loss_twice[rate], accuracy_twice[rate] = losses, accuracies
    epochs_twice[rate] = first_epoch(accuracies)
    rows.append(
        ("twice", rate, epochs_twice[rate], accuracies[-1], losses[-1])
    )
Table(
    ["softmax", "rate η", "epochs to 0.95", "accuracy:.3f", "loss:.3f"], rows
).show()

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 3.2))
epochs = range(1, 51)
ax.plot(epochs, loss_twice[3], "--", color="C1", label="softmax twice")
ax.plot(epochs, loss_once, color="C0", label="softmax once")
ax.axhline(loss_floor, color="C1", ls=":", label="lowest loss possible")
ax.set(xlabel="epoch", ylabel="training loss (nats)", ylim=(0, None))
fig.legend(loc="outside upper center", ncols=2)
show()

# %% stuck
logits = stuck(X).detach()  # of the largest rate
wrong = logits.argmax(dim=1) != y
logits = logits[wrong].double().requires_grad_()
median_norm = {}
for name, function in (("once", cross_entropy), ("twice", softmax_twice)):
    total = function(logits, y[wrong]) * wrong.sum()
    (gradient,) = torch.autograd.grad(total, logits)
    median_norm[name] = gradient.norm(dim=1).median().item()
wrong_share = wrong.double().mean()
print(f"still wrong: {wrong_share:.0%} of the training images")
print("median length of their gradients:")
for name, norm in median_norm.items():
    print(f"softmax {name:5}  {norm:.4f}")
