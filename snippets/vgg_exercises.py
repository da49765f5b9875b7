"""Solutions to the exercises of the chapter on VGG."""

# %% setup
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.func import jacrev
from torch.nn.functional import conv2d

from dlnotes.receptive import parameter_count
from dlnotes.train.seed import seed_everything
from dlnotes.vision.shapes import layer_shapes, multiplications
from dlnotes.vision.vgg import VGG16, vgg, vgg_block, vgg_features

# %% solution-1
field, jump = 1, 1
for block, (convs, _) in enumerate(VGG16):
    field += 2 * convs * jump  # each 3 × 3 adds two steps of this size
    field += jump  # and each 2 × 2 one
    jump *= 2
    print(f"behind block {block + 1}: {field} pixels, steps of {jump}")

# %% solution-2
with torch.device("meta"):
    full = vgg(VGG16)
    averaged = nn.Sequential(
        vgg_features(VGG16, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, 1000),
    )
parameters_full, parameters_averaged = (
    parameter_count(full),
    parameter_count(averaged),
)
ratio_saved = parameters_full / parameters_averaged
print(f"{parameters_full:,} and {parameters_averaged:,} parameters")


# %% solution-3
def combined(both: Tensor) -> Tensor:
    """Return the 5 × 5 kernel of two 3 × 3 kernels, (2, 3, 3), in a row."""
    first, second = both
    impulse = torch.zeros(1, 1, 9, 9)
    impulse[..., 4, 4] = 1
    seen = conv2d(conv2d(impulse, first[None, None]), second[None, None])
    return seen.flip(dims=(2, 3))[0, 0]  # (5, 5)


seed_everything(0)
kernels = torch.randn(2, 3, 3)
X = torch.randn(1, 1, 12, 12)
one = conv2d(X, combined(kernels)[None, None])
two = conv2d(conv2d(X, kernels[:1, None]), kernels[1:, None])
difference = (one - two).abs().max().item()
slopes = jacrev(combined)(kernels).reshape(25, 18)
rank = torch.linalg.matrix_rank(slopes).item()
print(f"difference {difference:.0e}, free directions {rank} of 25")

# %% solution-4
rows = layer_shapes(full, (1, 3, 224, 224), depth=3)
amounts: dict[str, int] = {}
for row in rows:
    _, part, *_ = row.name.split(".")
    name = part if row.name.startswith("features") else "dense layers"
    amounts[name] = amounts.get(name, 0) + prod(row.shape)
for name, amount in amounts.items():
    print(f"{name}: {4 * amount / 2**20:.1f} MB")

# %% solution-5
widths = [3, 64, 128, 256, 512, 512]
doubled = list(pairwise(widths))
weights_pairs = 9 * sum(a * b + b * b for a, b in doubled)
weights_single = 25 * sum(a * b for a, b in doubled)
print(f"pairs {weights_pairs:,}, single kernels {weights_single:,}")


# %% solution-6
def millions_by_block(widths: tuple[int, ...]) -> list[float]:
    C, side, found = 1, 28, []
    for width in widths:
        block = vgg_block(2, C, width)
        found.append(multiplications(block, (1, C, side, side)) / 1e6)
        C, side = width, side // 2
    return found


millions, learned = {}, {}
for widths in ((16, 32, 64), (25, 25, 25)):
    millions[widths] = millions_by_block(widths)
    features = vgg_features([(2, width) for width in widths], 1)
    learned[widths] = parameter_count(features)
    print(*widths, end=": ")
    print(*(f"{n:.2f}" for n in millions[widths]), sep=" + ", end=" = ")
    print(f"{sum(millions[widths]):.2f} million multiplications")
    print(f"{learned[widths]:,} parameters")
constant = millions[25, 25, 25]
share_first_block = constant[0] / sum(constant)
ratio_learned = learned[16, 32, 64] / learned[25, 25, 25]
