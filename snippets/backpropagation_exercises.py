"""Solutions to the exercises of the backpropagation chapter."""

# %% imports
import numpy as np

from dlnotes.basics.autograd import Value
from dlnotes.basics.gradient import numerical_gradient
from dlnotes.basics.layers import (
    Dense,
    HalfSquaredError,
    Sigmoid,
    backward_pass,
    forward_pass,
)
from dlnotes.seed import shifted
from dlnotes.table import Table

# %% solution-1
X, T = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
half_error = HalfSquaredError()


def network(w11, bias1, bias2):
    hidden = Dense([[w11, 0.20], [0.25, 0.30]], [bias1, bias1])
    output = Dense([[0.40, 0.45], [0.50, 0.55]], [bias2, bias2])
    return [hidden, Sigmoid(), output, Sigmoid()]


net = network(0.15, bias1=0, bias2=0)
before = half_error.forward(forward_pass(net, X), T)
backward_pass(net, half_error.backward())
predicted = 0.01 * net[0].dW[0, 0]
nudged = forward_pass(network(0.16, bias1=0, bias2=0), X)
change = half_error.forward(nudged, T) - before
print(f"predicted change of the loss  {predicted:.5e}")
print(f"change of the loss            {change:.5e}")


# %% solution-3
def train(steps, early, rate=0.5):
    net = hidden, _, output, _ = network(0.15, bias1=0.35, bias2=0.60)
    for _ in range(steps):
        half_error.forward(forward_pass(net, X), T)
        dZ = net[3].backward(half_error.backward())
        dA = output.backward(dZ)
        output.W -= rate * output.dW
        if early:
            dA = dZ @ output.W
        hidden.backward(net[1].backward(dA))
        hidden.W -= rate * hidden.dW
    Y = forward_pass(net, X)
    return half_error.forward(Y, T), Y[0]


start_loss, _ = train(0, early=False)
print(f"before training  {start_loss:.9f}")
for name, early in (("gradient first", False), ("update first", True)):
    one_loss, _ = train(1, early)
    _, outputs = train(10_000, early)
    print(f"{name:15}  {one_loss:.9f}  {outputs[0]:.9f}  {outputs[1]:.9f}")


# %% solution-4
class Exchanged(Dense):
    def backward(self, dZ):
        super().backward(dZ)
        return (dZ[:, :, np.newaxis] * self.W).sum(axis=2)


rng = np.random.default_rng(shifted(0))
hidden = Dense(rng.normal(size=(3, 2)), np.zeros(3))
output = Exchanged(rng.normal(size=(2, 3)), np.zeros(2))
net = [hidden, Sigmoid(), output, Sigmoid()]
half_error.forward(forward_pass(net, X), T)
try:
    backward_pass(net, half_error.backward())
except ValueError as error:
    print(error)


# %% solution-5
def relu(v):
    return v.apply(lambda z: max(z, 0.0), lambda z: float(z > 0))


rows = []
for point in (2.0, -1.0, 4e-6, 0.0):
    v = Value(point)
    relu(v).backward()
    numeric = numerical_gradient(lambda z: max(float(z), 0.0), point)
    rows.append([point, v.grad, float(numeric)])
Table(["z:g", "engine:.1f", "numerical:.1f"], rows).show()

# %% quoted
loss_late, loss_early = train(1, early=False)[0], train(1, early=True)[0]
