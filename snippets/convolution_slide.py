"""Slide a kernel over an image, and watch the output fill up."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np

from dlnotes.plot import show, use_style

use_style()

# %% numbers
image = np.array(
    [
        [1, 2, 5, 6, 6, 5],
        [0, 1, 5, 7, 6, 6],
        [1, 1, 4, 6, 7, 6],
        [2, 1, 1, 5, 6, 7],
        [1, 0, 1, 4, 5, 6],
        [0, 1, 0, 1, 4, 5],
    ]
)
kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])


# %% picture
def grid(ax, numbers, left, top, title):
    """Draw a table of numbers, or of texts, each in a cell of its own."""
    H, W = numbers.shape
    ax.text(left + W / 2, top - 0.3, title, ha="center", va="bottom")
    for k in range(H + 1):
        ax.plot([left, left + W], [top + k] * 2, color="gray", lw=0.6)
    for k in range(W + 1):
        ax.plot([left + k] * 2, [top, top + H], color="gray", lw=0.6)
    for (i, j), number in np.ndenumerate(numbers):
        text = str(number).replace("-", "−")
        ax.text(left + j + 0.5, top + i + 0.55, text, ha="center", va="center")


def picture(i, j, output):
    """Draw the kernel at row i and column j, and the output so far."""
    _, ax = plt.subplots(num=f"row {i + 1}, column {j + 1}")
    window = np.s_[i : i + 3, j : j + 3]
    numbers = image.astype(object)
    for (a, b), w in np.ndenumerate(kernel):
        numbers[i + a, j + b] = f"{w}·{image[i + a, j + b]}"
    ax.add_patch(plt.Rectangle((j, i), 3, 3, color="C0", alpha=0.3, lw=0))
    ax.add_patch(plt.Rectangle((j + 7, i + 1), 1, 1, color="C1", alpha=0.4))
    grid(ax, numbers, 0, 0, "input, 6 × 6")
    grid(ax, output, 7, 1, "output, 4 × 4")
    products = (kernel * image[window]).ravel()
    terms = " + ".join(f"{p}" if p >= 0 else f"({p})" for p in products)
    total = f"{terms} = {products.sum()}".replace("-", "−")
    ax.text(5.5, 6.9, total, ha="center", va="center")
    ax.set(xlim=(-0.1, 11.1), ylim=(7.4, -0.9), aspect="equal")
    ax.axis("off")


# %% slide
output = np.full((4, 4), "", dtype=object)
for i, j in np.ndindex(output.shape):
    output[i, j] = (kernel * image[i : i + 3, j : j + 3]).sum()
    picture(i, j, output)
show()
