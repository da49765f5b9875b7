"""Heads as slices of three matrices, their join, and what they cost."""

# %% imports
from math import inf
from time import perf_counter

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from dlnotes.attention.fused import fused_attention
from dlnotes.attention.masks import causal_mask, padding_mask
from dlnotes.attention.multi_head import MultiHeadAttention, join_heads
from dlnotes.attention.score import attention
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% mean-figure
names = ("Tom", "Anna")
found = {  # the mean of one-hot names, by the weights of one or two heads
    "Tom calls Anna": [[0.5, 0.5], [1, 0], [0, 1]],
    "Anna calls Tom": [[0.5, 0.5], [0, 1], [1, 0]],
}
colours = ("gray", "C0", "C1")  # as in the next figures
columns = ("one head,\n½ and ½", "two heads:\nhead 1", "two heads:\nhead 2")
fig, axes = plt.subplots(2, 3, figsize=(4.8, 3.0), sharex=True, sharey=True)
for row, (said, means) in zip(axes, found.items(), strict=True):
    for ax, heights, colour in zip(row, means, colours, strict=True):
        ax.bar(names, heights, width=0.6, color=colour)
    row[0].set_ylabel(f"{said}\nshare")
for ax, text in zip(axes[0], columns, strict=True):
    ax.set_title(text, size=10)
show()

# %% shapes
B, T, C, heads = 2, 5, 8, 4
X = torch.randn(B, T, C)
layer = MultiHeadAttention(C, heads)
Q, K, V = layer.project(X, X, X)
output, weights = attention(Q, K, V)
joined = join_heads(output)
mixed = layer.join(output)
for name, tensor in {
    "X": X,
    "Q, K and V": Q,
    "weights": weights,
    "means of V": output,
    "side by side": joined,
    "output": mixed,
}.items():
    print(f"{name:12}", tuple(tensor.shape))

# %% slices
d = C // heads
W_q, W_k, W_v = layer.in_proj_weight.chunk(3)  # (C, C) each
difference_slice = 0.0
for i in range(heads):
    rows = slice(i * d, (i + 1) * d)
    q, k, v = (X @ W[rows].T for W in (W_q, W_k, W_v))  # (B, T, d) each
    gap = (attention(q, k, v)[0] - output[:, i]).abs().max().item()
    difference_slice = max(difference_slice, gap)
print(f"each head by itself differs by at most {difference_slice:.0g}")

# %% sum
W_o = layer.out_proj.weight.split(d, dim=1)  # h times (C, d)
found = output.unbind(dim=1)  # h times (B, T, d)
added = sum(o @ W.T for o, W in zip(found, W_o, strict=True))
difference_sum = (added - mixed).abs().max().item()
difference_joined = (joined - mixed).abs().max().item()
print(
    f"the sum over the heads differs from the output by {difference_sum:.0e}"
)
print(f"the heads side by side differ from it by {difference_joined:.1f}")

# %% reach
parts = output.detach().requires_grad_()
count_reach = {}
for name, tensor in {
    "side by side": join_heads(parts),
    "projected": layer.join(parts),
}.items():
    slopes = torch.autograd.grad(tensor[0, 0, 0], parts)[0]
    heads_used = slopes[0].abs().sum(dim=(1, 2)) > 0  # (h,)
    count_reach[name] = heads_used.sum().item()
    print(f"channel 1, {name}: heads it depends on: {count_reach[name]}")

# %% equal
B, T, S, C, heads = 2, 6, 6, 16, 4
ours = MultiHeadAttention(C, heads).double()
nn.init.normal_(ours.in_proj_bias)
theirs = nn.MultiheadAttention(C, heads, batch_first=True).double()
theirs.load_state_dict(ours.state_dict())
inputs = [torch.randn(B, n, C).double() for n in (T, S, S)]
source = torch.tensor([[5, 4, 6, 4, 7, 5], [6, 5, 4, 7, 0, 0]])
masks: dict[str, Tensor | None] = {
    "none": None,
    "padding": padding_mask(source, pad=0).expand(B, T, S),
    "causal": causal_mask(T).expand(B, T, S),
}


