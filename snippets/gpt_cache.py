"""What a cache of keys and values saves, by the number of tokens."""

# %% imports
from time import process_time

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from dlnotes.decode.step import Step
from dlnotes.gpt.model import GPT
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)
V, T = 27, 256
model = GPT(V, T, C=128, heads=4, layers=2)


# %% ways
@torch.no_grad()
def one_by_one(step: Step, ids: Tensor) -> Tensor:
    """Return log p after each token of ids (N, T), which come in turn."""
    state, found = None, []
    for tokens in ids.T:
        log_p, state = step(tokens, state)
        found.append(log_p)
    return torch.stack(found, 1)  # (N, T, V)


@torch.no_grad()
def one_pass(ids: Tensor) -> Tensor:
    return model(ids).log_softmax(2)


ways = {
    "read anew": lambda ids: one_by_one(model.reread, ids),
    "with the cache": lambda ids: one_by_one(model.step, ids),
    "one pass": one_pass,
}

# %% times
lengths = (32, 64, 128, 256)
ids = torch.randint(V, (1, T))
times = {name: [] for name in ways}
log_p = {}
for length in lengths:
    for name, way in ways.items():
        seconds = []
        for _ in range(2 if name == "read anew" else 3):
            start = process_time()
            log_p[name] = way(ids[:, :length])
            seconds.append(process_time() - start)
        times[name].append(min(seconds))
difference_cache, difference_pass = (
    (log_p["with the cache"] - log_p[name]).abs().max().item()
    for name in ("read anew", "one pass")
)
print(f"cache, or read anew: log p differs by {difference_cache:.0e}")
print(f"cache, or one pass: log p differs by {difference_pass:.0e}")

# %% times-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
for name, marker in zip(ways, "os^", strict=True):
    ax.loglog(lengths, times[name], marker=marker, label=name)
ax.set_xticks(lengths, [str(length) for length in lengths])
ax.minorticks_off()
ax.set(xlabel="tokens", ylabel="seconds")
ax.legend()
show()

# %% memory
_, state = model.extend(ids, None)
count_cached = sum(part.numel() for cache in state for part in cache)
print(f"{count_cached:,} numbers in the cache of {T} tokens")

# %% batch
many = torch.randint(V, (32, 64))
seconds = {1: [], 32: []}
for _ in range(3):
    for rows, found in seconds.items():
        start = process_time()
        one_by_one(model.step, many[:rows])
        found.append(process_time() - start)
ratio_batch = min(seconds[32]) / min(seconds[1])

# %% quoted
ratio_saved = {
    length: anew / cached
    for length, anew, cached in zip(
        lengths, times["read anew"], times["with the cache"], strict=True
    )
}
ratio_serial = times["with the cache"][-1] / times["one pass"][-1]
