"""Fit a line to 40 points: the example of how a page of this book is made."""

# %% imports
import matplotlib.pyplot as plt
import torch

from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import least_squares, linear
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything

use_style()

# %% line
seed_everything(7)
X, y = noisy_line(n=40, w=2, b=1, sigma=0.3)
w, b = least_squares(X, y)
slope, intercept = w.item(), b.item()
print(f"slope {slope:.3f}  intercept {intercept:.3f}")

# %% picture
ends = torch.tensor([[0.0], [1.0]])
fig, ax = plt.subplots(figsize=(4.4, 2.6))
ax.plot(X[:, 0], y, ".", color="gray", label="40 observations")
ax.plot(ends, linear(ends, w, b), color="C0", lw=2, label="fitted line")
ax.set(xlabel="x", ylabel="y")
ax.legend()
show()
