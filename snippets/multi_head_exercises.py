"""Solutions of the exercises on multi-head attention."""

# %% imports
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from torch.optim import Adam

from dlnotes.attention.multi_head import MultiHeadAttention
from dlnotes.attention.score import attention
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)

# %% solution-1
C = 512
layer = MultiHeadAttention(C, heads=8)
parameters = sum(W.numel() for W in layer.parameters())
print(f"{parameters:,} parameters; 4 C² + 4 C = {4 * C**2 + 4 * C:,}")

# %% solution-2
layer = nn.MultiheadAttention(16, num_heads=4, batch_first=True)
X = torch.randn(2, 5, 16)
_, weights = layer(X, X, X)
_, every = layer(X, X, X, average_attn_weights=False)
print(tuple(weights.shape), tuple(every.shape))
difference_mean = (weights - every.mean(dim=1)).abs().max().item()
print(f"the first differ from the mean of the others by {difference_mean:.0g}")

# %% solution-3
C, heads = 8, 4
d = C // heads
layer = MultiHeadAttention(C, heads)
X = torch.randn(2, 5, C)
before, _ = layer(X, X, X)
order = torch.tensor([2, 0, 3, 1])  # of the heads
channels = torch.arange(C).view(heads, d)[order].flatten()
with torch.no_grad():
    W = layer.in_proj_weight.view(3, C, C)  # the biases are 0
    W.copy_(W[:, channels])
    layer.out_proj.weight.copy_(layer.out_proj.weight[:, channels])
after, _ = layer(X, X, X)
difference_order = (after - before).abs().max().item()
print(f"in another order, the output differs by {difference_order:.0e}")

# %% solution-4
layer = MultiHeadAttention(C, heads=1)
output, weights = layer(X, X, X)
_, _, W_v = layer.in_proj_weight.chunk(3)
W = layer.out_proj.weight @ W_v  # (C, C)
merged = weights[:, 0] @ (X @ W.T)
difference_merged = (merged - output).abs().max().item()
print(f"one head: with one matrix for two, {difference_merged:.0e} apart")
layer = MultiHeadAttention(C, heads)
_, _, W_v = layer.in_proj_weight.chunk(3)
parts = zip(layer.out_proj.weight.split(d, dim=1), W_v.split(d), strict=True)
ranks = [torch.linalg.matrix_rank(out @ W).item() for out, W in parts]
print("four heads: ranks", ranks, "of", C)


# %% solution-5
def shared_keys(
    Q: Tensor, K: Tensor, V: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Attend with queries (B, h, T, d) to the keys of the first head."""
    return attention(Q, K[:, :1], V[:, :1], mask)


B, T, C, heads = 2, 5, 512, 8
layer = MultiHeadAttention(C, heads, attention=shared_keys)
X = torch.randn(B, T, C)
output, weights = layer(X, X, X)
print(tuple(output.shape), tuple(weights.shape))
kept, kept_shared = 2 * C, 2 * C // heads  # numbers a token
print(f"numbers to keep for each token: {kept}, and {kept_shared} if shared")

# %% solution-6
NAMES = 8
pairs = torch.tensor([*product(range(NAMES), repeat=2)])  # (64, 2)
seen = (2 * one_hot(pairs[:, 0]) + one_hot(pairs[:, 1])) / 3  # the mean


def answers(model: nn.Module, seed: int) -> Tensor:
    """Train, and return which names are told right (64, 2)."""
    seed_everything(seed)
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    optimizer = Adam(model.parameters(), lr=0.03, fused=True)
    for _ in range(300):
        logits = model(seen).unflatten(1, (NAMES, 2))
        loss = cross_entropy(logits, pairs)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return logits.argmax(dim=1) == pairs


hidden = nn.Linear(NAMES, 32), nn.ReLU(), nn.Linear(32, 2 * NAMES)
models = {
    "linear": nn.Sequential(nn.Linear(NAMES, 2 * NAMES)),
    "one hidden layer": nn.Sequential(*hidden),
}
right = {
    name: [answers(model, seed) for seed in range(3)]
    for name, model in models.items()
}
accuracy = {
    name: [told.all(dim=1).float().mean().item() for told in row]
    for name, row in right.items()
}
Table(
    ["read-out", "both names, three seeds"],
    [
        [name, ", ".join(f"{x:.2f}" for x in row)]
        for name, row in accuracy.items()
    ],
).show()
same = pairs[:, 0] == pairs[:, 1]
second_only_if_same = all(
    told[:, 0].all().item() and torch.equal(told[:, 1], same)
    for told in right["linear"]
)
accuracy_linear = max(accuracy["linear"])
accuracy_hidden = min(accuracy["one hidden layer"])
