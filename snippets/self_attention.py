"""A sequence that asks itself, and what it does not know of its order."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from dlnotes.attention.score import attention
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)
torch.set_default_dtype(torch.float64)


# %% layer
class SelfAttention(nn.Module):
    """Let each token of X (..., T, C) ask all of them."""

    def __init__(self, C: int) -> None:
        super().__init__()
        self.W_q = nn.Linear(C, C, bias=False)
        self.W_k = nn.Linear(C, C, bias=False)
        self.W_v = nn.Linear(C, C, bias=False)

    def forward(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return (..., T, C), and the weights (..., T, T)."""
        return attention(self.W_q(X), self.W_k(X), self.W_v(X))


# %% one-sequence
words = ["the", "dog", "bites", "the", "man"]
vocabulary = sorted(set(words))
embedding = nn.Embedding(len(vocabulary), 8)
layer = SelfAttention(8)


def embed(text: list[str]) -> Tensor:
    return embedding(torch.tensor([vocabulary.index(word) for word in text]))


X = embed(words)
Y, weights = layer(X)
print("X", tuple(X.shape), "Y", tuple(Y.shape))
print("weights", tuple(weights.shape))
print("a row sums to", round(weights[2].sum().item(), 12))

# %% by-hand
t = 2  # bites
q, K, V = layer.W_q(X[t]), layer.W_k(X), layer.W_v(X)
scores = K @ q / 8**0.5  # (T,)
alpha = scores.softmax(dim=0)
y = (alpha[:, None] * V).sum(dim=0)
for word, score, weight in zip(words, scores, alpha, strict=True):
    print(f"{word:5}  score {score:5.2f}  weight {weight:.2f}")
print("y", *(f"{entry:.2f}" for entry in y[:4].tolist()), "…")
difference_by_hand = (y - Y[t]).abs().max().item()
print(f"the row of the layer: differs by {difference_by_hand:.0e}")

# %% lengths
count_parameters = sum(W.numel() for W in layer.parameters())
for T in (1, 5, 1000):
    output, looked = layer(torch.randn(T, 8))
    print(f"T = {T}: Y {tuple(output.shape)}, weights {tuple(looked.shape)}")
print("parameters:", count_parameters)

# %% permuted
order = [0, 4, 2, 3, 1]  # the man bites the dog
Z, weights_permuted = layer(X[order])
difference_permuted = (Z - Y[order]).abs().max().item()
difference_weights = (
    (weights_permuted - weights[order][:, order]).abs().max().item()
)
difference_mean = (Z.mean(dim=0) - Y.mean(dim=0)).abs().max().item()
print(" ".join(words[n] for n in order))
print(f"outputs, in the other order: differ by {difference_permuted:.0e}")
print(f"weights, in the other order: differ by {difference_weights:.0e}")
print(f"mean of the outputs: differs by {difference_mean:.0e}")

# %% permuted-figure
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.7))
scale = dict(vmin=0, vmax=weights.max().item(), cmap="Blues")
for ax, order_shown, found in (
    (axes[0], range(5), weights),
    (axes[1], order, weights_permuted),
):
    text = [words[n] for n in order_shown]
    image = ax.imshow(found.tolist(), **scale)
    ax.set_xticks(range(5), text, rotation=90)
    ax.set_yticks(range(5), text)
    ax.set(xlabel="key")
axes[0].set(ylabel="query")
fig.colorbar(image, ax=axes, label="weight", shrink=0.6)
show()

# %% rivals
recurrent = nn.RNN(8, 8, batch_first=True)
convolution = nn.Conv1d(8, 8, 3, padding=1)
rivals = {
    "self-attention": lambda X: layer(X)[0],
    "dense layer, token by token": nn.Linear(8, 8),
    "recurrent network": lambda X: recurrent(X)[0],
    "convolution, plain": lambda X: convolution(X.mT).mT,
}
difference_order = {}
with torch.no_grad():
    for name, rival in rivals.items():
        before, after = rival(X[None]), rival(X[None, order])
        change = after - before[:, order]
        difference_order[name] = change.abs().max().item()
Table(
    ["layer", "largest difference"],
    [[name, f"{found:.1g}"] for name, found in difference_order.items()],
).show()
