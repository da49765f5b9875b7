"""A multilayer perceptron in PyTorch, chosen on validation, tested once."""

# %% imports
from itertools import product
from time import perf_counter

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.hooks import every
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()

# %% model
digits = load_digits()
model = MLP([64, 32, 10])
for name, parameter in model.named_parameters():
    print(f"{name:16}  {tuple(parameter.shape)}")
weights = sum(parameter.numel() for parameter in model.parameters())
print("together", weights, "numbers")


# %% fit
def fit(width, rate, decay, epochs, seed):
    """Return a trained model, and its two losses after each epoch."""
    seed_everything(seed)
    model = MLP([64, width, 10])
    optimizer = SGD(model.parameters(), lr=rate, weight_decay=decay)
    batches = Batches(*digits.train, batch_size=32)
    val_loss = []

    def watch(history):
        val_loss.append(evaluate(model, cross_entropy, [digits.val]))

    steps, hooks = epochs * len(batches), [every(len(batches), watch)]
    history = train(model, cross_entropy, optimizer, batches, steps, hooks)
    return model, history.epoch_means(), val_loss


# %% select
tried, lowest, rows = {}, {}, []
for settings in product((32, 128), (0.3, 1.0, 3.0), (0, 0.001)):
    _, train_loss, val_loss = fit(*settings, epochs=25, seed=0)
    tried[settings], lowest[settings] = (train_loss, val_loss), min(val_loss)
    epochs = 1 + val_loss.index(min(val_loss))
    rows.append((*settings, epochs, min(val_loss)))
Table(["width", "rate", "decay", "epochs", "loss:.3f"], rows).show()

# %% chosen
width, rate, decay = chosen = min(lowest, key=lowest.get)
train_loss, val_loss = tried[chosen]
epochs = 1 + val_loss.index(min(val_loss))
print(f"chosen: width {width}, rate {rate}, decay {decay}, {epochs} epochs")
loss_at_rate = {
    each: min(loss for (_, r, _), loss in lowest.items() if r == each)
    for each in (0.3, 1.0, 3.0)
}

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 2.8))
passes = range(1, 26)
ax.plot(passes, train_loss, "C0--", label="training set")
ax.plot(passes, val_loss, "C1", label="validation set")
ax.axvline(epochs, color="gray", lw=1, ls=":")
ax.set(yscale="log", xlabel="epoch", ylabel="cross-entropy (nats)")
ax.legend()
show()

# %% test
scores = []
print("seed  train  validation   test")
for seed in (1, 2, 3):
    model, _, _ = fit(width, rate, decay, epochs, seed)
    sets = [evaluate(model, accuracy, [part]) for part in digits]
    print("{:4}  {:.3f}  {:10.3f}  {:.3f}".format(seed, *sets))
    scores.append(sets[-1])
test_accuracy = torch.tensor(scores).mean()
test_deviation = torch.tensor(scores).std()
print(f"test accuracy {test_accuracy:.3f} ± {test_deviation:.3f}")
variance = test_accuracy * (1 - test_accuracy) / len(digits.test.y)
standard_error = variance**0.5
print(f"standard error of {len(digits.test.y)} images {standard_error:.3f}")

# %% batch
X, y = digits.test
with torch.no_grad():
    together = model(X)  # (360, 10)
    single = torch.stack([model(x) for x in X])  # (360, 10)
print("one row: ", tuple(X[0].shape), "to", tuple(model(X[0]).shape))
print("all rows:", tuple(X.shape), "to", tuple(together.shape))
print("same logits to rounding:", torch.allclose(together, single, atol=1e-4))
print("same digits:", torch.equal(together.argmax(1), single.argmax(1)))


# %% batch-seconds
def seconds(run):
    """Return the shortest time of five."""
    times = []
    for _ in range(5):
        begin = perf_counter()
        run()
        times.append(perf_counter() - begin)
    return min(times)


with torch.no_grad():
    one_by_one = seconds(lambda: [model(x) for x in X])
    time_ratio = one_by_one / seconds(lambda: model(X))

# %% shapes
images = digits.test.images[:, 0]  # (360, 8, 8)
print("images", tuple(images.shape), "rows", tuple(images.flatten(1).shape))
print("the same rows:", torch.equal(images.flatten(1), X))
try:
    model(images)
except RuntimeError as error:
    print("RuntimeError:", error)

# %% scrambled
columns = X.T.contiguous()  # (64, 360), an image a column
both = {"reshape": columns.reshape(360, 64), "transpose": columns.T}
accuracy_of = {}
for name, rows in both.items():
    accuracy_of[name] = evaluate(model, accuracy, [(rows, y)])
    print(f"{name:9}", tuple(rows.shape), f"accuracy {accuracy_of[name]:.3f}")
