"""Draw how a page of this book is made."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.plot import show, use_style

use_style()

# %% pipeline
boxes = {
    "package": (0.95, 3.0, "the package\nsrc/dlnotes"),
    "snippet": (2.95, 3.0, "a snippet\nsnippets/x.py"),
    "run": (4.95, 3.0, "its run\n.runs/"),
    "en": (0.95, 1.5, "English text\ndocs/en/x.md"),
    "weave": (2.95, 1.5, "weaving"),
    "zh": (4.95, 1.5, "Chinese text\ndocs/zh/x.md"),
    "page-en": (1.95, 0.0, "English page"),
    "page-zh": (3.95, 0.0, "Chinese page"),
}
sources, products = {"package", "snippet", "en", "zh"}, {"page-en", "page-zh"}
fig, ax = plt.subplots(figsize=(4.8, 3.0))
for name, (x, y, text) in boxes.items():
    edge = "C0" if name in sources else "C2" if name in products else "C1"
    box = dict(boxstyle="round,pad=0.45", fc="white", ec=edge, lw=1.4)
    ax.text(x, y, text, ha="center", va="center", bbox=box, zorder=3)
arrow = dict(arrowstyle="-|>", color="black", shrinkA=0, shrinkB=0, lw=0.9)
for start, end in [
    ((1.7, 3.0), (2.12, 3.0)),
    ((3.8, 3.0), (4.38, 3.0)),
    ((4.6, 2.58), (3.42, 1.75)),
    ((1.8, 1.5), (2.45, 1.5)),
    ((4.1, 1.5), (3.45, 1.5)),
    ((2.75, 1.22), (2.2, 0.3)),
    ((3.15, 1.22), (3.7, 0.3)),
]:
    ax.annotate("", end, start, arrowprops=arrow)
ax.set(xlim=(0, 5.9), ylim=(-0.4, 3.55))
ax.axis("off")
show()
