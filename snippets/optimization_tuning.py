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


def validation_loss(method, rate, seed, epochs):
    seed_everything(seed)
    model = MLP([64, 32, 10])
    batches = Batches(*digits.train, batch_size=32)
    optimizer = method(model.parameters(), lr=rate)
    train(model, cross_entropy, optimizer, batches, epochs * len(batches))
    return evaluate(model, cross_entropy, [digits.val])


def mean_loss(method, rate, epochs=5):
    seeds = range(3)
    return sum(validation_loss(method, rate, s, epochs) for s in seeds) / 3


sgd_loss = {rate: mean_loss(SGD, rate) for rate in rates}
adam_loss = {rate: mean_loss(Adam, rate) for rate in rates}

# %% best
sgd_rate, adam_rate = (min(a, key=a.get) for a in (sgd_loss, adam_loss))
sgd_loss_best, adam_loss_best = sgd_loss[sgd_rate], adam_loss[adam_rate]
adam_loss_50 = mean_loss(Adam, 0.001, epochs=50)
default = adam_loss[0.001]
print(f"SGD   best rate {sgd_rate:5}  validation loss {sgd_loss_best:.3f}")
print(f"Adam  best rate {adam_rate:5}  validation loss {adam_loss_best:.3f}")
print(f"Adam  default   0.001  validation loss {default:.3f}")
print(f"Adam  default, 50 epochs     validation loss {adam_loss_50:.3f}")

# %% figure
fig, ax = plt.subplots()
ax.plot(rates, sgd_loss.values(), "s--", label="SGD")
ax.plot(rates, adam_loss.values(), "o-", label="Adam")
ax.plot(0.001, default, "o", color="black", ms=12, mfc="none")
ax.text(0.0012, 1.35, "default of Adam")
ax.set(xscale="log", yscale="log", xlabel="learning rate η")
ax.set(ylabel="validation loss (nats)")
ax.set_yticks([0.2, 0.5, 1, 2], ["0.2", "0.5", "1", "2"])
ax.minorticks_off()
fig.legend(loc="outside upper center", ncols=2)
show()
