"""The translator of 2015: what it does to write one token."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import show, use_style

use_style()
PLACES = 1.5, 3.0, 4.5  # of the three words
WIDE = " " * 40  # blanks in a frame: a box over three columns

# %% parts
parts = [
    Part("$s_{t-1}$", 5.9, 2.1, 2, "round"),
    Part(WIDE, 3.0, 3.1, 3, "round"),
    Part("softmax", 3.0, 3.1, 3),
    Part("+", 3.0, 5.3, 4, "circle"),
    Part("$c_t$", 4.4, 5.6, 4),
    Part("$s_t$", 5.9, 5.3, 5, "round"),
    Part("$y_{t-1}$", 7.3, 5.3, 5),
    Part("$y_t$", 5.9, 6.4, 5),
]
wires = [
    Wire([(3.3, 5.3), (5.55, 5.3)], 4),
    Wire([(5.9, 2.42), (5.9, 4.98)], 5),
    Wire([(6.85, 5.3), (6.25, 5.3)], 5),
    Wire([(5.9, 5.62), (5.9, 6.15)], 5),
    Wire([(3.8, 5.3), (3.8, 6.4), (5.6, 6.4)], 5),
]
for n, x in enumerate(PLACES, start=1):
    parts.append(Part(f"$x_{n}$", x, 0, 1))
    parts.append(Part(f"$h_{n}$", x, 1, 1, "round"))
    parts.append(Part("score", x, 2.1, 2, "round"))
    parts.append(Part(f"$\\alpha_{{t{n}}}$", x - 0.35, 3.75, 3))
    parts.append(Part("×", x, 4.3, 4, "circle"))
    right = x + 1.0 if n < 3 else 5.5
    rail = x + 0.62
    wires += [
        Wire([(x, 0.22), (x, 0.68)], 1),
        Wire([(x, 1.3), (x, 1.84)], 2),
        Wire([(right, 2.1), (x + 0.5, 2.1)], 2),
        Wire([(x, 2.36), (x, 2.85)], 3),
        Wire([(x, 3.37), (x, 4.05)], 4),
        Wire([(x + 0.3, 1), (rail, 1), (rail, 4.3), (x + 0.28, 4.3)], 4),
        Wire([(x, 4.56), (3.0 + 0.12 * (n - 2), 5.05)], 4),
    ]
    if n > 1:
        wires.append(Wire([(x - 1.2, 1.12), (x - 0.3, 1.12)], 1))
        wires.append(Wire([(x - 0.3, 0.88), (x - 1.2, 0.88)], 1))

# %% model
STAGES = ["read", "score", "weigh", "mean", "write"]
for step, name in enumerate(STAGES, start=1):
    _, ax = plt.subplots(num=f"step {step}: {name}", figsize=(4.8, 3.9))
    draw_circuit(ax, parts, wires, step)
    ax.set(xlim=(0.7, 7.8), ylim=(-0.3, 6.7))
show()
