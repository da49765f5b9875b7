"""Solutions to the exercises of the chapter on GoogLeNet."""

# %% setup
from torch.nn.functional import cross_entropy, interpolate

from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes
from dlnotes.initialize import redraw, xavier
from dlnotes.stability import gradient_norms
from dlnotes.train.seed import seed_everything
from dlnotes.vision.googlenet import branch, googlenet
from dlnotes.vision.shapes import multiplications

seed_everything(0)

# %% solution-1
shape = (1, 256, 28, 28)
for reduce in (128, 0):
    path = branch(256, reduce, 192, kernel=3, batch_norm=False)
    print(f"reduction to {reduce}: {multiplications(path, shape):,}")
print(f"by hand: {(256 * 128 + 9 * 128 * 192) * 28**2:,}", end=" ")
print(f"and {9 * 256 * 192 * 28**2:,}")

# %% solution-2
C_in, C, k = 192, 32, 5
limit = k**2 * C * C_in / (C_in + k**2 * C)
print(f"R below {limit:.1f}")
for R in (154, 155):
    reduced = C_in * R + k**2 * R * C
    print(f"R = {R}: {reduced / (k**2 * C_in * C):.4f} of the direct way")

# %% solution-3
single = 5**2 * 16 * 32
print(f"one 5 × 5: {single:,} multiplications per pixel")
for middle in (32, 16):
    double = 3**2 * (16 * middle + middle * 32)
    print(f"two 3 × 3 with {middle} maps between: {double:,}")

# %% solution-5
stem = [(7, 2), (3, 2), (1, 1), (3, 1), (3, 2)]  # kernels and strides
blocks = [2, 5, 2]  # Inception blocks between poolings
fields = {}
for kernel in (1, 5):
    layers = list(stem)
    for n, count in enumerate(blocks):
        layers += [(3, 2)] * (n > 0) + [(kernel, 1)] * count
    field, jump = 1, 1
    for k, stride in layers:
        field += (k - 1) * jump
        jump *= stride
    fields[kernel] = field
print(fields, "pixels wide")

# %% solution-6
seed_everything(0)
canvases = draw_scenes(load_digits().train, 8, seed=0).canvases
X = interpolate(canvases.images, size=112)  # (8, 1, 112, 112)
model = googlenet(channels=1, classes=10)
redraw(model, xavier)
cross_entropy(model(X), canvases.y).backward()
first, last = (
    gradient_norms(W for W in part.parameters() if W.ndim > 1).norm()
    for part in (model.features[0], model.features[-1])
)
ratio_xavier = (first / last).item()
print(f"first layer / last block: {ratio_xavier:.2f}")
