"""Solutions to the exercises of the chapter on scores of attention."""

# %% setup
from math import exp, log

import torch

from dlnotes.attention.score import (
    additive,
    attend,
    attention,
    dot_product,
    scaled_dot_product,
)
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

# %% solution-1
q = torch.tensor([[1.0, 0, 1, 0]])
K = torch.tensor([[2.0, 0, 0, 0], [0, 2, 0, 0], [1, 0, 1, 0]])
V = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
output, weights = attention(q, K, V)
total = 2 * exp(1) + 1
by_hand = [exp(1) / total, 1 / total, exp(1) / total]
print("weights", [round(w, 4) for w in weights[0].tolist()])
print("by hand", [round(w, 4) for w in by_hand])
print("output ", [round(x, 4) for x in output[0].tolist()])

# %% solution-2
seed_everything(0)
Q, K, V = torch.randn(2, 8), torch.randn(5, 8), torch.randn(5, 3)
order = torch.tensor([3, 0, 4, 1, 2])
output, weights = attention(Q, K, V)
output_2, weights_2 = attention(Q, K[order], V[order])
difference_output = (output - output_2).abs().max().item()
difference_weights = (weights[:, order] - weights_2).abs().max().item()
print(f"output {difference_output:.0e}, weights {difference_weights:.0e}")

# %% solution-3
seed_everything(0)
PAIRS, d = 10_000, 64
Q, K = torch.randn(PAIRS, 1, d), torch.randn(PAIRS, 1, d)
moments, variance_of = {}, {}
moments["mean 0, variance 1"] = Q, K
moments["standard deviation 2"] = 2 * Q, 2 * K
moments["mean 1, variance 1"] = Q + 1, K + 1
moments["q = k"] = Q, Q
for name, (q, k) in moments.items():
    variance_of[name] = dot_product(q, k).var().item()
    print(f"{name:22} variance {variance_of[name]:7.1f}")

# %% solution-4
numbers = {}
T, S, hidden = 512, 512, 64
Q, K = torch.randn(T, hidden), torch.randn(S, hidden)
W_q, W_k, w_v = torch.randn(hidden, hidden), torch.eye(hidden), Q[0]
numbers["q · k"] = dot_product(Q, K).numel()
sums = (Q @ W_q.T)[:, None] + (K @ W_k.T)[None]
numbers["additive"] = sums.numel()
same = torch.allclose(sums.tanh() @ w_v, additive(Q, K, W_q, W_k, w_v))
for name, count in numbers.items():
    print(f"{name:9} {count:12,} numbers")
number_ratio = numbers["additive"] / numbers["q · k"]

# %% solution-5
rows, weight_largest = [], {}
for temperature in (0.1, 0.5, 1.0, 2.0, 10.0):
    scores = torch.tensor([[2.0, 1.0, 0.0]]) / temperature
    _, weights = attend(scores, torch.eye(3))
    shown = [f"{w:.3f}" for w in weights[0].tolist()]
    entropy = -(weights * weights.log()).nansum().item()
    weight_largest[temperature] = weights.max().item()
    rows.append([temperature, ", ".join(shown), entropy])
Table(["temperature", "weights", "entropy:.3f"], rows).show()
entropy_maximum = log(3)

# %% solution-6
seed_everything(0)
rows, share_flat = [], {}
for width in (0.5, 1.0, 2.0, 4.0):  # the standard deviation of q and of k
    Q, K = width * torch.randn(2000, 1, 64), width * torch.randn(2000, 10, 64)
    scores = scaled_dot_product(Q, K)
    weights = scores.softmax(dim=2)[:, 0]
    J = torch.diag_embed(weights) - weights[:, :, None] * weights[:, None]
    flat = J.flatten(1).norm(dim=1) < 1e-3
    share_flat[width] = flat.float().mean().item()
    rows.append([width, scores.var().item(), share_flat[width]])
head = ["deviation of q and k", "variance of the scores:.2f", "flat:.1%"]
Table(head, rows).show()
