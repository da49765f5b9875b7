"""A rule written by hand and a rule learned, and the four ways to learn."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor

from dlnotes.data.digits import load_digits
from dlnotes.plot import gallery, show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% data
digits = load_digits()
X_train, y_train = digits.train
X_test, y_test = digits.test


def only(
    first: int, second: int, X: Tensor, y: Tensor
) -> tuple[Tensor, Tensor]:
    chosen = (y == first) | (y == second)
    return X[chosen], y[chosen]


# %% pairs-figure
fig, ax = plt.subplots(figsize=(4.6, 1.7))
six_of_each = [X_train[y_train == digit][:6] for digit in (3, 8)]
gallery(ax, torch.cat(six_of_each).reshape(-1, 8, 8), columns=6)
show()


# %% rules
def zero_or_one(X: Tensor) -> Tensor:
    middle = X.reshape(-1, 8, 8)[:, 3:5, 3:5].mean(dim=(1, 2))
    return torch.where(middle < 0.4, 0, 1)


def three_or_eight(X: Tensor) -> Tensor:
    left = X.reshape(-1, 8, 8)[:, 2:6, 1:4].mean(dim=(1, 2))
    return torch.where(left < 0.3, 3, 8)


# %% learned
def means(X: Tensor, y: Tensor, classes: list[int]) -> Tensor:
    return torch.stack([X[y == digit].mean(dim=0) for digit in classes])


def nearest(X: Tensor, points: Tensor) -> Tensor:
    return torch.cdist(X, points).argmin(dim=1)


def share(right: Tensor) -> float:
    return right.float().mean().item()


# %% contest
RULES = {(0, 1): zero_or_one, (3, 8): three_or_eight}


def contest(pair, train, test):
    """Return how many of `test` the written and the learned rule get right."""
    X, y = only(*pair, *test)
    centres = means(*only(*pair, *train), list(pair))
    learned = torch.tensor(pair)[nearest(X, centres)]
    return share(RULES[pair](X) == y), share(learned == y)


accuracy = {pair: contest(pair, digits.train, digits.test) for pair in RULES}
images = {pair: len(only(*pair, X_test, y_test)[1]) for pair in RULES}
all_ten = means(X_train, y_train, list(range(10)))
accuracy_ten = share(nearest(X_test, all_ten) == y_test)
rows = [["0 … 9", "–", f"{accuracy_ten:.3f}"]]
for a, b in reversed(RULES):
    by_hand, learned = accuracy[a, b]
    rows.insert(0, [f"{a} ↔ {b}", f"{by_hand:.3f}", f"{learned:.3f}"])
Table(["task", "hand-written", "learned"], rows).show()

# %% again
X, y = (torch.cat(parts) for parts in zip(*digits[:3]))
deals = []
for seed in range(20):
    seed_everything(seed)
    train, test = torch.randperm(len(X)).split([1437, 360])
    deals.append(((X[train], y[train]), (X[test], y[test])))
accuracy_again = {p: [contest(p, *deal) for deal in deals] for p in RULES}
rows = []
for (a, b), found in accuracy_again.items():
    by_hand, learned = torch.tensor(found).T  # (20,)
    means_of_20 = by_hand.mean().item(), learned.mean().item()
    worse, better = sum(learned < by_hand), sum(learned > by_hand)
    rows.append([f"{a} ↔ {b}", *means_of_20, int(worse), int(better)])
head = ["task", "hand-written:.3f", "learned:.3f", "worse", "better"]
Table(head, rows).show()


# %% more-data
def wrong(n, train, test):
    """Return the errors of three rules; the learned ones see n examples."""
    X, y = only(3, 8, *test)
    examples, labels = only(3, 8, *train)
    half = [(labels == digit).nonzero()[: n // 2, 0] for digit in (3, 8)]
    examples, labels = examples[torch.cat(half)], labels[torch.cat(half)]
    centres = means(examples, labels, [3, 8])
    average = torch.tensor([3, 8])[nearest(X, centres)]
    similar = labels[nearest(X, examples)]
    return [share(z != y) for z in (three_or_eight(X), average, similar)]


sizes = [2, 4, 8, 16, 32, 64, 128, 256]
errors = torch.tensor([[wrong(n, *deal) for deal in deals] for n in sizes])
of_rules = errors.mean(dim=1).T.tolist()  # (3, 8)
(error_by_hand, *_), error_average, error_similar = of_rules
count_worse = (errors[..., 2] > errors[..., 0]).sum(dim=1).tolist()

# %% more-data-figure
fig, ax = plt.subplots(figsize=(4.6, 2.8))
ax.axhline(error_by_hand, color="C1", ls="--", label="rule written by hand")
ax.plot(sizes, error_average, "C2^:", label="nearest average")
ax.plot(sizes, error_similar, "C0o-", label="most similar example")
ax.set(xscale="log", xlabel="number of examples", ylabel="error rate")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend()
show()


# %% unsupervised
def k_means(X: Tensor, centres: Tensor) -> Tensor:
    group, before = nearest(X, centres), None
    while before is None or not torch.equal(group, before):
        centres = means(X, group, list(range(len(centres))))
        group, before = nearest(X, centres), group
    return centres


seed_everything(0)
start = X_train[torch.randperm(len(X_train))[:10]]
centres = k_means(X_train, start)
group = nearest(X_train, centres)
counts = torch.zeros(10, 10).index_put_(
    (group, y_train), torch.ones(len(y_train)), accumulate=True
)
share_named = (counts.max(dim=1).values.sum() / len(y_train)).item()
print(f"{len(X_train)} images, 10 groups, no label used")
print("images in each group:", *counts.sum(dim=1).int().tolist())

# %% unsupervised-figure
fig, ax = plt.subplots(figsize=(4.2, 1.9))
gallery(ax, centres.reshape(-1, 8, 8), columns=5)
show()

# %% semi-supervised
few, half = [], []
for seed in range(20):
    seed_everything(seed)
    order = torch.randperm(len(X_train))
    rows = torch.cat([order[y_train[order] == d][:1] for d in range(10)])
    labelled = means(X_train[rows], y_train[rows], list(range(10)))
    few.append(share(nearest(X_test, labelled) == y_test))
    centres = k_means(X_train, labelled)
    half.append(share(nearest(X_test, centres) == y_test))
accuracy_few, accuracy_half = sum(few) / 20, sum(half) / 20
count_helped = sum(b > a for a, b in zip(few, half))
print(f"10 labelled images:    {accuracy_few:.3f}")
print(f"and the rest, without: {accuracy_half:.3f}")
print(f"all of them labelled:  {accuracy_ten:.3f}")

# %% reinforcement
CLIFF = [
    "........",
    "........",
    "S######G",
]
MOVES = {"↑": (-1, 0), "↓": (1, 0), "←": (0, -1), "→": (0, 1)}


def move(
    place: tuple[int, int], way: int
) -> tuple[tuple[int, int], float, bool]:
    down, right = list(MOVES.values())[way]
    row = min(max(place[0] + down, 0), len(CLIFF) - 1)
    column = min(max(place[1] + right, 0), len(CLIFF[0]) - 1)
    field = CLIFF[row][column]
    if field == "#":
        return (2, 0), -100.0, True
    return (row, column), -1.0, field == "G"


seed_everything(0)
Q = torch.zeros(3, 8, 4)
returns = []
for _ in range(400):
    place, done, total = (2, 0), False, 0.0
    while not done:
        explores = torch.rand(()) < 0.1
        way = int(torch.randint(4, ())) if explores else int(Q[place].argmax())
        after, reward, done = move(place, way)
        target = reward + (0.0 if done else Q[after].max().item())
        Q[place][way] += 0.5 * (target - Q[place][way])
        place, total = after, total + reward
    returns.append(total)

# %% path
place, steps, fields = (2, 0), 0, [list(row) for row in CLIFF]
while CLIFF[place[0]][place[1]] != "G" and steps < 20:
    way = int(Q[place].argmax())
    fields[place[0]][place[1]] = list(MOVES)[way]
    place, _, _ = move(place, way)
    steps += 1
print("\n".join("".join(row) for row in fields))
reward_early = sum(returns[:20]) / 20
reward_late = sum(returns[-100:]) / 100
reward_expected = Q[2, 0].tolist()
