"""One query that has to look at two places: with one, two and four heads."""

# %% imports
from functools import cache, partial
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Adam

from dlnotes.attention.multi_head import MultiHeadAttention
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything

use_style()
PEOPLE, NAMES, C = 6, 8, 16  # in the room, in use, channels
HEADS, SEEDS = (1, 2, 4), range(3)
B, STEPS = 32, 150


# %% data
def draw(rows: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return roles and names (rows, PEOPLE), and two names to be told.

    The role is 0 for who calls, 1 for who is called, 2 for all others.
    """
    names = torch.randint(NAMES, (rows, PEOPLE))
    order = torch.rand(rows, PEOPLE).argsort(dim=1)
    place = order.argsort(dim=1)  # who has role 0, role 1, …
    told = names.gather(1, place[:, :2])
    return order.clamp(max=2), names, told


# %% model
class WhoCalls(nn.Module):
    """Look at roles with one query, and tell two names from what is seen."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, C))
        self.roles = nn.Embedding(3, C)
        self.names = nn.Embedding(NAMES, C)
        self.attention = MultiHeadAttention(C, heads)
        self.dense = nn.Linear(C, 2 * NAMES)

    def forward(self, roles: Tensor, names: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (B, NAMES, 2) and weights (B, h, PEOPLE)."""
        query = self.query.expand(len(roles), -1, -1)  # (B, 1, C)
        keys, values = self.roles(roles), self.names(names)
        output, weights = self.attention(query, keys, values)
        logits = self.dense(output[:, 0]).unflatten(1, (NAMES, 2))
        return logits, weights[:, :, 0]


# %% recipe
@cache  # what is asked for twice is trained once
def trained(heads: int, rate: float, seed: int) -> WhoCalls:
    seed_everything(seed)
    model = WhoCalls(heads)
    optimizer = Adam(model.parameters(), rate, fused=True)
    for _ in range(STEPS):
        roles, names, told = draw(B)
        loss = cross_entropy(model(roles, names)[0], told)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


# %% answers
@torch.no_grad()
def answers(model: WhoCalls, seed: int) -> tuple[float, Tensor, Tensor]:
    """Return the loss, what is right (N, 2), the weights of roles (h, 3)."""
    seed_everything(seed)  # the same rooms for all
    roles, names, told = draw(1000)
    logits, weights = model(roles, names)
    shares = [
        torch.where(roles[:, None] == role, weights, 0).sum(dim=2).mean(dim=0)
        for role in range(3)
    ]
    loss = cross_entropy(logits, told).item()
    return loss, logits.argmax(dim=1) == told, torch.stack(shares, dim=1)


# %% rates
def worth(heads: int, rate: float) -> float:
    """Return minus the loss in new rooms, mean over the seeds."""
    models = [trained(heads, rate, seed) for seed in SEEDS]
    return -mean(answers(model, seed=100)[0] for model in models)


found = {
    heads: bracket(partial(worth, heads), (0.003, 0.01, 0.03))
    for heads in HEADS
}
rate_best = {heads: best(row) for heads, row in found.items()}
loss_val = {
    heads: {rate: -value for rate, value in row.items()}
    for heads, row in found.items()
}
rows = {f"{n}": row for n, row in loss_val.items()}
rates_table("heads", rows, digits=5).show()

# %% seeds
accuracy, weight_of = {}, {}
for heads, rate in rate_best.items():
    accuracy[heads], weight_of[heads] = [], []
    for seed in SEEDS:
        _, right, shares = answers(trained(heads, rate, seed), seed=200)
        both = right.all(dim=1, keepdim=True)
        found = torch.cat([right, both], dim=1).float().mean(dim=0)
        accuracy[heads].append(found.tolist())
        weight_of[heads].append(shares.tolist())
parameters = {
    n: sum(W.numel() for W in WhoCalls(n).parameters()) for n in HEADS
}
Table(
    ["heads", "parameters:,", "η:.2g", "who calls", "who is called", "both"],
    [
        [
            n,
            parameters[n],
            rate_best[n],
            *(
                ", ".join(f"{x:.2f}" for x in column)
                for column in zip(*accuracy[n], strict=True)
            ),
        ]
        for n in HEADS
    ],
).show()

# %% collisions
MANY = range(10)
COUNTED = ((2, 0.01), (2, 0.03), (4, 0.03))  # heads and rates
count_failed, failures = {}, []
for heads, rate in COUNTED:
    case = f"{heads} heads, η = {rate}"
    count_failed[case] = 0
    for seed in MANY:
        _, right, shares = answers(trained(heads, rate, seed), seed=200)
        if right.all(dim=1).float().mean() < 0.95:
            count_failed[case] += 1
            places = shares.argmax(dim=1)  # where each head looks most
            told = right.float().mean(dim=0)  # the accuracy of each answer
            failures.append((case, places.tolist(), told.tolist()))
    print(f"{case}: {count_failed[case]} of {len(MANY)} seeds")

# %% weights-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
rows = {
    f"{heads} heads: head {n}" if heads > 1 else "1 head": weights
    for heads in HEADS
    for n, weights in enumerate(weight_of[heads][0], start=1)
}
kinds = ("who calls", "who is called", "the four others")
left = [0.0] * len(rows)
for n, kind in enumerate(kinds):
    widths = [weights[n] for weights in rows.values()]
    ax.barh([*rows], widths, left=left, hatch=("", "//", "..")[n], label=kind)
    left = [a + b for a, b in zip(left, widths, strict=True)]
ax.invert_yaxis()
ax.set(xlabel="share of the weight", xlim=(0, 1))
ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=3)
show()

# %% quoted
parameters_each = parameters[1]
accuracy_one_head = mean(both for *_, both in accuracy[1])
accuracy_two_heads = mean(both for *_, both in accuracy[2])
accuracy_four_heads = mean(both for *_, both in accuracy[4])
weights_one_head = [shares[0] for shares in weight_of[1]]  # by seed
weights_two_heads = weight_of[2]  # by seed, and by head
