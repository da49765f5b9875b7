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
from dlnotes.plot import curves, level_lines, show, use_style
from dlnotes.seed import shifted
from dlnotes.table import Table

use_style()

# %% derivative
for h in (1.0, 0.1, 0.01, 0.001):
    forward = forward_difference(np.exp, 1.0, h)
    central = central_difference(np.exp, 1.0, h)
    print(f"h = {h:<5}  forward {forward:.7f}  central {central:.7f}")
print(f"exact      {np.exp(1.0):17.7f}")

# %% slope
x, ends = np.linspace(0, 2.2, 100), np.array([0.2, 2.1])
lines = {"tangent": np.e}
lines |= {f"h = {h}": forward_difference(np.exp, 1, h) for h in (0.5, 1.0)}
fig, ax = plt.subplots(figsize=(4.6, 3.0))
curves(ax, ends, {k: np.e + rise * (ends - 1) for k, rise in lines.items()})
ax.plot(x, np.exp(x), color="black", lw=2)
ax.plot([1, 1.5, 2], np.exp([1, 1.5, 2]), "o", color="black")
ax.set(xlabel="x", ylabel="f(x)", ylim=(-1, 9))
ax.legend(loc="upper left")
show()


# %% errors
def relative_error(difference, precision, h):
    x = np.linspace(0.5, 1.5, 200, dtype=precision)
    exact = np.exp(x.astype(float))
    return np.sqrt(((difference(np.exp, x, h) / exact - 1) ** 2).mean())


steps = (10.0 ** np.arange(-16, 0.1, 0.125)).tolist()
schemes = {"forward": forward_difference, "central": central_difference}
errors = {
    (name, precision): [relative_error(scheme, precision, h) for h in steps]
    for precision in ("float64", "float32")
    for name, scheme in schemes.items()
}

# %% error-figure
fig, ax = plt.subplots(figsize=(4.8, 3.6))
for (name, precision), error in errors.items():
    colour = "C0" if name == "forward" else "C1"
    dash = "-" if precision == "float64" else "--"
    ax.loglog(steps, error, colour + dash, label=f"{name}, {precision}")
ax.set(xlabel="step size h", ylabel="relative error")
fig.legend(loc="outside upper center", ncols=2)
show()


# %% slopes
def slope(name, low, high):
    h, error = np.array(steps), np.array(errors[name, "float64"])
    part = (h > low) & (h < high)
    return np.polyfit(np.log(h[part]), np.log(error[part]), 1)[0]


small_h = {"forward": slope("forward", 1e-14, 1e-10)}
small_h["central"] = slope("central", 1e-14, 1e-7)
large_h = {"forward": slope("forward", 1e-6, 0.1)}
large_h["central"] = slope("central", 1e-4, 0.1)
rows = [[name, small_h[name], large_h[name]] for name in schemes]
Table(["scheme", "slope, small h:+.2f", "slope, large h:+.2f"], rows).show()

# %% best
lowest_error, rows = {}, []
for (name, precision), error in errors.items():
    power = 1 / 2 if name == "forward" else 1 / 3
    rule = float(np.finfo(precision).eps) ** power
    lowest_error[name, precision] = min(error)
    best = steps[np.argmin(error)]
    rows.append([name, precision, best, rule, min(error)])
heads = ["scheme", "precision", "best h:.0e", "rule:.0e", "error:.0e"]
Table(heads, rows).show()

# %% smaller-h
error_at = {
    h: abs(central_difference(np.exp, 1.0, h) - np.e)
    for h in (1e-4, 1e-5, 1e-8, 1e-12, 1e-16)
}
for h, error in error_at.items():
    print(f"h = {h:.0e}   error {error:.1e}")

# %% partial
point = np.array([-0.6, -0.3])
by_formula = camel_gradient(point)
numerical = numerical_gradient(camel, point)
print("formula  ", by_formula)
print("numerical", numerical)
print(f"largest difference {np.abs(numerical - by_formula).max():.0e}")

