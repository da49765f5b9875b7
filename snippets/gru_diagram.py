"""One step of a gated recurrent unit, formula by formula."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import show, use_style

use_style()

# %% parts
FORMULAS = ["r", "z", "n", "h"]  # lit up by steps 1 to 4
parts = [
    Part("$h_{t-1}$", 0, 4.4, 0),
    Part("$x_t$", 0, 0, 0),
    Part("σ", 3.1, 2, 1, "round"),
    Part("$r$", 3.65, 2.35, 1),
    Part("σ", 1.7, 2, 2, "round"),
    Part("$z$", 1.45, 2.7, 2),
    Part("×", 4.4, 2, 3, "circle"),
    Part("W", 3.9, 0.8, 3, "round"),
    Part("$h_n$", 4.7, 1.4, 3),
    Part("tanh", 5.7, 2, 3, "round"),
    Part("$n$", 5.95, 2.7, 3),
    Part("×", 1.7, 4.4, 4, "circle"),
    Part("1 −", 3.7, 3.3, 4, "round"),
    Part("×", 5.7, 3.3, 4, "circle"),
    Part("+", 5.7, 4.4, 4, "circle"),
    Part("$h_t$", 7.0, 4.4, 4),
]

# %% wires
wires = [
    Wire([(0.8, 4.4), (0.8, 0.8), (2.9, 0.8), (2.9, 1.78)], 1),
    Wire([(0.25, 0), (3.25, 0), (3.25, 1.78)], 1),
    Wire([(1.55, 0.8), (1.55, 1.78)], 2),
    Wire([(1.85, 0), (1.85, 1.78)], 2),
    Wire([(3.23, 2), (4.18, 2)], 3),
    Wire([(2.9, 0.8), (3.68, 0.8)], 3),
    Wire([(4.12, 0.8), (4.4, 0.8), (4.4, 1.78)], 3),
    Wire([(4.62, 2), (5.37, 2)], 3),
    Wire([(3.25, 0), (5.7, 0), (5.7, 1.78)], 3),
    Wire([(0.4, 4.4), (1.45, 4.4)], 4),
    Wire([(1.7, 2.22), (1.7, 4.18)], 4),
    Wire([(1.7, 3.3), (3.35, 3.3)], 4),
    Wire([(4.05, 3.3), (5.45, 3.3)], 4),
    Wire([(5.7, 2.22), (5.7, 3.08)], 4),
    Wire([(5.7, 3.52), (5.7, 4.18)], 4),
    Wire([(1.95, 4.4), (5.45, 4.4)], 4),
    Wire([(5.95, 4.4), (6.7, 4.4)], 4),
]

# %% steps
for step, formula in enumerate(FORMULAS, start=1):
    fig, ax = plt.subplots(figsize=(4.8, 3.2), num=f"step {step}: {formula}")
    draw_circuit(ax, parts, wires, step)
    ax.set(xlim=(-0.5, 7.4), ylim=(-0.4, 4.9))
show()
