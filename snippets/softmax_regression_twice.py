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
def size_of_gradient(loss_function, margin):
    """Return the gradient's length where a wrong logit leads by `margin`."""
    logits = torch.zeros(1, 10, dtype=torch.float64)
    logits[0, 8] = margin
    logits.requires_grad_()
    loss_function(logits, torch.tensor([3])).backward()
    return logits.grad.norm().item()


margins = [0.0, 2.0, 4.0, 6.0, 8.0]
once = [size_of_gradient(cross_entropy, margin) for margin in margins]
twice = [size_of_gradient(softmax_twice, margin) for margin in margins]
ratios = [a / b for a, b in zip(once, twice, strict=True)]
ratio_start, ratio_wrong = ratios[0], ratios[-1]
once_grows, twice_falls = once == sorted(once), twice[::-1] == sorted(twice)
Table(
    ["margin", "once", "twice", "ratio"],
    list(zip(margins, once, twice, ratios, strict=True)),
    {"margin": "g", "once": ".4f", "twice": ".5f", "ratio": ",.0f"},
).show()


# %% train
def learn(loss_function, rate):
    """Train for 50 epochs; return losses, validation accuracies, model."""
    seed_everything(0)
    model = SoftmaxRegression(features=X.shape[1], classes=10)
    batches = Batches(X, y, batch_size=64)
    optimizer = SGD(model.parameters(), lr=rate)
    right = []

    def watch(history):
        right.append(evaluate(model, accuracy, [val]))

    steps, hooks = 50 * len(batches), [every(len(batches), watch)]
    history = train(model, loss_function, optimizer, batches, steps, hooks)
    return history.epoch_means(), right, model


loss_once, right_once, model = learn(cross_entropy, rate=3.0)
loss_twice, right_twice, _ = learn(softmax_twice, rate=3.0)
loss_fast, right_fast, stuck = learn(softmax_twice, rate=30.0)
print("epoch  once  twice  twice, rate times 10")
for epoch in (1, 2, 5, 10, 20, 50):
    row = (right[epoch - 1] for right in (right_once, right_twice, right_fast))
    print(f"{epoch:5}  {{:.3f}}  {{:.3f}}  {{:.3f}}".format(*row))

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 3.2))
epochs = range(1, 51)
ax.plot(epochs, loss_twice, "--", color="C1", label="softmax twice")
ax.plot(epochs, loss_once, color="C0", label="softmax once")
ax.axhline(loss_floor, color="C1", ls=":", label="lowest loss possible")
ax.set(xlabel="epoch", ylabel="training loss (nats)", ylim=(0, None))
fig.legend(loc="outside upper center", ncols=2)
show()


# %% measured
def reached(accuracies, goal):
    """Return the first epoch with at least this accuracy, 0 for never."""
    there = (i + 1 for i, right in enumerate(accuracies) if right >= goal)
    return next(there, 0)


epochs_once = reached(right_once, 0.95)
epochs_twice = reached(right_twice, 0.95)
last_once, last_twice = right_once[-1], right_twice[-1]
last_fast = right_fast[-1]
loss_last_once, loss_last_twice = loss_once[-1], loss_twice[-1]
print(f"95 % after {epochs_once} epochs, with the mistake {epochs_twice}")

# %% stuck
logits = stuck(X).detach()
wrong = logits.argmax(dim=1) != y
logits = logits[wrong].double().requires_grad_()
sizes = {}
for loss_function in (cross_entropy, softmax_twice):
    total = loss_function(logits, y[wrong]) * wrong.sum()
    (gradient,) = torch.autograd.grad(total, logits)
    sizes[loss_function] = gradient.norm(dim=1)
wrong_share = wrong.double().mean()
size_once = sizes[cross_entropy].median()
size_twice = sizes[softmax_twice].median()
print(f"still wrong: {wrong_share:.0%} of the training images")
print("median length of their gradients:")
print(f"softmax once {size_once:.4f}, twice {size_twice:.4f}")
