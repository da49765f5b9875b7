"""Double descent: least squares on random features of handwritten digits."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from dlnotes.data.digits import load_digits
from dlnotes.metrics import accuracy
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything

use_style()

# %% data
digits = load_digits()
X, y = digits.train[0][:200].double(), digits.train[1][:200]
X_val, y_val = digits.val[0].double(), digits.val[1]


# %% features
def errors(features: int) -> tuple[float, float, float]:
    W = torch.randn(64, features).double()
    hidden = torch.relu(X @ W)  # (200, features)
    solver = torch.linalg.lstsq(hidden, one_hot(y).double(), driver="gelsd")
    theta = solver.solution  # (features, 10)
    on_training = 1 - accuracy(hidden @ theta, y)
    on_new = 1 - accuracy(torch.relu(X_val @ W) @ theta, y_val)
    return on_training, on_new, theta.norm().item()


# %% sweep
seed_everything(2019)
widths = [10, 20, 30, 50, 70, 100, 130, 160, 180, 200]
widths += [220, 250, 300, 400, 600, 1000, 2000, 4000]
curve = {
    width: Tensor([errors(width) for _ in range(4)]).mean(dim=0).tolist()
    for width in widths
}
for width in (10, 50, 100, 200, 220, 400, 1000, 4000):
    on_training, on_new, norm = curve[width]
    print(
        f"{width:4} features  training {on_training:6.1%}"
        f"  new {on_new:6.1%}  ‖θ‖ {norm:6.1f}"
    )

# %% figure
fig, ax = plt.subplots(figsize=(4.8, 3.2))
on_training, on_new, _ = zip(*curve.values(), strict=True)
ax.plot(widths, [100 * e for e in on_new], "o-", label="validation images")
ax.plot(widths, [100 * e for e in on_training], "s--", label="training images")
ax.axvline(200, color="gray", ls=":")
ax.set(xscale="log", xlabel="random features", ylabel="wrong (%)")
ax.legend()
show()

# %% results
narrow = {w: new for w, (_, new, _) in curve.items() if w < 160}
narrow_width = min(narrow, key=narrow.__getitem__)
narrow_best = narrow[narrow_width]
middle = {w: new for w, (_, new, _) in curve.items() if 130 <= w <= 300}
peak_width = max(middle, key=middle.__getitem__)
peak = middle[peak_width]
wide = curve[4000][1]
norm_peak, norm_wide = curve[200][2], curve[4000][2]
