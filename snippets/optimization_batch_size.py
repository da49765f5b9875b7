"""Twenty epochs with batches of several sizes, full batch included."""

# %% imports
from torch.nn.functional import cross_entropy

from dlnotes.data.digits import load_digits
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.optim import SGD
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

# %% equal-epochs
digits = load_digits()
X, y = digits.train
epochs = 20


def learn(batch_size, rate):
    seed_everything(0)
    model = MLP([64, 32, 10])
    batches = Batches(X, y, batch_size=batch_size)
    optimizer = SGD(model.parameters(), lr=rate)
    train(model, cross_entropy, optimizer, batches, epochs * len(batches))
    return {
        "batch size": batch_size,
        "steps": epochs * len(batches),
        "η": rate,
        "loss": evaluate(model, cross_entropy, [(X, y)]),
        "validation loss": evaluate(model, cross_entropy, [digits.val]),
        "accuracy": evaluate(model, accuracy, [digits.val]),
    }


best = {}
for batch_size in (32, 100, 128, 256, len(X)):
    tried = [learn(batch_size, rate) for rate in (0.1, 0.2, 0.5, 1, 2)]
    best[batch_size] = min(tried, key=lambda run: run["validation loss"])

# %% table
columns = ["batch size", "steps", "η", "loss", "accuracy"]
rows = [[run[name] for name in columns] for run in best.values()]
form = {"loss": ".3f", "accuracy": ".3f"}
Table(columns, rows, form).show()
full, small = best[len(X)], best[32]
loss_full, loss_32 = full["loss"], small["loss"]
accuracy_full, accuracy_32 = full["accuracy"], small["accuracy"]
rate_full, rate_32 = full["η"], small["η"]
loss_100, loss_128 = best[100]["loss"], best[128]["loss"]
