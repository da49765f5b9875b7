"""Three ways to go wrong with least squares, each with what it does."""

# %% imports
import torch
from torch import Tensor, nn
from torch.optim import SGD

from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import LinearRegression, least_squares
from dlnotes.losses import mse
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

# %% silent
seed_everything(1809)
X, y = noisy_line(n=256, w=5, b=7, sigma=0.25)
model = nn.Linear(1, 1)
optimizer = SGD(model.parameters(), lr=0.01)


def unguarded(prediction: Tensor, target: Tensor) -> Tensor:
    return ((prediction - target) ** 2).mean()


batches = Batches(X, y, batch_size=64)
history = train(model, unguarded, optimizer, batches, steps=3000)
w_wrong, b_wrong = model.weight.item(), model.bias.item()
y_mean, y_variance = y.mean(), y.var(correction=0)
print("prediction", tuple(model(X).shape), " target", tuple(y.shape))
print("difference", tuple((model(X) - y).shape))
print(f"w {w_wrong:.3f}  b {b_wrong:.3f}  loss {history.mean(last=100):.3f}")
print(f"mean of y {y_mean:.3f}  variance of y {y_variance:.3f}")

# %% door
try:
    mse(model(X), y)
except ValueError as error:
    print(error)

# %% half-sum
model = LinearRegression(features=1)
optimizer = SGD(model.parameters(), lr=0.01)


def half_sum(prediction: Tensor, target: Tensor) -> Tensor:
    return mse(prediction, target, reduction="sum") / 2


batches = Batches(X, y, batch_size=256)
try:
    train(model, half_sum, optimizer, batches, steps=3000)
except FloatingPointError as error:
    print(error)

# %% same-minimum
models = []
for loss_function, rate in [(mse, 0.01), (half_sum, 0.01 / 128)]:
    model = LinearRegression(features=1)
    optimizer = SGD(model.parameters(), lr=rate)
    train(model, loss_function, optimizer, batches, steps=300)
    models.append(model)
    print(f"rate {rate:.6f}  w {model.w.item():.4f}  b {model.b.item():.4f}")
same_minimum = abs(models[0].w - models[1].w).item()


# %% dependent
celsius = 10 + 20 * X
both = torch.cat([celsius, 1.8 * celsius + 32], dim=1)
try:
    least_squares(both, y)
except ValueError as error:
    print(error)