def answers(model: nn.Module, **given: object) -> list[Tensor]:
    """Return the output, the weights (B, h, T, S), and all gradients."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    output, weights = model(*leaves, **given)
    every = [*leaves, *model.parameters()]
    slopes = torch.autograd.grad(output.square().sum(), every)
    return [output, weights, *slopes]


difference = {}
for name, mask in masks.items():
    forbidden = None
    if mask is not None:
        forbidden = (~mask).repeat_interleave(heads, dim=0)  # (B · h, T, S)
    found = zip(
        answers(ours, mask=mask),
        answers(theirs, attn_mask=forbidden, average_attn_weights=False),
        strict=True,
    )
    gaps = [(a - b).abs().max().item() for a, b in found]
    difference[name] = [gaps[0], gaps[1], max(gaps[2:])]
Table(
    ["mask", "outputs:.0e", "weights:.0e", "gradients:.0e"],
    [[name, *gaps] for name, gaps in difference.items()],
).show()

# %% nothing
nothing = torch.zeros(B, T, S, dtype=torch.bool)
_, weights = ours(*inputs, nothing)
print("ours:    weights", weights[0, 0, 0].tolist())
_, weights = theirs(
    *inputs, attn_mask=(~nothing).repeat_interleave(heads, dim=0)
)
print("PyTorch: weights", weights[0, 0].tolist())


# %% kept
def count_bytes(layer: MultiHeadAttention, X: Tensor) -> int:
    """Count what is kept for the way back, without the parameters."""
    own = {W.untyped_storage().data_ptr() for W in layer.parameters()}
    sizes = {}

    def pack(saved: Tensor) -> Tensor:
        storage = saved.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
        return saved

    with saved_tensors_hooks(pack, lambda saved: saved):
        layer(X, X, X)
    return sum(sizes.values())


# %% cost
B, T, C = 8, 128, 128
COUNTS = (1, 2, 4, 8, 16)
X = torch.randn(B, T, C)
layers = {heads: MultiHeadAttention(C, heads) for heads in COUNTS}
parameters, products, count_weights = {}, {}, {}
memory_written, memory_fused = {}, {}  # MiB
for heads, layer in layers.items():
    parameters[heads] = sum(W.numel() for W in layer.parameters())
    with FlopCounterMode(display=False) as counter:
        _, weights = layer(X, X, X)
    products[heads] = counter.get_total_flops() // 2  # it counts sums, too
    count_weights[heads] = weights.numel()
    memory_written[heads] = count_bytes(layer, X) / 2**20
    fused = MultiHeadAttention(C, heads, attention=fused_attention)
    memory_fused[heads] = count_bytes(fused, X) / 2**20
Table(
    [
        "heads",
        "parameters:,",
        "multiplications:,",
        "attention weights:,",
        "kept, MiB:.1f",
        "fused, MiB:.1f",
    ],
    [
        [
            n,
            parameters[n],
            products[n],
            count_weights[n],
            memory_written[n],
            memory_fused[n],
        ]
        for n in COUNTS
    ],
).show()

# %% times
time_by_heads = {T: dict.fromkeys(COUNTS, inf) for T in (32, 128)}
time_scores = dict.fromkeys(COUNTS, inf)  # of Q Kᵀ alone, T = 128
for _ in range(8):  # in rounds: what slows the machine slows all of them
    for heads, layer in layers.items():
        for T, found in time_by_heads.items():
            begin = perf_counter()
            layer(X[:, :T], X[:, :T], X[:, :T])[0].sum().backward()
            found[heads] = min(found[heads], perf_counter() - begin)
        Q, K, _ = (part.detach() for part in layer.project(X, X, X))
        begin = perf_counter()
        Q @ K.mT  # (B, h, T, T)
        time_scores[heads] = min(time_scores[heads], perf_counter() - begin)
time_ratio = {
    T: {heads: time / found[1] for heads, time in found.items()}
    for T, found in time_by_heads.items()
}

# %% quoted
count_projected = count_reach["projected"]
count_side_by_side = count_reach["side by side"]
time_ratio_short, time_ratio_long = time_ratio[32][16], time_ratio[128][16]
time_ratio_scores = time_scores[16] / time_scores[1]
difference_largest = max(max(gaps) for gaps in difference.values())
