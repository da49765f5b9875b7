"""Solutions to the exercises of the chapter on generalization."""

# %% setup
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Adam

from dlnotes.data.curve import bump, chebyshev, nodes, noisy_bump, polynomial
from dlnotes.data.digits import load_digits
from dlnotes.linear import design_matrix, least_squares, linear
from dlnotes.losses import mse
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.seed import shifted
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything
from dlnotes.validate import bias_variance, cross_validate, train_val_test

# %% solution-1
seed_everything(1)
x, y = noisy_bump((60,))
X = chebyshev(x, 5)


def error(X: Tensor, y: Tensor, X_val: Tensor, y_val: Tensor) -> float:
    return mse(linear(X_val, *least_squares(X, y)), y_val).item()


sixty_fits = cross_validate(error, X, y, k=60).mean()

Q, _ = torch.linalg.qr(design_matrix(X))
leverage = (Q**2).sum(dim=1)  # (60,)
missed = y - linear(X, *least_squares(X, y))
one_fit = ((missed / (1 - leverage)) ** 2).mean()
training_error = (missed**2).mean()
print(f"training error     {training_error:.6f}")
print(f"60 fits            {sixty_fits:.6f}")
print(f"one fit, leverage  {one_fit:.6f}")

# %% solution-2
bias2, variance = {}, {}
for d in (2, 10):
    for sigma in (0.3, 0.6):
        seed_everything(1992)
        x, y = noisy_bump((2000, 60), sigma)
        fit = least_squares(chebyshev(x, d), y)
        parts = bias_variance(polynomial(nodes(), *fit), bump(nodes()))
        bias2[d, sigma], variance[d, sigma] = (part.mean() for part in parts)

for d in (2, 10):
    print(f"degree {d}: bias² {bias2[d, 0.3]:.3f} → {bias2[d, 0.6]:.3f}")
    print(f"  variance {variance[d, 0.3]:.4f} → {variance[d, 0.6]:.4f}")
factor = {d: (variance[d, 0.6] / variance[d, 0.3]).item() for d in (2, 10)}

# %% solution-3
digits = load_digits()
X, labels = digits.train[0][:300], digits.train[1][:300]
seed_everything(2017)
shuffled = labels[torch.randperm(300)]
training_accuracy, validation_accuracy = {}, {}
for name, y in ("true", labels), ("shuffled", shuffled):
    model = MLP([64, 256, 10])
    optimizer = Adam(model.parameters(), lr=0.003)
    batches = Batches(X, y, batch_size=50)
    train(model, cross_entropy, optimizer, batches, steps=800)
    a = training_accuracy[name] = evaluate(model, accuracy, [(X, y)])
    b = validation_accuracy[name] = evaluate(model, accuracy, [digits.val])
    print(f"{name:8}  training {a:.3f}  validation {b:.3f}")
parameters = sum(p.numel() for p in model.parameters())
print(f"{parameters:,} parameters, 300 images")

# %% solution-5
seed_everything(1974)
x, y = noisy_bump((90,))
dealt = train_val_test(90, 1 / 3, 1 / 3, seed=shifted(1974))
working = [*dealt[0], *dealt[1]]


def ten_folds(degree: int) -> Tensor:
    X = chebyshev(x[working], degree)
    return cross_validate(error, X, y[working], k=10, seed=shifted(1974))


five, six = ten_folds(5), ten_folds(6)  # (10,), (10,)
mean_difference = (five - six).mean()
uncertainty_paired = (five - six).std() / 10**0.5
uncertainty_unpaired = ((five.var() + six.var()) / 10) ** 0.5
print(f"mean difference        {mean_difference:+.4f}")
print(f"± fold by fold          {uncertainty_paired:.4f}")
print(f"± without pairing       {uncertainty_unpaired:.4f}")
