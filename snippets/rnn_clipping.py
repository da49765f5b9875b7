"""Steps that explode, steps that are clipped, and steps that are short."""

# %% imports

from statistics import mean

import matplotlib.pyplot as plt
from torch import nn
from torch.optim import SGD, Adam, Optimizer

from dlnotes.data.text import load_text
from dlnotes.language.batches import Streams
from dlnotes.language.model import LanguageModel
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import show, use_style
from dlnotes.recurrent.rnn import RNN
from dlnotes.stability import gradient_norms
from dlnotes.table import Table
from dlnotes.train.carry import Carry
from dlnotes.train.hooks import clip_gradients
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything
from dlnotes.train.text import entries, next_loss

use_style()

# %% text
tokens = letters(load_text().train)
vocabulary = Vocabulary(tokens)
ids = vocabulary.encode(tokens)
STEPS = 60


# %% run
def norms(model: nn.Module, optimizer: Optimizer) -> list[float]:
    """Have the norm of all gradients together kept, before each step."""
    kept: list[float] = []

    def keep(*_: object) -> None:
        kept.append(gradient_norms(model.parameters()).norm().item())

    optimizer.register_step_pre_hook(keep)
    return kept


def trained(
    kind: type[Optimizer], rate: float, seed: int, relu: bool, clip: bool
) -> tuple[float, list[float]]:
    """Return the loss of the last 20 steps, and the norms of all steps."""
    seed_everything(seed)
    layer = RNN(32, 128, nonlinearity="relu" if relu else "tanh")
    if relu:
        nn.init.orthogonal_(layer.weight_hh_l0, 1.2)
    model = LanguageModel(len(vocabulary), 32, layer)
    optimizer = kind(model.parameters(), rate)
    found = norms(model, optimizer)
    if clip:
        clip_gradients(optimizer, 1)
    batches = Streams(ids, batch_size=32, T=64)
    try:
        history = train(
            Carry(model), next_loss, optimizer, batches, STEPS, count=entries
        )
    except FloatingPointError:
        return float("nan"), found
    return history.mean(20), found


# %% clipping
cases = {
    "ReLU, SGD, η = 1": (SGD, 1.0, True),
    "tanh, Adam, η = 0.01": (Adam, 0.01, False),
}
loss, steps_taken, norm_maximum, norm_of_step = {}, {}, {}, {}
for case, (kind, rate, relu) in cases.items():
    for clip in (False, True):
        name = f"{case}, clipped" if clip else case
        runs = [trained(kind, rate, seed, relu, clip) for seed in range(3)]
        loss[name] = [run[0] for run in runs]
        steps_taken[name] = [len(run[1]) for run in runs]
        norm_maximum[name] = [max(run[1]) for run in runs]
        norm_of_step[name] = runs[0][1]
Table(
    ["setting", "seed", "steps", "largest norm:.3g", "loss at the end:.3f"],
    [
        [name, n, steps_taken[name][n], norm_maximum[name][n], loss[name][n]]
        for name in loss
        for n in range(3)
    ],
).show()

# %% clipping-figure
fig, ax = plt.subplots(figsize=(4.8, 3.2))
for name, values in norm_of_step.items():
    style = "o-" if len(values) < STEPS else "-"
    ax.plot(range(1, len(values) + 1), values, style, ms=4, label=name)
ax.axhline(1, color="gray", ls=":")
ax.set(xlabel="step", ylabel="norm of the gradient", yscale="log")
ax.legend(fontsize=8)
show()

# %% quoted
adam, sgd = "tanh, Adam, η = 0.01", "ReLU, SGD, η = 1, clipped"
loss_difference = max(
    abs(a - b) for a, b in zip(loss[adam], loss[f"{adam}, clipped"])
)
loss_sgd = mean(loss[sgd])
steps_clipped = {
    name: sum(norm > 1 for norm in norm_of_step[name]) for name in (adam, sgd)
}
steps_exploded = max(steps_taken["ReLU, SGD, η = 1"])
norm_low, norm_high = min(norm_maximum[sgd]), max(norm_maximum[sgd])
norm_first = norm_of_step["ReLU, SGD, η = 1"]
