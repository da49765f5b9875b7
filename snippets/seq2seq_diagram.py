"""An encoder reads two tokens, and a decoder writes three and the end."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import show, use_style

use_style()

# %% parts
READ = ("$x_1$", "$x_2$")
WRITTEN = ("$y_1$", "$y_2$", "$y_3$")
# what is read, what is written: a state each, then the parts around it
parts, wires = [], []
for n, word in enumerate(READ):
    x = 1.25 * n
    parts.append(Part(word, x, 0, n + 1))
    parts.append(Part(f"$h_{n + 1}$", x, 1, n + 1, "round"))
    wires.append(Wire([(x, 0.25), (x, 0.72)], n + 1))
    if n:
        wires.append(Wire([(x - 0.95, 1), (x - 0.3, 1)], n + 1))
first = len(READ) + 1  # the step in which the vector is there
parts.append(Part("$c$", 2.5, 1, first, "circle"))
wires.append(Wire([(1.55, 1), (2.25, 1)], first))
for n, token in enumerate((*WRITTEN, "<end>")):
    x, step = 3.75 + 1.25 * n, first + n + 1
    before = ("<start>", *WRITTEN)[n]
    parts.append(Part(before, x, 0, step))
    parts.append(Part(f"$s_{n + 1}$", x, 1, step, "round"))
    parts.append(Part(token, x, 2.2, step))
    wires.append(Wire([(x, 0.25), (x, 0.72)], step))
    wires.append(Wire([(x, 1.28), (x, 1.95)], step))
    if n:
        wires.append(Wire([(x - 0.95, 1), (x - 0.3, 1)], step))
        rail = [(2.5, 1.28), (2.5, 1.6), (x - 0.18, 1.6), (x - 0.18, 1.28)]
        wires.append(Wire(rail, step))
    else:
        wires.append(Wire([(2.75, 1), (3.45, 1)], step))

# %% diagram
for step in range(1, max(part.step for part in parts) + 1):
    _, ax = plt.subplots(num=f"step {step}", figsize=(4.8, 1.8))
    draw_circuit(ax, parts, wires, step)
    ax.set(xlim=(-0.5, 8.1), ylim=(-0.3, 2.5))
show()
