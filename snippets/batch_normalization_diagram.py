"""Over which values batch, layer and group norm take a mean."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.plot import show, use_style

use_style()

# %% axes-figure
IMAGES, CHANNELS = 4, 6
together = {  # what is averaged with the first channel of the first image
    "batch norm": [(n, 0) for n in range(IMAGES)],
    "layer norm": [(0, c) for c in range(CHANNELS)],
    "group norm": [(0, c) for c in range(CHANNELS // 2)],
}
fig, axes = plt.subplots(1, 3, figsize=(4.8, 1.7), sharey=True)
for ax, (name, chosen) in zip(axes, together.items(), strict=True):
    for n in range(IMAGES):
        for c in range(CHANNELS):
            face = "C0" if (n, c) in chosen else "white"
            ax.plot(c, n, "s", ms=11, mec="gray", mfc=face)
    ax.set(title=name, xlabel="channel", xticks=[], yticks=[])
    ax.set(xlim=(-0.7, CHANNELS - 0.3), ylim=(IMAGES - 0.3, -0.7))
    ax.spines[:].set_visible(False)
axes[0].set_ylabel("image")
show()
