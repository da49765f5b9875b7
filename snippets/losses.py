"""Losses, one by one: their shapes, their reductions, and PyTorch's."""

# %% imports
from itertools import product

import matplotlib.pyplot as plt
import torch
from torch.nn import functional

from dlnotes.binary import bce, bce_with_logits
from dlnotes.data.synthetic import noisy_line
from dlnotes.losses import cross_entropy, huber, mae, mse, nll, rmse
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% shapes
e = torch.linspace(-3, 3, 241, requires_grad=True)
prices, slopes = {}, {}
for name, loss in {"Huber, δ = 1": huber, "e²": mse, "|e|": mae}.items():
    price = loss(e, torch.zeros(241), "none")
    (slope,) = torch.autograd.grad(price.sum(), e)
    prices[name], slopes[name] = price.detach().numpy(), slope.numpy()

fig, axes = plt.subplots(2, 1, figsize=(4.4, 4.6), sharex=True)
curves(axes[0], e.detach().numpy(), prices)
curves(axes[1], e.detach().numpy(), slopes)
axes[0].set(ylim=(-0.2, 5.4), ylabel="loss")
axes[1].set(ylim=(-4.2, 4.2), xlabel="error e", ylabel="slope of the loss")
axes[1].legend(loc="upper left")
show()


# %% risk
def empirical_risk(n):
    X, y = noisy_line(n, w=5, b=7, sigma=0.25)
    return mse(5 * X[:, 0] + 7, y).item()


seed_everything(0)
rows = []
for n in (10, 100, 1000, 100_000):
    risks = [empirical_risk(n) for _ in range(20)]
    rows.append([n, min(risks), max(risks)])
Table(["samples:,", "lowest:.4f", "highest:.4f"], rows).show()

# %% memory
X, y = noisy_line(n=3000, w=5, b=7, sigma=0.25)
X_new, y_new = noisy_line(n=3000, w=5, b=7, sigma=0.25)
nearest = (X_new - X.T).abs().argmin(dim=1)  # (3000,)
loss_seen, loss_new = mse(y, y), mse(y[nearest], y_new)
print(f"on the 3,000 rows it remembers  {loss_seen:.4f}")
print(f"on 3,000 rows it has not seen   {loss_new:.4f}")

# %% reduction
prediction, target = torch.full((4, 3), 2.0), torch.zeros(4, 3)
for reduction in ("none", "sum", "mean"):
    losses = mae(prediction, target, reduction)
    shape = str(tuple(losses.shape))
    print(f"{reduction:4}  shape {shape:6}  sum {losses.sum():.0f}")
mean_over_elements = mae(prediction, target)
mean_over_rows = mae(prediction, target, "none").sum(dim=1).mean()
scalar = torch.nn.L1Loss()(prediction, target)
print(f"torch.nn.L1Loss() gives {scalar:.0f}, a scalar")

# %% half
prediction, target = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.zeros(4)
mean_squared = mse(prediction, target)
half_sum = mse(prediction, target, "sum") / 2
ratio = half_sum / mean_squared
print(f"mean of the squares  {mean_squared:.1f}")
print(f"half their sum       {half_sum:.1f}, {ratio:.0f} times as much")

# %% weights
seed_everything(0)
target = torch.tensor([0.0, 0.0, 0.0, 1.0])
p, weight = torch.rand(4), torch.tensor([1.0, 1.0, 1.0, 4.0])
labels, by_class = target.long(), torch.tensor([1.0, 4.0])
log_p = torch.stack([1 - p, p], dim=1).log()  # (4, 2)
cases = [
    (functional.l1_loss, p, target, weight),
    (functional.mse_loss, p, target, weight),
    (functional.huber_loss, p, target, weight),
    (functional.cross_entropy, log_p, labels, by_class),
    (functional.binary_cross_entropy, p, target, weight),
]
mean = {}
print("                        mean  Σwℓ/Σw   Σwℓ/n")
for loss, prediction, y, w in cases:
    name = loss.__name__
    mean[name] = loss(prediction, y, weight=w).item()
    total = loss(prediction, y, weight=w, reduction="sum").item()
    per_weight, per_n = total / weight.sum().item(), total / 4
    print(f"{name:20} {mean[name]:7.3f} {per_weight:7.3f} {per_n:7.3f}")

# %% tenfold
ce_tenfold = cross_entropy(log_p, labels, weight=10 * by_class)
bce_tenfold = bce(p, target, weight=10 * weight)
print(f"cross_entropy with ten times the weights  {ce_tenfold:.3f}")
print(f"bce with ten times the weights            {bce_tenfold:.3f}")


# %% against-torch
def root_of_mse(*pair, **options):
    return functional.mse_loss(*pair, **options).sqrt()


seed_everything(0)
z, t = torch.randn(2, 64, 5, dtype=torch.float64)
w, w_class = torch.rand(64, 5, dtype=torch.float64), torch.rand(5).double()
labels = torch.randint(5, (64,))
p, y, log_p = z.sigmoid(), t.sigmoid(), z.log_softmax(dim=1)
pairs = [
    (mae, functional.l1_loss, z, t, w),
    (mse, functional.mse_loss, z, t, w),
    (rmse, root_of_mse, z, t, w),
    (huber, functional.huber_loss, z, t, w),
    (nll, functional.nll_loss, log_p, labels, w_class),
    (cross_entropy, functional.cross_entropy, z, labels, w_class),
    (bce, functional.binary_cross_entropy, p, y, w),
    (bce_with_logits, functional.binary_cross_entropy_with_logits, z, y, w),
]
largest_difference = 0.0
print("                  values  gradients")
for ours, theirs, prediction, target, w in pairs:
    x = prediction.detach().requires_grad_()
    values, slopes = [], []
    for reduction, weight in product(("none", "sum", "mean"), (None, w)):
        options = dict(reduction=reduction, weight=weight)
        a, b = ours(x, target, **options), theirs(x, target, **options)
        values.append((a - b).abs().max().item())
        (slope,) = torch.autograd.grad(a.sum() - b.sum(), x)
        slopes.append(slope.abs().max().item())
    largest_difference = max(largest_difference, *values, *slopes)
    print(f"{ours.__name__:15}  {max(values):7.0e}  {max(slopes):9.0e}")
