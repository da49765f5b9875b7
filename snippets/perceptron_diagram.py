"""Draw a threshold unit: inputs, weights, a sum and a step."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.plot import show, use_style

use_style()

# %% neuron
fig, ax = plt.subplots(figsize=(4.8, 2.5))
centred = dict(ha="center", va="center")
arrow = dict(arrowstyle="-|>", color="black")
sources = [("x₁", "w₁", 2.0), ("x₂", "w₂", 1.0), ("1", "b", 0.0)]
for name, weight, y in sources:
    ax.plot(0, y, "o", ms=27, mfc="white", mec="C0", mew=1.5)
    ax.text(0, y, name, **centred)
    ax.annotate(
        "",
        xy=(1.62, 1 + 0.16 * (y - 1)),
        xytext=(0.3, y + 0.13 * (1 - y)),
        arrowprops=arrow,
    )
    ax.text(0.85, 1 + 0.58 * (y - 1) + 0.17, weight, ha="center", color="C1")
ax.plot(2, 1, "o", ms=42, mfc="white", mec="C0", mew=1.5)
ax.text(2, 1, "Σ", fontsize=17, **centred)
ax.annotate("", (3.05, 1), (2.4, 1), arrowprops=arrow)
ax.text(2.7, 1.12, "z", ha="center")
ax.plot(
    [3.08, 3.72, 3.72, 3.08, 3.08], [0.6, 0.6, 1.4, 1.4, 0.6], "C0", lw=1.5
)
ax.plot(
    [3.18, 3.4, 3.4, 3.62], [0.78, 0.78, 1.22, 1.22], color="black", lw=1.5
)
ax.annotate("", (4.45, 1), (3.74, 1), arrowprops=arrow)
ax.text(4.6, 1, "y", **centred)
ax.text(0, -0.72, "inputs", ha="center", color="gray")
ax.text(0.85, -0.72, "weights", ha="center", color="gray")
ax.text(2, -0.72, "weighted sum", ha="center", color="gray")
ax.text(3.4, -0.72, "step H", ha="center", color="gray")
ax.text(4.5, -0.72, "answer", ha="center", color="gray")
ax.set(xlim=(-0.4, 4.9), ylim=(-0.85, 2.4))
ax.set_axis_off()
show()
