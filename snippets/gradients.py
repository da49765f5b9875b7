"""Difference quotients against h, steepest ascent, descent in a valley."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np

from dlnotes.basics.gradient import (
    central_difference,
    forward_difference,
    gradient_descent,
    numerical_gradient,
)
from dlnotes.basics.surfaces import camel, camel_gradient
from dlnotes.plot import show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table

use_style()

# %% slope
fig, ax = plt.subplots(figsize=(4.6, 3.0))
x = np.linspace(0, 2.2, 100)
ax.plot(x, np.exp(x), color="black", lw=2)
ends = np.array([0.2, 2.1])
for h, style in ((1.0, ":"), (0.5, "--")):
    secant = np.e + (np.exp(1 + h) - np.e) / h * (ends - 1)
    ax.plot(ends, secant, f"C1{style}", label=f"h = {h}")
    ax.plot(1 + h, np.exp(1 + h), "o", color="C1")
ax.plot(ends, np.e * ends, "C0", label="tangent")
ax.plot(1, np.e, "o", color="black")
ax.set(xlabel="x", ylabel="f(x)", ylim=(-1, 9))
ax.legend(loc="upper left")
show()

# %% derivative
for h in (1.0, 0.1, 0.01, 0.001):
    up = forward_difference(np.exp, 1.0, h)
    both = central_difference(np.exp, 1.0, h)
    print(f"h = {h:<5}  forward {up:.7f}  central {both:.7f}")
print(f"exact      {np.exp(1.0):17.7f}")


# %% errors
def errors(difference, precision, steps):
    x = np.linspace(0.5, 1.5, 200, dtype=precision)
    exact = np.exp(x.astype(float))
    estimates = np.array([difference(np.exp, x, h) for h in steps])
    return np.sqrt(((estimates / exact - 1) ** 2).mean(axis=1))


steps = (10.0 ** np.arange(-16, 0.1, 0.125)).tolist()
forward64 = errors(forward_difference, np.float64, steps)
central64 = errors(central_difference, np.float64, steps)
forward32 = errors(forward_difference, np.float32, steps)
central32 = errors(central_difference, np.float32, steps)

# %% error-figure
fig, ax = plt.subplots(figsize=(4.8, 3.6))
ax.loglog(steps, forward64, "C0-", label="forward, float64")
ax.loglog(steps, central64, "C1-", label="central, float64")
ax.loglog(steps, forward32, "C0--", label="forward, float32")
ax.loglog(steps, central32, "C1--", label="central, float32")
ax.set(xlabel="step size h", ylabel="relative error", ylim=(1e-12, 1e3))
ax.legend(loc="upper center", ncols=2, fontsize="small")
show()


# %% slopes
def slope(error, low, high):
    h = np.array(steps)
    part = (h > low) & (h < high)
    return np.polyfit(np.log(h[part]), np.log(error[part]), 1)[0]


forward_falls = slope(forward64, 1e-6, 0.1)
forward_rises = slope(forward64, 1e-14, 1e-10)
central_falls = slope(central64, 1e-4, 0.1)
central_rises = slope(central64, 1e-14, 1e-7)
print(
    f"forward  {forward_rises:+.2f} (small h)  {forward_falls:+.2f} (large h)"
)
print(
    f"central  {central_rises:+.2f} (small h)  {central_falls:+.2f} (large h)"
)

# %% best
rows = []
for name, precision, power, error in (
    ("forward", np.float64, 1 / 2, forward64),
    ("central", np.float64, 1 / 3, central64),
    ("forward", np.float32, 1 / 2, forward32),
    ("central", np.float32, 1 / 3, central32),
):
    lowest = int(error.argmin())
    rule = float(np.finfo(precision).eps) ** power
    kind = np.dtype(precision).name
    rows.append([name, kind, steps[lowest], rule, error[lowest]])
best_forward, best_central, best_forward32, best_central32 = (
    row[4] for row in rows
)
columns = ["difference", "precision", "best h", "rule", "error"]
form = {"best h": ".0e", "rule": ".0e", "error": ".0e"}
Table(columns, rows, form).show()

# %% smaller-h
at = {}
for h in (1e-4, 1e-5, 1e-8, 1e-12, 1e-16):
    at[h] = abs(central_difference(np.exp, 1.0, h) - np.e)
    print(f"h = {h:.0e}   error {at[h]:.1e}")
error_4, error_12, error_16 = at[1e-4], at[1e-12], at[1e-16]

# %% partial
point = np.array([-0.6, -0.3])
by_formula = camel_gradient(point)
numerical = numerical_gradient(camel, point)
largest = np.abs(numerical - by_formula).max()
print("formula  ", by_formula)
print("numerical", numerical)
print(f"largest difference {largest:.0e}")


# %% flat-index
def flat_loop(f, x, h=1e-4):
    gradient = np.zeros_like(x)
    for i in range(x.size):
        above, below = x.copy(), x.copy()
        above[i] = x[i] + h
        below[i] = x[i] - h
        gradient[i] = (f(above) - f(below)) / (2 * h)
    return gradient


def squares(x):
    return np.sum(x**2)


floats, integers = np.array([3.0, 4.0]), np.array([3, 4])
wrong = flat_loop(squares, integers)
wrong_first = wrong[0]
print("floats  ", flat_loop(squares, floats))
print("integers", wrong)
try:
    flat_loop(squares, floats.reshape(1, 2))
except IndexError as error:
    print("matrix  ", error)

# %% any-shape
print(numerical_gradient(squares, floats.reshape(1, 2)))
try:
    numerical_gradient(squares, integers)
except TypeError as error:
    print(error)

# %% directions
angles = np.arange(0, 360, 0.01)
compass = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], 1)
length = np.linalg.norm(by_formula)
uphill = np.degrees(np.arctan2(by_formula[1], by_formula[0])) % 360
rows = []
for radius in (0.3, 0.1, 0.01, 0.001):
    rise = (camel(point + radius * compass) - camel(point)) / radius
    best, worst = angles[rise.argmax()], angles[rise.argmin()]
    rows.append([radius, best - uphill, worst - uphill, rise.max()])
best_off, worst_off = rows[-1][1:3]
columns = ["distance", "steepest up", "steepest down", "rise"]
form = {"steepest up": "+.2f", "steepest down": "+.2f", "rise": ".3f"}
Table(columns, rows, form).show()
print(f"length of the gradient {length:.3f}")

# %% directions-figure
fig, ax = plt.subplots(figsize=(4.6, 2.8))
rise = (camel(point + 0.01 * compass) - camel(point)) / 0.01
ax.plot(angles[::100], rise[::100], "C0", lw=2)
ax.axhline(0, color="gray", lw=0.8)
ax.axvline(uphill, color="C1", ls="--", label="gradient")
ax.axvline(uphill + 180, color="C2", ls=":", label="against the gradient")
ax.set(xticks=range(0, 361, 90), xlabel="direction (degrees)", ylabel="rise")
fig.legend(loc="outside upper center", ncols=2)
show()

# %% valley
curvature = np.array([1.0, 10.0])


def valley_gradient(point):
    return curvature * point


rates = {0.02: 60, 2 / 11: 60, 0.2: 60, 0.21: 20}
start = np.array([-4.0, 1.0])
paths, lefts = {}, []
for rate, count in rates.items():
    paths[rate] = gradient_descent(valley_gradient, start, rate, count)
    left = np.linalg.norm(paths[rate][-1])
    lefts.append(left)
    print(f"η = {rate:.3f}   {count} steps   distance {left:.1e}")
left_small, left_good, left_edge, left_large = lefts

# %% valley-figure
fig, axes = plt.subplots(2, 2, figsize=(4.8, 3.8), sharex=True, sharey=True)
x, y = np.linspace(-4.6, 4.6, 40), np.linspace(-3.2, 3.2, 40)
height = (x**2 + 10 * y[:, None] ** 2) / 2
levels = [0.3, 1, 3, 8, 16, 32]
for ax, (rate, path) in zip(axes.flat, paths.items(), strict=True):
    ax.contour(x, y, height, levels, colors="gray", alpha=0.5)
    ax.plot(*path[:21].T, "C0.-", lw=1, ms=4)
    ax.plot(0, 0, "*", color="C1", ms=10)
    ax.text(-4.4, 2.4, f"η = {rate:.3f}")
    ax.set(xlim=(-4.6, 4.6), ylim=(-3.2, 3.2))
fig.supxlabel("x")
fig.supylabel("y")
show()

# %% rates
tried = np.arange(0.004, 0.2, 0.002)
starts = np.tile(start, (len(tried), 1))
path = gradient_descent(valley_gradient, starts, tried[:, None], 5000)
far = np.linalg.norm(path, axis=2) > 1e-6 * np.linalg.norm(start)
needed = far.sum(axis=0)
fewest, best_rate = needed.min(), tried[needed.argmin()]
print(f"fewest steps: {fewest}, at the rate {best_rate:.3f}")
print(f"at a tenth of that rate: {needed[np.abs(tried - 0.018).argmin()]}")

# %% rates-figure
fig, ax = plt.subplots(figsize=(4.6, 2.8))
ax.semilogy(tried, needed, "C0", lw=2)
ax.axvline(0.2, color="C1", ls="--", label="2/λ")
ticks = [0, 0.05, 0.1, 0.15, 0.2]
ax.set(xlabel="learning rate η", ylabel="steps needed", xticks=ticks)
ax.legend()
show()

# %% limit
rng = np.random.default_rng(shifted(0))
A = rng.normal(size=(5, 5))
H = A @ A.T + np.eye(5)
largest_curvature = np.linalg.eigvalsh(H)[-1]
low, high = 0.0, 1.0
while high - low > 1e-9:
    rate = (low + high) / 2
    path = gradient_descent(lambda x: H @ x, np.ones(5), rate, 100)
    before, after = np.linalg.norm(path[-2:], axis=1)
    low, high = (low, rate) if after > before else (rate, high)
limit, limit_theory = high, 2 / largest_curvature
print(f"measured limit {limit:.6f}")
print(f"2/λ            {limit_theory:.6f}")
