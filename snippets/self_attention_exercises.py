"""Solutions to the exercises of the chapter on self-attention."""

# %% setup

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.utils.flop_counter import FlopCounterMode

from dlnotes.attention.score import attention
from dlnotes.data.ordered import SYMBOLS, draw_ordered
from dlnotes.position import frequencies, rotary, sinusoidal
from dlnotes.train.seed import seed_everything

seed_everything(0)

# %% solution-1
X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
Y, weights = attention(X, X, X)
print("weights", *(f"{alpha:.3f}" for alpha in weights[2].tolist()))
print("y_3", *(f"{y:.3f}" for y in Y[2].tolist()))

# %% solution-2
T, d = 6, 8
X = torch.randn(T, d, dtype=torch.float64)
layers = [nn.Linear(d, 3 * d, bias=False).double() for _ in range(3)]
Pi = torch.eye(T, dtype=torch.float64)[torch.randperm(T)]


def stack(X: Tensor) -> Tensor:
    for W in layers:
        X = X + attention(*W(X).chunk(3, dim=-1))[0]
    return X


difference_stack = (stack(Pi @ X) - Pi @ stack(X)).abs().max().item()
print(f"three layers: differ by {difference_stack:.0e}")

# %% solution-3
T, d = 48, 16
W = nn.Linear(d, 3 * d, bias=False)
with FlopCounterMode(display=False) as counter:
    attention(*W(torch.randn(T, d)).chunk(3, dim=-1))
count_measured = counter.get_total_flops() // 2  # of products with a sum each
count_formula = 3 * T * d**2 + 2 * T**2 * d
print(f"{count_measured:,} = {count_formula:,}")

# %% solution-4
P, k = sinusoidal(100, 32), 7
expected = (k * frequencies(32)).cos().sum().item()
difference_product = ((P[:-k] * P[k:]).sum(dim=1) - expected).abs().max()
print(f"P[t] · P[t + {k}] = {expected:.4f}, up to {difference_product:.0e}")

# %% solution-5
Q, K = torch.randn(2, 10, 32, dtype=torch.float64)
both = (rotary(Q, 7) @ rotary(K, 7).T - rotary(Q) @ rotary(K).T).abs().max()
keys = (rotary(Q) @ rotary(K, 7).T - rotary(Q) @ rotary(K).T).abs().max()
difference_both, difference_keys = both.item(), keys.item()
print(f"both moved by 7: scores differ by {difference_both:.0e}")
print(f"the keys alone: by {difference_keys:.1f}")


# %% solution-6
class Scattered(nn.Module):
    """Say whether X comes before Y, from places that are far apart."""

    def __init__(self, places: int = 64, C: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(SYMBOLS), C)
        self.positions = nn.Parameter(0.02 * torch.randn(places, C))
        self.W = nn.Linear(C, 3 * C, bias=False)
        self.hidden, self.output = nn.Linear(C, 2 * C), nn.Linear(2 * C, C)
        self.logits = nn.Linear(C, 2)

    def forward(self, ids: Tensor) -> Tensor:
        places, T = len(self.positions), ids.shape[1]
        if self.training:  # any T places, in rising order
            t = torch.randperm(places)[:T].sort().values
        else:
            t = torch.linspace(0, places - 1, T).round().long()
        X = self.embedding(ids) + self.positions[t]
        X = X + attention(*self.W(X).chunk(3, dim=-1))[0]
        X = X + self.output(self.hidden(X).relu())
        return self.logits(X.mean(dim=1))


accuracy_scattered = {16: [], 32: [], 64: []}
for seed in range(3):
    seed_everything(seed)
    model = Scattered()
    optimizer = AdamW(model.parameters(), 0.005, fused=True)
    for _ in range(300):
        ids, label = draw_ordered(64, 16)
        loss = cross_entropy(model(ids), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    for length, found in accuracy_scattered.items():
        ids, label = draw_ordered(1000, length)
        with torch.no_grad():
            right = model(ids).argmax(dim=1) == label
        found.append(right.float().mean().item())
for length, found in accuracy_scattered.items():
    print(f"T = {length}: accuracy", *(f"{x:.2f}" for x in found))
accuracy_scattered_trained = min(accuracy_scattered[16])
accuracy_scattered_worst = min(accuracy_scattered[32])
accuracy_scattered_best = max(accuracy_scattered[32])
accuracy_scattered_far_worst = min(accuracy_scattered[64])
accuracy_scattered_far_best = max(accuracy_scattered[64])
