"""One network, four questions about a digit, and the output that fits each."""

# %% imports
import torch
from torch.optim import Adam

from dlnotes.binary import bce_with_logits
from dlnotes.data.digits import load_digits
from dlnotes.losses import cross_entropy, mse
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

# %% data
digits = load_digits()
(X, y), (X_val, y_val), _ = digits
side = digits.side


def height(X):
    """Return the row of the centre of the ink, counted from the top."""
    rows = X.reshape(-1, side, side).sum(dim=2)  # (B, side), ink per row
    centre = rows @ torch.arange(float(side)) / rows.sum(dim=1)
    return centre[:, None]  # (B, 1)


def is_even(y):
    return (y % 2 == 0).float()[:, None]  # (B, 1)


def facts(y):
    return torch.stack([y % 2 == 0, y > 4], dim=1).float()  # (B, 2)


# %% outputs
def outputs(K, loss, targets):
    """Train a network with K outputs; return what it says on validation."""
    seed_everything(0)
    model = MLP([side * side, 32, K], torch.tanh)
    optimizer = Adam(model.parameters(), lr=0.01)
    batches = Batches(X, targets, batch_size=64)
    train(model, loss, optimizer, batches, steps=300)
    with torch.no_grad():
        return model(X_val)  # (B, K), nothing applied to them


# %% identity
z = outputs(1, mse, height(X))
error_height = mse(z, height(X_val)).sqrt().item()
spread_height = height(X_val).std().item()
print(f"height of the ink: RMSE {error_height:.3f} rows")
print(f"always the mean would give about {spread_height:.3f}")

# %% sigmoid
z = outputs(1, bce_with_logits, is_even(y))
p = torch.sigmoid(z)
accuracy_even = ((p > 0.5) == (is_even(y_val) == 1)).float().mean().item()
print(f"even or odd: accuracy {accuracy_even:.3f}")
print(f"probabilities from {p.min():.4f} to {p.max():.4f}")

# %% two-sigmoids
z = outputs(2, bce_with_logits, facts(y))
p = torch.sigmoid(z)
right = ((p > 0.5) == (facts(y_val) == 1)).float().mean(dim=0)
accuracy_parity, accuracy_above = right.tolist()
sums = p.sum(dim=1)
print(f"even: accuracy {accuracy_parity:.3f}, above 4: {accuracy_above:.3f}")
print(f"the two probabilities add up to {sums.min():.3f} .. {sums.max():.3f}")

# %% softmax
z = outputs(10, cross_entropy, y)
p = torch.softmax(z, dim=-1)
accuracy_digit = accuracy(z, y_val)
print(f"which digit: accuracy {accuracy_digit:.3f}")
print(f"from probabilities: {accuracy(p, y_val):.3f}, the order is the same")
off_one = (p.sum(dim=1) - 1).abs().max().item()
print(f"the ten add up to 1 within {off_one:.0e}")
