"""How many steps a long valley takes, without and with momentum."""

# %% imports
import torch

from dlnotes.optim import SGD, Momentum
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)


# %% count
def steps_to_the_bottom(curvature, method, **settings):
    theta = torch.ones(2, dtype=torch.float64, requires_grad=True)
    optimizer = method([theta], **settings)
    steps = 0
    while theta.norm() > 1e-3 * 2**0.5:  # a thousandth of the way
        theta.grad = torch.tensor([1.0, curvature]) * theta.detach()
        optimizer.step()
        steps += 1
    return steps


# %% table
steps, momentum_steps = {}, {}
for k in (10, 100, 1000):
    root = k**0.5
    lr, mu = (2 / (1 + root)) ** 2, ((root - 1) / (root + 1)) ** 2
    steps[k] = steps_to_the_bottom(k, SGD, lr=2 / (1 + k))
    momentum_steps[k] = steps_to_the_bottom(k, Momentum, lr=lr, momentum=mu)
rows = [[k, steps[k], momentum_steps[k]] for k in steps]
Table(["κ", "SGD", "Momentum"], rows).show()
