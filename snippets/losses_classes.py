"""Losses for classes: what keeps them finite, and what weights change."""

# %% imports
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch.optim import SGD

from dlnotes.binary import bce, bce_with_logits
from dlnotes.linear import LinearRegression
from dlnotes.losses import cross_entropy
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

use_style()

# %% one-sample
logits = torch.tensor([[2.0, 1.0, 0.1]])
p = logits.softmax(dim=1)[0]
for label in range(3):
    loss = cross_entropy(logits, torch.tensor([label]))
    print(f"label {label}  p {p[label]:.3f}  −log p {loss:.3f}")

# %% thousand
logits = torch.tensor([[1000.0, 0.0, -1000.0]], requires_grad=True)
naive = -(logits.exp() / logits.exp().sum(dim=1)).log()[0]
stable = cross_entropy(logits.expand(3, 3), torch.arange(3), "none")
(slope,) = torch.autograd.grad(stable[2], logits)
print("exp, divide, log", naive.tolist())
print("cross_entropy   ", stable.tolist())
print("its gradient for label 2", slope[0].tolist())

# %% epsilon
gap = torch.linspace(0, 40, 161, requires_grad=True)
rivals = torch.stack([torch.zeros(161), gap], dim=1)  # (161, 2)
label = torch.zeros(161, dtype=torch.int64)
exact = cross_entropy(rivals, label, "none")
capped = -(rivals.softmax(dim=1)[:, 0] + 1e-7).log()
(exact_slope,) = torch.autograd.grad(exact.sum(), gap, retain_graph=True)
(capped_slope,) = torch.autograd.grad(capped.sum(), gap)
cap, slope_40 = capped[-1], capped_slope[-1]
bias_16 = exact[64] - capped[64]
below_zero = -(torch.tensor(1.0) + 1e-7).log()
print("        log-softmax          log(p + 1e-7)")
for k in (0, 40, 64, 80, 160):
    good = f"{exact[k]:6.3f} (slope {exact_slope[k]:.2f})"
    poor = f"{capped[k]:6.3f} (slope {capped_slope[k]:.2f})"
    print(f"gap {gap[k]:2.0f}  {good}  {poor}")

# %% epsilon-curves
fig, ax = plt.subplots(figsize=(4.4, 2.9))
ax.plot(gap.detach(), exact.detach(), lw=2, label="log-softmax")
ax.plot(gap.detach(), capped.detach(), "--", lw=2, label="log(p + 1e−7)")
ax.set(xlabel="lead of the wrong class, in logits", ylabel="loss (nats)")
ax.legend()
show()

# %% saturated
z = torch.tensor([-200.0, -30, -20, 20, 30, 200], requires_grad=True)
y = (z < 0).float()
on_p = bce(z.sigmoid(), y, "none")
on_z = bce_with_logits(z, y, "none")
(slope_p,) = torch.autograd.grad(on_p.sum(), z)
(slope_z,) = torch.autograd.grad(on_z.sum(), z)
columns = ["z", "y", "loss of p", "∂/∂z", "loss of z", "∂/∂z "]
table = zip(z, y, on_p, slope_p, on_z, slope_z, strict=True)
rows = [[v.item() for v in row] for row in table]
formats = {"z": ".0f", "y": ".0f", "∂/∂z": ".3f", "∂/∂z ": ".3f"}
formats |= {"loss of p": ".1f", "loss of z": ".1f"}
Table(columns, rows, formats).show()
slope_p_low, slope_p_high = slope_p[0], slope_p[-1]
slope_z_low, slope_z_high = slope_z[0], slope_z[-1]
slope_p_30 = slope_p[1]


# %% rare
def draw(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    positive = (torch.rand(n) < 0.05).float()
    return torch.randn(n, 1) + 2 * positive[:, None], positive


seed_everything(0)
X, y = draw(20_000)
X_new, y_new = draw(20_000)
ratio = (1 - y).sum() / y.sum()
models, rows = [], []
for pos_weight in (torch.tensor(1.0), ratio):
    loss = partial(bce_with_logits, pos_weight=pos_weight)
    model = LinearRegression(features=1)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    train(model, loss, optimizer, Batches(X, y, batch_size=20_000), steps=300)
    models.append(model)
    z = model(X_new).detach()
    found = z[y_new == 1] > 0
    rows.append(
        [
            f"{pos_weight:.1f}",
            found.float().mean().item(),
            y_new[z > 0].mean().item(),
            ((z > 0) == (y_new == 1)).float().mean().item(),
            z.sigmoid().mean().item(),
        ]
    )
columns = ["pos_weight", "recall R", "precision P", "accuracy", "mean p"]
Table(columns, rows, dict.fromkeys(columns[1:], ".3f")).show()
recall_plain, recall_weighted = rows[0][1], rows[1][1]
precision_plain, precision_weighted = rows[0][2], rows[1][2]
accuracy_plain, accuracy_weighted = rows[0][3], rows[1][3]
p_plain, p_weighted = rows[0][4], rows[1][4]
share_new = y_new.mean()

# %% shift
plain, weighted = models
shift, shift_theory = (weighted.b - plain.b).item(), ratio.log()
print(f"plain     z = {plain.w.item():.2f}x {plain.b.item():+.2f}")
print(f"weighted  z = {weighted.w.item():.2f}x {weighted.b.item():+.2f}")
print(f"shift of the bias {shift:.2f}, log of the weight {shift_theory:.2f}")
z_back = weighted(X_new).detach() - shift_theory
p_back = z_back.sigmoid().mean()
print(f"mean p after taking the log of the weight off: {p_back:.3f}")
