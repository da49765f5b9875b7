"""An encoder reads three tokens, and a decoder writes four."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import show, use_style

use_style()

# %% parts
READ = ("$x_1$", "$x_2$", "$x_3$")
WRITTEN = ("$y_1$", "$y_2$", "$y_3$", "$y_4$")
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
parts.append(Part("$c$", 3.75, 1, first, "circle"))
wires.append(Wire([(2.8, 1), (3.5, 1)], first))
for n, token in enumerate((*WRITTEN, "<end>")):
    x, step = 5 + 1.25 * n, first + n + 1
    before = ("<start>", *WRITTEN)[n]
    parts.append(Part(before, x, 0, step))
    parts.append(Part(f"$s_{n + 1}$", x, 1, step, "round"))
    parts.append(Part(token, x, 2.2, step))
    wires.append(Wire([(x, 0.25), (x, 0.72)], step))
    wires.append(Wire([(x, 1.28), (x, 1.95)], step))
    if n:
        wires.append(Wire([(x - 0.95, 1), (x - 0.3, 1)], step))
        rail = [(3.75, 1.28), (3.75, 1.6), (x - 0.18, 1.6), (x - 0.18, 1.28)]
        wires.append(Wire(rail, step))
    else:
        wires.append(Wire([(4, 1), (4.7, 1)], step))

# %% diagram
for step in range(1, max(part.step for part in parts) + 1):
    _, ax = plt.subplots(num=f"step {step}", figsize=(4.8, 1.7))
    draw_circuit(ax, parts, wires, step)
    for text in ax.texts:
        text.set_size(8)
    ax.set(xlim=(-0.6, 10.6), ylim=(-0.3, 2.5))
show()
