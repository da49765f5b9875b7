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
constants = constants[:, None].expand(-1, 5)
answers = {}
for loss in (mse, mae, huber):
    curve = loss(constants, numbers.expand(100_001, 5), "none").sum(dim=1)
    answers[loss.__name__] = constants[curve.argmin(), 0].item()
    print(f"{loss.__name__:5}  {answers[loss.__name__]:.2f}")
best_mse, best_mae, best_huber = answers.values()

# %% solution-2
seed_everything(0)
labels = torch.randint(10, (1000,))
starts = []
for scale in (0.0, 0.1, 1.0, 10.0):
    logits = scale * torch.randn(1000, 10)
    starts.append(cross_entropy(logits, labels))
    print(f"logits of size {scale:4}  loss {starts[-1]:.3f}")
start_zero, start_ten = starts[0], starts[-1]
print(f"log 10 = {math.log(10):.3f}")

# %% solution-3
seed_everything(0)
logits, labels = torch.randn(6, 3), torch.tensor([0, 0, 1, 1, 2, 2])
twice = torch.cat([torch.arange(6), torch.tensor([4, 5])])
by_weight = cross_entropy(logits, labels, weight=torch.tensor([1.0, 1, 2]))
by_copy = cross_entropy(logits[twice], labels[twice])
print(f"cross_entropy  weight 2: {by_weight:.4f}  copied: {by_copy:.4f}")

p, y = torch.rand(6), (labels == 2).float()
bce_weight = bce(p, y, weight=1 + y)
bce_copy = bce(p[twice], y[twice])
bce_ratio = bce_weight / bce_copy
print(f"bce            weight 2: {bce_weight:.4f}  copied: {bce_copy:.4f}")
print(f"their ratio is {bce_ratio:.4f}, and 8 / 6 is {8 / 6:.4f}")
