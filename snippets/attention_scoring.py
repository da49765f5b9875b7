"""Scores of keys: three formulas, why one of them is scaled, and a mask."""

# %% imports
from math import sqrt
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from dlnotes.attention.masks import padding_mask
from dlnotes.attention.score import (
    Additive,
    additive,
    attend,
    attention,
    dot_product,
    scaled_dot_product,
)
from dlnotes.plot import curves, show, use_style
from dlnotes.seq2seq.pairs import PAD
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% shapes
seed_everything(0)
T, S, d, size = 2, 5, 4, 3
Q = torch.randn(T, d)  # a query in each row
K = torch.randn(S, d)  # a key in each row
V = torch.randn(S, size)  # the value of each key
output, weights = attention(Q, K, V)
print("weights", tuple(weights.shape), "sums", weights.sum(dim=1))
print("output", tuple(output.shape))

# %% batch
output, weights = attention(
    torch.randn(64, T, d), torch.randn(64, S, d), torch.randn(64, S, size)
)
print("weights", tuple(weights.shape), "output", tuple(output.shape))

# %% lookup
key_of = {"cat": [4.0, 0.0], "dog": [3.0, 3.0], "car": [-3.0, 1.0]}
K = torch.tensor([*key_of.values()])  # (S, d) = (3, 2)
V = torch.tensor([[9.0], [14.0], [7.0]])  # (S, 1)
for query in ([2.0, 0.0], [2.0, 2.0], [0.0, 0.0]):
    q = torch.tensor([query])  # (T, d) = (1, 2)
    output, weights = attend(scaled_dot_product(q, K), V)
    shown = "  ".join(
        f"{name} {weight:.2f}"
        for name, weight in zip(key_of, weights[0].tolist(), strict=True)
    )
    print(f"q = {query}   {shown}   output {output.item():.2f}")

weight_dog, weight_cat = [
    attention(torch.tensor([query]), K, V)[1][0, n].item()
    for query, n in (([2.0, 0.0], 1), ([2.0, 2.0], 0))
]

# %% additive
seed_everything(0)
Q, K = torch.randn(2, 6), torch.randn(5, 4)  # of different sizes
module = Additive(query=6, key=4, hidden=8)
W_q, W_k, w_v = module.W_q.weight, module.W_k.weight, module.w_v.weight[0]
scores = additive(Q, K, W_q, W_k, w_v)
by_hand = w_v @ torch.tanh(W_q @ Q[1] + W_k @ K[3])
difference_pair = (scores[1, 3] - by_hand).abs().item()
difference_module = (module(Q, K) - scores).abs().max().item()
print("scores", tuple(scores.shape))
print(f"one pair by itself: off by {difference_pair:.1g}")

# %% equal
seed_everything(0)
Q = torch.randn(3, 7, 16, dtype=torch.float64)
K = torch.randn(3, 9, 16, dtype=torch.float64)
V = torch.randn(3, 9, 5, dtype=torch.float64)
reference = scaled_dot_product_attention(Q, K, V)
difference_torch = (attention(Q, K, V)[0] - reference).abs().max().item()
print(f"largest difference from PyTorch: {difference_torch:.1g}")

# %% variance
PAIRS, SIZES, SEEDS = 10_000, (16, 64, 512), range(3)


def variances(d: int, seed: int) -> tuple[float, float]:
    """Return those of q · k and of q · k / √d over many pairs."""
    seed_everything(seed)
    Q, K = torch.randn(PAIRS, 1, d), torch.randn(PAIRS, 1, d)
    return dot_product(Q, K).var().item(), scaled_dot_product(
        Q, K
    ).var().item()


variance_raw, variance_scaled, rows = {}, {}, []
for d in SIZES:
    found = [variances(d, seed) for seed in SEEDS]
    raw, scaled = zip(*found, strict=True)
    variance_raw[d], variance_scaled[d] = [*raw], [*scaled]
    rows.append(
        [
            d,
            f"{mean(raw):.1f} ± {stdev(raw):.1f}",
            f"{mean(scaled):.3f} ± {stdev(scaled):.3f}",
        ]
    )
Table(["size d", "variance of q · k", "of q · k / √d"], rows).show()

# %% one-query
seed_everything(3)
d = 512
q, K = torch.randn(1, d), torch.randn(10, d)
pair = {
    "q · k": dot_product(q, K),
    "q · k / √d": scaled_dot_product(q, K),
}
fig, axes = plt.subplots(2, 2, figsize=(4.8, 3.6), sharex=True, sharey="row")
for n, (name, scores) in enumerate(pair.items()):
    rows = scores[0].tolist(), scores.softmax(dim=1)[0].tolist()
    for ax, row in zip(axes[:, n], rows, strict=True):
        ax.bar(range(1, 11), row, color=f"C{n}")
    axes[0, n].axhline(0, color="gray", lw=0.8)
    axes[0, n].set(title=name, xticks=range(1, 11, 3))
    axes[1, n].set(xlabel="key", ylim=(0, 1))
axes[0, 0].set_ylabel("score")
axes[1, 0].set_ylabel("weight")
show()


