"""The learning curves of a stiff and of a flexible model."""

# %% imports
import matplotlib.pyplot as plt

from dlnotes.data.curve import bump, chebyshev, nodes, noisy_bump, polynomial
from dlnotes.linear import least_squares
from dlnotes.plot import show, use_style
from dlnotes.train.seed import seed_everything

use_style()

# %% learn
seed_everything(1974)
sizes = [15, 20, 30, 40, 60, 100, 160, 250, 400, 640, 1000]
training_error, new_error, mean_error = {}, {}, {}
for n in sizes:
    x, y = noisy_bump((500, n))
    for d in (2, 10):
        w, b = least_squares(chebyshev(x, d), y)  # (500, d), (500,)
        seen = (polynomial(x, w, b) - y) ** 2
        missed = (polynomial(nodes(), w, b) - bump(nodes())) ** 2
        errors = missed.mean(dim=1) + 0.3**2  # (500,)
        training_error[d, n] = seen.mean(dim=1).median().item()
        new_error[d, n] = errors.median().item()
        mean_error[d, n] = errors.mean().item()

# %% curves
fig, ax = plt.subplots(figsize=(4.8, 3.2))
for d, style in (2, "o"), (10, "s"):
    colour = dict(color="C0" if d == 2 else "C1", marker=style)
    on_new = [new_error[d, n] for n in sizes]
    on_training = [training_error[d, n] for n in sizes]
    ax.plot(sizes, on_new, **colour, label=f"degree {d}, new data")
    ax.plot(sizes, on_training, "--", **colour, label=f"degree {d}, training")
ax.axhline(0.3**2, color="gray", ls=":")
ax.set(xscale="log", yscale="log", xlabel="training samples")
ax.set(ylabel="mean squared error")
ax.set_xticks([15, 30, 100, 300, 1000], ["15", "30", "100", "300", "1000"])
ax.set_yticks([0.03, 0.1, 0.3, 1], ["0.03", "0.1", "0.3", "1"])
ax.minorticks_off()
fig.legend(loc="outside upper center", ncols=2)
show()
