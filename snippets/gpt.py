"""A small GPT: its parts, its predictions, and how it goes on with a text."""

# %% imports
from math import log
from textwrap import wrap

import torch
from torch.nn.functional import cross_entropy

from dlnotes.data.text import load_text
from dlnotes.gpt.model import GPT
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)
text = load_text()
vocabulary = Vocabulary(letters("".join(text)))  # the alphabet
V, T, C = len(vocabulary), 32, 64
model = GPT(V, T, C, heads=4, layers=2)

# %% predictions
word = "lambda "
for t in range(1, len(word)):
    print(f"{word[:t]:8}→ {word[t]}")

# %% model
B = 8
ids = vocabulary.encode(letters(text.train[: B * T + 1]))
X, y = ids[:-1].view(B, T), ids[1:].view(B, T)
logits = model(X)
loss_start = cross_entropy(logits.flatten(0, 1), y.flatten()).item()
loss_uniform = log(V)
print("X", tuple(X.shape), "logits", tuple(logits.shape))
print(f"loss {loss_start:.2f}, log V = {loss_uniform:.2f}")

# %% parameters
block = model.blocks[0]
parts = {
    "embedding, at both ends": [model.embedding],
    "learned positions": [model.position],
    "attention": [block.self_attn for block in model.blocks],
    "feed-forward": [block.feed_forward for block in model.blocks],
    "norms": [model.norm, *(b.norm1 for b in model.blocks)]
    + [b.norm2 for b in model.blocks],
}
parameters = {
    name: sum(W.numel() for part in found for W in part.parameters())
    for name, found in parts.items()
}
formulas = ["VC", "TC", "L · (4C² + 4C)", "L · (8C² + 5C)", "(2L + 1) · 2C"]
rows = [
    [name, formula, parameters[name]]
    for name, formula in zip(parameters, formulas, strict=True)
]
parameters_all = sum(W.numel() for W in model.parameters())
rows.append(["in all", "", parameters_all])
Table(["part", "formula", "parameters:,"], rows).show()

# %% one-pass
with torch.no_grad():
    together = model(X).log_softmax(2)  # (B, T, V)
    alone = [model(X[:, :t])[:, -1].log_softmax(1) for t in range(1, T + 1)]
difference_alone = (together - torch.stack(alone, 1)).abs().max().item()
print(f"one pass, or {T} passes: log p differs by {difference_alone:.0e}")

# %% causal
changed = X.clone()
changed[:, 20:] = torch.randint(V, (B, T - 20))
with torch.no_grad():
    moved = (model(changed) - model(X)).abs().amax((0, 2))
difference_before, difference_after = moved[:20].max(), moved[20:].min()
print(f"before letter 21: {difference_before:.0e},", end=" ")
print(f"from it on: {difference_after:.0e} at least")

# %% cached
read = {"forward": together}
with torch.no_grad():
    for name, step in (("step", model.step), ("reread", model.reread)):
        state, found = None, []
        for token in X.T:
            log_p, state = step(token, state)
            found.append(log_p)
        read[name] = torch.stack(found, 1)
difference = {
    name: (log_p - together).abs().max().item() for name, log_p in read.items()
}
for name in ("step", "reread"):
    print(f"{name}: log p differs by {difference[name]:.0e}")

# %% full
_, state = model.extend(X, None)
try:
    model.step(y[:, -1], state)
except ValueError as error:
    print(*wrap(str(error), 60), sep="\n")

# %% slide
with torch.no_grad():
    log_p, seen = model.reread(y[:, -1], X)
    window = torch.cat([X[:, 1:], y[:, -1:]], 1)
    last = model(window)[:, -1].log_softmax(1)
difference_slide = (log_p - last).abs().max().item()
print("tokens read:", seen.shape[1], f"difference {difference_slide:.0e}")
