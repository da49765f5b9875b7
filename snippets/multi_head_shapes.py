"""One sentence on its way through two heads, shape by shape."""

# %% imports
import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from dlnotes.attention.multi_head import MultiHeadAttention, join_heads
from dlnotes.attention.score import attention
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% values
WORDS = ("she", "bought", "a", "hat")
T, C, heads, d = len(WORDS), 6, 2, 3
with torch.no_grad():
    X = torch.randn(1, T, C)
    layer = MultiHeadAttention(C, heads)
    Q, K, V = layer.project(X, X, X)  # (1, h, T, d) each
    output, weights = attention(Q, K, V)
    joined, mixed = join_heads(output), layer.join(output)


# %% panels
def panel(
    ax: Axes, name: str, values: Tensor, x: float, y: float, colour: str
) -> None:
    """Draw values (rows, columns) as cells whose upper left corner is x, y."""
    rows, columns = values.shape
    box = (x, x + columns, y - rows, y)
    scale = dict(vmin=-2, vmax=2) if values.min() < 0 else dict(vmin=-1)
    ax.imshow(values.tolist(), cmap="PuOr", extent=box, **scale)
    frame = dict(fill=False, edgecolor=colour, linewidth=2)
    ax.add_patch(Rectangle((x, y - rows), columns, rows, **frame))
    ax.text(x + columns / 2, y + 0.25, name, ha="center", va="bottom")


def words(ax: Axes, x: float, y: float) -> None:
    """Write the words beside the rows of a panel."""
    for n, word in enumerate(WORDS):
        ax.text(x - 0.4, y - n - 0.5, word, ha="right", va="center", size=8)


def shape(ax: Axes, y: float, text: str) -> None:
    """Write a shape at the right margin."""
    ax.text(29, y - T / 2, text, ha="right", va="center", family="monospace")


# %% steps
TOPS = (0, -7, -14, -21, -28)  # of the five rows of panels
NAMES = ("input", "project", "weights", "heads", "join")


def draw(ax: Axes, step: int) -> None:
    """Draw what has been computed up to a step."""
    panel(ax, "X", X[0], 8, TOPS[0], "gray")
    shape(ax, TOPS[0], "(B, T, C)")
    if step > 1:
        for n, (name, found) in enumerate(zip("QKV", (Q, K, V), strict=True)):
            for i in range(heads):
                x = 2.5 + 7 * n + (d + 0.2) * i
                panel(ax, f"{name}{i + 1}", found[0, i], x, TOPS[1], f"C{i}")
        shape(ax, TOPS[1], "(B, h, T, d)")
    if step > 2:
        for i in range(heads):
            panel(ax, f"A{i + 1}", weights[0, i], 4 + 9 * i, TOPS[2], f"C{i}")
        shape(ax, TOPS[2], "(B, h, T, T)")
    if step > 3:
        for i in range(heads):
            x = 4.5 + 9 * i
            panel(ax, f"A{i + 1}V{i + 1}", output[0, i], x, TOPS[3], f"C{i}")
        shape(ax, TOPS[3], "(B, h, T, d)")
    if step > 4:
        panel(ax, "[A1V1, A2V2]", joined[0], 3, TOPS[4], "gray")
        panel(ax, "output", mixed[0], 12, TOPS[4], "gray")
        shape(ax, TOPS[4], "(B, T, C)")
    words(ax, 8, TOPS[0])


for step, name in enumerate(NAMES, start=1):
    fig, ax = plt.subplots(figsize=(4.8, 5.4), num=f"step {step}: {name}")
    draw(ax, step)
    ax.set(xlim=(-0.5, 29.2), ylim=(-32.4, 1.8))
    ax.set_aspect("equal")
    ax.set_axis_off()
show()
