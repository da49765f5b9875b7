"""Two layers, and two directions, unrolled over four steps."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import show, use_style

use_style()
T = 4
UP = 0.32  # from the middle of a part to the end of a wire

# %% stack
parts, wires = [], []
for t in range(1, T + 1):
    x = 2.0 * t
    parts.append(Part(f"$x_{t}$", x, 0, t))
    for layer in (1, 2):
        step, y = t + layer - 1, 1.5 * layer  # when it has all it needs
        parts.append(Part(f"$h_{t}^{{({layer})}}$", x, y, step, "round"))
        wires.append(Wire([(x, y - 1.5 + UP), (x, y - UP - 0.1)], step))
        if t > 1:
            wires.append(Wire([(x - 1.5, y), (x - 0.5, y)], step))

# %% stack-figure
for n in range(1, T + 2):
    _, ax = plt.subplots(num=f"step {n}", figsize=(4.8, 2.6))
    draw_circuit(ax, parts, wires, n)
    ax.set(xlim=(1.2, 8.8), ylim=(-0.5, 3.6))
show()

# %% both
parts, wires = [], []
for t in range(1, T + 1):
    x, back = 2.1 * t, T + 1 - t  # when the backward run comes to t
    left, right = x - 0.5, x + 0.5
    ready = max(t, back) + 1
    parts += [
        Part(f"$x_{t}$", x, 0, min(t, back)),
        Part(f"$\\overrightarrow{{h}}_{t}$", left, 1.4, t, "round"),
        Part(f"$\\overleftarrow{{h}}_{t}$", right, 2.7, back, "round"),
        Part(f"$y_{t}$", x, 4.1, ready),
    ]
    wires += [
        Wire([(x - 0.1, 0.3), (left, 1.0)], t),
        Wire([(x + 0.1, 0.3), (right, 2.3)], back),
        Wire([(left, 1.8), (x - 0.1, 3.8)], ready),
        Wire([(right, 3.1), (x + 0.1, 3.8)], ready),
    ]
    if t > 1:
        wires.append(Wire([(left - 1.6, 1.4), (left - 0.5, 1.4)], t))
    if t < T:
        wires.append(Wire([(right + 1.6, 2.7), (right + 0.5, 2.7)], back))

# %% both-figure
for n in range(1, T + 2):
    _, ax = plt.subplots(num=f"step {n}", figsize=(4.8, 2.8))
    draw_circuit(ax, parts, wires, n)
    ax.set(xlim=(0.9, 9.6), ylim=(-0.5, 4.6))
show()
