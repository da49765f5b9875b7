"""Solutions to the exercises of the chapter on regularization."""

# %% setup
import torch
from torch import nn

from dlnotes.regularize import dropout, lasso, soft_threshold
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

# %% solution-1
seed_everything(0)
X = torch.randn(200, 5, dtype=torch.float64)
X -= X.mean(dim=0)
Q = torch.linalg.qr(X).Q * 200**0.5  # columns at right angles
y = Q @ torch.tensor([3.0, -1.5, 0.8, 0.3, 0.0]).double() + torch.randn(200)
y -= y.mean()
w_free = Q.T @ y / 200
w_lasso = lasso(Q, y, strength=0.5)
w_formula = soft_threshold(w_free, 0.5)
print("free     ", *(f"{w:6.3f}" for w in w_free))
print("lasso    ", *(f"{w:6.3f}" for w in w_lasso))
print("threshold", *(f"{w:6.3f}" for w in w_formula))
difference = (w_lasso - w_formula).abs().max()

# %% solution-2
seed_everything(0)
x = 1 + 2 * torch.randn(1_000_000)
rows = []
for p in (0.1, 0.5, 0.8):
    formula = x.var() + p / (1 - p) * x.square().mean()
    rows.append([p, dropout(x, p).var().item(), formula.item()])
Table(["p", "measured:.2f", "formula:.2f"], rows).show()

# %% solution-3
seed_everything(0)
network = nn.Sequential(nn.Linear(10, 100), nn.ReLU(), nn.Linear(100, 1))
x = torch.randn(1, 10)
hidden = network[:2](x)
whole = network[2](hidden).item()
ensemble = torch.stack([network[2](dropout(hidden, 0.5)) for _ in range(4000)])
print(f"the whole network {whole:.3f}")
for n in (1, 10, 100, 4000):
    print(f"mean of {n:4} thinned networks {ensemble[:n].mean():.3f}")
gap = abs(ensemble.mean().item() - whole)
