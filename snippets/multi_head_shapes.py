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
    W_q, W_o = layer.matrices()[0], layer.out_proj.weight  # (C, C) each


# %% panels
def panel(
    ax: Axes,
    name: str,
    values: Tensor,
    x: float,
    y: float,
    *colours: str,
    by_rows: bool = False,
) -> None:
    """Draw values (rows, columns) as cells whose upper left corner is x, y.

    Each colour frames as many of the columns, or of the rows.
    """
    rows, columns = values.shape
    box = (x, x + columns, y - rows, y)
    limit = values.abs().max().item()
    ax.imshow(
        values.tolist(), cmap="RdBu_r", extent=box, vmin=-limit, vmax=limit
    )
    height = rows / (len(colours) if by_rows else 1)
    width = columns / (1 if by_rows else len(colours))
    for n, colour in enumerate(colours):
        frame = dict(fill=False, edgecolor=colour, linewidth=2)
        left, top = (x, y - n * height) if by_rows else (x + n * width, y)
        ax.add_patch(Rectangle((left, top - height), width, height, **frame))
    ax.text(x + columns / 2, y + 0.3, name, ha="center", va="bottom")


def words(ax: Axes, x: float, y: float) -> None:
    """Write the words beside the rows of a panel."""
    for n, word in enumerate(WORDS):
        ax.text(x - 0.4, y - n - 0.5, word, ha="right", va="center", size=8)


# %% steps
SHAPES = {  # what is drawn from each height downwards
    0: "(B, T, C)",
    -8: "(B, h, T, d)",
    -14: "(B, h, T, T)",
    -20: "(B, h, T, d)",
    -26: "(B, T, C)",
}


def draw(ax: Axes, step: int) -> None:
    """Draw what has been computed up to a step."""
    panel(ax, "$X$", X[0], 3, 0, "gray")
    words(ax, 3, 0)
    if step > 1:
        panel(ax, "$W_q$", W_q, 13, 0, "C0", "C1", by_rows=True)
    for i in range(heads):
        for n, (name, found) in enumerate(zip("QKV", (Q, K, V), strict=True)):
            if step > 1:
                x = 7.3 * n + (d + 0.3) * i
                panel(ax, f"${name}_{i + 1}$", found[0, i], x, -8, f"C{i}")
        x, own, of = 5 + 9 * i, weights[0, i], output[0, i]
        if step > 2:
            panel(ax, f"$A_{i + 1}$", own, x, -14, f"C{i}")
            words(ax, x, -14)
        if step > 3:
            name = f"$O_{i + 1} = A_{i + 1} V_{i + 1}$"
            panel(ax, name, of, x + 0.5, -20, f"C{i}")
    if step > 4:
        panel(ax, "$[O_1, O_2]$", joined[0], 0, -26, "C0", "C1")
        panel(ax, "$W_o$", W_o, 7.5, -26, "C0", "C1")
        name = "$Y = [O_1, O_2]\\, W_o^\\top$"
        panel(ax, name, mixed[0], 15.5, -26, "gray")
    for y, text in [*SHAPES.items()][:step]:
        ax.text(22.4, y - T / 2, text, va="center")


for step in range(1, len(SHAPES) + 1):
    name = ("input", "projected", "weights", "means", "output")[step - 1]
    fig, ax = plt.subplots(figsize=(4.8, 5.4), num=f"step {step}: {name}")
    draw(ax, step)
    ax.set(xlim=(-0.5, 30), ylim=(-32.4, 1.8))
    ax.set_aspect("equal")
    ax.set_axis_off()
show()