# %% directions
angles = np.arange(0, 360, 0.01)
compass = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], 1)
length = np.linalg.norm(by_formula)
uphill = np.degrees(np.arctan2(by_formula[1], by_formula[0])) % 360
angle_up, angle_down, rows = {}, {}, []
for radius in (0.3, 0.1, 0.01, 0.001):
    rise = (camel(point + radius * compass) - camel(point)) / radius
    angle_up[radius] = angles[rise.argmax()] - uphill
    angle_down[radius] = angles[rise.argmin()] - uphill
    rows.append([radius, angle_up[radius], angle_down[radius], rise.max()])
heads = ["distance", "steepest up:+.2f", "steepest down:+.2f", "rise:.3f"]
Table(heads, rows).show()
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


start = np.array([-4.0, 1.0])
paths, distance = {}, {}
for rate in (0.02, 2 / 11, 0.2, 0.21):
    paths[rate] = gradient_descent(valley_gradient, start, rate, 60)
    distance[rate] = np.linalg.norm(paths[rate][-1])
    print(f"η = {rate:.3f}   distance after 60 steps {distance[rate]:.1e}")

# %% valley-figure
fig, axes = plt.subplots(2, 2, figsize=(4.8, 4.2), sharex=True, sharey=True)
x, y = np.linspace(-4.6, 4.6, 40), np.linspace(-3.2, 3.2, 40)
height = (x**2 + 10 * y[:, None] ** 2) / 2
for ax, (rate, path) in zip(axes.flat, paths.items()):
    level_lines(ax, x, y, height, [0.3, 1, 3, 8, 16, 32])
    ax.plot(*path[:21].T, "C0.-", lw=1, ms=4)
    ax.plot(0, 0, "*", color="C1", ms=10)
    ax.set(xlim=(-4.6, 4.6), ylim=(-3.2, 3.2))
    ax.set_title(f"η = {rate:.3f}", fontsize="medium")
fig.supxlabel("x")
fig.supylabel("y")
show()

# %% limit
rng = np.random.default_rng(shifted(0))
A = rng.normal(size=(5, 5))
H = A @ A.T + np.eye(5)
low, high = 0.0, 1.0
while high - low > 1e-9:
    rate = (low + high) / 2
    path = gradient_descent(lambda x: H @ x, np.ones(5), rate, 100)
    before, after = np.linalg.norm(path[-2:], axis=1)
    low, high = (low, rate) if after > before else (rate, high)
limit, limit_theory = high, 2 / np.linalg.eigvalsh(H)[-1]
print(f"measured limit {limit:.6f}")
print(f"2/λ            {limit_theory:.6f}")

# %% rates
tried = np.arange(0.004, 0.2, 0.002)
starts = np.tile(start, (len(tried), 1))
path = gradient_descent(valley_gradient, starts, tried[:, None], 5000)
far = np.linalg.norm(path, axis=2) > 1e-6 * np.linalg.norm(start)
needed = far.sum(axis=0)
best = needed.argmin()
tenth = np.abs(tried - tried[best] / 10).argmin()
steps_best, steps_tenth = needed[best], needed[tenth]
print(f"fewest steps: {steps_best}, at the rate {tried[best]:.3f}")
print(f"at a tenth of that rate: {steps_tenth}")

# %% rates-figure
fig, ax = plt.subplots(figsize=(4.6, 2.8))
ax.semilogy(tried, needed, "C0", lw=2)
ax.axvline(0.2, color="C1", ls="--", label="2/λ")
ax.set(xlabel="learning rate η", ylabel="steps needed")
ax.set_xticks([0, 0.05, 0.1, 0.15, 0.2])
ax.legend(loc="upper center")
show()


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
slope_of_floats = flat_loop(squares, floats)
slope_of_integers = flat_loop(squares, integers)
print("floats  ", slope_of_floats)
print("integers", slope_of_integers)
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
