"""A hidden layer against none: each at its own rate, image by image."""

# %% imports
from itertools import product

import torch
from torch.nn.functional import cross_entropy, pad
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet, Splits
from dlnotes.mlp import MLP
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.hooks import every
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything


# %% moved
def moved(part, seed):
    """Move each image at random by up to one pixel, in both directions."""
    generator = torch.Generator().manual_seed(shifted(seed))
    wide = pad(part.images[:, 0], (1, 1, 1, 1))  # (N, 10, 10)
    places = torch.randint(3, (len(wide), 2), generator=generator)
    cut = [
        image[top : top + 8, left : left + 8]
        for image, (top, left) in zip(wide, places.tolist())
    ]
    return ImageSet(torch.stack(cut).flatten(1), part.y)


digits = load_digits()
harder = Splits(*(moved(part, seed) for seed, part in enumerate(digits)))
SETS = {"as they are": digits, "moved": harder}
RATES = {0: (0.3, 1.0, 3.0, 10.0), 128: (0.3, 1.0, 3.0)}


# %% fit
def fit(data, hidden, rate, epochs, seed):
    """Return a trained model and its validation loss after each epoch."""
    seed_everything(seed)
    model = MLP([64, hidden, 10] if hidden else [64, 10])
    optimizer = SGD(model.parameters(), lr=rate)
    batches = Batches(*data.train, batch_size=32)
    val_loss = []

    def watch(history):
        val_loss.append(evaluate(model, cross_entropy, [data.val]))

    steps, hooks = epochs * len(batches), [every(len(batches), watch)]
    train(model, cross_entropy, optimizer, batches, steps, hooks)
    return model, val_loss


# %% select
trials, lowest = [], {}
for case in product(SETS, RATES):
    images, hidden = case
    found = []
    for rate in RATES[hidden]:
        _, losses = fit(SETS[images], hidden, rate, epochs=25, seed=0)
        epochs = 1 + losses.index(min(losses))
        found.append((min(losses), rate, epochs))
        trials.append((*case, rate, epochs, min(losses)))
    lowest[case] = min(found)
Table(["images", "hidden units", "rate", "epochs", "loss:.3f"], trials).show()

# %% test
right, accuracy_gain, standard_error, rows = {}, {}, {}, []
for images, data in SETS.items():
    for hidden in RATES:
        _, rate, epochs = lowest[images, hidden]
        models = [fit(data, hidden, rate, epochs, s)[0] for s in (1, 2, 3)]
        answers = torch.stack([m(data.test.X).argmax(dim=1) for m in models])
        right[hidden] = (answers == data.test.y).double().mean(dim=0)  # (N,)
    gain = right[128] - right[0]  # of each image
    accuracy_gain[images] = gain.mean().item()
    standard_error[images] = gain.std().item() / len(gain) ** 0.5
    accuracies = right[0].mean().item(), right[128].mean().item()
    row = accuracy_gain[images], standard_error[images]
    rows.append((images, *accuracies, *row))
names = ["images", "no hidden layer:.3f", "128 units:.3f", "gained:.3f"]
Table([*names, "standard error:.3f"], rows).show()
