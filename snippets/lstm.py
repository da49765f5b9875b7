"""One step of a long short-term memory, its equality and its gradients."""

# %% imports
import time

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from dlnotes.plot import curves, show, use_style
from dlnotes.recurrent.gru import GRU
from dlnotes.recurrent.lstm import LSTM, LSTMCell
from dlnotes.recurrent.memory import open_gates, state_gradients
from dlnotes.recurrent.rnn import RNN, RNNCell
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% by-hand
cell = LSTMCell(3, 1)  # x_t: a value, 1 to write it, 1 to show it
with torch.no_grad():
    cell.weight_ih[0] = torch.tensor([0.0, 40, 0])  # i: open to write
    cell.weight_ih[1] = torch.tensor([0.0, -40, 0])  # f: shut to write
    cell.weight_ih[2] = torch.tensor([1.0, 0, 0])  # g: the value
    cell.weight_ih[3] = torch.tensor([0.0, 0, 40])  # o: open to show
    cell.bias_ih[:] = torch.tensor([-20.0, 20, 0, -20])
    cell.weight_hh.zero_()
    cell.bias_hh.zero_()

# %% stored
X = torch.zeros(100, 3)
X[:, 0] = torch.randn(100)  # a value at every step, to be ignored
X[[0, 60], 1] = 1  # write
X[[40, 99], 2] = 1  # show
state, rows = None, []
cells, outputs = [], []  # c and h at every step
for t, x in enumerate(X):
    state = cell(x, state)
    h, c = (round(part.item(), 6) + 0.0 for part in state)  # no −0
    cells.append(c)
    outputs.append(h)
    if t in (0, 1, 40, 59, 60, 61, 99):
        value, write, display = x.tolist()
        rows.append([t, value, int(write), int(display), c, h])
Table(["t", "value:.2f", "write", "show", "c:.4f", "h:.4f"], rows).show()

# %% ranges
seed_everything(0)
cell = LSTMCell(4, 32)
open_gates(cell, 3)
state = None
seen = {name: [] for name in "ifgoch"}
for x in 3 * torch.randn(500, 4):
    h = torch.zeros(32) if state is None else state[0]
    gates = linear(x, cell.weight_ih, cell.bias_ih)
    gates = gates + linear(h, cell.weight_hh, cell.bias_hh)
    i, f, g, o = gates.chunk(4, -1)
    state = cell(x, state)
    values = (i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid())
    for name, value in zip("ifgoch", (*values, state[1], state[0])):
        seen[name].append(value.detach())
minimum = {name: torch.stack(v).min().item() for name, v in seen.items()}
maximum = {name: torch.stack(v).max().item() for name, v in seen.items()}
Table(
    ["", "smallest:.2f", "largest:.2f"],
    [[name, minimum[name], maximum[name]] for name in seen],
).show()

# %% equal
seed_everything(0)
ours, reference = LSTM(32, 128), nn.LSTM(32, 128, batch_first=True)
ours.load_state_dict(reference.state_dict())  # the names are the same
X = torch.randn(32, 64, 32)  # (B, T, C)
results = {}
for name, layer in (("ours", ours), ("PyTorch's", reference)):
    Y, (h, c) = layer(X)
    Y.square().mean().backward()
    results[name] = [Y, h, c, *(W.grad for W in layer.parameters())]
pairs = zip(*results.values(), strict=True)
difference = max((a - b).abs().max().item() for a, b in pairs)
print(f"outputs, states and gradients differ by at most {difference:.0e}")

# %% parameters
layers = {"RNN": RNN(32, 256), "GRU": GRU(32, 256), "LSTM": LSTM(32, 256)}
parameters = {
    name: sum(W.numel() for W in layer.parameters())
    for name, layer in layers.items()
}
Table(["layer", "parameters:,"], list(parameters.items())).show()


# %% speed
def step_by_step(X: Tensor) -> Tensor:
    state, Y = None, []
    for x in X.unbind(1):
        state = one_step(x, state)
        Y.append(state[0])
    return torch.stack(Y, 1)


one_step = LSTMCell(32, 128)
ways = {
    "nn.LSTM": lambda X: reference(X)[0],
    "our layer": lambda X: ours(X)[0],
    "our cell, step by step": step_by_step,
}
found = {name: [] for name in ways}
for _ in range(6):
    for name, way in ways.items():
        start = time.process_time()
        way(X).sum().backward()
        found[name].append(time.process_time() - start)
times = {name: min(seconds) for name, seconds in found.items()}
time_ratio = {name: t / times["nn.LSTM"] for name, t in times.items()}


# %% gradients
def cells_to_compare() -> dict[str, nn.Module]:
    cells = {"RNN": RNNCell(16, 64), "LSTM, default": LSTMCell(16, 64)}
    for bias in (1, 3):
        cells[f"LSTM, bias {bias}"] = LSTMCell(16, 64)
        open_gates(cells[f"LSTM, bias {bias}"], bias)
    return cells


@torch.no_grad()
def kept(cell: LSTMCell, X: Tensor) -> float:
    """Return the root mean square of the product of all f but the first."""
    state, product = cell(X[:, 0]), torch.ones(len(X), cell.hidden_size)
    for x in X.unbind(1)[1:]:
        from_x = linear(x, cell.weight_ih, cell.bias_ih)
        from_h = linear(state[0], cell.weight_hh, cell.bias_hh)
        product *= (from_x + from_h).chunk(4, -1)[1].sigmoid()
        state = cell(x, state)
    return product.square().mean().sqrt().item()


T = 60
norms = {}  # of dL/dh_t in an RNN, of dL/dc_t in an LSTM
products = {}
for seed in range(3):
    seed_everything(seed)
    X = torch.randn(32, T, 16)
    for name, cell in cells_to_compare().items():
        found = state_gradients(cell, X, lambda h: h.sum())
        norms.setdefault(name, []).append(found[-1].tolist())
        if name != "RNN":
            products.setdefault(name, []).append(kept(cell, X))
# %% gradients-figure
fig, ax = plt.subplots(figsize=(4.8, 3.2))
curves(ax, range(1, T + 1), {name: rows[0] for name, rows in norms.items()})
ax.set(xlabel="step t", ylabel="norm of the gradient", yscale="log")
ax.legend()
show()

# %% ways
ratio = {
    name: [row[0] / row[-1] for row in rows] for name, rows in norms.items()
}
Table(
    ["start", "product of forget gates:.0e", "ratio of the norms:.1e"],
    [[name, found[0], ratio[name][0]] for name, found in products.items()],
).show()

# %% quoted
ratio_smallest = {name: min(found) for name, found in ratio.items()}
ratio_largest = {name: max(found) for name, found in ratio.items()}
