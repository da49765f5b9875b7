"""The activation and the pooling of LeNet, exchanged one at a time."""

# %% imports
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw, xavier
from dlnotes.table import Table
from dlnotes.train.bracket import bracket
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet

# %% parts
scenes = load_scenes()
mean, deviation = scenes.train.X.mean().item(), scenes.train.X.std().item()
activations = {"tanh": nn.Tanh, "ReLU": nn.ReLU}
poolings = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}


def accuracy(activation: str, pooling: str, rate: float) -> float:
    """Train a LeNet of these parts; return its validation accuracy."""
    seed_everything(0)
    body = lenet(activations[activation], poolings[pooling])
    redraw(body, kaiming if activation == "ReLU" else xavier)
    model = nn.Sequential(v2.Normalize([mean], [deviation]), body)
    optimizer = AdamW(model.parameters(), lr=rate, fused=True)
    fit(model, scenes.train, optimizer, epochs=2)
    return score(model, scenes.val)


# %% exchange
RATES = (0.003, 0.01, 0.03)
accuracy_by_rate = bracket(
    lambda rate: accuracy("tanh", "average", rate), RATES
)
accuracy_old = max(accuracy_by_rate.values())
accuracy_relu = accuracy("ReLU", "average", 0.01)
accuracy_max = accuracy("tanh", "max", 0.01)
rows = [["tanh", "average", rate, a] for rate, a in accuracy_by_rate.items()]
rows += [
    ["ReLU", "average", 0.01, accuracy_relu],
    ["tanh", "max", 0.01, accuracy_max],
]
heads = ["activation", "pooling", "η:.2g", "validation accuracy:.2f"]
Table(heads, rows).show()
