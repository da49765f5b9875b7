"""A rule written by hand and a rule learned, and the four ways to learn."""

# %% imports
import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Ellipse
from torch import Tensor

from dlnotes.data.digits import load_digits
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% nested
fig, ax = plt.subplots(figsize=(4.6, 3.0))
sets = [
    (0.0, 4.6, 3.0, "artificial intelligence", 1.12),
    (-0.25, 3.3, 2.0, "machine learning", 0.45),
    (-0.5, 2.0, 1.0, "deep learning", -0.5),
]
for y, width, height, name, label in sets:
    oval = Ellipse((0, y), width, height, fc="C0", ec="black", alpha=0.25)
    ax.add_patch(oval)
    ax.text(0, label, name, ha="center", va="center")
ax.set(xlim=(-2.4, 2.4), ylim=(-1.6, 1.6))
ax.set_axis_off()
show()

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
fig, axes = plt.subplots(2, 6, figsize=(4.6, 1.7))
for row, digit in zip(axes, (3, 8), strict=True):
    for ax, image in zip(row, X_train[y_train == digit][:6], strict=True):
        ax.imshow(image.reshape(8, 8).numpy(), cmap="gray_r")
        ax.set_axis_off()
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
results = {}
for pair, rule in (((0, 1), zero_or_one), ((3, 8), three_or_eight)):
    X, y = only(*pair, X_test, y_test)
    centres = means(*only(*pair, X_train, y_train), list(pair))
    learned = torch.tensor(pair)[nearest(X, centres)]
    results[pair] = (share(rule(X) == y), share(learned == y))

all_ten = means(X_train, y_train, list(range(10)))
learned_ten = share(nearest(X_test, all_ten) == y_test)
Table(
    ["task", "hand-written", "learned"],
    [
        [f"{a} ↔ {b}", f"{by_hand:.3f}", f"{learned:.3f}"]
        for (a, b), (by_hand, learned) in results.items()
    ]
    + [["0 … 9", "–", f"{learned_ten:.3f}"]],
).show()

# %% contest-values
(by_hand_01, learned_01), (by_hand_38, learned_38) = results.values()
n_01, n_38 = (len(only(*pair, X_test, y_test)[1]) for pair in results)

# %% more-data
seed_everything(0)
X_38, y_38 = only(3, 8, X_train, y_train)
X, y = only(3, 8, X_test, y_test)
sizes = [2, 4, 8, 16, 32, 64, 128, len(X_38)]
errors = []
for size in sizes:
    wrong = []
    for _ in range(50):
        rows = torch.randperm(len(X_38))[:size]
        wrong.append(share(y_38[rows][nearest(X, X_38[rows])] != y))
    errors.append(sum(wrong) / len(wrong))
error_by_hand = 1 - by_hand_38
error_of_two, error_of_all = errors[0], errors[-1]
overtakes = next(
    n for n, e in zip(sizes, errors, strict=True) if e < error_by_hand
)

# %% more-data-figure
fig, ax = plt.subplots(figsize=(4.6, 2.8))
ax.axhline(error_by_hand, color="C1", ls="--", label="rule written by hand")
ax.plot(sizes, errors, "o-", label="most similar example")
ax.set(
    xscale="log", xlabel="number of examples", ylabel="error on the test set"
)
ax.legend()
show()


# %% unsupervised
def k_means(X: Tensor, centres: Tensor, steps: int = 20) -> Tensor:
    for _ in range(steps):
        group = nearest(X, centres)
        centres = means(X, group, list(range(len(centres))))
    return centres


seed_everything(0)
start = X_train[torch.randperm(len(X_train))[:10]]
centres = k_means(X_train, start)
group = nearest(X_train, centres)
counts = torch.zeros(10, 10).index_put_(
    (group, y_train), torch.ones(len(y_train)), accumulate=True
)
purity = (counts.max(dim=1).values.sum() / len(y_train)).item()
print(f"{len(X_train)} images, 10 groups, no label used")
print("images in each group:", *counts.sum(dim=1).int().tolist())

# %% unsupervised-figure
fig, axes = plt.subplots(2, 5, figsize=(4.2, 1.9))
for ax, centre in zip(axes.flat, centres, strict=True):
    ax.imshow(centre.reshape(8, 8).numpy(), cmap="gray_r")
    ax.set_axis_off()
show()

# %% semi-supervised
few, half, full = [], [], []
for seed in range(20):
    seed_everything(seed)
    order = torch.randperm(len(X_train))
    rows = torch.cat([order[y_train[order] == d][:1] for d in range(10)])
    labelled = means(X_train[rows], y_train[rows], list(range(10)))
    few.append(share(nearest(X_test, labelled) == y_test))
    centres = k_means(X_train, labelled)
    half.append(share(nearest(X_test, centres) == y_test))
accuracy_few, accuracy_half = sum(few) / 20, sum(half) / 20
helped = sum(b > a for a, b in zip(few, half, strict=True))
print(f"10 labelled images:    {accuracy_few:.3f}")
print(f"and the rest, without: {accuracy_half:.3f}")
print(f"all of them labelled:  {learned_ten:.3f}")

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
early = sum(returns[:20]) / 20
late = sum(returns[-100:]) / 100
