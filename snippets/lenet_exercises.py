"""Solutions to the exercises of the chapter on LeNet."""

# %% setup
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import draw_scenes, load_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.mlp import MLP
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet

builders = {
    "MLP": lambda: nn.Sequential(nn.Flatten(), MLP([28 * 28, 76, 28, 10])),
    "LeNet": lambda: lenet(nn.ReLU, nn.MaxPool2d),
}


def accuracies(train: ImageSet, val: ImageSet) -> dict[str, float]:
    """Train both networks for a while; return their accuracies."""
    mean, deviation = train.X.mean().item(), train.X.std().item()
    found = {}
    for name, build in builders.items():
        seed_everything(0)
        body = build()
        redraw(body, kaiming)
        model = nn.Sequential(v2.Normalize([mean], [deviation]), body)
        optimizer = AdamW(model.parameters(), lr=0.004)
        fit(model, train, optimizer, epochs=4, batch_size=32)
        found[name] = score(model, val)
    return found


# %% solution-1
scenes = load_scenes()
digits = load_digits()
accuracy_by_pieces = {
    0: accuracies(
        draw_scenes(digits.train, 4000, seed=0, pieces=0).canvases,
        draw_scenes(digits.val, 1000, seed=1, pieces=0).canvases,
    ),
    4: accuracies(scenes.train, scenes.val),
}
for pieces, found in accuracy_by_pieces.items():
    shown = "  ".join(f"{name} {a:.2f}" for name, a in found.items())
    print(f"{pieces} pieces: {shown}")

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
mixed = [ImageSet(part.X[:, order], part.y) for part in scenes[:2]]
accuracy_mixed = accuracies(*mixed)
for name, value in accuracy_mixed.items():
    before = accuracy_by_pieces[4][name]
    print(f"{name}: {before:.2f} before, {value:.2f} with mixed pixels")

# %% solution-4
a = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
squashed = 1.7159 * torch.tanh(2 / 3 * a)
(slopes,) = torch.autograd.grad(squashed.sum(), a)
print("values:", *(f"{v:.3f}" for v in squashed))
print("slopes:", *(f"{v:.3f}" for v in slopes))
