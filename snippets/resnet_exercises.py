"""Solutions to the exercises of the chapter on residual networks."""

# %% setup
from math import comb

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from dlnotes.data.digits import load_digits
from dlnotes.stability import layer_scales
from dlnotes.train.seed import seed_everything
from dlnotes.vision.resnet import Residual, small_resnet

X = load_digits().train.images[:200]

# %% solution-1
n = 54
paths = 2**n
share = sum(comb(n, blocks) for blocks in range(19, 36)) / paths
print(f"{paths:.1e} paths, {n / 2:.0f} blocks long on average")
print(f"{share:.1%} of them pass through 19 to 35 blocks")


# %% solution-2
class Subsample(nn.Module):
    """Take every second pixel, and fill new channels with zeros."""

    def forward(self, X: Tensor) -> Tensor:
        X = X[:, :, ::2, ::2]  # (B, C, H/2, W/2)
        C = X.shape[1]
        return pad(X, (0, 0, 0, 0, C // 2, C // 2))  # (B, 2C, H/2, W/2)


model = small_resnet(20, width=16, channels=3, stride=1)
parameters_b = sum(W.numel() for W in model.parameters())
for stage in (model.features.stage2, model.features.stage3):
    stage[0].shortcut = Subsample()
parameters_a = sum(W.numel() for W in model.parameters())
shape = tuple(model(torch.rand(2, 3, 32, 32)).shape)
print(f"option B {parameters_b:,}, option A {parameters_a:,}", shape)

# %% solution-3
seed_everything(0)
model = small_resnet(8, width=8).eval()
with torch.no_grad():
    before = model(X)
    for stage in list(model.features)[1:]:
        C = stage[-1].conv2[0].out_channels
        for _ in range(8):
            block = Residual(C, C).eval()
            nn.init.zeros_(block.conv2[1].weight)
            stage.append(block)
    difference = (model(X) - before).abs().max().item()
layers = sum(isinstance(m, nn.Conv2d) for m in model.modules()) - 2 + 1
print(f"{layers} layers, largest difference {difference}")

# %% solution-4
sizes = {}
for name, batch_norm in (("without", False), ("with", True)):
    seed_everything(0)
    model = small_resnet(56, 8, batch_norm=batch_norm, stride=1)
    blocks = [b for b in model.modules() if isinstance(b, Residual)]
    sizes[name] = layer_scales(model, blocks, X).tolist()
    shown = "  ".join(f"{size:.1e}" for size in sizes[name][::4])
    print(f"{name:7} batch norm, root mean square: {shown}")
growth_factor = (sizes["without"][-1] / sizes["without"][0]) ** (2 / 26)
print(f"mean square, from block to block: times {growth_factor:.1f}")
