"""Losses, one by one: their shapes, their reductions, and PyTorch's."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.nn import functional

from dlnotes.binary import bce, bce_with_logits
from dlnotes.data.synthetic import noisy_line
from dlnotes.losses import (
    cross_entropy,
    huber,
    log_softmax,
    mae,
    mse,
    nll,
    rmse,
)
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything

use_style()

# %% shapes
error = torch.linspace(-3, 3, 241, requires_grad=True)
zero = torch.zeros_like(error)
curves = [("e²", mse, "--"), ("|e|", mae, ":"), ("Huber", huber, "-")]

fig, axes = plt.subplots(2, 1, figsize=(4.4, 4.6), sharex=True)
for name, loss, style in curves:
    values = loss(error, zero, "none")
    (slope,) = torch.autograd.grad(values.sum(), error)
    for ax, curve in zip(axes, (values.detach(), slope), strict=True):
        ax.plot(error.detach(), curve, style, lw=2, label=name)
axes[0].set(ylim=(-0.2, 5.4), ylabel="loss")
axes[1].set(ylim=(-4.2, 4.2), xlabel="error e", ylabel="slope of the loss")
axes[0].legend(loc="upper center", ncols=3)
show()

# %% risk
seed_everything(0)
gaps = []
for n in (10, 100, 1000, 100_000):
    X, y = noisy_line(n, w=5, b=7, sigma=0.25)
    risk_n = mse(5 * X[:, 0] + 7, y)
    gaps.append((risk_n - 1 / 16).abs())
    print(f"n = {n:7,}  empirical risk {risk_n:.4f}")

# %% memory
X, y = noisy_line(n=1000, w=5, b=7, sigma=0.25)
X_new, y_new = noisy_line(n=1000, w=5, b=7, sigma=0.25)
nearest = (X_new - X.T).abs().argmin(dim=1)  # (1000,)
memory_seen, memory_new = mse(y, y), mse(y[nearest], y_new)
print(f"on the 1,000 rows it remembers  {memory_seen:.4f}")
print(f"on 1,000 rows it has not seen   {memory_new:.4f}")

# %% reduction
prediction, target = torch.full((4, 3), 2.0), torch.zeros(4, 3)
for reduction in ("none", "sum", "mean"):
    losses = mae(prediction, target, reduction)
    shape = str(tuple(losses.shape))
    print(f"{reduction:4}  shape {shape:6}  sum {losses.sum():.0f}")
mean_of_elements = mae(prediction, target)
sum_per_row = mae(prediction, target, "sum") / 4
torch_l1 = torch.nn.L1Loss()(prediction, target)
print(f"torch.nn.L1Loss() gives {torch_l1:.0f}, a scalar")

# %% half
prediction, target = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.zeros(4)
mean_squared = mse(prediction, target)
half_sum = mse(prediction, target, "sum") / 2
half_ratio = half_sum / mean_squared
print(f"mean of the squares  {mean_squared:.1f}")
print(f"half their sum       {half_sum:.1f}, {half_ratio:.0f} times as much")

# %% weights
seed_everything(0)
truth = torch.tensor([0.0, 0.0, 0.0, 1.0])
p, weight = torch.rand(4), torch.tensor([1.0, 1.0, 1.0, 4.0])
labels, by_class = truth.long(), torch.tensor([1.0, 4.0])
both = torch.stack([1 - p, p], dim=1).log()  # (4, 2)
names = ["l1_loss", "mse_loss", "huber_loss", "cross_entropy"]
names += ["binary_cross_entropy"]
means = {}
print("                        mean  Σwl/Σw   Σwl/n")
for name in names:
    loss = getattr(functional, name)
    pair, w = (p, truth), weight
    if name == "cross_entropy":
        pair, w = (both, labels), by_class
    weighted = loss(*pair, weight=w, reduction="sum")
    means[name] = loss(*pair, weight=w).item()
    per_weight, per_n = weighted / weight.sum(), weighted / 4
    print(f"{name:20} {means[name]:7.3f} {per_weight:7.3f} {per_n:7.3f}")
ce_mean, bce_mean = means["cross_entropy"], means["binary_cross_entropy"]

# %% tenfold
ce_tenfold = cross_entropy(both, labels, weight=10 * by_class)
bce_tenfold = bce(p, truth, weight=10 * weight)
print(f"cross_entropy  {ce_mean:.3f}, weights times ten {ce_tenfold:.3f}")
print(f"bce            {bce_mean:.3f}, weights times ten {bce_tenfold:.3f}")


# %% against-torch
def root_of_mse(*args, reduction="mean", weight=None):
    squares = functional.mse_loss(*args, reduction=reduction, weight=weight)
    return squares.sqrt()


seed_everything(0)
z, t = torch.randn(2, 64, 5, dtype=torch.float64)
w, w_class = torch.rand(64, 5, dtype=torch.float64), torch.rand(5).double()
classes = torch.randint(5, (64,))
q = z.sigmoid()
trials = [
    (mae, functional.l1_loss, z, t, w),
    (mse, functional.mse_loss, z, t, w),
    (rmse, root_of_mse, z, t, w),
    (huber, functional.huber_loss, z, t, w),
    (nll, functional.nll_loss, log_softmax(z, 1), classes, w_class),
    (cross_entropy, functional.cross_entropy, z, classes, w_class),
    (bce, functional.binary_cross_entropy, q, t.sigmoid(), w),
    (
        bce_with_logits,
        functional.binary_cross_entropy_with_logits,
        z,
        t.sigmoid(),
        w,
    ),
]
largest = 0.0
print("                 values  gradients")
for ours, theirs, prediction, target, w in trials:
    x = prediction.detach().requires_grad_()
    values, slopes = [], []
    for reduction in ("none", "sum", "mean"):
        for weight in (None, w):
            options = {"reduction": reduction, "weight": weight}
            pair = ours(x, target, **options), theirs(x, target, **options)
            a, b = (torch.autograd.grad(one.sum(), x)[0] for one in pair)
            values.append((pair[0] - pair[1]).abs().max().item())
            slopes.append((a - b).abs().max().item())
    name, worst = ours.__name__, (max(values), max(slopes))
    largest = max(largest, *worst)
    print(f"{name:15}  {worst[0]:6.0e}  {worst[1]:9.0e}")
