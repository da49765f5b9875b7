"""Losses for classes: what keeps them finite, and what weights change."""

# %% imports
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch.optim import SGD

from dlnotes.binary import bce, bce_with_logits
from dlnotes.linear import LinearRegression
from dlnotes.losses import cross_entropy
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

use_style()

# %% one-sample
logits = torch.tensor([[2.0, 1.0, 0.1]])
p = logits.softmax(dim=1)[0]
for label in range(3):
    loss = cross_entropy(logits, torch.tensor([label]))
    print(f"label {label}  p {p[label]:.3f}  −log p {loss:.3f}")

# %% lead
lead = torch.linspace(-6, 6, 121, requires_grad=True)
logits = torch.stack([lead, torch.zeros(121)], dim=1)  # (121, 2)
right_class = torch.zeros(121, dtype=torch.int64)
price = cross_entropy(logits, right_class, "none")
(force,) = torch.autograd.grad(price.sum(), lead)

# %% lead-figure
fig, axes = plt.subplots(2, 1, figsize=(4.4, 3.8), sharex=True)
axes[0].plot(lead.detach().numpy(), price.detach().numpy(), "C0")
axes[1].plot(lead.detach().numpy(), force.numpy(), "C1")
axes[0].set_ylabel("loss (nats)")
axes[1].set(xlabel="lead of the right class, in logits", ylabel="slope")
show()

# %% thousand
logits = torch.tensor([[1000.0, 0.0, -1000.0]], requires_grad=True)
naive = -(logits.exp() / logits.exp().sum(dim=1)).log()[0]
stable = cross_entropy(logits.expand(3, 3), torch.arange(3), "none")
(slope,) = torch.autograd.grad(stable[2], logits)
print("exp, divide, log", naive.tolist())
print("cross_entropy   ", stable.tolist())
print("its gradient for label 2", slope[0].tolist())

# %% epsilon
lead = torch.arange(41.0, requires_grad=True)
logits = torch.stack([torch.zeros(41), lead], dim=1)  # (41, 2)
right_class = torch.zeros(41, dtype=torch.int64)
loss_exact = cross_entropy(logits, right_class, "none")
loss_patched = -(logits.softmax(dim=1)[:, 0] + 1e-7).log()
slopes = [
    torch.autograd.grad(loss.sum(), lead, retain_graph=True)[0]
    for loss in (loss_exact, loss_patched)
]
bias = loss_exact - loss_patched
columns = [lead, loss_exact, slopes[0], loss_patched, slopes[1]]
rows = torch.stack(columns, dim=1)[[0, 10, 16, 20, 40]].tolist()
heads = ["lead:.0f", "log-softmax:.3f", "slope:.2f", "log(p + 1e−7):.3f"]
Table([*heads, "slope:.2f"], rows).show()

# %% epsilon-curves
fig, ax = plt.subplots(figsize=(4.4, 2.9))
patched = {"log-softmax": loss_exact, "log(p + 1e−7)": loss_patched}
patched = {name: loss.detach().numpy() for name, loss in patched.items()}
curves(ax, lead.detach().numpy(), patched)
ax.set(xlabel="lead of the wrong class, in logits", ylabel="loss (nats)")
ax.legend()
show()

# %% saturated
z = torch.tensor([-200.0, -30, -20, 20, 30, 200], requires_grad=True)
y = (z < 0).float()
on_p = bce(z.sigmoid(), y, "none")
on_z = bce_with_logits(z, y, "none")
(slope_on_p,) = torch.autograd.grad(on_p.sum(), z)
(slope_on_z,) = torch.autograd.grad(on_z.sum(), z)
rows = torch.stack([z, y, on_p, slope_on_p, on_z, slope_on_z], dim=1).tolist()
heads = ["z:.0f", "y:.0f", "loss of p:.1f", "∂/∂z:z.3f", "loss of z:.1f"]
Table([*heads, "∂/∂z:z.3f"], rows).show()


# %% rare
def draw(n):
    positive = (torch.rand(n) < 0.05).float()
    return torch.randn(n, 1) + 2 * positive[:, None], positive


seed_everything(0)
X, y = draw(20_000)
X_new, y_new = draw(20_000)
ratio = (1 - y).sum() / y.sum()
models = []
for pos_weight in (torch.tensor(1.0), ratio):
    loss = partial(bce_with_logits, pos_weight=pos_weight)
    model = LinearRegression(features=1)
    optimizer = SGD(model.parameters(), lr=1, momentum=0.9)
    train(model, loss, optimizer, Batches(X, y, batch_size=20_000), steps=300)
    models.append(model)

# %% rare-table
recall, precision, accuracy, mean_p = [], [], [], []
for model in models:
    z = model(X_new).detach()
    recall.append((z[y_new == 1] > 0).float().mean().item())
    precision.append(y_new[z > 0].mean().item())
    accuracy.append(((z > 0) == (y_new == 1)).float().mean().item())
    mean_p.append(z.sigmoid().mean().item())
share_positive = y_new.mean()
rows = zip([1.0, ratio.item()], recall, precision, accuracy, mean_p)
heads = ["pos_weight:.1f", "recall R:.3f", "precision P:.3f"]
Table([*heads, "accuracy:.3f", "mean p:.3f"], list(rows)).show()

# %% shift
plain, weighted = models
shift = weighted.b - plain.b
shift_at_1 = shift + (weighted.w - plain.w)
log_ratio = ratio.log()
print(f"plain     z = {plain.w.item():.2f}x {plain.b.item():+.2f}")
print(f"weighted  z = {weighted.w.item():.2f}x {weighted.b.item():+.2f}")
print(f"shift of the bias {shift:.2f}, log of the weight {log_ratio:.2f}")
print(f"shift of the logit at x = 1: {shift_at_1.item():.2f}")
mean_back = (weighted(X_new) - log_ratio).sigmoid().mean()
print(f"mean p after taking the log of the weight off: {mean_back:.3f}")
