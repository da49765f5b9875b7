"""One token asks all tokens; and the ways from the first to the last."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import show, use_style

use_style()

# %% parts
PROJECT, COMPARE, WEIGH, ADD = range(1, 5)
parts = [
    Part("softmax", 2.6, 3.3, WEIGH, "round"),
    Part("+", 3.35, 5.3, ADD, "circle"),
    Part("$y_2$", 3.35, 6.2, ADD),
]
wires = [Wire([(3.35, 5.58), (3.35, 5.95)], ADD)]
for s in (1, 2, 3):
    x = 2.6 * (s - 1)  # of the token and its key
    v = x + 0.75
    parts.append(Part(f"$x_{s}$", x, 0, PROJECT))
    for name, shift in (("q", -0.75), ("k", 0), ("v", 0.75)):
        parts.append(Part(f"${name}_{s}$", x + shift, 1.1, PROJECT))
        start, end = x + 0.2 * shift, x + 0.9 * shift
        wires.append(Wire([(start, 0.25), (end, 0.85)], PROJECT))
    parts.append(Part("·", x, 2.4, COMPARE, "circle"))
    wires.append(Wire([(x, 1.35), (x, 2.12)], COMPARE))
    rail = [(1.85, 1.35), (1.85, 1.75), (x - 0.2, 1.75), (x - 0.2, 2.15)]
    wires.append(Wire(rail, COMPARE))
    bend = {1: [(0, 3.3), (2.0, 3.3)], 2: [(2.6, 3.0)]}
    bend[3] = [(5.2, 3.3), (3.2, 3.3)]
    wires.append(Wire([(x, 2.68), *bend[s]], WEIGH))
    parts.append(Part(f"$\\alpha_{{2{s}}}$", x + 0.1, 4.65, WEIGH))
    rail = [(2.6, 3.6), (2.6, 3.85), (x - 0.1, 3.85), (x - 0.1, 4.3)]
    wires.append(Wire([*rail, (v - 0.28, 4.3)], WEIGH))
    parts.append(Part("×", v, 4.3, ADD, "circle"))
    wires.append(Wire([(v, 1.35), (v, 4.02)], ADD))
    bend = {1: [(v, 5.3), (3.07, 5.3)], 2: [(v, 5.02)]}
    bend[3] = [(v, 5.3), (3.63, 5.3)]
    wires.append(Wire([(v, 4.58), *bend[s]], ADD))

# %% steps
for step in range(PROJECT, ADD + 1):
    _, ax = plt.subplots(num=f"step {step}", figsize=(4.8, 4.3))
    draw_circuit(ax, parts, wires, step)
    ax.set(xlim=(-1.1, 6.3), ylim=(-0.35, 6.5))
show()

# %% paths
T = 9
panels = {
    "recurrent network": [[(0, 0), (0, 1)]]
    + [[(t, 1), (t + 1, 1)] for t in range(T - 1)],
    "convolution, dilated": [[(0, 0), (2, 1)], [(2, 1), (8, 2)]],
    "self-attention": [[(0, 0), (8, 1)]],
}
others = {
    "recurrent network": [[(t, 0), (t, 1)] for t in range(T)],
    "convolution, dilated": [
        [(s, 0), (t, 1)] for t in range(T) for s in range(max(0, t - 2), t + 1)
    ]
    + [[(t - i, 1), (t, 2)] for t in range(T) for i in (0, 3, 6) if i <= t],
    "self-attention": [[(s, 0), (t, 1)] for s in range(T) for t in range(T)],
}
fig, axes = plt.subplots(3, 1, figsize=(4.8, 4.4), height_ratios=(2, 3, 2))
for ax, (name, path) in zip(axes, panels.items(), strict=True):
    for line in others[name]:
        ax.plot(*zip(*line, strict=True), color="gray", lw=0.5)
    for line in path:
        ax.plot(*zip(*line, strict=True), color="C1", lw=2.5)
    for y in range(3 if name.startswith("conv") else 2):
        ax.plot(range(T), [y] * T, "o", color="C0", ms=4)
    ax.set(title=name, ylim=(-0.3, 2.3 if "conv" in name else 1.3))
    ax.set_axis_off()
show()
