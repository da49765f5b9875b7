"""Solutions to the exercises of the chapter on batch normalization."""

# %% setup
import torch
from torch import nn
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.initialize import kaiming, redraw
from dlnotes.norm import BatchNorm1d
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything

digits = load_digits()

# %% solution-1
for pair in ((1.0, 3.0), (1.0, 1.002)):
    first, second = BatchNorm1d(1)(torch.tensor(pair)[:, None])[:, 0].tolist()
    print(f"{pair}: {first:.3f}, {second:.3f}")

# %% solution-2
seed_everything(0)
dense, norm = nn.Linear(64, 32, bias=False), nn.BatchNorm1d(32)
model = nn.Sequential(nn.Flatten(), dense, norm, nn.ReLU(), nn.Linear(32, 10))
fit(model, digits.train, SGD(model.parameters(), lr=0.3), epochs=2)
model.cpu()  # it may have learned on a GPU
folded = nn.Linear(64, 32)
with torch.no_grad():
    s = norm.weight / (norm.running_var + norm.eps).sqrt()
    folded.weight.copy_(s[:, None] * dense.weight)
    folded.bias.copy_(norm.bias - s * norm.running_mean)
    X = digits.val.X
    apart = (folded(X) - norm.eval()(dense(X))).abs().max().item()
print(f"largest difference of the outputs: {apart:.0e}")

# %% solution-3
seed_everything(0)
for N in (1000, 20):
    x = torch.empty(2000, N).log_normal_(0.0, 1.0)  # 2,000 data sets
    rows, test = x[:, : N * 3 // 4], x[:, N * 3 // 4 :]
    beyond = []
    for seen in (rows, x):
        z = (test - seen.mean(1, keepdim=True)) / seen.std(1, keepdim=True)
        beyond.append((z.abs() > 3).double().mean().item())
    print(f"{N:4} rows: test rows more than 3 deviations out", end=" ")
    print("{:.1%} honestly, {:.1%} with the leak".format(*beyond))

# %% solution-4
seed_everything(0)
x = torch.randn(8, 1, dtype=torch.float64, requires_grad=True)
norm = BatchNorm1d(1, eps=0.0).double()
g = torch.randn(8, 1, dtype=torch.float64)
norm(x).backward(g)
with torch.no_grad():
    sigma = x.std(correction=0)
    x_hat = (x - x.mean()) / sigma
    formula = (g - g.mean() - x_hat * (g * x_hat).mean()) / sigma
print("formula, gradient:", torch.allclose(formula, x.grad))
x.grad = None
norm(x).backward(torch.ones_like(g))
print(f"gradient of a sum of outputs: at most {x.grad.abs().max():.0e}")


# %% solution-5
def learn(order: str, rate: float, seed: int, affine: bool = True) -> float:
    seed_everything(seed)
    layers, C = [nn.Flatten()], digits.side**2
    for _ in range(10):
        parts = {"N": nn.BatchNorm1d(64, affine=affine), "R": nn.ReLU()}
        layers += [nn.Linear(C, 64), *(parts[letter] for letter in order)]
        C = 64
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    redraw(model, kaiming)
    optimizer = SGD(model.parameters(), lr=rate)
    fit(model, digits.train, optimizer, epochs=4, batch_size=64)
    return score(model, digits.val)


RATES = (0.3, 1.0, 3.0)
names = {"NR": "norm, ReLU", "RN": "ReLU, norm"}
accuracy_by_order = {
    order: {rate: [learn(order, rate, s) for s in range(3)] for rate in RATES}
    for order in names
}
heads = [f"seed {seed}:.2f" for seed in range(3)]
Table(
    ["order", "η:g", *heads],
    [
        [names[order], rate, *found]
        for order, by_rate in accuracy_by_order.items()
        for rate, found in by_rate.items()
    ],
).show()

# %% solution-6
accuracy_bare = [learn("NR", 1.0, seed, affine=False) for seed in range(3)]
print("without γ and β:", " ".join(f"{found:.2f}" for found in accuracy_bare))
