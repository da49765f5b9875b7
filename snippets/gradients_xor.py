"""XOR from many random starts: which networks get stuck, and in what."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
import torch

from dlnotes.basics.gradient import hessian
from dlnotes.plot import show, surface, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% network
X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1.0]]).double()
target = torch.tensor([0, 1, 1, 0.0]).double()


def network_losses(theta, units, activation=torch.relu):
    W, b, v, c = theta.split([2 * units, units, units, 1], dim=1)
    Z = W.view(-1, units, 2) @ X.T + b[:, :, None]  # (S, H, 4)
    output = (v[:, :, None] * activation(Z)).sum(1) + c  # (S, 4)
    return ((output - target) ** 2).mean(1)  # (S,)


def slopes(theta, *network):
    theta = theta.detach().requires_grad_()
    network_losses(theta, *network).sum().backward()
    return theta.grad


def draw(starts, units):
    seed_everything(0)
    theta = 2 * torch.rand(starts, 4 * units + 1).double() - 1
    theta[:, : 3 * units] /= 2**0.5
    theta[:, 3 * units :] /= units**0.5
    return theta


def descend(theta, steps, *network):
    for _ in range(steps):
        theta = theta - 0.2 * slopes(theta, *network)
    return theta


# %% train
starts = 300
early = descend(draw(starts, 2), 1000, 2)
theta = descend(early, 2000, 2)
losses = network_losses(theta, 2)
sizes = slopes(theta, 2).norm(dim=1)
bad = losses > 0.01
still = bad & (sizes < 1e-8)
share_solved = (~bad).double().mean().item()
share_stuck = bad.double().mean().item()
count_still = still.sum().item()
rows = [["0", (~bad).sum().item(), "—"]]
for name, level in (("1/8", 1 / 8), ("1/6", 1 / 6), ("1/4", 1 / 4)):
    near = bad & ((losses - level).abs() < 1e-4)
    rows.append([name, near.sum().item(), str((near & still).sum().item())])
Table(["loss", "networks", "|∇L| < 1e−8"], rows).show()
on_levels = sum(row[1] for row in rows[1:])
largest_solved = losses[~bad].max()

# %% nudges
rest = theta[still]
at_rest = network_losses(rest, 2)
seed_everything(1)
lower = torch.zeros(count_still, dtype=torch.bool)
for _ in range(1000):
    nudge = torch.randn_like(rest)
    nudge *= 0.01 / nudge.norm(dim=1, keepdim=True)
    lower |= network_losses(rest + nudge, 2) < at_rest - 1e-12
count_lower, count_floor = lower.sum().item(), (~lower).sum().item()
print(f"some nudge leads lower: {count_lower} of {count_still}")
print(f"no nudge leads lower:   {count_floor} of {count_still}")


# %% curvatures
def slopes_numpy(points):
    flat = torch.tensor(points).reshape(-1, 9)
    return slopes(flat, 2).numpy().reshape(points.shape)


W, b, *_ = rest.split([4, 2, 2, 1], dim=1)
kink = (W.view(-1, 2, 2) @ X.T + b[:, :, None]).abs().amin((1, 2))
smooth = kink > 1e-4
H = hessian(slopes_numpy, rest[smooth].numpy())  # (S, 9, 9)
curvatures = np.linalg.eigvalsh((H + H.swapaxes(1, 2)) / 2)
count_smooth, most_negative = smooth.sum().item(), curvatures.min()
flat = (np.abs(curvatures) < 1e-6).sum(axis=1)
count_flat = flat.min(), flat.max()
print(f"away from every kink: {count_smooth} of {count_still}")
print(f"most negative curvature: {most_negative:.0e}")
print(f"flat directions, of 9: {flat.min()} to {flat.max()}")

# %% plane
ends = [theta[~bad]]
for level in (1 / 8, 1 / 6):
    ends.append(theta[still & ((losses - level).abs() < 1e-6)])
near, far = torch.cdist(ends[0], ends[1]), torch.cdist(ends[0], ends[2])
pick = (near.amin(1) + far.amin(1)).argmin()
origin = ends[0][pick]
to_eighth = ends[1][near[pick].argmin()] - origin
to_sixth = ends[2][far[pick].argmin()] - origin
first = to_eighth / to_eighth.norm()
second = to_sixth - (to_sixth @ first) * first
second = second / second.norm()
marks = torch.stack([torch.zeros(9).double(), to_eighth, to_sixth])
marks = marks @ torch.stack([first, second], dim=1)  # (3, 2)
low, high = marks.amin(0) - 0.8, marks.amax(0) + 0.8
x = torch.linspace(low[0], high[0], 45).double()
y = torch.linspace(low[1], high[1], 45).double()
points = origin + x[:, None] * first + y[:, None, None] * second
plane = network_losses(points.view(-1, 9), 2).view(45, 45)

# %% plane-figure
fig, ax = plt.subplots(figsize=(4.8, 3.8))
levels = [0, 0.02, 0.05, 0.09, 0.13, 0.17, 0.21, 0.26, 0.35, 0.6, 1]
surface(ax, x.numpy(), y.numpy(), plane.numpy(), levels)
for (a, b), style, text in zip(marks.numpy(), "*sX", ("0", "1/8", "1/6")):
    ax.plot(a, b, style, color="black", mec="white", ms=12)
    ax.annotate(text, (a, b), (9, 7), textcoords="offset points")
ax.set(xlabel="first direction", ylabel="second direction")
show()

# %% width
share = {2: (network_losses(early, 2) > 0.01).double().mean().item()}
for units in (4, 8, 16):
    wide = descend(draw(starts, units), 1000, units)
    far = network_losses(wide, units) > 0.01
    share[units] = far.double().mean().item()
Table(["hidden units", "share stuck:.1%"], list(share.items())).show()

# %% tanh
theta, done, rows = draw(starts, 2), 0, []
for steps in (500, 1000, 2000):
    theta = descend(theta, steps - done, 2, torch.tanh)
    slow = network_losses(theta, 2, torch.tanh) > 0.01
    slope = slopes(theta, 2, torch.tanh).norm(dim=1)[slow].median()
    rows.append([steps, slow.double().mean().item(), slope.item()])
    done = steps
Table(["steps:,", "share stuck:.1%", "median |∇L|:.0e"], rows).show()
