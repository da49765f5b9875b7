"""A VGG with batch norm that is tested in training mode, in batches."""

# %% imports
import copy

import torch
from torch import Tensor, nn
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.vgg import small_vgg

digits = load_digits()
asked = ImageSet(digits.test.X[:360], digits.test.y[:360])
STAGES = ((1, 8), (1, 16), (1, 32))  # convolutions and channels by block


# %% train
def trained(rate: float, seed: int, epochs: int = 6) -> nn.Module:
    seed_everything(seed)
    model = small_vgg(STAGES, batch_norm=True)
    optimizer = SGD(model.parameters(), lr=rate)
    fit(model, digits.train, optimizer, epochs, batch_size=64)
    return model.cpu()


RATES = (0.03, 0.3, 1.0)
accuracy_by_rate = {
    rate: score(trained(rate, seed=0, epochs=4), digits.val) for rate in RATES
}
rate_best = max(accuracy_by_rate, key=accuracy_by_rate.get)
models = [trained(rate_best, seed) for seed in range(3)]
for rate, found in accuracy_by_rate.items():
    print(f"rate {rate:4}  validation accuracy after four epochs {found:.3f}")


# %% in-training-mode
def score_in_training_mode(
    model: nn.Module, images: ImageSet, batch_size: int
) -> float:
    model = copy.deepcopy(model).train()  # its statistics will move
    parts = images.images.split(batch_size)
    with torch.no_grad():
        answers = torch.cat([model(X).argmax(dim=1) for X in parts])
    return (answers == images.y).double().mean().item()


order = asked.y.argsort()
by_class = ImageSet(asked.X[order], asked.y[order])
accuracy = {"evaluation mode": [score(model, asked) for model in models]}
for B in (1, 2, 4, 16, 64):
    name = f"training mode, batches of {B}"
    accuracy[name] = [score_in_training_mode(m, asked, B) for m in models]
accuracy["the same, sorted by class"] = [
    score_in_training_mode(m, by_class, 64) for m in models
]
heads = [f"seed {seed}:.2f" for seed in range(3)]
Table(
    ["how it is asked", *heads],
    [[name, *found] for name, found in accuracy.items()],
).show()

# %% one-image
model = models[0].eval()
with torch.no_grad():
    sure = model(asked.images).softmax(dim=1).amax(dim=1)
i = sure.argmin().item()  # the image it is least sure of
image, label = asked.images[i : i + 1], asked.y[i]


def share_of(model: nn.Module, company: Tensor) -> float:
    """Return the probability of the image's digit, in some company."""
    with torch.no_grad():
        logits = model(torch.cat([image, company]))[0]
    return logits.softmax(dim=0)[label].item()


others = torch.cat([asked.images[:i], asked.images[i + 1 :]])
companies = others.split(63)[:5]
probability = {"evaluation mode": [share_of(model, c) for c in companies]}
model = copy.deepcopy(model).train()
probability["training mode"] = [share_of(model, c) for c in companies]
for name, found in probability.items():
    print(f"{name:15}", *(f"{p:.3f}" for p in found))

# %% quoted
mean_accuracy = {name: sum(found) / 3 for name, found in accuracy.items()}
accuracy_evaluation = mean_accuracy["evaluation mode"]
accuracy_one = mean_accuracy["training mode, batches of 1"]
accuracy_sorted = mean_accuracy["the same, sorted by class"]
