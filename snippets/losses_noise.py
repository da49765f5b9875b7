"""Which noise makes which loss the right one, and how small a loss can be."""

# %% imports
import math

import matplotlib.pyplot as plt
import torch
from torch.distributions import Laplace, Normal

from dlnotes.losses import gaussian_nll, laplace_nll, mae, mse
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% densities
e = torch.linspace(-4, 4, 321)
noises = {"Gaussian": Normal(0.0, 1.0), "Laplace": Laplace(0.0, 0.5**0.5)}

fig, axes = plt.subplots(2, 1, figsize=(4.4, 4.4), sharex=True)
for (name, noise), style in zip(noises.items(), ("-", "--"), strict=True):
    log_density = noise.log_prob(e)
    axes[0].plot(e, log_density.exp(), style, lw=2, label=name)
    axes[1].plot(e, -log_density, style, lw=2)
axes[0].set(ylabel="density")
axes[0].legend()
axes[1].set(xlabel="error e", ylabel="−log density (nats)")
show()

# %% estimators
seed_everything(0)
spreads = {}
for name, noise in noises.items():
    samples = noise.sample((4000, 101))
    spreads[name] = [
        samples.mean(dim=1).std().item(),
        samples.median(dim=1).values.std().item(),
    ]
rows = [[name, *spread] for name, spread in spreads.items()]
columns = ["noise", "mean (MSE)", "median (MAE)"]
Table(columns, rows, dict.fromkeys(columns[1:], ".4f")).show()
gaussian_ratio = spreads["Gaussian"][1] / spreads["Gaussian"][0]
laplace_ratio = spreads["Laplace"][0] / spreads["Laplace"][1]

# %% any-size
seed_everything(0)
target = 3 + Laplace(0.0, 1.0).sample((101,)).double()
constants = torch.linspace(1, 5, 4001, dtype=torch.float64)


def lowest(loss, *size: float) -> float:
    losses = [loss(c.expand(101), target, *size) for c in constants]
    return constants[torch.stack(losses).argmin()].item()


by_mse, by_mae = lowest(mse), lowest(mae)
print(f"lowest MSE at {by_mse:.3f}, lowest MAE at {by_mae:.3f}")
any_sigma, any_b = [], []
for size in (0.1, 1.0, 10.0):
    any_sigma.append(lowest(gaussian_nll, size))
    any_b.append(lowest(laplace_nll, size))
    ends = f"Gaussian {any_sigma[-1]:.3f}  Laplace {any_b[-1]:.3f}"
    print(f"size {size:4}  {ends}")
size_moves = max(any_sigma) - min(any_sigma) + max(any_b) - min(any_b)

# %% negative
right = torch.zeros(8)
narrow = torch.full((8,), 0.001)
torch_negative = torch.nn.GaussianNLLLoss()(right, right, narrow)
ours_negative = gaussian_nll(right, right, sigma=0.001**0.5)
left_out = ours_negative - torch_negative
print(f"GaussianNLLLoss, variance 0.001:  {torch_negative:.2f}")
print(f"with the constant it leaves out:  {ours_negative:.2f}")
print(f"½ log 2π = {math.log(2 * math.pi) / 2:.2f}")
