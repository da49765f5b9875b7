"""Shift an image, then convolve, or the other way round."""

# %% imports
import torch
from torch import nn

from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything


# %% layers
def layer(stride=1, padding_mode="circular"):
    """Return a convolution with a ReLU that keeps the size, or halves it."""
    conv = nn.Conv2d(1, 8, 3, stride, 1, padding_mode=padding_mode)
    return nn.Sequential(conv, nn.ReLU())


layers = {
    "convolution, circular": (1, lambda: layer()),
    "convolution, zeros": (1, lambda: layer(padding_mode="zeros")),
    "convolution, stride 2": (2, lambda: layer(stride=2)),
    "then maximum of 2 × 2": (
        2,
        lambda: nn.Sequential(layer(), nn.MaxPool2d(2)),
    ),
    "then mean of everything": (
        28,
        lambda: nn.Sequential(layer(), nn.AdaptiveAvgPool2d(1)),
    ),
}


# %% differences
def difference(model, X, shift, jump):
    """Compare the shifted answer with the answer to the shifted image.

    The answer is shifted by the nearest whole number of its own pixels;
    the difference is relative to the largest answer.
    """
    with torch.no_grad():
        answer = model(X).roll(shift // jump, dims=3)
        of_shifted = model(X.roll(shift, dims=3))
    return ((answer - of_shifted).abs().max() / answer.max()).item()


X = draw_scenes(load_digits().train, 20, seed=0).canvases.images
SHIFTS = (1, 2, 3, 4)
differences = {name: [] for name in layers}
for name, (jump, make) in layers.items():
    for seed in range(3):
        seed_everything(seed)
        model = make()
        row = [difference(model, X, shift, jump) for shift in SHIFTS]
        differences[name].append(row)
Table(
    ["layer", *(f"{shift} px:.2f" for shift in SHIFTS)],
    [
        [name, *torch.tensor(rows).mean(dim=0).tolist()]
        for name, rows in differences.items()
    ],
).show()

# %% border
seed_everything(0)
model = layer(padding_mode="zeros")
with torch.no_grad():
    gap = model(X).roll(1, dims=3) - model(X.roll(1, dims=3))
columns_differing = gap.abs().amax(dim=(0, 1, 2)).gt(1e-6).nonzero()
columns_differing = columns_differing[:, 0].tolist()
count_columns = len(columns_differing)
print("columns that differ:", columns_differing)
