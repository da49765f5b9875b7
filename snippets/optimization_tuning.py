"""Every rate for SGD and for Adam, judged on the validation split."""

# %% imports
import matplotlib.pyplot as plt
from torch.nn.functional import cross_entropy

from dlnotes.data.digits import load_digits
from dlnotes.mlp import MLP
from dlnotes.optim import SGD, Adam
from dlnotes.plot import show, use_style
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()

# %% sweep
digits = load_digits()
rates = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3]


def validation_loss(method, rate, seed, epochs=5):
    seed_everything(seed)
    model = MLP([64, 32, 10])
    batches = Batches(*digits.train, batch_size=32)
    optimizer = method(model.parameters(), lr=rate)
    train(model, cross_entropy, optimizer, batches, epochs * len(batches))
    return evaluate(model, cross_entropy, [digits.val])


def mean_loss(method, rate):
    return sum(validation_loss(method, rate, seed) for seed in range(3)) / 3


sgd = {rate: mean_loss(SGD, rate) for rate in rates}
adam = {rate: mean_loss(Adam, rate) for rate in rates}

# %% best
for name, losses in [("SGD", sgd), ("Adam", adam)]:
    best = min(losses, key=losses.get)
    print(f"{name:4}  best rate {best:5}  validation loss {losses[best]:.3f}")
print(f"Adam, default 0.001  validation loss {adam[0.001]:.3f}")
sgd_best_rate, adam_best_rate = min(sgd, key=sgd.get), min(adam, key=adam.get)
sgd_best, adam_best = min(sgd.values()), min(adam.values())
adam_default, adam_large = adam[0.001], adam[0.3]
adam_ten_times = validation_loss(Adam, 0.001, seed=0, epochs=50)

# %% figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
ax.plot(sgd.keys(), sgd.values(), "s--", label="SGD")
ax.plot(adam.keys(), adam.values(), "o-", label="Adam")
ax.plot(0.001, adam[0.001], "o", color="black", ms=12, mfc="none")
ax.text(0.0012, 1.35, "default of Adam")
ax.set(xscale="log", yscale="log", xlabel="learning rate η")
ax.set(ylabel="validation loss (nats)", yticks=[0.2, 0.5, 1, 2])
ax.minorticks_off()
ax.set_yticklabels(["0.2", "0.5", "1", "2"])
fig.legend(loc="outside upper center", ncols=2)
show()
