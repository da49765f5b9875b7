"""The gated recurrent unit: its gates, its variants, its gradients."""

# %% imports
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch import nn

from dlnotes.plot import show, use_style
from dlnotes.recurrent.gru import GRU, GRUCell, gru_step
from dlnotes.recurrent.memory import open_gates, state_gradients
from dlnotes.recurrent.rnn import RNN, RNNCell, rnn_step
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% average-figure
steps = range(1, 31)
kinds = {f"z = {z}": [z] * 30 for z in (0, 0.5, 0.9)}
kinds["a gate"] = [0 if t == 5 else 1 for t in steps]
fig, ax = plt.subplots(figsize=(4.8, 2.8))
for n, (name, gates) in enumerate(kinds.items()):
    h, states = 0, []
    for t, z in zip(steps, gates, strict=True):
        h = (1 - z) * (t == 5) + z * h  # the input is 1 in step 5 alone
        states.append(h)
    ax.plot(steps, states, ls=(":", "-.", "--", "-")[n], label=name)
ax.set(xlabel="step t", ylabel="state h")
ax.legend()
show()

# %% extremes
C, H = 3, 4  # features of the input, hidden units
cell = GRUCell(C, H)
x, h = torch.randn(C), torch.randn(H)
b_r, b_z, b_n = cell.bias_ih.detach().chunk(3)  # views of the biases
with torch.no_grad():
    b_z.fill_(100)
    difference_kept = (cell(x, h) - h).abs().max().item()
    b_r.fill_(100)
    b_z.fill_(-100)
    candidate = (W[2 * H :] for W in cell.parameters())
    plain = rnn_step(x, h, *candidate)
    difference_plain = (cell(x, h) - plain).abs().max().item()
    b_r.fill_(-100)
    fresh = cell(x, 10 * h)
    difference_fresh = (cell(x, h) - fresh).abs().max().item()
print(f"z = 1: the new state differs from the old by {difference_kept}")
print(f"z = 0, r = 1: it differs from a plain step by {difference_plain:.0e}")
print(f"z = 0, r = 0: from the same with 10 h by {difference_fresh}")

# %% equal
ours = GRU(C, H).double()
theirs = nn.GRU(C, H, batch_first=True).double()
theirs.load_state_dict(ours.state_dict())
X = torch.randn(2, 7, C).double()  # (B, T, C)
Y, _ = ours(X)
Y_torch, _ = theirs(X)
h = torch.zeros(2, H).double()
for x in X.unbind(1):
    h = gru_step(x, h, *ours.parameters())
Y.sum().backward()
Y_torch.sum().backward()
pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
difference_gradient = max((p.grad - q.grad).abs().max() for p, q in pairs)
difference_gradient = difference_gradient.item()
difference_output = (Y - Y_torch).abs().max().item()
difference_step = (h - Y[:, -1]).abs().max().item()
print(f"outputs differ from PyTorch's by {difference_output:.0e},")
print(f"gradients by {difference_gradient:.0e},")
print(f"seven steps of gru_step from the last output by {difference_step:.0e}")

# %% name
recurrent = [
    name
    for name, layer in vars(nn).items()
    if isinstance(layer, type) and nn.RNNBase in layer.__bases__
]
print(*recurrent)


# %% reset-before
def reset_before(x, h, W_ih, W_hh, b_ih, b_hh):
    """Take a step of the paper's formula: r before the product with W_hn."""
    rz_x, n_x = (x @ W_ih.T + b_ih).split([2 * H, H], -1)
    W_rz, W_n = W_hh.split([2 * H, H])
    b_rz, b_n = b_hh.split([2 * H, H])
    r, z = (rz_x + h @ W_rz.T + b_rz).sigmoid().chunk(2, -1)
    n = (n_x + (r * h) @ W_n.T + b_n).tanh()
    return (1 - z) * n + z * h


# %% variants
with torch.no_grad():
    x, h = torch.randn(C).double(), torch.randn(H).double()
    weights = [W.clone() for W in ours.parameters()]
    after = gru_step(x, h, *weights)
    difference_variant = (after - reset_before(x, h, *weights)).abs().max()
    difference_variant = difference_variant.item()
    weights[1][2 * H :] = torch.diag(torch.randn(H))  # W_hn
    weights[3][2 * H :] = 0  # b_hn
    after = gru_step(x, h, *weights)
    difference_diagonal = (after - reset_before(x, h, *weights)).abs().max()
    difference_diagonal = difference_diagonal.item()
print(f"r before or after W_hn: states differ by {difference_variant:.2f},")
print(f"with a diagonal W_hn and no bias there by {difference_diagonal:.0e}")

# %% parameters
parameters_rnn, parameters_gru = (
    sum(W.numel() for W in layer(C, H).parameters()) for layer in (RNN, GRU)
)

# %% gradients
T = 60
cells = {"RNN": RNNCell, "GRU": GRUCell, "GRU, gates open": GRUCell}
norms = {name: [] for name in cells}
for seed in range(3):
    seed_everything(seed)
    X = torch.randn(32, T, 8)
    for name, kind in cells.items():
        cell = kind(8, 64)
        if name.endswith("open"):
            open_gates(cell, bias=3)
        size = state_gradients(cell, X, torch.sum)[0]  # of dL/dh_t, (T,)
        norms[name].append((size / size[-1]).tolist())
factor_rnn, factor_gru, factor_open = (
    mean(row[0] ** (1 / (T - 1)) for row in found) for found in norms.values()
)
sigma_of_3 = nn.functional.sigmoid(torch.tensor(3.0)).item()

# %% gradients-figure
fig, ax = plt.subplots(figsize=(4.8, 3.2))
t = range(1, T + 1)
for n, (name, found) in enumerate(norms.items()):
    for row in found:
        dash = ("-", "--", "-.")[n]
        label = name if row is found[0] else None
        ax.semilogy(t, row, color=f"C{n}", ls=dash, lw=1, label=label)
halved = [0.5 ** (T - n) for n in t]
ax.semilogy(t, halved, color="gray", ls=":", label="halved in each step")
ax.set(xlabel="step t", ylabel="norm of the gradient, relative")
ax.legend(loc="lower right")
show()
