"""A training run that is cut off and goes on to the same weights."""

# %% imports
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.losses import cross_entropy
from dlnotes.mlp import MLP
from dlnotes.train.batches import Batches
from dlnotes.train.checkpoint import Checkpoint, read
from dlnotes.train.history import History
from dlnotes.train.loop import train
from dlnotes.train.progress import Progress
from dlnotes.train.seed import seed_everything

# %% program
digits = load_digits()
STEPS = 200


class PowerCutError(Exception):
    pass


def program(path, cut_at=None, keep_optimizer=True):
    seed_everything(0)
    model = MLP([64, 32, 10])
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    batches = Batches(*digits.train, batch_size=32)
    parts = [model, optimizer] if keep_optimizer else [model]
    checkpoint = Checkpoint(path, parts, every=len(batches))
    seen = []

    def watch(history: History) -> None:
        if not seen:
            print(f"starting after step {history.step - 1:3}", end=", ")
        seen.append(history.step)
        if history.step == cut_at:
            raise PowerCutError

    with Progress(STEPS) as progress:
        hooks = [progress, watch]
        history = train(
            model, cross_entropy, optimizer, batches, STEPS, hooks, checkpoint
        )
    print(f"done after step {history.step}, loss {history.losses[-1]:.6f}")
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# %% resume
with TemporaryDirectory() as folder:
    whole = program(Path(folder, "whole.pt"))
    path = Path(folder, "cut.pt")
    try:
        program(path, cut_at=150)
    except PowerCutError:
        kept = read(path)
        print("the power is cut at step 150")
    resumed = program(path)

same = torch.equal(whole, resumed)
print("same weights, bit for bit:", same)

# %% kept
print("kept:", ", ".join(kept))
steps_kept = len(kept["history"]["losses"])
momentum = kept["parts"][1]["state"][0]["momentum_buffer"]
print("losses kept:", steps_kept, " velocity kept:", tuple(momentum.shape))

# %% forgotten
with TemporaryDirectory() as folder:
    path = Path(folder, "cut.pt")
    try:
        program(path, cut_at=150, keep_optimizer=False)
    except PowerCutError:
        print("the power is cut at step 150")
    forgetful = program(path, keep_optimizer=False)

weight_gap = (whole - forgetful).abs().max()
print("same weights:", torch.equal(whole, forgetful), end=", ")
print(f"off by up to {weight_gap:.3f}")

# %% damaged
with TemporaryDirectory() as folder:
    path = Path(folder, "run.pt")
    program(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    try:
        program(path)
    except ValueError as error:
        print("ValueError:", str(error).replace(folder, "…"))
