"""Two scalings of features, and batch normalization by its formulas."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from dlnotes.data.digits import load_digits
from dlnotes.initialize import kaiming, redraw, xavier
from dlnotes.norm import BatchNorm1d, BatchNorm2d, min_max, z_score
from dlnotes.plot import curves, show, use_style
from dlnotes.stability import layer_scales
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()


# %% skewed
def skew(x: Tensor) -> float:
    return z_score(x).pow(3).mean().item()


seed_everything(0)
waiting = torch.empty(10_000, 1, dtype=torch.float64).exponential_()
scaled = {
    "as it is": waiting,
    "min–max": min_max(waiting),
    "z-score": z_score(waiting),
}
rows, skews = [], {}
for name, x in scaled.items():
    skews[name] = skew(x)
    ends = x.min().item(), x.max().item()
    moments = x.mean().abs().item(), x.std(correction=0).item()
    rows.append([name, *ends, *moments, skews[name]])
heads = ("smallest", "largest", "mean value", "deviation", "skewness")
Table(["scaling", *(f"{head}:.2f" for head in heads)], rows).show()
skewness_before, skewness_after = skews["as it is"], skews["z-score"]

# %% skewed-figure
z = torch.linspace(-3, 3, 121)
normal = (-(z**2) / 2).exp() / (2 * torch.pi) ** 0.5
fig, axes = plt.subplots(1, 2, figsize=(5.2, 2.6), sharey=True)
bars = dict(bins=60, density=True, color="C0", alpha=0.6)
axes[0].hist(waiting[:, 0].numpy(), range=(-1, 6), **bars)
axes[1].hist(scaled["z-score"][:, 0].numpy(), range=(-2, 5), **bars)
axes[1].plot(z, normal, color="C1", label="normal")
axes[1].legend()
axes[0].set(xlabel="as it is", ylabel="density")
axes[1].set(xlabel="z-score")
show()

# %% outlier
seed_everything(0)
x = torch.randn(10_000, 1, dtype=torch.float64)
x[0] = 10_000  # a reading without its decimal point, say
rest = {"min–max": min_max(x)[1:], "z-score": z_score(x)[1:]}
q1, median, q3 = x[:, 0].quantile(torch.tensor([0.25, 0.5, 0.75]).double())
rest["median and quartiles"] = ((x - median) / (q3 - q1))[1:]
deviation = {}
for name, values in rest.items():
    deviation[name] = values.std().item()
    print(f"{name:21} deviation of the rest {deviation[name]:.5f}")
deviation_min_max, deviation_z, deviation_robust = deviation.values()


# %% signal
def signal(start: str, batch_norm: bool) -> list[float]:
    seed_everything(0)
    model = nn.Sequential(nn.Flatten())
    for _ in range(20):
        model.append(nn.Linear(64, 64, bias=not batch_norm))
        if batch_norm:
            model.append(BatchNorm1d(64))
        model.append(nn.ReLU())
    redraw(model, starts[start])
    dense = [layer for layer in model if isinstance(layer, nn.Linear)]
    return layer_scales(model, dense[1:], images).tolist()


images = load_digits().train.images[:200]
starts = {"N(0, 1)": nn.init.normal_, "Kaiming": kaiming, "Xavier": xavier}
signals = {
    name: {start: signal(start, name == "with batch norm") for start in starts}
    for name in ("without batch norm", "with batch norm")
}

# %% signal-figure
fig, axes = plt.subplots(1, 2, figsize=(5.2, 2.8), sharey=True)
for ax, (name, by_start) in zip(axes, signals.items(), strict=True):
    curves(ax, range(2, 21), by_start)
    ax.set(title=name, xlabel="layer", yscale="log", xticks=(2, 8, 14, 20))
axes[0].set_ylabel("root mean square")
axes[0].legend()
show()

# %% equal
seed_everything(0)
X = 5 + 3 * torch.randn(64, 8, 7, 7, dtype=torch.float64)  # (B, C, H, W)
ours, theirs = BatchNorm2d(8).double(), nn.BatchNorm2d(8).double()
differences = {}
for mode in (True, False):
    for norm in (ours, theirs):
        norm.train(mode)
    A, B = (X.clone().requires_grad_() for _ in range(2))
    Y, Z = ours(A), theirs(B)
    for output in (Y, Z):
        (output**3).sum().backward()
    name = "training" if mode else "evaluation"
    gap = (Y - Z).abs().max().item()
    differences[name] = gap, (A.grad - B.grad).abs().max().item()
    gaps = "output {:.0e}, gradient {:.0e}".format(*differences[name])
    print(f"{name:10}  mean of the outputs {Y.mean().abs():.4f}  {gaps}")
mean_evaluation = Y.mean().item()

# %% running
seed_everything(0)
batches = [5 + 3 * torch.randn(64, 1) for _ in range(100)]
running_mean = {}
for momentum in (0.1, 0.01, None):
    norm = BatchNorm1d(1, momentum=momentum)
    path = []
    for batch in batches:
        norm(batch)
        path.append(norm.running_mean.item())
    running_mean[momentum] = path
mean_last = {momentum: path[-1] for momentum, path in running_mean.items()}

# %% running-figure
fig, ax = plt.subplots()
named = {f"momentum {m}": path for m, path in running_mean.items()}
curves(ax, range(1, 101), named)
ax.axhline(5, color="gray", lw=0.8)
ax.set(xlabel="batches seen", ylabel="running mean", ylim=(0, 6))
ax.legend()
show()

# %% scale
seed_everything(0)
X = torch.randn(32, 64)
W = torch.randn(64, 64) / 8
gradient = {}
for factor in (1, 10):
    weight = (factor * W).requires_grad_()
    norm = BatchNorm1d(64)
    Y = torch.relu(norm(X @ weight.T))
    Y[:, :10].logsumexp(dim=1).mean().backward()
    gradient[factor] = weight.grad.norm().item()
    print(f"{factor:2} · W: Y[0, 0] = {Y[0, 0]:.4f}", end="  ")
    print(f"norm of the gradient {gradient[factor]:.5f}")
ratio_gradient = gradient[1] / gradient[10]
