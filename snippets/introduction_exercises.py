"""Solutions to the exercises of the introduction."""

# %% imports
import torch
from torch import Tensor

from dlnotes.data.digits import load_digits
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

digits = load_digits()
X_train, y_train = digits.train
X_val, y_val = digits.val


def means(X: Tensor, y: Tensor, classes: list[int]) -> Tensor:
    return torch.stack([X[y == digit].mean(dim=0) for digit in classes])


def nearest(X: Tensor, points: Tensor) -> Tensor:
    return torch.cdist(X, points).argmin(dim=1)


def k_means(X: Tensor, centres: Tensor) -> Tensor:
    group, before = nearest(X, centres), None
    while before is None or not torch.equal(group, before):
        centres = means(X, group, list(range(len(centres))))
        group, before = nearest(X, centres), group
    return centres


def share(right: Tensor) -> float:
    return right.float().mean().item()


# %% solution-3
def one_or_seven(X: Tensor) -> Tensor:
    top = X.reshape(-1, 8, 8)[:, 0, 2:7].mean(dim=1)
    return torch.where(top < 0.5, 1, 7)


chosen = (y_val == 1) | (y_val == 7)
X, y = X_val[chosen], y_val[chosen]
accuracy_by_hand = share(one_or_seven(X) == y)
accuracy_learned = share(y_train[nearest(X, X_train)] == y)
print(f"by hand {accuracy_by_hand:.3f}")
print(f"most similar example {accuracy_learned:.3f}")

# %% solution-4
purities = []
for seed in range(10):
    seed_everything(seed)
    start = X_train[torch.randperm(len(X_train))[:10]]
    group = nearest(X_train, k_means(X_train, start))
    largest = sum(y_train[group == g].bincount().max() for g in range(10))
    purities.append((largest / len(y_train)).item())
print(*(f"{purity:.2f}" for purity in purities))
gap_starts = max(purities) - min(purities)

# %% solution-5
rows, gains = [], {}
for n in (1, 2, 5, 20):
    few, both = [], []
    for seed in range(20):
        seed_everything(seed)
        order = torch.randperm(len(X_train))
        chosen = torch.cat([order[y_train[order] == d][:n] for d in range(10)])
        labelled = means(X_train[chosen], y_train[chosen], list(range(10)))
        few.append(share(nearest(X_val, labelled) == y_val))
        both.append(share(nearest(X_val, k_means(X_train, labelled)) == y_val))
    gain = torch.tensor(both) - torch.tensor(few)
    gains[n] = gain.mean().item(), gain.std().item() / 20**0.5
    rows.append([10 * n, sum(few) / 20, sum(both) / 20, *gains[n]])
head = ["labels", "labels alone:.3f", "with the rest:.3f"]
Table([*head, "gain:+.3f", "±:.3f"], rows).show()
