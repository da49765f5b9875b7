"""Twenty epochs with batches of several sizes, full batch included."""

# %% imports
import torch
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


def learn(batch_size, rate, seed):
    seed_everything(seed)
    model = MLP([64, 32, 10])
    batches = Batches(X, y, batch_size=batch_size)
    optimizer = SGD(model.parameters(), lr=rate)
    train(model, cross_entropy, optimizer, batches, epochs * len(batches))
    return [
        evaluate(model, cross_entropy, [digits.val]),
        evaluate(model, cross_entropy, [(X, y)]),
        evaluate(model, accuracy, [digits.val]),
    ]


best_rate, val_loss, loss, val_accuracy = {}, {}, {}, {}
for B in (32, 100, 128, 256, len(X)):
    for rate in (0.2, 0.5, 1, 2):
        runs = torch.tensor([learn(B, rate, seed) for seed in range(3)])
        means = runs.mean(dim=0).tolist()
        if means[0] < val_loss.get(B, torch.inf):
            best_rate[B] = rate
            val_loss[B], loss[B], val_accuracy[B] = means

# %% table
rows = [
    [B, epochs * -(-len(X) // B), best_rate[B], loss[B], val_accuracy[B]]
    for B in best_rate
]
heads = ["batch size", "steps", "η", "loss:.3f", "accuracy:.3f"]
Table(heads, rows).show()