# %% jacobian
def jacobian(weights: Tensor) -> Tensor:
    """Return ∂ weights / ∂ scores (N, S, S) of weights (N, S)."""
    products = weights[:, :, None] * weights[:, None, :]
    return torch.diag_embed(weights) - products


certain = torch.eye(4)[:1]  # all the weight on the first of four keys
norm_certain = jacobian(certain).norm().item()
norm_equal = jacobian(torch.full((1, 4), 0.25)).norm().item()
print(f"|J| of one weight 1: {norm_certain:.2f}, of equal: {norm_equal:.2f}")


# %% saturation
QUERIES, KEYS, FLAT = 2000, 10, 1e-3


def saturation(d: int, scaled: bool, seed: int) -> list[float]:
    """Return the mean largest weight, the median |J|, the share that is flat.

    Last comes the share whose gradient is flat even at the query.
    """
    seed_everything(seed)
    Q, K = torch.randn(QUERIES, 1, d), torch.randn(QUERIES, KEYS, d)
    score = scaled_dot_product if scaled else dot_product
    weights = score(Q, K).softmax(dim=2)[:, 0]
    J = jacobian(weights)
    norms = J.flatten(1).norm(dim=1)
    to_query = J @ K / (sqrt(d) if scaled else 1)  # ∂ weights / ∂ q
    flat = [
        (size < FLAT).float().mean().item()
        for size in (norms, to_query.flatten(1).norm(dim=1))
    ]
    return [weights.amax(1).mean().item(), norms.median().item(), *flat]


names = {False: "q · k", True: "q · k / √d"}
saturated, rows = {}, []
for d in SIZES:
    for scaled, name in names.items():
        found = [saturation(d, scaled, seed) for seed in SEEDS]
        saturated[name, d] = found
        largest, norm, share, at_query = map(mean, zip(*found, strict=True))
        rows.append([d, name, largest, f"{norm:.2g}", share, at_query])
head = ["size d", "score", "largest weight:.2f", "median of |J|"]
head += ["flat at the scores:.1%", "flat at the query:.1%"]
Table(head, rows).show()

# %% saturation-figure
DIMENSIONS = [2**n for n in range(1, 11)]
flat = {
    name: [saturation(d, scaled, 0)[2] for d in DIMENSIONS]
    for scaled, name in names.items()
}
fig, ax = plt.subplots(figsize=(4.4, 2.7))
curves(ax, DIMENSIONS, flat)
ax.set_xscale("log", base=2)
ax.set(xlabel="size d of queries and keys", ylim=(-0.03, 1))
ax.set_ylabel("share of flat queries")
ax.legend()
show()

# %% learned
seed_everything(0)
grown = {}
for size in (64, 512):
    Q, K = torch.randn(1000, 1, size), torch.randn(1000, KEYS, size)
    with torch.no_grad():
        scores = Additive(size, size, size)(Q, K)
    grown[size] = scores.var().item()
    print(f"additive, {size} numbers: variance {grown[size]:.2f}")
variance_additive = grown[512]

# %% mask
seed_everything(0)
tokens = torch.tensor([[7, 4, 9, 5], [6, 8, PAD, PAD]])
mask = padding_mask(tokens, PAD)  # (B, 1, S)
Q, K, V = torch.randn(2, 3, 8), torch.randn(2, 4, 8), torch.randn(2, 4, 8)
_, weights = attention(Q, K, V, mask)
print(weights[1])

# %% mask-proof
padding = (tokens == PAD)[..., None]  # (B, S, 1)
difference_masked, slope_masked, rows = {}, {}, []
for name, used in (("with the mask", mask), ("without the mask", None)):
    keys, values = K.clone().requires_grad_(), V.clone().requires_grad_()
    output, _ = attention(Q, keys, values, used)
    output.square().sum().backward()
    slopes = [x.grad.masked_select(padding) for x in (keys, values)]
    noise = 100 * torch.randn(2, *K.shape)
    changed, _ = attention(
        Q, K.where(~padding, noise[0]), V.where(~padding, noise[1]), used
    )
    difference_masked[name] = (output - changed).abs().max().item()
    slope_masked[name] = torch.cat(slopes).abs().max().item()
    rows.append([name, difference_masked[name], slope_masked[name]])
head = ["", "change of the output:.3g", "slope at padding:.3g"]
Table(head, rows).show()

# %% nothing
nothing = torch.zeros(1, 4, dtype=torch.bool)
output, weights = attention(Q[:1], K[:1], V[:1], nothing)
print(weights[0, 0], output[0, 0, :3])

# %% quoted
variance_16, variance_64, variance_512 = [mean(variance_raw[d]) for d in SIZES]
flat_raw = [mean(row[2] for row in saturated["q · k", d]) for d in SIZES]
share_flat_16, share_flat_64, share_flat_512 = flat_raw
share_flat_scaled = max(
    share for d in SIZES for _, _, share, _ in saturated["q · k / √d", d]
)
share_flat_query = mean(row[3] for row in saturated["q · k", 512])
weight_raw, weight_scaled = [
    mean(row[0] for row in saturated[name, 512]) for name in names.values()
]
