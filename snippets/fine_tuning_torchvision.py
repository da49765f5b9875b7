"""The same with one of torchvision's models, up to the first step."""

# %% imports
import torch
from sklearn.datasets import load_sample_image
from torchvision.models import ResNet18_Weights, resnet18

from dlnotes.finetune import freeze, replace_head
from dlnotes.train.seed import seed_everything

seed_everything(0)

# %% model
weights = ResNet18_Weights.IMAGENET1K_V1
model = resnet18(weights=None)  # weights=weights downloads 45 MB
replace_head(model, 10)
freeze(model)
sizes = {W: W.numel() for W in model.parameters()}
count_all = sum(sizes.values())
count_head = sum(n for W, n in sizes.items() if W.requires_grad)
print(f"{count_head:,} of {count_all:,} parameters learn")

# %% images
prepare = weights.transforms()
photo = torch.tensor(load_sample_image("flower.jpg")).permute(2, 0, 1)
X = prepare(photo)[None]  # (1, 3, 224, 224)
print(tuple(photo.shape), "becomes", tuple(X.shape))
print("values from", f"{X.min():.2f} to {X.max():.2f}")
print("logits", tuple(model(X).shape))
