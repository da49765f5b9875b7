"""One sample, 32 or all of them per step; and the noise of a mini-batch."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from dlnotes.data.digits import load_digits
from dlnotes.mlp import MLP
from dlnotes.optim import SGD
from dlnotes.plot import show, use_style
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.hooks import every
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()

# %% learn
digits = load_digits()
X, y = digits.train
N = len(X)
epochs = 4


def learn(batch_size: int, rate: float) -> tuple[float, list, list]:
    seed_everything(0)
    model = MLP([64, 10])
    batches = Batches(X, y, batch_size=batch_size)
    seen = [0.0]
    losses = [evaluate(model, cross_entropy, [(X, y)])]

    def watch(history: History) -> None:
        seen.append(sum(history.counts) / N)
        losses.append(evaluate(model, cross_entropy, [(X, y)]))

    optimizer = SGD(model.parameters(), rate)
    hook = every(max(1, len(batches) // 10), watch)
    steps = epochs * len(batches)
    train(model, cross_entropy, optimizer, batches, steps, [hook])
    return evaluate(model, cross_entropy, [digits.val]), seen, losses


# %% three
runs = {}
for batch_size in (1, 32, N):
    tried = {rate: learn(batch_size, rate) for rate in (0.3, 1, 3)}
    rate = min(tried, key=lambda rate: tried[rate][0])
    runs[batch_size] = tried[rate]
    steps = epochs * -(-N // batch_size)
    text = f"batch size {batch_size:4}  {steps:4} steps  rate {rate:3}"
    print(f"{text}  training loss {tried[rate][2][-1]:.3f}")
validation_1 = runs[1][0]
start_loss, peak_32 = runs[32][2][0], max(runs[32][2])
end_1, end_32, end_full = (runs[size][2][-1] for size in (1, 32, N))

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 3.0))
for (_, seen, losses), style, label in [
    (runs[N], "o-", "all 1,077 samples"),
    (runs[32], "--", "32 samples"),
    (runs[1], "-", "1 sample"),
]:
    ax.plot(seen, losses, style, lw=1.5, ms=5, label=label)
ax.set(yscale="log", xlabel="samples processed, in epochs")
ax.set(ylabel="training loss (nats)", xticks=range(epochs + 1))
ax.legend()
show()

# %% gradients
seed_everything(0)
W = 0.1 * torch.randn(64, 10)
per_class = torch.softmax(X @ W, dim=1) - one_hot(y, 10)  # (N, 10)
gradients = (X[:, :, None] * per_class[:, None, :]).flatten(1)  # (N, 640)
full = gradients.mean(0)
one_sample_noise = ((gradients - full) ** 2).sum(1).mean().sqrt()


def noise(weights: Tensor) -> float:
    return ((weights @ gradients - full) ** 2).sum(1).mean().sqrt().item()


sizes = [1, 4, 16, 64, 256, 1024]
redrawn, dealt = [], []
for B in sizes:
    rows = torch.randint(N, (300, B))
    counts = torch.zeros(300, N).scatter_add_(1, rows, torch.ones(300, B))
    redrawn.append(noise(counts / B))
    order = torch.rand(300, N).argsort(dim=1)
    dealt.append(noise((order < B) / B))

# %% noise
print(f"length of the full gradient: {full.norm():.3f}")
print("    B   noise  noise·√B")
for B, value in zip(sizes, redrawn, strict=True):
    print(f"{B:5}  {value:.4f}  {value * B**0.5:8.3f}")
full_length = full.norm()
noise_16, noise_64 = redrawn[2], redrawn[3]
halving = noise_16 / noise_64

# %% noise-curve
fig, ax = plt.subplots(figsize=(4.8, 3.0))
every_size = torch.logspace(0, torch.tensor(N).log10(), 200)
law = one_sample_noise / every_size**0.5
left = ((N - every_size).clamp(min=0) / (N - 1)) ** 0.5
ax.plot(every_size, law, "--", color="gray", label="σ / √B")
ax.plot(sizes, redrawn, "o", color="C0", label="with replacement")
ax.plot(sizes, dealt, "s", color="C1", mfc="none", label="from an epoch")
ax.plot(every_size, law * left, ":", color="C1")
ax.set(xscale="log", yscale="log", xlabel="batch size B")
ax.set(ylabel="noise of the gradient", ylim=(0.003, 8))
ax.legend()
show()
