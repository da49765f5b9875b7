"""A VGG with batch norm that is tested in training mode, in batches."""

# %% imports
import copy

import torch
from torch import nn
from torch.optim import SGD

from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.vgg import small_vgg

scenes = load_scenes()
images = ImageSet(scenes.train.X[:2000], scenes.train.y[:2000])
asked = ImageSet(scenes.test.X[:500], scenes.test.y[:500])


# %% train
def trained(rate: float, seed: int, epochs: int = 5) -> nn.Module:
    seed_everything(seed)
    model = small_vgg(batch_norm=True)
    optimizer = SGD(model.parameters(), lr=rate)
    fit(model, images, optimizer, epochs)
    return model


RATES = (0.1, 0.3, 1.0)
accuracy_by_rate = {
    rate: score(trained(rate, seed=0, epochs=2), scenes.val) for rate in RATES
}
rate_best = max(accuracy_by_rate, key=accuracy_by_rate.get)
models = [trained(rate_best, seed) for seed in range(3)]
for rate, found in accuracy_by_rate.items():
    print(f"rate {rate:4}  validation accuracy after two epochs {found:.2f}")


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
one = asked.images[:1]
shares = []
model = copy.deepcopy(models[0]).train()
for company in asked.images[1:].split(63)[:7]:
    with torch.no_grad():
        logits = model(torch.cat([one, company]))[0]
    shares.append(logits.softmax(dim=0)[asked.y[0]].item())
print("in seven batches:", " ".join(f"{share:.3f}" for share in shares))
alone = [models[0].eval()(one).softmax(dim=1)[0, asked.y[0]].item()] * 2
print("in evaluation mode, twice:", " ".join(f"{p:.3f}" for p in alone))

# %% quoted
mean_accuracy = {name: sum(found) / 3 for name, found in accuracy.items()}
accuracy_evaluation = mean_accuracy["evaluation mode"]
accuracy_one = mean_accuracy["training mode, batches of 1"]
accuracy_sorted = mean_accuracy["the same, sorted by class"]
