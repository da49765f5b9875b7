"""What least squares recovers: 2,000 redrawn data sets and the likelihood."""

# %% imports
import matplotlib.pyplot as plt
import torch

from dlnotes.data.synthetic import noisy_line, noisy_linear
from dlnotes.linear import least_squares, linear
from dlnotes.losses import gaussian_nll, mse
from dlnotes.plot import curves, show, use_style
from dlnotes.train.seed import seed_everything

use_style()

# %% redraw
seed_everything(1809)
sets, n, sigma = 2000, 256, 0.25
X, y = noisy_linear((sets, n), w=torch.tensor([5.0]), b=7.0, sigma=sigma)
w, b = least_squares(X, y)  # (2000, 1), (2000,)
losses = ((X[..., 0] * w + b[:, None] - y) ** 2).mean(dim=1)

bias = w.mean() - 5
spread = w.std()
bias_error = spread / sets**0.5
share_within = (abs(w - 5) < 0.05).float().mean()
print(f"slope: mean error {bias:+.5f} ± {bias_error:.5f}")
print(f"slope: standard deviation {spread:.4f}")
print(f"slope within 0.05 of 5 in {share_within:.0%} of the data sets")

# %% expected
spread_theory = sigma / (n / 12) ** 0.5
loss_mean, loss_theory = losses.mean(), sigma**2 * (n - 2) / n
loss_low, loss_high = losses.quantile(torch.tensor([0.05, 0.95])).tolist()
print(f"slope: standard deviation {spread_theory:.4f} by the formula")
print(f"lowest loss: mean {loss_mean:.4f}, by the formula {loss_theory:.4f}")
print(f"lowest loss: nine in ten lie from {loss_low:.4f} to {loss_high:.4f}")

# %% histogram
fig, ax = plt.subplots(figsize=(4.8, 2.8))
ax.hist(w[:, 0], bins=40, alpha=0.6, label="2,000 data sets")
ax.axvline(5, color="black", ls="--", label="true slope 5")
ax.set(xlabel="fitted slope ŵ", ylabel="number of data sets")
ax.legend()
show()

# %% likelihood
seed_everything(1809)
X, y = noisy_line(n=256, w=5, b=7, sigma=0.25)
w_fit, b_fit = least_squares(X, y)
slopes = torch.linspace(3.5, 6.5, 301)
nll = {
    sigma: [gaussian_nll(linear(X, w[None], b_fit), y, sigma) for w in slopes]
    for sigma in (0.25, 0.5, 1.0)
}
for sigma, curve in nll.items():
    lowest = min(zip(curve, slopes))
    print(f"σ = {sigma:.2f}  lowest at w = {lowest[1]:.2f}")

# %% likelihood-curves
fig, ax = plt.subplots(figsize=(4.8, 3.1))
ax.axvline(w_fit.item(), color="gray", lw=1)
curves(ax, slopes, {f"σ = {sigma}": curve for sigma, curve in nll.items()})
for curve in nll.values():
    loss, slope = min(zip(curve, slopes))
    ax.plot(slope, loss, "o", color="black", ms=5)
ax.set(xlabel="slope w", ylabel="negative log likelihood (nats)")
fig.legend(loc="outside upper center", ncols=3)
show()

# %% sigma
loss_lowest = min(nll[0.25])
sigma_hat = mse(linear(X, w_fit, b_fit), y).sqrt()
print(f"likeliest σ = {sigma_hat:.3f}")
