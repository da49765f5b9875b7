"""Five ways to be wrong about how well a model generalizes."""

# %% imports
import torch
from torch import Tensor

from dlnotes.data.curve import bump, chebyshev, noisy_bump, polynomial
from dlnotes.linear import least_squares, linear
from dlnotes.losses import mse
from dlnotes.seed import shifted
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.validate import cross_validate

# %% gap
seed_everything(1974)
x_new, y_new = noisy_bump((10_000,))
training_error, new_error = {}, {}
for d, n in [(1, 4), (1, 3000), (20, 30), (20, 3000)]:
    x, y = noisy_bump((200, n))
    fit = least_squares(chebyshev(x, d), y)
    seen = ((polynomial(x, *fit) - y) ** 2).mean(dim=1)  # (200,)
    unseen = ((polynomial(x_new, *fit) - y_new) ** 2).mean(dim=1)
    training_error[d, n] = seen.median().item()
    new_error[d, n] = unseen.median().item()
rows = [[*key, training_error[key], new_error[key]] for key in new_error]
Table(["degree", "samples", "training:.3f", "new data:.3f"], rows).show()

# %% small-loss
seed_everything(1974)
x = torch.linspace(-1, 0.98, 12, dtype=torch.float64)
y = bump(x) + 0.3 * torch.randn(12)
fit = least_squares(chebyshev(x, 11), y)
training_loss = mse(polynomial(x, *fit), y).item()
moved_loss = mse(polynomial(x + 0.02, *fit), y).item()
bump_loss = mse(bump(x + 0.02), y).item()
new_loss = mse(polynomial(x_new, *fit), y_new).item()
print(f"the 12 training points           {training_loss:.0e}")
print(f"their inputs moved by 0.02       {moved_loss:.3f}")
print(f"the bump itself on moved inputs  {bump_loss:.3f}")
print(f"10,000 new points                {new_loss:.3f}")

# %% winner
seed_everything(1974)
repeats, degrees = 1000, range(1, 13)
x_fit, y_fit = noisy_bump((repeats, 30))
x_choose, y_choose = noisy_bump((repeats, 30))
x_test, y_test = noisy_bump((repeats, 30))
on_choose, on_test = torch.empty(2, len(degrees), repeats)
for i, d in enumerate(degrees):
    fit = least_squares(chebyshev(x_fit, d), y_fit)
    on_choose[i] = ((polynomial(x_choose, *fit) - y_choose) ** 2).mean(dim=1)
    on_test[i] = ((polynomial(x_test, *fit) - y_test) ** 2).mean(dim=1)

winner = on_choose.argmin(dim=0, keepdim=True)  # (1, 1000)
errors = {
    "of the winner, on the set that chose it": on_choose.gather(0, winner)[0],
    "of the winner, on a fresh test set": on_test.gather(0, winner)[0],
    "lowest of the 12 on the test set": on_test.min(dim=0).values,
}
winner_error = [e.mean().item() for e in errors.values()]
winner_uncertainty = [e.std().item() / repeats**0.5 for e in errors.values()]
rows = [*zip(errors, winner_error, winner_uncertainty)]
Table(["error", "mean:.3f", "±:.3f"], rows).show()


# %% leak
def strongest(X: Tensor, y: Tensor) -> Tensor:
    return torch.corrcoef(torch.cat([y[None], X.T]))[0, 1:].abs().topk(10)[1]


def error(X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor) -> float:
    return mse(linear(X_val, *least_squares(X, y)), y_val).item()


def choose_inside(X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor) -> float:
    columns = strongest(X, y)
    return error(X[:, columns], y, X_val[:, columns], y_val)


seed_everything(2009)
draws = []
for seed in range(20):
    X, y = torch.randn(50, 1000), torch.randn(50)
    outside = X[:, strongest(X, y)]
    leaky = cross_validate(error, outside, y, k=5, seed=shifted(seed))
    honest = cross_validate(choose_inside, X, y, k=5, seed=shifted(seed))
    draws.append([leaky.mean(), honest.mean(), (y**2).mean()])
leaky_error, honest_error, zero_error = torch.tensor(draws).mean(dim=0)
print(f"features chosen before the folds  {leaky_error:.2f}")
print(f"features chosen in every fold     {honest_error:.2f}")
print(f"always predicting 0               {zero_error:.2f}")

# %% sorted
seed_everything(1974)
draws = []
for seed in range(100):
    x, y = noisy_bump((60,))
    order = x.argsort()
    X, y = chebyshev(x[order], 5), y[order]
    in_order = cross_validate(error, X, y, k=5)
    at_random = cross_validate(error, X, y, k=5, seed=shifted(seed))
    draws.append([in_order.mean(), at_random.mean()])
draws = torch.tensor(draws)  # (100, 2)
in_order_error, random_error = draws.median(dim=0).values
count_worse = (draws[:, 0] > draws[:, 1]).sum()
print(f"folds of neighbours  {in_order_error:.2f}")
print(f"folds at random      {random_error:.2f}")
print(f"neighbours worse in {count_worse} of 100 data sets")
