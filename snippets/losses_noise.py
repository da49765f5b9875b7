"""Which noise makes which loss the right one, and how small a loss can be."""

# %% imports
import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.distributions import Laplace, Normal

from dlnotes.losses import gaussian_nll, laplace_nll, mae, mse
from dlnotes.plot import curves, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% densities
e = torch.linspace(-4, 4, 321)
noises = {"Gaussian": Normal(0.0, 1.0), "Laplace": Laplace(0.0, 0.5**0.5)}
log_density = {name: p.log_prob(e).numpy() for name, p in noises.items()}

fig, axes = plt.subplots(2, 1, figsize=(4.4, 4.4), sharex=True)
curves(axes[0], e.numpy(), {k: np.exp(v) for k, v in log_density.items()})
curves(axes[1], e.numpy(), {k: -v for k, v in log_density.items()})
axes[0].set(ylabel="density")
axes[0].legend()
axes[1].set(xlabel="error e", ylabel="−log density (nats)")
show()

# %% estimators
seed_everything(0)
spread, rows = {}, []
for name, noise in noises.items():
    samples = noise.sample((4000, 101))
    of_mean = samples.mean(dim=1).std().item()
    of_median = samples.median(dim=1).values.std().item()
    spread[name] = {"mean": of_mean, "median": of_median}
    rows.append([name, of_mean, of_median])
Table(["noise", "mean (MSE):.4f", "median (MAE):.4f"], rows).show()
ratio_gaussian = spread["Gaussian"]["median"] / spread["Gaussian"]["mean"]
ratio_laplace = spread["Laplace"]["mean"] / spread["Laplace"]["median"]

# %% any-size
seed_everything(0)
target = 3 + Laplace(0.0, 1.0).sample((101,)).double()
constants = torch.linspace(1, 5, 4001, dtype=torch.float64)


def lowest(loss, *size):
    losses = [loss(c.expand(101), target, *size) for c in constants]
    return constants[torch.stack(losses).argmin()].item()


by_mse, by_mae = lowest(mse), lowest(mae)
print(f"lowest MSE at {by_mse:.3f}, lowest MAE at {by_mae:.3f}")
rows = []
for size in (0.1, 1.0, 10.0):
    rows.append([size, lowest(gaussian_nll, size), lowest(laplace_nll, size)])
Table(["size of the noise", "Gaussian:.3f", "Laplace:.3f"], rows).show()

# %% negative
right = torch.zeros(8)
loss_torch = torch.nn.GaussianNLLLoss()(right, right, torch.full((8,), 0.001))
loss_ours = gaussian_nll(right, right, sigma=0.001**0.5)
left_out = loss_ours - loss_torch
print(f"GaussianNLLLoss, variance 0.001:  {loss_torch:.2f}")
print(f"with the constant it leaves out:  {loss_ours:.2f}")
print(f"½ log 2π = {math.log(2 * math.pi) / 2:.2f}")
