"""XOR from many random starts: which networks get stuck, and in what."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
import torch

from dlnotes.basics.gradient import hessian
from dlnotes.plot import show, use_style
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
solved, stuck = (~bad).double().mean(), bad.double().mean()
stuck_count, still_count = int(bad.sum()), int(still.sum())
rows = [["0", starts - stuck_count, "—"]]
for name, level in (("1/8", 1 / 8), ("1/6", 1 / 6), ("1/4", 1 / 4)):
    near = bad & ((losses - level).abs() < 1e-4)
    rows.append([name, int(near.sum()), str(int((near & still).sum()))])
on_levels = sum(row[1] for row in rows[1:])
largest_solved = losses[~bad].max()
Table(["loss", "networks", "|∇L| < 1e-8"], rows).show()

# %% nudges
rest = theta[still]
at_rest = network_losses(rest, 2)
seed_everything(1)
lower = torch.zeros(still_count, dtype=torch.bool)
for _ in range(1000):
    nudge = torch.randn_like(rest)
    nudge *= 0.01 / nudge.norm(dim=1, keepdim=True)
    lower |= network_losses(rest + nudge, 2) < at_rest - 1e-12
floor_count, lower_count = int((~lower).sum()), int(lower.sum())
print(f"some nudge leads lower: {lower_count} of {still_count}")
print(f"no nudge leads lower:   {floor_count} of {still_count}")


# %% curvatures
def slopes_numpy(points):
    flat = torch.tensor(points).reshape(-1, 9)
    return slopes(flat, 2).numpy().reshape(points.shape)


W, b, *_ = rest.split([4, 2, 2, 1], dim=1)
kink = (W.view(-1, 2, 2) @ X.T + b[:, :, None]).abs().amin((1, 2))
smooth = kink > 1e-4
H = hessian(slopes_numpy, rest[smooth].numpy())  # (S, 9, 9)
curvatures = np.linalg.eigvalsh((H + H.swapaxes(1, 2)) / 2)
smooth_count, kink_count = int(smooth.sum()), int((~smooth).sum())
most_negative = curvatures.min()
flat = (np.abs(curvatures) < 1e-6).sum(axis=1)
fewest_flat, most_flat = flat.min(), flat.max()
print(f"away from every kink: {smooth_count} of {still_count}")
print(f"most negative curvature: {most_negative:.0e}")
print(f"flat directions, of 9: {fewest_flat} to {most_flat}")

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
grid = origin + x[:, None] * first + y[:, None, None] * second
plane = network_losses(grid.view(-1, 9), 2).view(45, 45)

# %% plane-figure
fig, ax = plt.subplots(figsize=(4.8, 3.8))
levels = [0, 0.02, 0.05, 0.09, 0.13, 0.17, 0.21, 0.26, 0.35, 0.6, 1]
fill = {"cmap": "viridis", "alpha": 0.5, "extend": "max"}
ax.contourf(x, y, plane, levels, **fill)
ax.contour(x, y, plane, levels, colors="white", linewidths=0.6)
for (a, b), style, text in zip(marks, "*sX", ("0", "1/8", "1/6"), strict=True):
    ax.plot(a, b, style, color="black", mec="white", ms=12)
    ax.annotate(text, (a, b), (7, 5), textcoords="offset points")
ax.set(xlabel="first direction", ylabel="second direction")
show()

# %% width
widths, shares = [2, 4, 8, 16], []
for units in widths:
    wide = descend(draw(starts, units), 1000, units) if units > 2 else early
    far = network_losses(wide, units) > 0.01
    shares.append(far.double().mean().item())
stuck_2, stuck_4, stuck_8, stuck_16 = shares
rows = [list(row) for row in zip(widths, shares, strict=True)]
Table(["hidden units", "stuck"], rows, {"stuck": ".1%"}).show()

# %% tanh
rows, smooth_theta = [], draw(starts, 2)
for steps in (500, 1000, 2000):
    done = rows[-1][0] if rows else 0
    smooth_theta = descend(smooth_theta, steps - done, 2, torch.tanh)
    slow = network_losses(smooth_theta, 2, torch.tanh) > 0.01
    slope = slopes(smooth_theta, 2, torch.tanh).norm(dim=1)[slow].median()
    rows.append([steps, slow.double().mean().item(), slope.item()])
tanh_early, tanh_late = rows[0][1], rows[-1][1]
slope_early, slope_late = rows[0][2], rows[-1][2]
form = {"stuck": ".1%", "median |∇L|": ".0e"}
Table(["steps", "stuck", "median |∇L|"], rows, form).show()
