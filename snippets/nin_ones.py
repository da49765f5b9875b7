"""NiN without its 1 × 1 layers, trained as NiN is in nin_average."""

# %% imports
from torch import nn
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes
from dlnotes.table import Table
from dlnotes.train.classifier import fit, score
from dlnotes.train.seed import seed_everything
from dlnotes.vision.nin import small_nin

digits = load_digits()
images = draw_scenes(digits.train, 2000, seed=0).canvases
val = draw_scenes(digits.val, 1000, seed=1).canvases
test = draw_scenes(digits.test, 1000, seed=2).canvases


# %% trained
def trained(rate: float, seed: int) -> nn.Module:
    seed_everything(seed)
    model = small_nin(21, ones=0)
    optimizer = SGD(model.parameters(), lr=rate)
    fit(model, images, optimizer, epochs=4, batch_size=32)
    return model


# %% accuracy
tried = {rate: trained(rate, seed=0) for rate in (0.3, 1.0, 3.0)}
accuracy_by_rate = {rate: score(model, val) for rate, model in tried.items()}
rate_best = max(accuracy_by_rate, key=accuracy_by_rate.get)
models = [tried[rate_best], *(trained(rate_best, s) for s in (1, 2))]
accuracy = [score(model, test) for model in models]
heads = [f"seed {seed}:.3f" for seed in range(3)]
Table(["network", "η:g", *heads], [["no 1 × 1", rate_best, *accuracy]]).show()

# %% quoted
accuracy_no_ones = sum(accuracy) / 3
accuracy_there = accuracy_by_rate[0.3]
