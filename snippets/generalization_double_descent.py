"""Double descent: least squares on random features of handwritten digits."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.nn.functional import one_hot

from dlnotes.data.digits import load_digits
from dlnotes.metrics import accuracy
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% features
digits = load_digits()
X, y = digits.train[0][:200].double(), digits.train[1][:200]
X_val, y_val = digits.val[0].double(), digits.val[1]


def measure(features: int) -> list[float]:
    W = torch.randn(64, features).double()
    hidden = torch.relu(X @ W)  # (200, features)
    solver = torch.linalg.lstsq(hidden, one_hot(y).double(), driver="gelsd")
    theta = solver.solution  # (features, 10)
    wrong = 1 - accuracy(hidden @ theta, y)
    wrong_new = 1 - accuracy(torch.relu(X_val @ W) @ theta, y_val)
    return [wrong, wrong_new, theta.norm().item()]


# %% sweep
seed_everything(2019)
widths = [10, 20, 30, 50, 70, 100, 130, 160, 180, 200]
widths += [210, 220, 250, 300, 400, 600, 1000, 2000, 4000]
training_error, new_error, norm = {}, {}, {}
for width in widths:
    draws = torch.tensor([measure(width) for _ in range(11)])
    medians = draws.median(dim=0).values.tolist()
    training_error[width], new_error[width], norm[width] = medians

shown = (10, 50, 100, 200, 210, 400, 1000, 4000)
rows = [[w, training_error[w], new_error[w], norm[w]] for w in shown]
heads = "training:.1%", "new data:.1%", "norm of θ:.1f"
Table(["random features", *heads], rows).show()

# %% figure
fig, ax = plt.subplots(figsize=(4.8, 3.2))
on_new = [100 * error for error in new_error.values()]
on_training = [100 * error for error in training_error.values()]
ax.plot(widths, on_new, "o-", label="validation images")
ax.plot(widths, on_training, "s--", label="training images")
ax.axvline(200, color="gray", ls=":")
ax.set(xscale="log", xlabel="random features", ylabel="wrong (%)")
ax.legend()
show()

# %% quoted
width_lowest = min(widths[:7], key=new_error.get)
width_peak = max(widths[7:14], key=new_error.get)
error_lowest, error_peak = new_error[width_lowest], new_error[width_peak]
