"""Paths, multiplications, seconds and memory against the length."""

# %% imports
import time

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from dlnotes.attention.fused import fused_attention
from dlnotes.attention.score import attention
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)
d, KERNEL = 64, 3


# %% paths
def layers_to_reach(T: int, dilation: int) -> int:
    """Return how many convolutions lead from the first place to the last.

    Each reads its own place and earlier ones, at distances of
    `dilation` to the power of its number.
    """
    reach, layers = {0}, 0
    while T - 1 not in reach:
        step = dilation**layers
        reach |= {t + i * step for t in reach for i in range(KERNEL)}
        reach = {t for t in reach if t < T}
        layers += 1
    return layers


DISTANCES = (9, 81, 729)
path_length = {
    "self-attention": [1, 1, 1],
    "convolution, dilated": [layers_to_reach(T, KERNEL) for T in DISTANCES],
    "convolution, plain": [layers_to_reach(T, 1) for T in DISTANCES],
    "recurrent network": list(DISTANCES),
}
Table(
    ["layer", *(f"T = {T}" for T in DISTANCES)],
    [[name, *found] for name, found in path_length.items()],
).show()

# %% gradients
T_GRADIENT = 60
W = nn.Linear(d, 3 * d, bias=False)
rnn = nn.RNN(d, d, batch_first=True)
X = torch.randn(1, T_GRADIENT, d, requires_grad=True)
outputs = {
    "recurrent network": rnn(X)[0],
    "self-attention": attention(*W(X).chunk(3, dim=-1))[0],
}
norm_by_place = {}
for name, Y in outputs.items():
    direction = torch.randn(d)
    (slope,) = torch.autograd.grad(Y[0, -1] @ direction, X)
    norm_by_place[name] = slope[0].norm(dim=1)

# %% gradients-figure
fig, ax = plt.subplots(figsize=(4.8, 2.8))
places = list(range(1, T_GRADIENT + 1))
curves(ax, places, {n: v.tolist() for n, v in norm_by_place.items()})
ax.set(xlabel="place t of the input", ylabel="norm of the gradient")
ax.set_yscale("log")
ax.legend()
show()

# %% ways
lstm = nn.LSTM(d, d, batch_first=True)
convolution = nn.Conv1d(d, d, KERNEL, padding="same")


def written_out(X: Tensor) -> Tensor:
    return attention(*W(X).chunk(3, dim=-1))[0]


def fused(X: Tensor) -> Tensor:
    return fused_attention(*W(X).chunk(3, dim=-1))[0]


ways = {
    "RNN": lambda X: rnn(X)[0],
    "LSTM": lambda X: lstm(X)[0],
    "convolution, plain": lambda X: convolution(X.mT),
    "attention, written out": written_out,
    "attention, fused": fused,
}
LENGTHS = [2**n for n in range(4, 12)]


# %% times
def milliseconds(B: int, lengths: list[int]) -> dict[str, dict[int, float]]:
    """Return the least of three times, forwards and backwards."""
    found = {name: {T: [] for T in lengths} for name in ways}
    for T in lengths:
        X = torch.randn(B, T, d, requires_grad=True)
        for _ in range(3):
            for name, way in ways.items():
                start = time.process_time()
                way(X).sum().backward()
                found[name][T].append(1000 * (time.process_time() - start))
    return {
        name: {T: min(measured) for T, measured in row.items()}
        for name, row in found.items()
    }


times = milliseconds(1, LENGTHS)
times_batch = milliseconds(32, LENGTHS[:5])


# %% times-figure
def over_lengths(ax: Axes, ylabel: str) -> None:
    """Give both axes logarithms, and the lengths plain numbers."""
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ticks = [T for T in (16, 64, 256, 1024) if T <= ax.dataLim.xmax]
    ax.set_xticks(ticks, [f"{T:,}" for T in ticks])
    ax.set(xlabel="length T", ylabel=ylabel)
    ax.legend(fontsize=8)


for found, size in ((times, (4.8, 3.4)), (times_batch, (4.8, 3.0))):
    _, ax = plt.subplots(figsize=size)
    curves(
        ax, list(found["RNN"]), {n: row.values() for n, row in found.items()}
    )
    ax.axvline(d, ymax=0.6, color="gray", lw=0.8)
    over_lengths(ax, "milliseconds")
show()


# %% memory
weights = {
    parameter.untyped_storage().data_ptr()
    for module in (W, rnn, lstm, convolution)
    for parameter in module.parameters()
}


def kept(way, T: int) -> int:
    """Return how many numbers a pass keeps for the way back."""
    sizes = {}

    def pack(saved: Tensor) -> Tensor:
        storage = saved.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes() // 4
        return saved

    X = torch.randn(1, T, d, requires_grad=True)
    with saved_tensors_hooks(pack, lambda saved: saved):
        way(X)
    return sum(sizes.values())


count_kept = {
    name: {T: kept(way, T) for T in LENGTHS} for name, way in ways.items()
}

# %% memory-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
curves(
    ax,
    LENGTHS,
    {
        name: [4 * count / 2**20 for count in row.values()]
        for name, row in count_kept.items()
    },
)
over_lengths(ax, "memory in MiB")
show()

# %% counts
count_products = {
    "RNN": {T: 2 * T * d**2 for T in LENGTHS},
    "LSTM": {T: 8 * T * d**2 for T in LENGTHS},
    "convolution, plain": {T: KERNEL * T * d**2 for T in LENGTHS},
    "attention": {T: 3 * T * d**2 + 2 * T**2 * d for T in LENGTHS},
}
Table(
    ["layer", *(f"T = {T}:,.1f" for T in (16, 64, 256, 1024))],
    [
        [name, *(row[T] / 1e6 for T in (16, 64, 256, 1024))]
        for name, row in count_products.items()
    ],
).show()

# %% quoted
ratio_at_d = times["RNN"][d] / times["attention, written out"][d]
ratio_products = (
    count_products["attention"][2048] / count_products["attention"][512]
)
ratio_fused = times["attention, fused"][2048] / times["attention, fused"][512]
ratio_rnn = times["RNN"][2048] / times["RNN"][512]
ratio_batch_at_d = (
    times_batch["RNN"][d] / times_batch["attention, written out"][d]
)
ratio_batch = (
    times_batch["attention, written out"][256] / times_batch["RNN"][256]
)
ratio_lstm = {
    T: times["attention, fused"][T] / times["LSTM"][T] for T in LENGTHS
}
memory_written = 4 * count_kept["attention, written out"][2048] / 2**20
memory_fused = 4 * count_kept["attention, fused"][2048] / 2**20
norm_first_rnn = norm_by_place["recurrent network"][0].item()
gradients = norm_by_place["self-attention"]
ratio_gradient = (gradients.max() / gradients.min()).item()
