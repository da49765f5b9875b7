"""Derive, check, break and automate the gradients of a 2-2-2 network."""

# %% imports
import matplotlib.pyplot as plt
import numpy as np
import torch

from dlnotes.basics.activations import sigmoid, sigmoid_derivative
from dlnotes.basics.autograd import Value, topological_order
from dlnotes.basics.gradient import (
    gradient_check,
    numerical_gradient,
    relative_error,
)
from dlnotes.basics.layers import (
    Dense,
    HalfSquaredError,
    Sigmoid,
    backward_pass,
    forward_pass,
)
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% network
x = np.array([0.05, 0.10])
t = np.array([0.01, 0.99])
W1 = np.array([[0.15, 0.20], [0.25, 0.30]])  # (hidden, input)
W2 = np.array([[0.40, 0.45], [0.50, 0.55]])  # (output, hidden)

# %% forward
z1 = W1 @ x
a1 = sigmoid(z1)
z2 = W2 @ a1
a2 = sigmoid(z2)
loss = 0.5 * np.sum((t - a2) ** 2)
print("z1", z1)
print("a1", a1)
print("z2", z2)
print("a2", a2)
print("loss", loss)

# %% backward
delta2 = (a2 - t) * sigmoid_derivative(z2)
gradient2 = np.outer(delta2, a1)
delta1 = sigmoid_derivative(z1) * (W2.T @ delta2)
gradient1 = np.outer(delta1, x)
print("delta2", delta2)
print("delta1", delta1)
print("dL/dW2", gradient2, sep="\n")
print("dL/dW1", gradient1, sep="\n")

# %% layers
X, T = x[np.newaxis], t[np.newaxis]  # (1, 2)
half_error = HalfSquaredError()


def network(W1, W2):
    no_bias = np.zeros(2)
    return [Dense(W1, no_bias), Sigmoid(), Dense(W2, no_bias), Sigmoid()]


net = network(W1, W2)
half_error.forward(forward_pass(net, X), T)
backward_pass(net, half_error.backward())
print("dL/dW2", net[2].dW, sep="\n")
print("dL/dW1", net[0].dW, sep="\n")

# %% pytorch
V1 = torch.tensor(W1, requires_grad=True)
V2 = torch.tensor(W2, requires_grad=True)
y = torch.sigmoid(V2 @ torch.sigmoid(V1 @ torch.tensor(x)))
torch_loss = 0.5 * ((torch.tensor(t) - y) ** 2).sum()
torch_loss.backward()
torch_gap = max(
    np.abs(V1.grad.numpy() - net[0].dW).max(),
    np.abs(V2.grad.numpy() - net[2].dW).max(),
)
print(f"largest difference {torch_gap:.1e}")


# %% train
def train(net, steps=10_000, rate=0.01):
    losses = []
    for _ in range(steps):
        Y = forward_pass(net, X)
        losses.append(half_error.forward(Y, T))
        backward_pass(net, half_error.backward())
        for layer in (net[0], net[2]):
            layer.W -= rate * layer.dW
    losses.append(half_error.forward(forward_pass(net, X), T))
    return np.array(losses)


net = network(W1, W2)
right_losses = train(net)
for step in (0, 10, 100, 1_000, 10_000):
    print(f"step {step:6d}  loss {right_losses[step]:.9f}")
y_trained = forward_pass(net, X)[0]


# %% check
def loss_of(W1, W2):
    return half_error.forward(forward_pass(network(W1, W2), X), T)


def check(net):
    half_error.forward(forward_pass(net, X), T)
    backward_pass(net, half_error.backward())
    return (
        gradient_check(lambda W: loss_of(W, W2), W1, net[0].dW),
        gradient_check(lambda W: loss_of(W1, W), W2, net[2].dW),
    )


error_right = check(network(W1, W2))
print(f"layer 1: relative error {error_right[0]:.2g}")
print(f"layer 2: relative error {error_right[1]:.2g}")


# %% exchanged
class Exchanged(Dense):
    def backward(self, dZ):
        super().backward(dZ)
        terms = dZ[:, :, np.newaxis] * self.W  # (B, out, in)
        return terms.sum(axis=2)


def exchanged_network():
    layers = network(W1, W2)
    layers[2] = Exchanged(W2, np.zeros(2))
    return layers


# %% exchanged-train
wrong_losses = train(exchanged_network())
loss_right, loss_wrong = right_losses[-1], wrong_losses[-1]
print(f"right  {loss_right:.9f}")
print(f"wrong  {loss_wrong:.9f}")

# %% overlap
gap = np.abs(wrong_losses - right_losses)
thin = np.unique(np.geomspace(1, len(gap) - 1, 200).astype(int))
fig, (ax, below) = plt.subplots(2, 1, figsize=(4.8, 4.2), sharex=True)
ax.semilogx(thin, right_losses[thin], "C0-", lw=4, label="right")
ax.semilogx(thin, wrong_losses[thin], "C1--", label="indices exchanged")
ax.set(ylabel="loss L", ylim=(0, 0.26))
ax.legend()
below.loglog(thin, gap[thin], color="C3")
below.set(ylabel="|difference|", xlabel="step")
show()

