"""What is copied, drawn anew and kept, in three ways to begin."""

# %% imports
import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

from dlnotes.plot import show, use_style

use_style()

# %% ways-figure
COPIED, DRAWN = "C0", "C1"
ways = {  # colour of the features, and whether they learn
    "letters": (DRAWN, True),
    "feature extraction": (COPIED, False),
    "fine-tuning": (COPIED, True),
    "from scratch": (DRAWN, True),
}
parts = ("stage 1", "stage 2", "stage 3", "head")
fig, ax = plt.subplots(figsize=(4.8, 2.7))
for n, (name, (colour, learns)) in enumerate(ways.items()):
    y = -n - 0.4 * (n > 0)
    ax.text(-0.2, y, name, ha="right", va="center")
    for k, part in enumerate(parts):
        head = k == 3
        face = DRAWN if head else colour
        box = FancyBboxPatch((k, y - 0.22), 0.8, 0.44)
        box.set(boxstyle="round,pad=0.03", facecolor=(face, 0.3))
        trained = learns or head
        box.set(edgecolor=face, linewidth=2 if trained else 0)
        ax.add_patch(box)
        ax.text(k + 0.4, y, part, ha="center", va="center", fontsize=8)
ax.axhline(-0.7, color="gray", lw=0.8, ls=":")
ax.set(xlim=(-2.4, 4.1), ylim=(-3.9, 0.5))
ax.set_axis_off()
show()
