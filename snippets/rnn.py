"""A recurrent cell, the same in every step, and its gradients over time."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import curves, show, use_style
from dlnotes.recurrent.memory import state_gradients
from dlnotes.recurrent.rnn import RNN, RNNCell
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()

# %% cell-figure
parts = [
    Part("$h_{t-1}$", 0, 2, 0),
    Part("$x_t$", 3, 0, 0),
    Part("$W_{ih}$", 3, 1, 1, "round"),
    Part("$W_{hh}$", 1.5, 2, 2, "round"),
    Part("$b_{ih} + b_{hh}$", 3, 3, 3),
    Part("+", 3, 2, 3, "circle"),
    Part("tanh", 4.5, 2, 4, "round"),
    Part("$h_t$", 6, 2, 4),
]
wires = [
    Wire([(3, 0.2), (3, 0.75)], 1),
    Wire([(0.4, 2), (1.05, 2)], 2),
    Wire([(3, 1.25), (3, 1.75)], 3),
    Wire([(1.95, 2), (2.75, 2)], 3),
    Wire([(3, 2.8), (3, 2.25)], 3),
    Wire([(3.25, 2), (4.05, 2)], 4),
    Wire([(4.95, 2), (5.7, 2)], 4),
]
formulas = [
    "$x_t,\\ h_{t-1}$",
    "$W_{ih}\\, x_t$",
    "$W_{hh}\\, h_{t-1}$",
    "$W_{ih}\\, x_t + b_{ih} + W_{hh}\\, h_{t-1} + b_{hh}$",
    "$h_t = \\tanh(W_{ih}\\, x_t + b_{ih} + W_{hh}\\, h_{t-1} + b_{hh})$",
]
for n, formula in enumerate([*formulas, formulas[-1]]):
    _, ax = plt.subplots(num=f"{n + 1} / 6", figsize=(4.8, 2.9))
    draw_circuit(ax, parts, wires, step=n)
    ax.text(3, -0.9, formula, ha="center", va="center")
    ax.set(xlim=(-0.5, 6.5), ylim=(-1.2, 3.3))
show()


# %% unrolled-figure
def place(t: int) -> float:
    """Return where the copy of the cell stands that reads letter t."""
    return 1.6 * t - 0.4


letters = "hello"
steps = range(1, len(letters))  # t = 1, 2, 3, 4
parts, wires = [Part("$h_0$", 0, 1.5, 0)], []
wires.append(Wire([(0.25, 1.5), (0.78, 1.5)], 1))
for t in steps:
    x = place(t)
    parts.append(Part("RNN", x, 1.5, t, "round"))
    parts.append(Part(letters[t - 1], x, 0.4, t))
    parts.append(Part(letters[t] + "?", x, 2.6, t))
    parts.append(Part(f"$h_{t}$", x + 0.8, 1.75, t))
    wires.append(Wire([(x, 0.65), (x, 1.2)], t))
    wires.append(Wire([(x, 1.8), (x, 2.35)], t))
    wires.append(Wire([(x + 0.42, 1.5), (x + 1.18, 1.5)], t))
for t in (*steps, 5):
    name = f"t = {t}" if t < 5 else "t = 1 … 4"
    _, ax = plt.subplots(num=name, figsize=(4.8, 2.0))
    draw_circuit(ax, parts, wires, step=t)
    ax.set(xlim=(-0.3, 7.4), ylim=(0.1, 2.9))
show()

# %% backward-figure
parts, wires = [], []
for t in steps:
    x, step = place(t), 5 - t  # the last letter is the first step
    parts.append(Part("RNN", x, 1.5, step, "round"))
    parts.append(Part(f"$L_{t}$", x, 2.6, step))
    parts.append(Part(f"$\\delta_{t}$", x, 0.4, step))
    wires.append(Wire([(x, 2.35), (x, 1.8)], step))
    wires.append(Wire([(x, 1.2), (x, 0.65)], step))
    wires.append(Wire([(x - 0.42, 1.5), (x - 1.18, 1.5)], step))
    name = f"$W_{{hh}}^\\top \\delta_{t}$"
    parts.append(Part(name, x - 0.8, 1.8, step))
for step in (*steps, 5):
    name = f"t = {5 - step}" if step < 5 else "t = 4 … 1"
    _, ax = plt.subplots(num=name, figsize=(4.8, 2.0))
    draw_circuit(ax, parts, wires, step)
    ax.set(xlim=(-0.3, 7.4), ylim=(0.1, 2.9))
show()

# %% equal
seed_everything(0)
ours, theirs = RNN(5, 8), nn.RNN(5, 8, batch_first=True)
ours.load_state_dict(theirs.state_dict())
X = torch.randn(3, 7, 5)  # (B, T, C)
(Y, h), (Y_torch, h_torch) = ours(X), theirs(X)
difference_layer = (Y - Y_torch).abs().max().item()
print("outputs", tuple(Y.shape), "last state", tuple(h.shape))
print(f"largest difference from nn.RNN: {difference_layer:.0e}")

# %% one-cell
cell = RNNCell(5, 8)
names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
cell.load_state_dict({n: theirs.get_parameter(f"{n}_l0") for n in names})
state, states = None, []
for x in X.unbind(1):  # one step of all rows at a time
    state = cell(x, state)
    states.append(state)
difference_cell = (torch.stack(states, 1) - Y).abs().max().item()
parameters = sum(W.numel() for W in cell.parameters())
print(f"cell, step by step, against the layer: {difference_cell:.0e}")
print(f"{parameters} parameters, whether T is 7 or 7,000")

# %% by-hand
w, u, xs, y = 0.8, 1.0, [1.0, 0.0, -0.5], 0.5
h = [0.5]  # h[0], then one state for each x
for x in xs:
    h.append(torch.tanh(torch.tensor(w * h[-1] + u * x)).item())
dh, rows, gradient_w = h[3] - y, [], 0.0  # the loss is (h_3 − y)² / 2
for t in (3, 2, 1):
    delta = dh * (1 - h[t] ** 2)
    gradient_w += delta * h[t - 1]
    rows.append([t, h[t], dh, delta, delta * h[t - 1]])
    dh = w * delta
Table(
    ["t", "h_t:.4f", "∂L/∂h_t:.4f", "δ_t:.4f", "δ_t · h_(t−1):.4f"], rows
).show()

# %% by-autograd
W = torch.tensor(w, requires_grad=True)
state = torch.tensor(h[0])
for x in xs:
    state = torch.tanh(W * state + u * x)
((state - y).square() / 2).backward()
gradient_autograd = W.grad.item()
print(f"dL/dw by hand {gradient_w:.6f}, by autograd {gradient_autograd:.6f}")

# %% norms
T = 60
GAINS = (0.5, 1.0, 1.5, 2.0)


def norms(gain: float | None) -> Tensor:
    """Return the norms of dL/dh_t, divided by that of the last step."""
    cell = RNNCell(16, 64)
    if gain:
        nn.init.orthogonal_(cell.weight_hh, gain)
    X, v = torch.randn(16, T, 16), torch.randn(64)
    found = state_gradients(cell, X, lambda h: (h @ v).sum())[0]
    return found / found[-1]


ratio = {}
for name in (*GAINS, "default"):
    gain = None if name == "default" else name
    for seed in range(3):
        seed_everything(seed)
        ratio.setdefault(name, []).append(norms(gain))

# %% norms-figure
fig, ax = plt.subplots(figsize=(4.8, 3.2))
back = range(T - 1, -1, -1)  # steps before the last one
named = {f"orthogonal × {gain}": ratio[gain][0] for gain in GAINS}
curves(ax, back, named | {"default": ratio["default"][0]})
ax.set(xlabel="steps back", ylabel="norm of ∂L/∂h, last step = 1")
ax.set(yscale="log", ylim=(1e-22, 1e12))
ax.legend(ncols=2, loc="upper left", fontsize=8)
show()

# %% quoted
ratio_low = {n: min(r[0].item() for r in rs) for n, rs in ratio.items()}
ratio_high = {n: max(r[0].item() for r in rs) for n, rs in ratio.items()}
