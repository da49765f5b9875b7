"""The Transformer as a whole: an encoder, a decoder, and what joins them."""

# %% imports
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

from dlnotes.drawing import Part, Wire, draw_circuit, light
from dlnotes.plot import show, use_style

use_style()

# %% parts
LEFT, RIGHT = 0, 4.6  # the encoder, the decoder
ENCODER = ["self-attention", "add & norm", "feed-forward", "add & norm"]
DECODER = ["masked\nself-attention", "add & norm", "cross-attention"]
DECODER += ["add & norm", "feed-forward", "add & norm"]
STEPS = ["source", "encoder", "target so far", "itself"]
STEPS += ["the source", "feed-forward", "next token"]
parts = [
    Part("source", LEFT, -2.2, 1),
    Part("embedding × √C", LEFT, -1.1, 1, "round"),
    Part("+ positions", LEFT, 0, 1, "round"),
    Part("target so far", RIGHT, -2.2, 3),
    Part("embedding × √C", RIGHT, -1.1, 3, "round"),
    Part("+ positions", RIGHT, 0, 3, "round"),
    Part("embeddings, transposed", RIGHT, 8.2, 7, "round"),
    Part("softmax: next token", RIGHT, 9.3, 7),
]
wires = []
for x, step in ((LEFT, 1), (RIGHT, 3)):
    wires += [Wire([(x, y), (x, y + 0.45)], step) for y in (-1.9, -0.78)]


# %% stack
def stack(names: list[str], x: float, steps: list[int]) -> None:
    """Put sublayers on each other; each sum is given its input as well."""
    top = 0.32
    for n, (name, step) in enumerate(zip(names, steps, strict=True)):
        y, half = 1.2 * n + 1.2, 0.49 if "\n" in name else 0.35
        parts.append(Part(name, x, y, step, "round"))
        wires.append(Wire([(x, top), (x, y - half)], step))
        top = y + half - 0.03
        if name == "add & norm":  # the residual connection, around it
            way = -1 if x == LEFT else 1
            side, edge = x + 1.7 * way, x + way
            around = [(x, y - 1.98), (side, y - 1.98), (side, y)]
            wires.append(Wire([*around, (edge, y)], step))


stack(ENCODER, LEFT, [2, 2, 2, 2])
stack(DECODER, RIGHT, [4, 4, 5, 5, 6, 6])
wires += [
    Wire([(LEFT, 5.15), (LEFT, 5.7), (2.35, 5.7), (2.35, 3.6), (3.2, 3.6)], 5),
    Wire([(RIGHT, 7.5), (RIGHT, 7.9)], 7),
    Wire([(RIGHT, 8.5), (RIGHT, 9.05)], 7),
]

# %% whole
for step, name in enumerate(STEPS, start=1):
    _, ax = plt.subplots(num=f"step {step}: {name}", figsize=(4.8, 5.6))
    draw_circuit(ax, parts, wires, step)
    around = dict(facecolor="none", edgecolor="gray", linestyle=":")
    ax.add_patch(Rectangle((LEFT - 1.95, 0.3), 3.2, 4.95, **around))
    ax.add_patch(Rectangle((RIGHT - 1.5, 0.3), 3.45, 7.35, **around))
    encoder, decoder = (2,), (4, 5, 6)  # the steps that are in their blocks
    for x, y, side, lit in (
        (-2.05, 3, "right", encoder),
        (6.65, 4.2, "left", decoder),
    ):
        colour, _ = light(step if step in lit else lit[0], step)
        ax.text(x, y, "N ×", ha=side, va="center", color=colour)
    ax.set(xlim=(-2.9, 7.5), ylim=(-2.5, 9.6))
show()

# %% unrolled
parts = [
    Part("source", 0, 0, 1),
    Part("encoder block 1", 0, 1.2, 1, "round"),
    Part("encoder block 2", 0, 2.4, 1, "round"),
    Part("memory", 1, 3.6, 2),
    Part("target so far", 4.2, 0, 1),
    Part("decoder block 1", 4.2, 1.2, 1, "round"),
    Part("decoder block 2", 4.2, 2.4, 1, "round"),
    Part("next token", 4.2, 3.6, 1),
]
wires = [
    Wire([(x, y), (x, y + 0.55)], 1) for x in (0, 4.2) for y in (0.3, 1.53)
]
wires.append(Wire([(4.2, 2.73), (4.2, 3.3)], 1))
way = [(0, 2.73), (0, 3.3), (2, 3.3)]
wires += [Wire([*way, (2, y), (3.1, y)], 2) for y in (2.4, 1.2)]
_, ax = plt.subplots(figsize=(4.8, 2.8))
draw_circuit(ax, parts, wires, step=2)
ax.set(xlim=(-1.6, 5.8), ylim=(-0.4, 3.9))
show()
