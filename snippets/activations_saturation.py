"""What a flat slope costs: a saturated sigmoid, and ReLUs that have died."""

# %% imports
import torch
from torch.nn.functional import leaky_relu, silu
from torch.optim import SGD

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
from dlnotes.data.digits import load_digits
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything


# %% escape
def by_squared_error(z):
    return sigmoid(z) * sigmoid_derivative(z)  # d/dz of ½ (σ(z) − 0)²


def by_cross_entropy(z):
    return sigmoid(z)  # d/dz of −log(1 − σ(z))


def steps_to_doubt(z, gradient, rate=1.0):
    """Count the steps until σ(z), which should be 0, is at most 1/2."""
    steps = 0
    while z > 0:
        z -= rate * gradient(z)
        steps += 1
    return steps


# %% escape-table
starts = [2.0, 4.0, 6.0, 8.0]
slow = [steps_to_doubt(z, by_squared_error) for z in starts]
fast = [steps_to_doubt(z, by_cross_entropy) for z in starts]
Table(
    ["z", "σ(z)", "squared error", "cross-entropy"],
    [
        [z, float(sigmoid(z)), s, f]
        for z, s, f in zip(starts, slow, fast, strict=True)
    ],
    {"z": "g", "σ(z)": ".4f", "squared error": ",", "cross-entropy": ","},
).show()
slow_8, fast_8 = slow[-1], fast[-1]
growth = slow[-1] / slow[-2]

# %% digits
(X, y), val, _ = load_digits()


def untrained(activation, shift=0.0):
    """Build 64 hidden units with all their biases moved by `shift`."""
    seed_everything(0)
    model = MLP([64, 64, 10], activation)
    with torch.no_grad():
        model.layers[0].bias += shift
    return model


def learn(model, rate):
    """Train for 20 epochs; return the validation accuracy."""
    batches = Batches(X, y, batch_size=128)
    steps = 20 * len(batches)
    train(
        model, cross_entropy, SGD(model.parameters(), lr=rate), batches, steps
    )
    return evaluate(model, accuracy, [val])


def dead(model):
    """Return the share of hidden units at or below 0 for every image."""
    with torch.no_grad():
        return (model.layers[0](X) <= 0).all(dim=0).float().mean().item()


# %% dead
rates, shares, scores = [0.5, 1.0, 2.0], [], []
for rate in rates:
    models = [untrained(g) for g in (torch.relu, leaky_relu, silu)]
    scores.append([learn(model, rate) for model in models])
    shares.append(dead(models[0]))
Table(
    ["rate η", "dead", "ReLU", "leaky", "SiLU"],
    [
        [rate, share, *row]
        for rate, share, row in zip(rates, shares, scores, strict=True)
    ],
    {"dead": ".0%", "ReLU": ".3f", "leaky": ".3f", "SiLU": ".3f"},
).show()
dead_start = dead(untrained(torch.relu))
dead_low, dead_middle, dead_high = shares
relu_low, relu_middle, relu_high = (row[0] for row in scores)
leaky_high, silu_high = scores[2][1:]
guess = torch.bincount(val[1]).max().item() / len(val[1])

# %% revive
moved, revived = [], []
for name, g in [
    ("ReLU", torch.relu),
    ("leaky ReLU", leaky_relu),
    ("SiLU", silu),
]:
    model = untrained(g, shift=-3.0)
    before, dead_before = model.layers[0].weight.detach().clone(), dead(model)
    revived.append(learn(model, 0.5))
    moved.append((model.layers[0].weight - before).abs().max().item())
    print(f"{name:11} moved by {moved[-1]:.3g}, accuracy {revived[-1]:.3f}")
moved_relu, moved_leaky, moved_silu = moved
revived_relu, revived_leaky, revived_silu = revived
