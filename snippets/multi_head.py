"""Heads as slices of three matrices, their join, their cost."""

# %% imports
from collections.abc import Callable
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from dlnotes.attention.masks import causal_mask, padding_mask
from dlnotes.attention.multi_head import (
    MultiHeadAttention,
    join_heads,
    split_heads,
)
from dlnotes.attention.score import attention
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)

# %% shapes
B, T, C, heads = 2, 5, 8, 4
X = torch.randn(B, T, C)
layer = MultiHeadAttention(C, heads)
Q, K, V = layer.project(X, X, X)
output, weights = attention(Q, K, V)
joined = join_heads(output)
mixed = layer.join(output)
for name, found in {
    "X": X,
    "Q, K and V": Q,
    "weights": weights,
    "output of the heads": output,
    "side by side": joined,
    "mixed": mixed,
}.items():
    print(f"{name:19}", tuple(found.shape))

# %% slices
d = C // heads
W_q, W_k, W_v = layer.in_proj_weight.chunk(3)  # (C, C) each
with torch.no_grad():
    for i in range(heads):
        rows = slice(i * d, (i + 1) * d)  # of the matrices, for this head
        q, k, v = (X @ W[rows].T for W in (W_q, W_k, W_v))  # (B, T, d)
        alone, _ = attention(q, k, v)
        gap = (alone - output[:, i]).abs().max()
        print(f"head {i + 1} by itself: differs by {gap:.0e}")

# %% projection
W_o = layer.out_proj.weight  # (C, C)
with torch.no_grad():
    parts = W_o.split(d, dim=1)  # (C, d) each
    heads_out = output.unbind(dim=1)  # (B, T, d) each
    added = sum(o @ W.T for o, W in zip(heads_out, parts, strict=True))
    difference_sum = (added - mixed).abs().max().item()
    difference_joined = (joined - mixed).abs().max().item()
print(f"a sum over the heads differs from the output by {difference_sum:.0e},")
print(f"the heads side by side by {difference_joined:.1f}")

# %% reach
with torch.enable_grad():
    parts = output.detach().requires_grad_()
    reach = {}
    for name, row in {
        "side by side": join_heads(parts)[0, 0],
        "mixed": layer.join(parts)[0, 0],
    }.items():
        slope = torch.autograd.grad(row[0], parts, retain_graph=True)[0]
        reach[name] = (slope[0, :, 0] != 0).any(dim=1).tolist()
for name, found in reach.items():
    print(f"channel 1, {name}: depends on heads", found)

# %% equal
T, S, C, heads = 6, 6, 16, 4
masks = {
    "none": None,
    "padding": padding_mask(torch.tensor([[5] * 6, [5] * 4 + [0] * 2]), 0),
    "causal": causal_mask(T)[None],
}


def compare(mask: Tensor | None) -> list[float]:
    """Return how far outputs, weights and gradients are from PyTorch's."""
    ours = MultiHeadAttention(C, heads).double()
    theirs = nn.MultiheadAttention(C, heads, batch_first=True).double()
    theirs.load_state_dict(ours.state_dict())
    nn.init.normal_(ours.in_proj_bias)
    theirs.load_state_dict(ours.state_dict())
    inputs = [torch.randn(2, n, C).double() for n in (T, S, S)]
    found = []
    for model in (ours, theirs):
        leaves = [x.clone().requires_grad_() for x in inputs]
        if model is ours:
            output, weights = ours(*leaves, mask)
        else:
            forbidden = None  # PyTorch's masks are true where ours are not
            if mask is not None:
                forbidden = ~mask.expand(2, T, S).repeat_interleave(heads, 0)
            output, weights = theirs(
                *leaves, attn_mask=forbidden, average_attn_weights=False
            )
        output.square().sum().backward()
        slopes = [x.grad for x in [*leaves, *model.parameters()]]
        found.append([output, weights, *slopes])
    gaps = [
        (a - b).abs().max().item() for a, b in zip(*found, strict=True)
    ]
    return [gaps[0], gaps[1], max(gaps[2:])]


difference = {name: compare(mask) for name, mask in masks.items()}
Table(
    ["mask", "outputs:.0e", "weights:.0e", "gradients:.0e"],
    [[name, *gaps] for name, gaps in difference.items()],
).show()
difference_largest = max(max(gaps) for gaps in difference.values())

# %% cost
B, T, C = 8, 128, 128
COUNTS = (1, 2, 4, 8, 16)
X = torch.randn(B, T, C)


def seconds(run: Callable[[], None]) -> float:
    """Return the shortest time of ten."""
    times = []
    for _ in range(10):
        begin = perf_counter()
        run()
        times.append(perf_counter() - begin)
    return min(times)


parameters, products, number_weights, milliseconds = {}, {}, {}, {}
for heads in COUNTS:
    layer = MultiHeadAttention(C, heads)

    def there_and_back() -> None:
        layer(X, X, X)[0].sum().backward()

    parameters[heads] = sum(W.numel() for W in layer.parameters())
    with FlopCounterMode(display=False) as counter:
        _, weights = layer(X, X, X)
    products[heads] = counter.get_total_flops() // 2
    number_weights[heads] = weights.numel()
    milliseconds[heads] = 1000 * seconds(there_and_back)
time_ratio = {n: milliseconds[n] / milliseconds[1] for n in COUNTS}
Table(
    ["heads", "d", "parameters:,", "products:,", "weights:,", "time"],
    [
        [
            n,
            C // n,
            parameters[n],
            products[n],
            number_weights[n],
            f"{time_ratio[n]:.1f}",
        ]
        for n in COUNTS
    ],
).show()
