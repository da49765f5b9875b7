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
from dlnotes.plot import show, use_style
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

shrunk, kept, grown = (length[-1] for length in lengths.values())
smallest_slope = 0.25**20

# %% product-figure
fig, ax = plt.subplots(figsize=(4.6, 2.8))
for (size, length), style in zip(
    lengths.items(), ("--", "-", ":"), strict=True
):
    ax.semilogy(length, style, lw=2, label=f"s = {size}")
ax.set(xlabel="number of matrices", ylabel="length of the vector")
ax.legend()
show()

# %% network
digits = load_digits()
X, y = digits.train
DEPTH, WIDTH = 20, 64


def deep(
    activation: Callable[[Tensor], Tensor],
    draw: Callable[[Tensor], Tensor] | None,
) -> MLP:
    seed_everything(0)
    model = MLP([64, *[WIDTH] * DEPTH, 10], activation)
    if draw is not None:
        for layer in model.layers:
            draw(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


# %% forward
scales = {}
for name, draw in [
    ("N(0, 1)", lambda W: nn.init.normal_(W, 0.0, 1.0)),
    ("Kaiming", kaiming),
    ("Xavier", xavier),
    ("PyTorch's default", None),
    ("N(0, 0.01²)", lambda W: nn.init.normal_(W, 0.0, 0.01)),
]:
    model = deep(torch.relu, draw)
    scales[name] = scale = layer_scales(model, model.layers[1:], X)
    print(f"{name:17}  layer 1 {scale[0]:7.1e}  layer 20 {scale[-1]:7.1e}")
scale_kaiming = scales["Kaiming"][-1] / scales["Kaiming"][0]
scale_small = scales["N(0, 0.01²)"][-1]
scale_xavier = scales["Xavier"][-1] / scales["Xavier"][0]

# %% forward-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
styles = (":", "-", "--", "-.", (0, (1, 3)))
for (name, scale), style in zip(scales.items(), styles, strict=True):
    ax.semilogy(range(1, DEPTH + 1), scale, ls=style, lw=2, label=name)
ax.set(xlabel="layer", ylabel="root mean square of a", xticks=range(5, 21, 5))
ax.legend()
show()

# %% backward
cases = {
    "ReLU, N(0, 1)": (torch.relu, lambda W: nn.init.normal_(W, 0.0, 1.0)),
    "ReLU, Kaiming": (torch.relu, kaiming),
    "tanh, Xavier": (torch.tanh, xavier),
    "ReLU, default": (torch.relu, None),
    "sigmoid, Xavier": (torch.sigmoid, xavier),
}
norms_of = {}
for name, (activation, draw) in cases.items():
    model = deep(activation, draw)
    cross_entropy(model(X), y).backward()
    norms_of[name] = gradient_norms(layer.weight for layer in model.layers)

Table(
    ["network", "layer 1", "layer 21", "ratio"],
    [
        [
            name,
            norms[0].item(),
            norms[-1].item(),
            (norms[0] / norms[-1]).item(),
        ]
        for name, norms in norms_of.items()
    ],
    {"layer 1": ".0e", "layer 21": ".0e", "ratio": ".0e"},
).show()

# %% backward-figure
fig, ax = plt.subplots(figsize=(4.6, 3.5))
for (name, norms), style in zip(norms_of.items(), styles, strict=True):
    ax.semilogy(range(1, DEPTH + 2), norms, ls=style, lw=2, label=name)
ax.set(xlabel="layer", ylabel="norm of ∂L/∂W", xticks=range(5, 21, 5))
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
show()

# %% backward-values
ratio_sigmoid = (
    norms_of["sigmoid, Xavier"][0] / norms_of["sigmoid, Xavier"][-1]
)
ratio_kaiming = norms_of["ReLU, Kaiming"][0] / norms_of["ReLU, Kaiming"][-1]
ratio_tanh = norms_of["tanh, Xavier"][0] / norms_of["tanh, Xavier"][-1]
ratio_default = norms_of["ReLU, default"][0] / norms_of["ReLU, default"][-1]
first_of_big = norms_of["ReLU, N(0, 1)"][0]

# %% log-sum-exp
rows = []
for value in (1.0, 80.0, 100.0, -100.0, -110.0):
    z = torch.full((3,), value, requires_grad=True)
    naive = z.exp().sum().log()
    naive.backward()
    gradient = z.grad[0].item()
    rows.append(
        [value, naive.item(), gradient, log_sum_exp(z.detach()).item()]
    )
quiet_error = rows[3][1] - rows[3][3]
Table(
    ["zᵢ", "naive", "its gradient", "shifted"],
    rows,
    {"zᵢ": ".0f", "naive": ".4f", "its gradient": ".3f", "shifted": ".4f"},
).show()
