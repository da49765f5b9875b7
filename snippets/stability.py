"""Signals and gradients through twenty layers, and sums of exponentials."""

# %% imports
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dlnotes.data.digits import load_digits
from dlnotes.initialize import kaiming, xavier
from dlnotes.mlp import MLP
from dlnotes.plot import curves, show, use_style
from dlnotes.stability import gradient_norms, layer_scales, log_sum_exp
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% product
seed_everything(0)
lengths = {}
for size in (0.8, 1.0, 1.25):
    x = torch.ones(64)
    norms = [x.norm().item()]
    for _ in range(50):
        W = size * torch.randn(64, 64) / 8
        x = W @ x
        norms.append(x.norm().item())
    lengths[size] = [norm / norms[0] for norm in norms]

slope_smallest = 0.25**20

# %% product-figure
fig, ax = plt.subplots(figsize=(4.6, 2.8))
curves(ax, range(51), {f"s = {size}": lengths[size] for size in lengths})
ax.set(
    xlabel="number of matrices", ylabel="length of the vector", yscale="log"
)
ax.legend()
show()

# %% network
digits = load_digits()
X, y = digits.train


def deep(
    activation: Callable[[Tensor], Tensor],
    draw: Callable[[Tensor], Tensor] | None,
) -> MLP:
    seed_everything(0)
    model = MLP([64, *[64] * 20, 10], activation)
    for layer in model.layers if draw else ():
        draw(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


# %% forward
draws = {
    "N(0, 1)": lambda W: nn.init.normal_(W, 0.0, 1.0),
    "Kaiming": kaiming,
    "Xavier": xavier,
    "PyTorch's default": None,
    "N(0, 0.01²)": lambda W: nn.init.normal_(W, 0.0, 0.01),
}
scales = {}
for name, draw in draws.items():
    model = deep(torch.relu, draw)
    scales[name] = scale = layer_scales(model, model.layers[1:], X).tolist()
    print(f"{name:17}  layer 1 {scale[0]:7.1e}  layer 20 {scale[-1]:7.1e}")

# %% forward-figure
fig, ax = plt.subplots(figsize=(4.6, 3.5))
curves(ax, range(1, 21), scales)
ax.set(xlabel="layer", ylabel="root mean square of a", yscale="log")
ax.set_xticks(range(5, 21, 5))
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
show()

# %% backward
cases = {
    "ReLU, N(0, 1)": (torch.relu, draws["N(0, 1)"]),
    "ReLU, Kaiming": (torch.relu, kaiming),
    "tanh, Xavier": (torch.tanh, xavier),
    "ReLU, default": (torch.relu, None),
    "sigmoid, Xavier": (torch.sigmoid, xavier),
}
norms, ratio = {}, {}
for name, case in cases.items():
    model = deep(*case)
    cross_entropy(model(X), y).backward()
    weights = [layer.weight for layer in model.layers]
    norms[name] = gradient_norms(weights).tolist()
    ratio[name] = norms[name][0] / norms[name][-1]
Table(
    ["network", "layer 1:.0e", "layer 21:.0e", "ratio:.0e"],
    [[name, norms[name][0], norms[name][-1], ratio[name]] for name in cases],
).show()

# %% backward-figure
fig, ax = plt.subplots(figsize=(4.6, 3.5))
curves(ax, range(1, 22), norms)
ax.set(xlabel="layer", ylabel="norm of ∂L/∂W", yscale="log")
ax.set_xticks(range(5, 21, 5))
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
show()

# %% log-sum-exp
rows = []
for value in (1.0, 80.0, 100.0, -100.0, -110.0):
    z = torch.full((3,), value, requires_grad=True)
    naive = z.exp().sum().log()
    naive.backward()
    slope = z.grad[0].item()
    shifted = log_sum_exp(z.detach()).item()
    rows.append([value, naive.item(), slope, shifted])
Table(["zᵢ:.0f", "naive:.4f", "its gradient:.3f", "shifted:.4f"], rows).show()

# %% quoted
ratio_scale = {name: scale[-1] / scale[0] for name, scale in scales.items()}
error_quiet = rows[3][1] - rows[3][3]