# %% exchanged-check
wrong = exchanged_network()
error_wrong = check(wrong)
print(f"layer 1: relative error {error_wrong[0]:.3g}")
print(f"layer 2: relative error {error_wrong[1]:.2g}")

# %% exchanged-table
error_percent = 100 * relative_error(wrong[0].dW, gradient1)
pairs = ["₁₁", "₁₂", "₂₁", "₂₂"]
parts = (gradient1.flat, wrong[0].dW.flat, error_percent.flat)
rows = [[f"w⁽¹⁾{pair}", *row] for pair, *row in zip(pairs, *parts)]
Table(["weight", "right:.6f", "wrong:.6f", "error in %:.0f"], rows).show()


# %% versions
class SlopeAtOutput(Sigmoid):
    def backward(self, dA):
        return dA * sigmoid_derivative(sigmoid(self.Z))


class NothingBack(Dense):
    def backward(self, dZ):
        super().backward(dZ)
        return np.zeros_like(self.X)


slope_at_a, frozen = network(W1, W2), network(W1, W2)
slope_at_a[1] = SlopeAtOutput()
frozen[2] = NothingBack(W2, np.zeros(2))
error_slope, error_frozen = check(slope_at_a)[0], check(frozen)[0]
loss_slope, loss_frozen = train(slope_at_a)[-1], train(frozen)[-1]
rows = [
    ["the right gradient", error_right[0], loss_right],
    ["exchanged indices", error_wrong[0], loss_wrong],
    ["σ′(a) for σ′(z)", error_slope, loss_slope],
    ["nothing at all", error_frozen, loss_frozen],
]
Table(
    ["layer 1 is given", "error of layer 1:.3g", "final loss:.9f"], rows
).show()


# %% step-size
def errors_at(gradient):
    def loss_at(W):
        return loss_of(W, W2)

    return [gradient_check(loss_at, W1, gradient, h) for h in sizes]


sizes = 10.0 ** np.arange(-1, -16.1, -0.5)
right_errors, wrong_errors = errors_at(gradient1), errors_at(wrong[0].dW)
fig, ax = plt.subplots(figsize=(4.8, 3.0))
ax.loglog(sizes, right_errors, "C0o-", ms=3, label="right")
ax.loglog(sizes, wrong_errors, "C1s--", ms=3, label="indices exchanged")
ax.set(xlabel="step size h", ylabel="largest relative error")
ax.legend()
show()

# %% engine
a = Value(3.0)
y = a * a + a
y.backward()
print("y =", y.data, " dy/da =", a.grad)


# %% engine-network
def unit(weights, inputs):
    z = sum(w * a for w, a in zip(weights, inputs))
    return z.sigmoid()


U1 = [[Value(w) for w in row] for row in W1]
U2 = [[Value(w) for w in row] for row in W2]
hidden = [unit(row, x) for row in U1]
output = [unit(row, hidden) for row in U2]
errors = [t_k - y_k for t_k, y_k in zip(t.tolist(), output)]
L = sum(0.5 * e * e for e in errors)
L.backward()
nodes = len(topological_order(L))
print(f"loss {L.data:.9f}, {nodes} nodes")
print("dL/dW1", *[f"{w.grad:.8f}" for row in U1 for w in row])

# %% four-ways
numeric1 = numerical_gradient(lambda W: loss_of(W, W2), W1)
numeric2 = numerical_gradient(lambda W: loss_of(W1, W), W2)
ways = []
for layer, *found in (
    ("⁽¹⁾", gradient1, numeric1, V1.grad.numpy(), U1),
    ("⁽²⁾", gradient2, numeric2, V2.grad.numpy(), U2),
):
    by_engine = np.array([[w.grad for w in row] for row in found.pop()])
    columns = [way.flat for way in (*found, by_engine)]
    ways += [[f"w{layer}{pair}", *row] for pair, *row in zip(pairs, *columns)]
head = ["by hand:.7f", "numerical:.7f", "PyTorch:.7f", "engine:.7f"]
Table(["weight", *head], ways).show()

# %% half-sum
ratios = []
for B in (1, 4, 16):
    Y, targets = np.repeat(a2[np.newaxis], B, axis=0), np.repeat(T, B, axis=0)
    half_sum = half_error.forward(Y, targets)
    mse = torch.nn.functional.mse_loss(torch.tensor(Y), torch.tensor(targets))
    ratios.append([B, Y.size, half_sum, float(mse), half_sum / float(mse)])
head = ["samples", "n", "½ Σ (t − y)²:.6f", "MSE:.6f", "ratio:.0f"]
Table(head, ratios).show()

# %% quoted
error = a2 - t
slope1, slope2 = sigmoid_derivative(z1), sigmoid_derivative(z2)
delta_pulls = W2[:, 0] * delta2
delta_pulled = delta_pulls.sum()
delta_total_right = delta1.sum()
delta_total_wrong = (wrong[0].dW[:, 0] / x[0]).sum()
gap_largest, gap_engine = gap.max(), max(abs(w[1] - w[4]) for w in ways)
weights = W1.size + W2.size
passes = 2 * weights
error_slope_percent = 100 * error_slope
slope_engine = a.grad
error_best = min(right_errors)
error_tiny = right_errors[np.argmin(abs(sizes - 1e-12))]
