"""Solutions to the exercises of the chapter on augmentation."""

# %% setup
import torch
from torch import nn
from torch.optim import AdamW
from torchvision.transforms import v2

from dlnotes.augment import Augment, add_noise
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.initialize import kaiming, redraw
from dlnotes.seed import shifted
from dlnotes.train.classifier import fit
from dlnotes.train.seed import seed_everything
from dlnotes.vision.lenet import lenet

scenes = load_scenes()
few = ImageSet(scenes.train.X[:300], scenes.train.y[:300])
mean, deviation = few.X.mean().item(), few.X.std().item()

# %% solution-2
sound = torch.sin(torch.arange(100_000) / 7.0)
generator = torch.Generator().manual_seed(shifted(0))
noise = add_noise(sound, 10.0, generator) - sound
ratio_size = (noise.std() / sound.square().mean().sqrt()).item()
print(f"the noise is {ratio_size:.3f} times as large as the sound")
print(f"10^(-1/2) = {10**-0.5:.3f}")

# %% solution-3
normalize = v2.Normalize([mean], [deviation])
crop = v2.Pad(4)
image = few.images[:1]
before = normalize(crop(image))[0, 0, 0, 0].item()
after = crop(normalize(image))[0, 0, 0, 0].item()
print(f"border: padded first {before:.2f}, normalized first {after:.2f}")

# %% solution-4
seed_everything(0)
body = lenet(nn.ReLU, nn.MaxPool2d)
redraw(body, kaiming)
move = v2.RandomCrop(28, padding=4)
model = nn.Sequential(Augment(move), normalize, body)
optimizer = AdamW(model.parameters(), lr=0.01, fused=True)
fit(model, few, optimizer, epochs=20)
model.eval()
X, y = scenes.val.images, scenes.val.y
with torch.no_grad():
    alone = model(X).softmax(dim=1)
    moves = [(i, j) for i in (0, 2, 4) for j in (0, 2, 4)]
    padded = nn.functional.pad(X, (2, 2, 2, 2))  # (N, 1, 32, 32)
    views = [
        model(padded[:, :, i : i + 28, j : j + 28]).softmax(dim=1)
        for i, j in moves
    ]
accuracy_alone = (alone.argmax(dim=1) == y).double().mean().item()
together = torch.stack(views).mean(dim=0)
accuracy_views = (together.argmax(dim=1) == y).double().mean().item()
print(f"one view {accuracy_alone:.3f}, nine views {accuracy_views:.3f}")
