"""Solutions to the exercises of the chapter on LeNet."""

# %% setup
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import draw_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.mlp import MLP
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet

builders = {
    "MLP": lambda: nn.Sequential(nn.Flatten(), MLP([28 * 28, 76, 28, 10])),
    "LeNet": lambda: lenet(nn.ReLU, nn.MaxPool2d),
}
rates = {"MLP": 0.003, "LeNet": 0.01}  # the best ones of the chapter


def accuracy(name: str, train: ImageSet, val: ImageSet) -> float:
    """Train a network for two epochs, and return its accuracy."""
    seed_everything(0)
    body = builders[name]()
    redraw(body, kaiming)
    mean, deviation = train.X.mean().item(), train.X.std().item()
    model = nn.Sequential(v2.Normalize([mean], [deviation]), body)
    optimizer = AdamW(model.parameters(), lr=rates[name], fused=True)
    fit(model, train, optimizer, epochs=2)
    return score(model, val)


# %% solution-1
digits = load_digits()
train = draw_scenes(digits.train, 4000, seed=0, pieces=0).canvases
val = draw_scenes(digits.val, 1000, seed=1, pieces=0).canvases
accuracy_clean = {name: accuracy(name, train, val) for name in builders}
for name, value in accuracy_clean.items():
    print(f"{name}, without clutter: {value:.2f}")

# %% solution-2
S2 = torch.zeros(16, 6, dtype=torch.bool)  # which maps a map of C3 sees
for j in range(6):
    S2[j, [j, (j + 1) % 6, (j + 2) % 6]] = True
    S2[j + 6, [(j + k) % 6 for k in range(4)]] = True
for j in range(3):
    S2[j + 12, [j, j + 1, j + 3, (j + 4) % 6]] = True
S2[15] = True
parameter_table = 25 * S2.sum().item() + 16
print("maps seen:", S2.sum(dim=1).tolist())
print(f"parameters of C3: {parameter_table:,}")
print("how often each map of S2 is seen:", S2.sum(dim=0).tolist())

# %% solution-3
order = torch.randperm(28 * 28)  # one for all canvases
mixed = [ImageSet(part.X[:, order], part.y) for part in (train, val)]
accuracy_mixed = {name: accuracy(name, *mixed) for name in accuracy_clean}
for name, value in accuracy_mixed.items():
    before = accuracy_clean[name]
    print(f"{name}: {before:.2f} before, {value:.2f} with mixed pixels")

# %% solution-4
a = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
squashed = 1.7159 * torch.tanh(2 / 3 * a)
(slopes,) = torch.autograd.grad(squashed.sum(), a)
print("values:", *(f"{v:.3f}" for v in squashed))
print("slopes:", *(f"{v:.3f}" for v in slopes))
