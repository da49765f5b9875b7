"""Draw the distances whose squares least squares makes small."""

# %% imports
import matplotlib.pyplot as plt
import torch

from dlnotes.linear import least_squares, linear
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% idea
x = torch.tensor([0.1, 0.25, 0.4, 0.55, 0.7, 0.9])
y = torch.tensor([2.3, 1.7, 3.6, 2.6, 4.4, 4.1])
w, b = least_squares(x[:, None], y)
y_hat = linear(x[:, None], w, b)

fig, ax = plt.subplots(figsize=(4.4, 2.7))
ax.vlines(x, y_hat, y, color="C1", lw=2, label="error ŷ − y")
ax.axline((0, float(b)), slope=float(w), color="C0", label="model ŷ")
ax.plot(x, y, "o", color="black", label="observation y")
ax.set(xlim=(0, 1), ylim=(1, 5.4), xlabel="x", ylabel="y")
ax.legend(loc="upper left")
show()
