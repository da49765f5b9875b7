"""Solutions to the exercises of the chapter on generalization."""

# %% setup
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Adam

from dlnotes.data.curve import bump, chebyshev, noisy_bump
from dlnotes.data.digits import load_digits
from dlnotes.linear import design_matrix, least_squares, linear
from dlnotes.losses import mse
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything
from dlnotes.validate import bias_variance, cross_validate

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
loo_gap = abs(sixty_fits - one_fit)
print(f"training error     {training_error:.6f}")
print(f"60 fits            {sixty_fits:.6f}")
print(f"one fit, leverage  {one_fit:.6f}")

# %% solution-2
angles = torch.pi * (torch.arange(400) + 0.5) / 400
nodes = torch.cos(angles.double())
parts = {}
for sigma in (0.3, 0.6):
    for d in (2, 8):
        seed_everything(1992)
        x, y = noisy_bump((2000, 30), sigma)
        w, b = least_squares(chebyshev(x, d), y)
        predictions = w @ chebyshev(nodes, d).T + b[:, None]
        bias2, variance = bias_variance(predictions, bump(nodes))
        parts[sigma, d] = bias2.mean(), variance.mean()

for d in (2, 8):
    (bias_before, variance_before), (bias_after, variance_after) = (
        parts[sigma, d] for sigma in (0.3, 0.6)
    )
    print(f"degree {d}: bias² {bias_before:.3f} → {bias_after:.3f}")
    print(f"          variance {variance_before:.3f} → {variance_after:.3f}")
factor_2, factor_8 = (parts[0.6, d][1] / parts[0.3, d][1] for d in (2, 8))

# %% solution-3
digits = load_digits()
X, true_labels = digits.train[0][:300], digits.train[1][:300]
seed_everything(2017)
shuffled = true_labels[torch.randperm(300)]
scores = {}
for name, labels in (("true", true_labels), ("shuffled", shuffled)):
    model = MLP([64, 256, 10])
    optimizer = Adam(model.parameters(), lr=0.003)
    batches = Batches(X, labels, batch_size=50)
    train(model, cross_entropy, optimizer, batches, steps=800)
    on_training = evaluate(model, accuracy, [(X, labels)])
    on_new = evaluate(model, accuracy, [digits.val])
    scores[name] = on_training, on_new
    print(f"{name:8}  training {on_training:.3f}  validation {on_new:.3f}")
(true_seen, true_new), (shuffled_seen, shuffled_new) = scores.values()
parameters = sum(p.numel() for p in model.parameters())
print(f"{parameters:,} parameters, 300 images")
