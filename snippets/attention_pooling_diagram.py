"""What catches the eye and what is looked for; a query, keys and values."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.drawing import Part, Wire, draw_circuit
from dlnotes.plot import show, use_style

use_style()

# %% cues
ROWS, COLUMNS = 5, 7
fig, axes = plt.subplots(1, 2, figsize=(4.8, 2.2))
for n in range(ROWS * COLUMNS):
    row, column = divmod(n, COLUMNS)
    x, y = column + 0.25 * (n * n % 3), row + 0.2 * (n % 3)  # not in line
    stands_out = (row, column) == (3, 2)
    dx, dy = (0.25, 0) if stands_out else (0, 0.25)
    colour, width = ("C1", 5) if stands_out else ("gray", 3)
    axes[0].plot([x - dx, x + dx], [y - dy, y + dy], color=colour, lw=width)
    letter = "T" if (row, column) == (1, 5) else "L"
    place = dict(ha="center", va="center", rotation=90 * (n * n % 7))
    axes[1].text(x, y, letter, color="gray", size=12, weight="bold", **place)
for ax in axes:
    ax.set(xlim=(-0.6, COLUMNS + 0.2), ylim=(-0.6, ROWS + 0.2))
    ax.set_axis_off()
show()

# %% parts
parts = [Part("$q$", 0, 4, 1), Part("softmax", 3.7, 1.5, 2, "round")]
parts += [Part("+", 6.5, 1.5, 4, "circle"), Part("$o$", 7.4, 1.5, 4)]
wires = [Wire([(6.8, 1.5), (7.2, 1.5)], 4)]
for s, y in enumerate((3, 1.5, 0), start=1):
    parts.append(Part(f"$k_{s}$", 0, y, 1))
    parts.append(Part("compare", 1.7, y, 1, "round"))
    parts.append(Part(f"$\\alpha_{s}$", 4.85, y + 0.25, 2))
    parts.append(Part("×", 5.5, y, 3, "circle"))
    parts.append(Part(f"$v_{s}$", 5.5, y + 0.85, 3))
    wires.append(Wire([(0.3, y), (1.05, y)], 1))  # the key
    query = [(0.25, 4), (0.65, 4), (0.65, y + 0.15), (1.05, y + 0.15)]
    wires.append(Wire(query, 1))
    bend = [(2.75, y), (2.75, 1.5)] if s != 2 else []
    wires.append(Wire([(2.35, y), *bend, (3.05, 1.5)], 2))
    bend = [(4.6, 1.5), (4.6, y)] if s != 2 else []
    wires.append(Wire([(4.35, 1.5), *bend, (5.2, y)], 2))
    wires.append(Wire([(5.5, y + 0.65), (5.5, y + 0.28)], 3))
    end = {1: (6.5, 1.78), 2: (6.22, 1.5), 3: (6.5, 1.22)}[s]
    bend = [(6.5, y)] if s != 2 else []
    wires.append(Wire([(5.78, y), *bend, end], 4))

# %% steps
for step in range(1, 5):
    _, ax = plt.subplots(num=f"step {step}", figsize=(4.8, 2.9))
    draw_circuit(ax, parts, wires, step)
    ax.set(xlim=(-0.4, 7.7), ylim=(-0.5, 4.4))
show()
