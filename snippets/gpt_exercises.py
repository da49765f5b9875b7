"""Solutions to the exercises of the chapter on GPT."""

# %% setup
import torch
from torch import Tensor
from torch.optim import Adam

from dlnotes.attention.fused import fused_attention
from dlnotes.data.text import load_text
from dlnotes.gpt.model import GPT
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.train.seed import seed_everything
from dlnotes.train.windows import fit_windows

text = load_text()
vocabulary = Vocabulary(letters("".join(text)))  # the alphabet
train, val, _ = (vocabulary.encode(letters(part)) for part in text)
seed_everything(0)


# %% solution-1
def count(V: int, T: int, C: int, layers: int) -> int:
    block = (4 * C * C + 4 * C) + (8 * C * C + 5 * C) + 4 * C
    return V * C + T * C + layers * block + 2 * C


V, T, C, layers = 50257, 1024, 768, 12
with torch.device("meta"):  # shapes alone, without any numbers
    small = GPT(V, T, C, 12, layers)
parameters_small = sum(W.numel() for W in small.parameters())
print(f"{count(V, T, C, layers):,} by the formula, {parameters_small:,}")


# %% solution-2
def cached_bytes(layers: int, T: int, C: int, size: int) -> int:
    return 2 * layers * T * C * size  # keys and values


size_small = cached_bytes(12, 1024, 768, 4) / 1e6
size_large = cached_bytes(96, 2048, 12288, 2) / 1e9
print(f"GPT-2 (124M): {size_small:.0f} MB, GPT-3: {size_large:.1f} GB")


# %% solution-3
def sees_all(Q: Tensor, K: Tensor, V: Tensor, mask: Tensor | None = None):
    return fused_attention(Q, K, V)  # whatever the mask says


seed_everything(0)
model = GPT(27, 16, 64, 4, 2, attention=sees_all)
optimizer = Adam(model.parameters(), 0.009, fused=True)
history = fit_windows(model, train, optimizer, 300, 16, 16)
loss_end = history.mean(10)
with torch.no_grad():
    ids = val[:8000].view(-1, 16)
    logits = model(ids[:, :8])[:, -1]  # the next letter is not there
    log_p = logits.log_softmax(1).gather(1, ids[:, 8:9])
    windows = val[:8001].unfold(0, 17, 16)  # (500, 17)
    log_q = model(windows[:, :16]).log_softmax(2)
loss_alone = -log_p.mean().item()
loss_place = -log_q.gather(2, windows[:, 1:, None]).mean((0, 2))
loss_copied, loss_last = loss_place[:15].max().item(), loss_place[15].item()
print(f"training {loss_end:.2f}, where it cannot look: {loss_alone:.2f}")
print(f"full windows: to letter 15 {loss_copied:.3f}, ", end="")
print(f"after letter 16 {loss_last:.2f}")

# %% solution-4
ids = torch.randint(27, (1, 6))
swapped = ids[:, [1, 0, 2, 3, 4, 5]]
difference_swapped = {}
for layers in (1, 2):
    model = GPT(27, 6, 64, 4, layers).double()
    with torch.no_grad():
        for name, W in model.named_parameters():
            if W.ndim == 2:
                W.normal_(std=0.5)
            if name.startswith("position"):
                W.zero_()
        moved = (model(ids) - model(swapped))[0, -1].abs().max()
    difference_swapped[layers] = moved.item()
    print(f"{layers} block(s): the last logits move by {moved:.0e}")


# %% solution-5
def nucleus(log_q: Tensor, share: float) -> Tensor:
    """Return probabilities (N, V) of the fewest tokens that have a share."""
    p, order = log_q.exp().sort(dim=1, descending=True)
    before = p.cumsum(1) - p
    kept = torch.zeros_like(p).scatter(1, order, p * (before < share))
    return kept / kept.sum(1, keepdim=True)


log_q = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.97, 0.01, 0.01, 0.01]])
for row in nucleus(log_q.log(), 0.9):
    print(*(f"{value:.2f}" for value in row))

# %% solution-6
seed_everything(0)
T = 16
model = GPT(27, T, 64, 4, 2).double()
with torch.no_grad():
    for W in model.parameters():
        if W.ndim == 2:
            W.normal_(std=0.3)
    ids = torch.randint(27, (1, T + 1))
    _, state = model.extend(ids[:, :T], None)
    dropped = tuple((K[:, :, 1:], V[:, :, 1:]) for K, V in state)
    kept, _ = model.step(ids[:, -1], dropped)
    anew, _ = model.reread(ids[:, -1], ids[:, :T])
difference_dropped = (kept - anew).abs().max().item()
print(f"the oldest key dropped, or read anew: {difference_dropped:.2f}")
