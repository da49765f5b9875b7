"""Draw three sets, each inside the next."""

# %% imports
import matplotlib.pyplot as plt
from matplotlib.patches import Ellipse

from dlnotes.plot import show, use_style

use_style()

# %% nested
fig, ax = plt.subplots(figsize=(4.6, 3.0))
sets = [
    (0.0, 4.6, 3.0, "artificial intelligence", 1.12),
    (-0.25, 3.3, 2.0, "machine learning", 0.45),
    (-0.5, 2.0, 1.0, "deep learning", -0.5),
]
for y, width, height, name, label in sets:
    oval = Ellipse((0, y), width, height, fc="C0", ec="black", alpha=0.25)
    ax.add_patch(oval)
    ax.text(0, label, name, ha="center", va="center")
ax.set(xlim=(-2.4, 2.4), ylim=(-1.6, 1.6))
ax.set_axis_off()
show()
