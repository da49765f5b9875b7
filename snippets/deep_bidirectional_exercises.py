"""Solutions to the exercises on deep and bidirectional networks."""

# %% setup
import torch
from torch import nn
from torch.optim import Adam

from dlnotes.data.brackets import forward_ceiling
from dlnotes.data.text import load_text
from dlnotes.language.blanks import Blanked
from dlnotes.language.vocabulary import UNKNOWN, Vocabulary, letters
from dlnotes.losses import IGNORE
from dlnotes.recurrent.tagger import Tagger
from dlnotes.seed import shifted
from dlnotes.train.seed import seed_everything
from dlnotes.train.tags import fit_tags, score_tags


# %% solution-1
def count(C: int, H: int, layers: int, ways: int, gates: int = 4) -> int:
    total = 0
    for _ in range(layers):
        total += ways * gates * H * (C + H + 2)  # W_ih, W_hh, two biases
        C = ways * H  # what the next layer reads
    return total


layer = nn.LSTM(32, 64, 2, bidirectional=True)
parameters = sum(W.numel() for W in layer.parameters())
print(f"{count(32, 64, 2, 2):,} by the formula, {parameters:,} counted")

# %% solution-2
seed_everything(0)
X = torch.randn(5, 7, 3)
both = nn.LSTM(3, 8, batch_first=True, bidirectional=True)
one = nn.LSTM(3, 8, batch_first=True)
weights = both.state_dict()
one.load_state_dict(
    {name: weights[f"{name}_reverse"] for name in one.state_dict()}
)
turned = one(X.flip(1))[0].flip(1)  # (B, T, 8)
difference = (turned - both(X)[0][..., 8:]).abs().max().item()
print(f"largest difference {difference:g}")


# %% solution-3
def seen(layers: int, half: slice, t: int = 3, T: int = 7) -> str:
    """Mark the steps of X on which a half of the output at t depends."""
    seed_everything(0)
    X = torch.randn(1, T, 3, requires_grad=True)
    layer = nn.LSTM(3, 8, layers, batch_first=True, bidirectional=True)
    layer(X)[0][0, t, half].sum().backward()
    return "".join(".x"[bool(g)] for g in X.grad[0].abs().sum(-1))


steps_seen = {}
for layers in (1, 2):
    for name, half in (("forward", slice(8)), ("backward", slice(8, 16))):
        steps_seen[layers, name] = seen(layers, half)
        print(f"layer {layers}, {name:8}", steps_seen[layers, name])

# %% solution-4
text, T, E = load_text(), 32, 16
vocabulary = Vocabulary(letters(text.train), specials=(UNKNOWN, "_"))
V, blank = len(vocabulary), vocabulary.ids["_"]


class Delayed(Blanked):
    """Ask for each letter `delay` steps after its blank."""

    delay = 0

    def __iter__(self):
        for X, y in super().__iter__():
            late = torch.full_like(y, IGNORE)
            late[:, self.delay :] = y[:, : T - self.delay]
            yield X, late


def delayed(part: str, batch_size: int, delay: int, seed: int) -> Delayed:
    ids = vocabulary.encode(letters(part))
    batches = Delayed(ids, batch_size, T, blank, 0.2, shifted(seed))
    batches.delay = delay
    return batches


accuracy = {}
for delay in (0, 2):
    seed_everything(0)
    model = Tagger(V, E, nn.LSTM(E, 54, batch_first=True), V)
    optimizer = Adam(model.parameters(), 0.04)
    batches = delayed(text.train, 32, delay, 0)
    fit_tags(model, batches, optimizer, len(batches))
    accuracy[delay] = score_tags(model, delayed(text.val, 500, delay, 1))
    print(f"{delay} letters later: {accuracy[delay]:.3f}")

# %% solution-5
accuracy_ceiling = {}
for T in (10, 24, 40, 100, 400, 1600):
    accuracy_ceiling[T] = forward_ceiling(T).mean().item()
    print(f"{T:5} symbols: {accuracy_ceiling[T]:.3f}")
