"""Solutions to the exercises of the chapter on DenseNet."""

# %% setup
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from dlnotes.train.seed import seed_everything
from dlnotes.vision.densenet import DenseBlock, dense_layer, densenet

# %% solution-2
k = 32
for C in (64, 230, 231, 512):
    weights = [
        sum(W.numel() for W in layer.parameters() if W.ndim > 1)
        for layer in (dense_layer(C, k, False), dense_layer(C, k, True))
    ]
    print(f"C = {C}: {weights[0]:,} directly, {weights[1]:,} with bottleneck")

# %% solution-3
with torch.device("meta"):  # only counted
    for compression in (0.5, 1.0):
        stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        model = densenet(stem, 64, (6, 12, 24, 16), 32, 1000, compression)
        number = sum(W.numel() for W in model.parameters())
        print(f"keeping {compression:.0%} of the maps: {number:,}")

# %% solution-4
seed_everything(0)
block = DenseBlock(16, layers=4, growth=8)
X = torch.randn(8, 16, 7, 7)


def see(layer: nn.Module, *maps: Tensor) -> Tensor:
    return layer(torch.cat(maps, dim=1))


def gradients(again: bool) -> list[Tensor]:
    maps = [X]
    for layer in block.layers:
        run = partial(see, layer)
        if again:
            maps.append(checkpoint(run, *maps, use_reentrant=False))
        else:
            maps.append(run(*maps))
    loss = torch.cat(maps, dim=1).square().mean()
    return list(torch.autograd.grad(loss, list(block.parameters())))


pairs = zip(gradients(False), gradients(True), strict=True)
difference = max((a - b).abs().max().item() for a, b in pairs)
print(f"largest difference: {difference:.0e}")
