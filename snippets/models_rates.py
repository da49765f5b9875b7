"""Find the rate for each kind of network, on one seed and in one epoch."""

# %% imports
from torch.optim import AdamW

from dlnotes.data.scenes import load_scenes
from dlnotes.table import Table
from dlnotes.train.bracket import bracket
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.compared import COMPARED

scenes = load_scenes()
NORMALIZED = (0.01, 0.03, 0.09)  # rates to begin with
OTHERS = (0.001, 0.003, 0.009)
PLAIN = ("MLP", "LeNet", "AlexNet")  # without batch normalization


# %% rates
def accuracies(name: str) -> dict[float, float]:
    def measure(rate: float) -> float:
        seed_everything(0)
        model = COMPARED[name]()
        optimizer = AdamW(model.parameters(), rate, fused=True)
        fit(model, scenes.train, optimizer, epochs=1)
        return score(model, scenes.val)

    return bracket(measure, OTHERS if name in PLAIN else NORMALIZED)


accuracy_by_rate = {name: accuracies(name) for name in COMPARED}
rate_best = {
    name: max(found, key=found.__getitem__)
    for name, found in accuracy_by_rate.items()
}


def around(name: str) -> list[str]:
    found = accuracy_by_rate[name]
    n = list(found).index(rate_best[name])
    return [f"{found[rate]:.3f}" for rate in list(found)[n - 1 : n + 2]]


Table(
    ["network", "best η:.2g", "η / 3", "best", "3 η"],
    [[name, rate, *around(name)] for name, rate in rate_best.items()],
).show()
