"""Solutions to the exercises of the chapter on losses."""

# %% setup
import math

import torch

from dlnotes.binary import bce
from dlnotes.losses import cross_entropy, huber, mae, mse
from dlnotes.train.seed import seed_everything

# %% solution-1
numbers = torch.tensor([1, 2, 2.5, 4, 100], dtype=torch.float64)
constants = torch.linspace(0, 100, 100_001, dtype=torch.float64)
grid = constants[:, None].expand(-1, 5)
best = {}
for loss in (mse, mae, huber):
    curve = loss(grid, numbers.expand(100_001, 5), "none").sum(dim=1)
    best[loss.__name__] = constants[curve.argmin()].item()
    print(f"{loss.__name__:5}  {best[loss.__name__]:.2f}")

# %% solution-2
seed_everything(0)
labels = torch.randint(10, (1000,))
loss_of_size = {}
for size in (0.0, 0.1, 1.0, 10.0):
    logits = size * torch.randn(1000, 10)
    loss_of_size[size] = cross_entropy(logits, labels).item()
    print(f"logits of size {size:4}  loss {loss_of_size[size]:.3f}")
print(f"log 10 = {math.log(10):.3f}")

# %% solution-3
seed_everything(0)
logits, labels = torch.randn(6, 3), torch.tensor([0, 0, 1, 1, 2, 2])
twice = [0, 1, 2, 3, 4, 5, 4, 5]
by_weight = cross_entropy(logits, labels, weight=torch.tensor([1.0, 1, 2]))
by_copy = cross_entropy(logits[twice], labels[twice])
print(f"cross_entropy  weight 2: {by_weight:.4f}  copied: {by_copy:.4f}")

p, y = torch.rand(6), (labels == 2).float()
bce_weight, bce_copy = bce(p, y, weight=1 + y), bce(p[twice], y[twice])
ratio = bce_weight / bce_copy
print(f"bce            weight 2: {bce_weight:.4f}  copied: {bce_copy:.4f}")
print(f"their ratio is {ratio:.4f}, and 8 / 6 is {8 / 6:.4f}")

# %% solution-4
labels = torch.tensor([0] * 6 + [1] * 3 + [2])
frequency = torch.tensor([0.6, 0.3, 0.1])
entropy = -(frequency * frequency.log()).sum()
print(f"entropy of the classes       {entropy:.4f}")
for p in (frequency, torch.ones(3) / 3, torch.tensor([0.8, 0.15, 0.05])):
    loss = cross_entropy(p.log().expand(10, 3), labels)
    shown = ", ".join(f"{part:.2f}" for part in p)
    print(f"loss with p = {shown}  {loss:.4f}")
