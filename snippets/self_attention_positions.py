"""Sinusoidal positions seen, and turned; rotary scores; the factor √C."""

# %% imports
from math import sqrt

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cosine_similarity

from dlnotes.plot import show, use_style
from dlnotes.position import Learned, frequencies, rotary, sinusoidal
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)
torch.set_default_dtype(torch.float64)

# %% map-figure
T, C = 64, 32
P = sinusoidal(T, C)
fig, ax = plt.subplots(figsize=(4.8, 3.4))
image = ax.imshow(P.tolist(), cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
ax.set(xlabel="channel", ylabel="position t")
fig.colorbar(image, ax=ax, label="entry")
show()

# %% kinds
learned = Learned(T, C)
parameters_learned = sum(W.numel() for W in learned.parameters())
print("parameters of the learned positions:", parameters_learned)
try:
    learned(torch.zeros(T + 1, C))
except ValueError as error:
    print(error)
far = sinusoidal(1_000_001, C)[-1, :2].tolist()
print("sinusoidal at t = 1,000,000:", *(f"{x:.4f}" for x in far), "…")

# %% turned
k = 5
theta = k * frequencies(C)  # (C / 2,)
s, c = P.unflatten(1, (-1, 2)).unbind(dim=-1)  # sines, cosines (T, C / 2)
turned = torch.stack(
    [
        s * theta.cos() + c * theta.sin(),
        c * theta.cos() - s * theta.sin(),
    ],
    dim=-1,
).flatten(1)
difference_turned = (turned[:-k] - P[k:]).abs().max().item()
print(f"P[t] turned against P[t + {k}]: {difference_turned:.0e}")

# %% products
gram = P @ P.T  # (T, T)
products = torch.stack([gram.diagonal(k).mean() for k in range(T)])
spread = max(
    (gram.diagonal(k) - products[k]).abs().max().item() for k in range(T)
)
norm_position = P.norm(dim=1)
print(f"P[t] · P[t + k] for all t: within {spread:.0e}")
print(f"|P[t]| = {norm_position[0]:.3f}, √(C / 2) = {sqrt(C / 2):.3f}")

# %% products-figure
distance = torch.arange(-40, 41)
around = sinusoidal(81, C)
product_by_distance = around @ around[40]
fig, ax = plt.subplots(figsize=(4.8, 2.4))
ax.plot(distance.tolist(), product_by_distance.tolist(), marker=".", lw=0.8)
ax.set(xlabel="distance k", ylabel="product", ylim=(0, None))
show()

# %% turning
q, k = torch.tensor([[0.36, -0.93], [0.56, -0.57]])  # ω is 1 for one pair
angle_between = []
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.6))
for ax, (t, s) in zip(axes, ((2, 1), (4, 3)), strict=True):
    directions = []
    for name, before, place, colour in (("q", q, t, "C0"), ("k", k, s, "C1")):
        after = rotary(before[None], place)[0]
        directions.append(torch.atan2(after[1], after[0]).item())
        for (x, y), alpha in ((before, 0.4), (after, 1)):
            style = dict(color=colour, alpha=alpha)
            tip = dict(arrowstyle="-|>", shrinkA=0, shrinkB=0, **style)
            ax.annotate("", (x, y), (0, 0), arrowprops=tip)
            ax.text(1.15 * x, 1.15 * y, name, **style)
    arc = torch.linspace(*directions, 30)
    ax.plot((arc.cos() / 3).tolist(), (arc.sin() / 3).tolist(), color="gray")
    angle_between.append(directions[0] - directions[1])
    ax.set(title=f"t = {t}, s = {s}", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    ax.set_aspect("equal")
    ax.set_axis_off()
show()

# %% rotary
q, k = torch.randn(2, C)
Q, K = rotary(q.expand(T, C)), rotary(k.expand(T, C))  # the same, everywhere
scores = Q @ K.T / sqrt(C)
difference_relative = (scores[1:, 1:] - scores[:-1, :-1]).abs().max().item()
difference_length = (Q.norm(dim=1) - q.norm()).abs().max().item()
print(f"score at (t + 1, s + 1) against (t, s): {difference_relative:.0e}")
print(f"length of a turned query: differs by {difference_length:.0e}")

# %% rotary-figure
fig, ax = plt.subplots(figsize=(4.2, 3.2))
limit = scores.abs().max().item()
image = ax.imshow(scores.tolist(), cmap="RdBu", vmin=-limit, vmax=limit)
ax.set(xlabel="position of the key", ylabel="position of the query")
fig.colorbar(image, ax=ax, label="score")
show()

# %% scale
rows, cosine_scaled, cosine_plain = [], {}, {}
for C in (32, 128, 512):
    words = torch.randn(1000, C) / sqrt(C)  # embeddings of length about 1
    place = sinusoidal(T, C)[10]
    pairs = {}
    for name, factor in (("as they are", 1), ("times √C", sqrt(C))):
        X = factor * words + place
        pairs[name] = cosine_similarity(X[0::2], X[1::2]).mean().item()
    cosine_plain[C], cosine_scaled[C] = pairs.values()
    norm = words.norm(dim=1).mean().item()
    rows.append(
        [
            C,
            norm,
            sqrt(C) * norm,
            place.norm().item(),
            *pairs.values(),
        ]
    )
Table(
    [
        "C",
        "embedding:.1f",
        "times √C:.1f",
        "position:.1f",
        "cosine, as they are:.3f",
        "cosine, times √C:.3f",
    ],
    rows,
).show()
