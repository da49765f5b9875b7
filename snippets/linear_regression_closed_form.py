"""The exact least-squares solution: two lines, many features, hard data."""

# %% imports
import torch
from torch.optim import SGD

from dlnotes.data.synthetic import noisy_line, noisy_linear
from dlnotes.linear import (
    LinearRegression,
    design_matrix,
    least_squares,
    linear,
    normal_equation,
)
from dlnotes.losses import mse
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything


# %% descend
def descend(X: torch.Tensor, y: torch.Tensor) -> LinearRegression:
    model = LinearRegression(features=X.shape[1])
    optimizer = SGD(model.parameters(), lr=0.01)
    train(model, mse, optimizer, Batches(X, y, batch_size=64), steps=3000)
    return model.requires_grad_(False)


# %% two-lines
rows = []
for w, b in [(5, 7), (3, 4)]:
    seed_everything(1809)
    X, y = noisy_line(n=256, w=w, b=b, sigma=0.25)
    model = descend(X, y)
    for name, (w_hat, b_hat) in [
        ("3,000 steps of SGD", (model.w, model.b)),
        ("closed form", least_squares(X, y)),
    ]:
        loss = mse(linear(X, w_hat, b_hat), y)
        estimate = [w_hat.item(), b_hat.item(), loss.item()]
        rows.append([f"y = {w}x + {b}", name, *estimate])
gap_w = [abs(rows[i][2] - rows[i + 1][2]) for i in (0, 2)]
Table(["true line", "method", "w:.4f", "b:.4f", "loss:.6f"], rows).show()

# %% agree
X, y = noisy_line(n=256, w=5, b=7, sigma=0.25)
torchs = torch.linalg.lstsq(design_matrix(X), y[:, None]).solution[1]
print(f"QR               w = {least_squares(X, y)[0].item():.5f}")
print(f"normal equation  w = {normal_equation(X, y)[0].item():.5f}")
print(f"torch lstsq      w = {torchs.item():.5f}")

# %% years
seed_everything(1809)
X, y = noisy_line(n=256, w=5, b=7, sigma=0.25)
years = 2024 + X
A = design_matrix(years).double()
condition = torch.linalg.cond(A / A.norm(dim=0))
methods = {"normal equation": normal_equation, "QR": least_squares}
precisions = {"double": torch.float64, "single": torch.float32}
rows, w_single = [], {}
for name, method in methods.items():
    for precision, dtype in precisions.items():
        w_hat, b_hat = method(years.to(dtype), y.to(dtype))
        prediction = linear(years.double(), w_hat.double(), b_hat.double())
        loss = mse(prediction, y.double()).item()
        rows.append([name, precision, w_hat.item(), b_hat.item(), loss])
    w_single[name] = w_hat.item()
Table(["method", "precision", "w:.3f", "b:.1f", "loss:.4f"], rows).show()

# %% multiple
seed_everything(1809)
w_true = torch.tensor([2.0, -3.0, 0.5])
X, y = noisy_linear((256,), w_true, b=4.0, sigma=0.25)
model = descend(X, y)
w_hat, b_hat = least_squares(X, y)
rows = [["b", 4.0, model.b.item(), b_hat.item()]]
for i in range(3):
    weights = [w_true[i].item(), model.w[i].item(), w_hat[i].item()]
    rows.append([f"w{'₁₂₃'[i]}", *weights])
head = ["parameter", "true value:.1f", "SGD:.4f", "closed form:.4f"]
Table(head, rows).show()
gap_largest = max(abs(sgd - exact) for _, _, sgd, exact in rows)
loss_excess = mse(model(X), y) - mse(linear(X, w_hat, b_hat), y)
