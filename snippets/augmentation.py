"""Other views of one photograph, and noise on a sound."""

# %% imports
from math import pi

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_sample_image
from torchvision.transforms import v2

from dlnotes.augment import Augment, add_noise
from dlnotes.plot import show, use_style
from dlnotes.seed import shifted
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% photograph
pixels = torch.tensor(load_sample_image("flower.jpg"))  # (427, 640, 3)
prepare = v2.Compose(
    [
        v2.Resize(48),
        v2.ToDtype(torch.float32, scale=True),
    ]
)
square = pixels[7:, 25:445]  # the flower on the right
photo = prepare(square.permute(2, 0, 1))  # (3, 48, 48), from 0 to 1
print(tuple(photo.shape), photo.dtype, f"{photo.min():.2f} {photo.max():.2f}")

# %% views
transforms = {
    "flipped": v2.RandomHorizontalFlip(p=0.5),
    "cropped": v2.RandomResizedCrop(48, scale=(0.3, 1.0)),
    "coloured": v2.ColorJitter(brightness=0.4, saturation=0.6, hue=0.1),
}
transforms["all three"] = v2.Compose(list(transforms.values()))
views = {
    name: [transform(photo) for _ in range(2)]
    for name, transform in transforms.items()
}

# %% views-figure
fig, axes = plt.subplots(4, 3, figsize=(4.2, 5.6))
for row, (name, images) in zip(axes, views.items(), strict=True):
    for ax, image in zip(row, [photo, *images], strict=True):
        shown = image.clamp(0, 1).permute(1, 2, 0)  # (48, 48, 3)
        ax.imshow(shown.numpy(), interpolation="none")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    row[0].set_ylabel(name)
show()

# %% by-hand
flipped = v2.functional.horizontal_flip(photo)
print("flip:", torch.equal(flipped, photo.flip(dims=[2])))
shifted_photo = v2.functional.crop(v2.functional.pad(photo, 8), 0, 3, 48, 48)
rolled = torch.zeros_like(photo)
rolled[:, 8:, 5:] = photo[:, :-8, :-5]
print("crop after padding is a shift:", torch.equal(shifted_photo, rolled))
brighter = v2.functional.adjust_brightness(photo, 1.3)
print("brightness:", torch.equal(brighter, (1.3 * photo).clamp(0, 1)))
luma = torch.tensor([0.2989, 0.587, 0.114])
grey = torch.einsum("c,chw->hw", luma, photo)
pale = v2.functional.adjust_saturation(photo, 0.4)
pale_gap = (pale - (0.4 * photo + 0.6 * grey)).abs().max().item()
print(f"saturation: largest difference {pale_gap:.0e}")

# %% modes
layer = Augment(transforms["all three"])
batch = photo.expand(2, 3, 48, 48)  # the same photograph twice
first, second = layer(batch)
print("training: the same twice?", torch.equal(first, second))
layer.eval()
first, second = layer(batch)
print("evaluation: the photograph itself?", torch.equal(first, photo))

# %% generator
shift = v2.RandomCrop(48, padding=8)
seed_everything(0)
one, two = shift(photo), shift(photo)
seed_everything(0)
again = shift(photo)
print("two calls agree:", torch.equal(one, two))
print("the same seed agrees:", torch.equal(one, again))

# %% waveform
RATE = 8000  # samples a second
t = torch.arange(RATE // 2) / RATE  # half a second
sound = torch.zeros_like(t)
for overtone in range(1, 6):
    decay = torch.exp(-4 * overtone * t)
    sound += decay * torch.sin(2 * pi * 220 * overtone * t) / overtone
generator = torch.Generator().manual_seed(shifted(0))
noisy = {ratio: add_noise(sound, ratio, generator) for ratio in (20, 10, 0)}
measured = {}
for ratio, heard in noisy.items():
    power = (heard - sound).square().mean()
    measured[ratio] = 10 * (sound.square().mean() / power).log10().item()
    print(f"asked for {ratio:2} dB, got {measured[ratio]:.1f} dB")

# %% waveform-figure
part = slice(400, 720)  # 40 milliseconds
fig, axes = plt.subplots(4, figsize=(4.8, 3.8), sharex=True, sharey=True)
drawn = {"clean": sound} | {f"{ratio} dB": x for ratio, x in noisy.items()}
for ax, (name, heard) in zip(axes, drawn.items(), strict=True):
    ax.plot(1000 * t[part].numpy(), heard[part].numpy(), lw=1)
    ax.set_ylabel(name)
ax.set_xlabel("time (ms)")
show()
