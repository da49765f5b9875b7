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
steps = {
    "squared error": [steps_to_doubt(z, by_squared_error) for z in starts],
    "cross-entropy": [steps_to_doubt(z, by_cross_entropy) for z in starts],
}
columns = starts, sigmoid(starts).tolist(), *steps.values()
head = ["z:g", "σ(z):.4f", "squared error:,", "cross-entropy:,"]
Table(head, list(zip(*columns))).show()
ratio_growth = steps["squared error"][3] / steps["squared error"][2]

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
    optimizer = SGD(model.parameters(), lr=rate)
    train(model, cross_entropy, optimizer, batches, 20 * len(batches))
    return evaluate(model, accuracy, [val])


def dead(model):
    """Return the share of hidden units at or below 0 for every image."""
    with torch.no_grad():
        return (model.layers[0](X) <= 0).all(dim=0).float().mean().item()


# %% dead
share_dead = {0: dead(untrained(torch.relu))}
accuracy_relu, accuracy_leaky, accuracy_silu = {}, {}, {}
rows = []
for rate in (0.5, 1.0, 2.0):
    models = [untrained(g) for g in (torch.relu, leaky_relu, silu)]
    found = accuracy_relu, accuracy_leaky, accuracy_silu
    for model, of_rate in zip(models, found):
        of_rate[rate] = learn(model, rate)
    share_dead[rate] = dead(models[0])
    found = [of_rate[rate] for of_rate in found]
    rows.append([rate, share_dead[rate], *found])
head = ["dead:.0%", "ReLU:.3f", "leaky:.3f", "SiLU:.3f"]
Table(["rate η", *head], rows).show()
accuracy_guess = torch.bincount(val[1]).max().item() / len(val[1])

# %% revive
moved, revived = {}, {}
for name, g in (
    ("ReLU", torch.relu),
    ("leaky ReLU", leaky_relu),
    ("SiLU", silu),
):
    model = untrained(g, shift=-3.0)
    before = model.layers[0].weight.detach().clone()
    share_dead_before = dead(model)
    revived[name] = learn(model, 0.5)
    moved[name] = (model.layers[0].weight - before).abs().max().item()
    print(f"{name:11} moved by {moved[name]:.3g}", end=", ")
    print(f"accuracy {revived[name]:.3f}")
