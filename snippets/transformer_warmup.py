"""At which rates a Transformer trains: the norm's place, and warm-up."""

# %% imports
from itertools import product
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from dlnotes.attention.fused import fused_attention
from dlnotes.losses import cross_entropy
from dlnotes.plot import show, use_style
from dlnotes.position import Sinusoidal
from dlnotes.schedule import cosine, inverse_square_root, warm_up
from dlnotes.table import Table
from dlnotes.train.hooks import clip_gradients, schedule_lr
from dlnotes.train.seed import seed_everything
from dlnotes.transformer.block import EncoderBlock
from dlnotes.transformer.model import embeddings
from dlnotes.transformer.norm import LayerNorm
from dlnotes.transformer.stack import TransformerEncoder

use_style()

# %% schedule-figure
steps = range(1, 20_001)
schedule = inverse_square_root(rising=4000)
rates = [schedule(step - 1) / (512 * 4000) ** 0.5 for step in steps]
fig, ax = plt.subplots(figsize=(4.6, 2.6))
ax.plot(steps, rates)
ax.set(xlabel="step", ylabel="learning rate")
show()
rate_top = max(rates)


# %% network
class Sorter(nn.Module):
    """Read digits (B, T), and write them in rising order."""

    def __init__(self, norm_first: bool) -> None:
        super().__init__()
        sizes = 32, 4, 64, 0.0, norm_first
        self.embedding = embeddings(10, 32)
        self.position = Sinusoidal()
        self.encoder = TransformerEncoder(
            [EncoderBlock(*sizes, attention=fused_attention) for _ in "1234"],
            LayerNorm(32) if norm_first else None,
        )
        self.dense = nn.Linear(32, 10)

    def forward(self, X: Tensor) -> Tensor:
        X = self.position(self.embedding(X) * 32**0.5)
        logits: Tensor = self.dense(self.encoder(X)[0])  # (B, T, 10)
        return logits


# %% recipe
STEPS = 60


def accuracy(norm_first: bool, rising: int, rate: float, seed: int) -> float:
    """Return the share of digits that are right after training."""
    seed_everything(seed)
    model = Sorter(norm_first)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    falling = cosine(STEPS - rising)
    schedule_lr(optimizer, warm_up(rising, falling) if rising else falling)
    clip_gradients(optimizer, threshold=1)
    for _ in range(STEPS):
        X = torch.randint(10, (32, 8))
        logits = model(X)
        loss = cross_entropy(logits.flatten(0, 1), X.sort().values.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    X = torch.randint(10, (500, 8))
    right = model(X).argmax(dim=2) == X.sort().values
    return right.float().mean().item()


# %% grid
RATES = (0.01, 0.03, 0.1)
places = {"after": False, "first": True}
warming = {"no warm-up": 0, "warm-up": STEPS // 4}
accuracy_of, rows = {}, []
for (place, first), (warm, rising) in product(places.items(), warming.items()):
    row = [f"norm {place}, {warm}"]
    for rate in RATES:
        found = [accuracy(first, rising, rate, seed) for seed in range(3)]
        accuracy_of[f"{place}, {warm}, {rate}"] = found
        row.append(" ".join(f"{value:.2f}" for value in found))
    rows.append(row)
Table(["", *(f"η = {rate}" for rate in RATES)], rows).show()

# %% quoted
digits = torch.randint(10, (10_000, 8)).sort().values
constant = digits.mode(dim=0).values  # the most frequent digit at each place
accuracy_constant = (digits == constant).float().mean().item()
accuracy_after = mean(accuracy_of["after, warm-up, 0.03"])
accuracy_first = mean(accuracy_of["first, warm-up, 0.03"])
accuracy_largest = mean(accuracy_of["first, warm-up, 0.1"])
