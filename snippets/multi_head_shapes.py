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
    ax: Axes, name: str, values: Tensor, x: float, y: float, *colours: str
) -> None:
    """Draw values (rows, columns) as cells whose upper left corner is x, y.

    Each colour frames as many of the columns.
    """
    rows, columns = values.shape
    box = (x, x + columns, y - rows, y)
    limit = values.abs().max().item()
    ax.imshow(
        values.tolist(), cmap="RdBu_r", extent=box, vmin=-limit, vmax=limit
    )
    width = columns / len(colours)
    for n, colour in enumerate(colours):
        frame = dict(fill=False, edgecolor=colour, linewidth=2)
        corner = (x + n * width, y - rows)
        ax.add_patch(Rectangle(corner, width, rows, **frame))
    ax.text(x + columns / 2, y + 0.3, name, ha="center", va="bottom")


def words(ax: Axes, x: float, y: float) -> None:
    """Write the words beside the rows of a panel."""
    for n, word in enumerate(WORDS):
        ax.text(x - 0.4, y - n - 0.5, word, ha="right", va="center", size=8)


# %% steps
SHAPES = {  # what is drawn from each height downwards
    0: "(B, T, C)",
    -7: "(B, h, T, d)",
    -14: "(B, h, T, T)",
    -21: "(B, h, T, d)",
    -28: "(B, T, C)",
}


def draw(ax: Axes, step: int) -> None:
    """Draw what has been computed up to a step."""
    panel(ax, "$X$", X[0], 8, 0, "gray")
    words(ax, 8, 0)
    for i in range(heads):
        for n, (name, found) in enumerate(zip("QKV", (Q, K, V), strict=True)):
            if step > 1:
                x = 7.3 * n + (d + 0.3) * i
                panel(ax, f"${name}_{i + 1}$", found[0, i], x, -7, f"C{i}")
        x, own, of = 5 + 9 * i, weights[0, i], output[0, i]
        if step > 2:
            panel(ax, f"$A_{i + 1}$", own, x, -14, f"C{i}")
            words(ax, x, -14)
        if step > 3:
            panel(
                ax,
                f"$O_{i + 1} = A_{i + 1} V_{i + 1}$",
                of,
                x + 0.5,
                -21,
                f"C{i}",
            )
    if step > 4:
        panel(ax, "$[O_1, O_2]$", joined[0], 4, -28, "C0", "C1")
        panel(ax, "$Y = [O_1, O_2]\\, W_o^\\top$", mixed[0], 14, -28, "gray")
    for y, text in [*SHAPES.items()][:step]:
        ax.text(22.4, y - T / 2, text, va="center")


for step in range(1, len(SHAPES) + 1):
    name = ("input", "projected", "weights", "means", "output")[step - 1]
    fig, ax = plt.subplots(figsize=(4.8, 5.2), num=f"step {step}: {name}")
    draw(ax, step)
    ax.set(xlim=(-0.5, 30), ylim=(-32.4, 1.8))
    ax.set_aspect("equal")
    ax.set_axis_off()
show()
