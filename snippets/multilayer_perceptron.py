"""A multilayer perceptron in PyTorch, chosen on validation, tested once."""

# %% imports
from itertools import product
from time import perf_counter

import matplotlib.pyplot as plt
import torch
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
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
def fit(sizes, rate, decay, epochs, seed):
    seed_everything(seed)
    model = MLP(sizes)
    optimizer = SGD(model.parameters(), lr=rate, weight_decay=decay)
    batches = Batches(*digits.train, batch_size=32)
    losses = []

    def watch(history: History) -> None:
        losses.append(evaluate(model, cross_entropy, [digits.val]))

    steps = epochs * len(batches)
    hooks = [every(len(batches), watch)]
    history = train(model, cross_entropy, optimizer, batches, steps, hooks)
    return model, losses, history


# %% select
tried = []
for width, rate, decay in product((32, 128), (0.3, 1.0, 3.0), (0, 0.001)):
    _, losses, history = fit([64, width, 10], rate, decay, epochs=25, seed=0)
    epochs = 1 + losses.index(min(losses))
    tried.append((min(losses), width, rate, decay, epochs, losses, history))

Table(
    ["width", "rate", "decay", "epochs", "loss"],
    [(*settings, loss) for loss, *settings, _, _ in tried],
    {"loss": ".3f"},
).show()

# %% chosen
_, width, rate, decay, epochs, val_losses, history = min(tried)
at_rate = {r: min(t[0] for t in tried if t[2] == r) for r in (0.3, 1.0, 3.0)}
loss_smaller, loss_best, loss_larger = at_rate.values()
print(f"chosen: width {width}, rate {rate}, decay {decay}, {epochs} epochs")

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 2.8))
passes = range(1, 26)
ax.plot(passes, history.epoch_means(), "C0--", label="training set")
ax.plot(passes, val_losses, "C1", label="validation set")
ax.axvline(epochs, color="gray", lw=1, ls=":")
ax.set(yscale="log", xlabel="epoch", ylabel="cross-entropy (nats)")
ax.legend()
show()

# %% test
scores = []
print("seed  train  validation   test")
for seed in (1, 2, 3):
    model, _, _ = fit([64, width, 10], rate, decay, epochs, seed)
    sets = (digits.train, digits.val, digits.test)
    on_train, on_val, on_test = (evaluate(model, accuracy, [s]) for s in sets)
    print(f"{seed:4}  {on_train:.3f}  {on_val:10.3f}  {on_test:.3f}")
    scores.append(on_test)
test_mean, test_sd = torch.tensor(scores).mean(), torch.tensor(scores).std()
print(f"test accuracy {test_mean:.3f} ± {test_sd:.3f}")

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
seconds = []
with torch.no_grad():
    for run in (lambda: model(X), lambda: [model(x) for x in X]):
        times = []
        for _ in range(5):
            begin = perf_counter()
            run()
            times.append(perf_counter() - begin)
        seconds.append(min(times))
times_single = seconds[1] / seconds[0]

# %% shapes
images = X.reshape(-1, 8, 8)  # (360, 8, 8)
print("images", tuple(images.shape), "rows", tuple(images.flatten(1).shape))
print("the same rows:", torch.equal(images.flatten(1), X))
try:
    model(images)
except RuntimeError as error:
    print("RuntimeError:", error)

# %% scrambled
columns = X.T.contiguous()  # (64, 360), an image a column
reshaped = columns.reshape(360, 64)
acc_reshaped = evaluate(model, accuracy, [(reshaped, y)])
acc_transposed = evaluate(model, accuracy, [(columns.T, y)])
print("reshape  ", tuple(reshaped.shape), f" accuracy {acc_reshaped:.3f}")
print("transpose", tuple(columns.T.shape), f" accuracy {acc_transposed:.3f}")

# %% linear
_, linear_losses, _ = fit([64, 10], rate, decay, epochs=25, seed=0)
loss_linear = min(linear_losses)
print(f"no hidden layer: validation loss {loss_linear:.3f}")
print(f"width {width}:       validation loss {loss_best:.3f}")
