"""Solutions to the exercises of the chapter on NiN."""

# %% setup
import torch
from torch import nn

from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes
from dlnotes.receptive import parameter_count
from dlnotes.train.seed import seed_everything
from dlnotes.vision.nin import average_head, nin_block, small_nin

# %% solution-1
conv = nn.Conv2d(256, 10, 6)
dense = nn.Linear(256 * 6 * 6, 10)
dense.load_state_dict({"weight": conv.weight.flatten(1), "bias": conv.bias})
X = torch.randn(2, 256, 6, 6)
same = torch.allclose(conv(X)[:, :, 0, 0], dense(X.flatten(1)), atol=1e-5)
print("equal:", same, " shape for 8 × 8 maps:", end=" ")
print(tuple(conv(torch.randn(2, 256, 8, 8)).shape))

# %% solution-2
for K in (10, 1000):
    average = 384 * K + K  # 1 × 1, then the average
    head = 384 * 36 * 4096 + 4096 + 4096 * K + K
    print(f"K = {K:4}: average {average:9,}, dense {head:10,}")

# %% solution-3
seed_everything(0)
maps = torch.randn(4, 24, 7, 7)
last = nn.Conv2d(24, 10, 1)
head = average_head()
before = head(last(maps))  # K maps, then the average
after = last(maps.mean(dim=(2, 3), keepdim=True))[:, :, 0, 0]
print(f"largest difference {(before - after).abs().max():.0e}")
bent = head(torch.relu(last(maps)))
print(f"with ReLU before the average {(bent - after).abs().max():.2f}")

# %% solution-4
seed_everything(0)
model = small_nin(16).eval()
X = draw_scenes(load_digits().test, 2, seed=3).canvases.images
wide = torch.cat([*X], dim=2)[None]  # two canvases side by side
with torch.no_grad():
    print(tuple(model.features(wide).shape), tuple(model(wide).shape))
    try:
        small_nin(16, average=False).eval()(wide)
    except ValueError as error:
        print(error)

# %% solution-5
plain = nin_block(96, (256,), kernel=5, padding=2)
block = nin_block(96, (256, 256, 256), kernel=5, padding=2)
counts = parameter_count(plain), parameter_count(block)
print("parameters {:,} and {:,}".format(*counts))
wider = round(256 * counts[1] / counts[0])
print(f"a plain layer with as many has {wider} channels")
