"""A decoder-only Transformer, drawn: all predictions, and one by one."""

# %% imports
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from dlnotes.plot import show, use_style

use_style()
WORD = "lambda"
LEVELS = ("C1", "black", "gray")  # being computed, kept, to come


# %% draw
def draw(ax: Axes, shades: list[int], given: int) -> None:
    """Draw a column for each letter: the letter, two blocks, a prediction.

    shades has the level of each column; the first `given` letters are
    given, and each later one is the prediction of the column before.
    """
    for t, shade in enumerate(shades):
        colour, lw = LEVELS[shade], (0.9, 0.9, 0.5)[shade]
        for low, high in ((0, 1), (1, 2)):
            for s in range(t + 1):
                ax.annotate(
                    "",
                    (1.5 * t, high - 0.2),
                    (1.5 * s, low + 0.2),
                    arrowprops=dict(arrowstyle="-", color=colour, lw=lw),
                    zorder=2 - shade,
                )
        up = dict(arrowstyle="-|>", color=colour, lw=lw)
        ax.annotate(
            "", (1.5 * t, 2.85), (1.5 * t, 2.2), arrowprops=up, zorder=1
        )
        box = dict(boxstyle="round,pad=0.3", fc="white", ec=colour, lw=lw)
        place = dict(ha="center", va="center", color=colour, zorder=4)
        ax.text(1.5 * t, 1, "1", bbox=box, **place)
        ax.text(1.5 * t, 2, "2", bbox=box, **place)
        if given <= t and shade < 2:  # what has been drawn is read next
            again = dict(arrowstyle="-|>", color=colour, lw=1.2, ls="--")
            again["connectionstyle"] = "arc3,rad=-0.04"
            ax.annotate(
                "",
                (1.5 * t - 0.18, 0.08),
                (1.5 * t - 1.32, 2.92),
                arrowprops=again,
                zorder=3,
            )
        known = t < given or shade < 2
        ax.text(1.5 * t, -0.05, WORD[t] if known else "?", **place)
        target = (WORD + "␣")[t + 1] if shade < 2 else "?"
        ax.text(1.5 * t, 3.05, target, **place)
    ax.set(xlim=(-1.6, 8.3), ylim=(-0.5, 3.5))
    names = ("letter", "block 1", "block 2", "next letter")
    for y, name in zip((-0.05, 1, 2, 3.05), names, strict=True):
        ax.text(-0.7, y, name, ha="right", va="center", fontsize=8)
    ax.set_axis_off()


# %% training-figure
fig, ax = plt.subplots(figsize=(4.8, 2.6))
draw(ax, [1] * len(WORD), len(WORD))
show()

# %% writing-figure
for new in range(2, 6):
    first = 0 if new == 2 else new  # the prompt is read at once
    name = "prompt" if new == 2 else f"letter {new + 1}"
    fig, ax = plt.subplots(figsize=(4.8, 2.6), num=name)
    draw(ax, [1] * first + [0] * (new + 1 - first) + [2] * (5 - new), 3)
show()

# %% serial
T, BLOCKS = 32, 2
series = {  # which letters' products can be computed at each turn
    "LSTM": [[t] for t in range(1, T + 1)] + [[*range(1, T + 1)]],
    "GPT": [[*range(1, T + 1)]] * (6 * BLOCKS + 1),
}

# %% serial-figure
fig, axes = plt.subplots(1, 2, figsize=(4.8, 3.0), sharey=True)
for ax, (name, turns) in zip(axes, series.items(), strict=True):
    for n, found in enumerate(turns, 1):
        colour = "C1" if n == len(turns) else "C0"
        ax.bar(found, 0.8, 0.8, n - 0.4, color=colour)
    ax.text(1, len(turns) + 0.8, "outputs", color="C1", va="bottom")
    ax.set_title(name, fontsize=10)
    ax.set(xlabel="letter", xticks=[1, T], yticks=[1, 13, 33], ylim=(0, 37))
for y, block in ((3.5, "block 1"), (9.5, "block 2")):
    box = dict(boxstyle="round,pad=0.2", fc="white", ec="none")
    place = dict(ha="center", va="center", color="C0")
    axes[1].text((T + 1) / 2, y, block, bbox=box, **place)
axes[0].text(T, 9.5, "states", ha="right", va="center", color="C0")
axes[0].set_ylabel("turn")
show()
