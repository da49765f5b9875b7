"""Solutions to the exercises of the chapter on fine-tuning."""

# %% setup
from copy import deepcopy

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from dlnotes.data.scenes import load_scenes
from dlnotes.finetune import freeze, replace_head
from dlnotes.train.seed import seed_everything
from dlnotes.vision.resnet import small_resnet

seed_everything(0)
scenes = load_scenes().train
X, y = scenes.images[:200], scenes.y[:200]

# %% solution-1
seed_everything(0)
model = small_resnet(8, classes=52)
replace_head(model, 10)
parameters_all = sum(W.numel() for W in model.parameters())
freeze(model)
learning = [W for W in model.parameters() if W.requires_grad]
parameters_head = sum(W.numel() for W in learning)
print(f"{parameters_all:,} parameters, of which {parameters_head} learn")

# %% solution-2
body, dense = nn.Sequential(model.features, model.head[:-1]), model.head[-1]
with torch.no_grad():
    vectors = body(X)  # (200, 64), once and for all
    difference = (dense(vectors) - model(X)).abs().max().item()
print(tuple(vectors.shape), f"largest difference {difference:.0e}")

# %% solution-3
changed = {}
for name, mode in (("training", True), ("evaluation", False)):
    careful = deepcopy(model).train(mode)
    before = deepcopy(careful.state_dict())
    with torch.no_grad():
        careful(X)
    changed[name] = sum(
        not torch.equal(entry, before[key])
        for key, entry in careful.state_dict().items()
    )
    print(f"{name} mode: {changed[name]} of {len(before)} entries changed")

# %% solution-4
parts = [*model.features, model.head]
groups = [
    {"params": list(part.parameters()), "lr": 0.1 / 2.6**n}
    for n, part in enumerate(reversed(parts))
]
for group in SGD(groups, lr=0.1, momentum=0.9).param_groups:
    count = sum(W.numel() for W in group["params"])
    print(f"lr {group['lr']:.4f} for {count:6,} parameters")

# %% solution-5
gradient = {}
for name in ("drawn", "zero"):
    seed_everything(0)
    started = small_resnet(8, classes=52)
    head = replace_head(started, 10)
    if name == "zero":
        nn.init.zeros_(head.weight)
    cross_entropy(started(X), y).backward()
    norms = [W.grad.norm() for W in started.features.parameters()]
    gradient[name] = torch.stack(norms).norm().item()
    print(f"head {name:5}: gradient of the features {gradient[name]:.2f}")
