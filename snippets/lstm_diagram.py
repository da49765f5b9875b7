"""A long short-term memory, drawn as its formulas are computed."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import show, use_style

use_style()

# %% parts
# the steps, in the order of the formulas
FORGET, WRITE, NEW, CELL, SHOW, OUT = range(1, 7)
parts = [
    Part("$c_{t-1}$", 0, 4, CELL),
    Part("$h_{t-1}$", 0, 0, FORGET),
    Part("$x_t$", 0.9, -0.9, FORGET),
    Part(r"$\sigma$", 1.9, 1, FORGET, "round"),
    Part("$f$", 1.55, 2.2, FORGET),
    Part(r"$\sigma$", 3.2, 1, WRITE, "round"),
    Part("$i$", 2.9, 2.2, WRITE),
    Part("tanh", 4.5, 1, NEW, "round"),
    Part("$g$", 4.8, 1.8, NEW),
    Part(r"$\times$", 1.9, 4, CELL, "circle"),
    Part(r"$\times$", 4.5, 2.6, CELL, "circle"),
    Part("$+$", 4.5, 4, CELL, "circle"),
    Part("$c_t$", 8.4, 4, CELL),
    Part(r"$\sigma$", 5.9, 1, SHOW, "round"),
    Part("$o$", 6.3, 1.65, SHOW),
    Part("tanh", 7.1, 3.15, OUT, "round"),
    Part(r"$\times$", 7.1, 2, OUT, "circle"),
    Part("$h_t$", 8.4, 2, OUT),
]
wires = [
    Wire([(0.4, 0), (1.9, 0), (1.9, 0.62)], FORGET),
    Wire([(0.9, -0.6), (0.9, -0.08)], FORGET),
    Wire([(1.9, 0), (3.2, 0), (3.2, 0.62)], WRITE),
    Wire([(3.2, 0), (4.5, 0), (4.5, 0.62)], NEW),
    Wire([(4.5, 0), (5.9, 0), (5.9, 0.62)], SHOW),
    Wire([(1.9, 1.38), (1.9, 3.6)], CELL),
    Wire([(0.4, 4), (1.5, 4)], CELL),
    Wire([(3.2, 1.38), (3.2, 2.6), (4.1, 2.6)], CELL),
    Wire([(4.5, 1.38), (4.5, 2.2)], CELL),
    Wire([(4.5, 3), (4.5, 3.6)], CELL),
    Wire([(2.3, 4), (4.1, 4)], CELL),
    Wire([(4.9, 4), (8.1, 4)], CELL),
    Wire([(7.1, 4), (7.1, 3.53)], OUT),
    Wire([(7.1, 2.77), (7.1, 2.4)], OUT),
    Wire([(5.9, 1.38), (5.9, 2), (6.7, 2)], OUT),
    Wire([(7.5, 2), (8.1, 2)], OUT),
]

# %% cell-figure
formulas = {
    FORGET: r"$f = \sigma(W_{if}\,x_t + W_{hf}\,h_{t-1} + b_f)$",
    WRITE: r"$i = \sigma(W_{ii}\,x_t + W_{hi}\,h_{t-1} + b_i)$",
    NEW: r"$g = \tanh(W_{ig}\,x_t + W_{hg}\,h_{t-1} + b_g)$",
    CELL: r"$c_t = f \odot c_{t-1} + i \odot g$",
    SHOW: r"$o = \sigma(W_{io}\,x_t + W_{ho}\,h_{t-1} + b_o)$",
    OUT: r"$h_t = o \odot \tanh(c_t)$",
}
for step, formula in formulas.items():
    _, ax = plt.subplots(figsize=(4.8, 3.4), num=f"step {step}")
    draw_circuit(ax, parts, wires, step)
    ax.text(4.5, -1.6, formula, ha="center", va="center")
    ax.set(xlim=(-0.5, 8.9), ylim=(-2, 4.5))
show()
