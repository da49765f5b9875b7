"""Four ways to be wrong about how well a model generalises."""

# %% imports
import torch
from torch import Tensor

from dlnotes.data.curve import bump, chebyshev, noisy_bump
from dlnotes.linear import least_squares, linear
from dlnotes.losses import mse
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.validate import cross_validate

# %% gap
seed_everything(1974)
x_new, y_new = noisy_bump((10_000,))
rows = []
for d, n in [(1, 4), (1, 3000), (20, 30), (20, 3000)]:
    x, y = noisy_bump((200, n))
    w, b = least_squares(chebyshev(x, d), y)
    fitted = (chebyshev(x, d) @ w[..., None])[..., 0] + b[:, None]
    seen = ((fitted - y) ** 2).mean(dim=1)
    new = w @ chebyshev(x_new, d).T + b[:, None]
    unseen = ((new - y_new) ** 2).mean(dim=1)
    rows.append([d, n, seen.median().item(), unseen.median().item()])
columns = ["degree", "samples", "training", "new data"]
Table(columns, rows, dict.fromkeys(columns[2:], ".3f")).show()

# %% gap-results
simple_seen, simple_unseen = rows[0][2:]
few_seen, few_unseen = rows[2][2:]
many_seen, many_unseen = rows[3][2:]

# %% small-loss
seed_everything(1974)
x = torch.linspace(-1, 0.98, 12, dtype=torch.float64)
y = bump(x) + 0.3 * torch.randn(12)
w, b = least_squares(chebyshev(x, 11), y)
moved = x + 0.02
small_loss = mse(linear(chebyshev(x, 11), w, b), y).item()
moved_loss = mse(linear(chebyshev(moved, 11), w, b), y).item()
new_loss = mse(linear(chebyshev(x_new, 11), w, b), y_new).item()
true_loss = mse(bump(moved), y).item()
print(f"the 12 training points           {small_loss:.0e}")
print(f"their inputs moved by 0.02       {moved_loss:.3f}")
print(f"the bump itself on moved inputs  {true_loss:.3f}")
print(f"10,000 new points                {new_loss:.3f}")

# %% winner
seed_everything(1974)
repeats, degrees = 1000, range(1, 13)
sets = {name: noisy_bump((repeats, 30)) for name in ("fit", "choose", "test")}
measured: dict[str, list[Tensor]] = {"choose": [], "test": []}
for d in degrees:
    w, b = least_squares(chebyshev(sets["fit"][0], d), sets["fit"][1])
    for name, errors in measured.items():
        x, y = sets[name]
        prediction = (chebyshev(x, d) @ w[..., None])[..., 0] + b[:, None]
        errors.append(((prediction - y) ** 2).mean(dim=1))

on_choose, on_test = (torch.stack(errors) for errors in measured.values())
winner = on_choose.argmin(dim=0)  # (1000,)
winner_choose = on_choose.min(dim=0).values.mean()
winner_test = on_test.gather(0, winner[None]).mean()
test_minimum = on_test.min(dim=0).values.mean()
print(f"the winner on the set that chose it  {winner_choose:.3f}")
print(f"the winner on a fresh test set       {winner_test:.3f}")
print(f"lowest of the 12 test errors         {test_minimum:.3f}")

# %% leak
seed_everything(2009)
X, y = torch.randn(50, 1000), torch.randn(50)


def strongest(X: Tensor, y: Tensor) -> Tensor:
    return torch.corrcoef(torch.cat([y[None], X.T]))[0, 1:].abs().topk(10)[1]


def error(X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor) -> float:
    return mse(linear(X_val, *least_squares(X, y)), y_val).item()


def choose_inside(X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor) -> float:
    columns = strongest(X, y)
    return error(X[:, columns], y, X_val[:, columns], y_val)


chosen_before = X[:, strongest(X, y)]
leaky = cross_validate(error, chosen_before, y, k=5, seed=0).mean()
honest = cross_validate(choose_inside, X, y, k=5, seed=0).mean()
print(f"features chosen before the folds  {leaky:.2f}")
print(f"features chosen in every fold     {honest:.2f}")
print(f"always predicting 0               {(y**2).mean():.2f}")
predict_zero = (y**2).mean()

# %% sorted
seed_everything(1974)
x, y = noisy_bump((60,))
order = x.argsort()
X_sorted, y_sorted = chebyshev(x[order], 5), y[order]
in_order = cross_validate(error, X_sorted, y_sorted, k=5).mean()
shuffled = cross_validate(error, X_sorted, y_sorted, k=5, seed=0).mean()
print(f"folds of neighbours  {in_order:.2f}")
print(f"folds at random      {shuffled:.2f}")
