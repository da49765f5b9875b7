"""Stacks and two directions: shapes, equality with PyTorch, and ends."""

# %% imports
from itertools import product

import torch
from torch import Tensor, nn

from dlnotes.recurrent.gru import GRU
from dlnotes.recurrent.lstm import LSTM
from dlnotes.recurrent.rnn import RNN
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

# %% shapes
B, T, C, H = 5, 7, 3, 8  # rows, steps, features, hidden units
X = torch.zeros(B, T, C)
rows, parameters = [], {}
for layers, both in product((1, 2, 3), (False, True)):
    layer = LSTM(C, H, layers, bidirectional=both)
    Y, (h, c) = layer(X)
    count = sum(W.numel() for W in layer.parameters())
    parameters[layers, both] = count
    shapes = str(tuple(Y.shape)), str(tuple(h.shape))
    rows.append([layers, 2 if both else 1, *shapes, count])
columns = ["layers", "directions", "shape of Y", "shape of h", "parameters:,"]
Table(columns, rows).show()


# %% equal
def answers(layer: nn.Module, X: Tensor) -> list[Tensor]:
    """Return the outputs, and the gradients of a loss of them."""
    Y, _ = layer(X)
    loss = (Y**3).sum()
    return [Y, *torch.autograd.grad(loss, list(layer.parameters()))]


seed_everything(0)
X = torch.randn(B, T, C, dtype=torch.float64)
pairs = ((RNN, nn.RNN), (GRU, nn.GRU), (LSTM, nn.LSTM))
difference = {}
for ours, theirs in pairs:
    shape = dict(num_layers=3, bidirectional=True)
    layer = ours(C, H, **shape).double()
    reference = theirs(C, H, **shape, batch_first=True).double()
    reference.load_state_dict(layer.state_dict())  # the same names
    found = zip(answers(layer, X), answers(reference, X), strict=True)
    difference[ours.__name__] = max(
        (a - b).abs().max().item() for a, b in found
    )
    print(f"{ours.__name__:4}  {difference[ours.__name__]:.0e}")

# %% ends
seed_everything(0)
layer = LSTM(C, H, bidirectional=True)
X = torch.randn(B, T, C)
Y, (h, _) = layer(X)  # the first axis of h: one entry a direction
print("forward, at the last step: ", torch.equal(h[0], Y[:, -1, :H]))
print("backward, at the first step:", torch.equal(h[1], Y[:, 0, H:]))
other = X.clone()
other[:, :-1] = torch.randn(B, T - 1, C)  # the last input alone stays
same = torch.equal(layer(other)[0][:, -1, H:], Y[:, -1, H:])
print("the backward half of the last output is the same:", same)

# %% padding
lengths = torch.tensor([7, 3, 5, 7, 1])
past = torch.arange(T) >= lengths[:, None]  # (B, T)
padded = X.masked_fill(past[..., None], 0)
parts = "outputs", "h forward", "h backward"


def farthest(Y: Tensor, state: tuple[Tensor, ...]) -> dict[str, float]:
    """Return how far the answer is from that of rows read one by one."""
    found = []
    for b, n in enumerate(lengths):
        Y_alone, (h, _) = layer(X[b, :n])
        gaps = [Y[b, :n] - Y_alone, *(state[0][:, b] - h)]
        found.append([gap.abs().max().item() for gap in gaps])
    return dict(zip(parts, map(max, zip(*found)), strict=True))


difference_told = farthest(*layer(padded, lengths=lengths))
difference_untold = farthest(*layer(padded))
for part in parts:
    told, untold = difference_told[part], difference_untold[part]
    print(f"{part:10}  with lengths {told:.0e}, without {untold:.2f}")
