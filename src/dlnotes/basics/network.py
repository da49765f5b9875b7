"""A network of two dense layers that classifies (Rumelhart et al., 1986)."""

import numpy as np

from dlnotes.basics.activations import sigmoid_derivative
from dlnotes.basics.gradient import numerical_gradient
from dlnotes.basics.layers import Dense, Sigmoid, backward_pass, forward_pass

Arrays = list[np.ndarray]


class SoftmaxCrossEntropy:
    """Turn logits Z (B, K) and labels y (B,) into the batch's mean loss.

    P keeps the softmax of Z; the loss is the mean of −log P at the labels,
    in nats. `backward` returns dL/dZ. Raises ValueError for shapes that do
    not fit and for labels outside 0 to K − 1.
    """

    def forward(self, Z: np.ndarray, y: np.ndarray) -> float:
        if y.shape != Z.shape[:1]:
            raise ValueError(f"logits {Z.shape}, but labels {y.shape}")
        B, K = Z.shape
        outside = y[(y < 0) | (y >= K)]
        if len(outside):
            raise ValueError(f"label {outside[0]} is not one of 0 to {K - 1}")
        Z = Z - Z.max(axis=1, keepdims=True)  # no exponent is positive
        log_P = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        self.P, self.one_hot = np.exp(log_P), np.eye(K)[y]  # (B, K) each
        self.loss = -float(log_P[np.arange(B), y].mean())
        return self.loss

    def backward(self) -> np.ndarray:
        return (self.P - self.one_hot) / len(self.P)  # (B, K)


class Network:
    """Stack C inputs, H hidden units with a sigmoid, and K logits.

    Weights start as N(0, 1/inputs of their layer), biases at 0.
    """

    def __init__(self, C: int, H: int, K: int, rng: np.random.Generator):
        self.first = Dense(rng.normal(0, C**-0.5, (H, C)), np.zeros(H))
        self.second = Dense(rng.normal(0, H**-0.5, (K, H)), np.zeros(K))
        self.activation = Sigmoid()
        self.layers = (self.first, self.activation, self.second)
        self.error = SoftmaxCrossEntropy()

    @property
    def parameters(self) -> Arrays:
        """The arrays themselves: W (H, C), b (H,), W (K, H), b (K,)."""
        return [self.first.W, self.first.b, self.second.W, self.second.b]

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Map X (B, C) to scores (B, K)."""
        return forward_pass(self.layers, X)

    def loss(self, X: np.ndarray, y: np.ndarray) -> float:
        """Return the mean loss of X (B, C) with labels y (B,), in nats."""
        return self.error.forward(self.logits(X), y)


def gradients(network: Network, X: np.ndarray, y: np.ndarray) -> Arrays:
    """Backpropagate the loss of one batch; one gradient a parameter."""
    network.loss(X, y)
    backward_pass(network.layers, network.error.backward())
    first, second = network.first, network.second
    return [first.dW, first.db, second.dW, second.db]


def numerical_gradients(
    network: Network, X: np.ndarray, y: np.ndarray, h: float = 1e-5
) -> Arrays:
    """Estimate the same by nudging every parameter up and down by h."""
    answer = []
    for parameter in network.parameters:
        kept = parameter.copy()

        def loss_at(x: np.ndarray, place: np.ndarray = parameter) -> float:
            place[...] = x
            return network.loss(X, y)

        answer.append(numerical_gradient(loss_at, kept, h))
        parameter[...] = kept
    return answer


def recursive_gradients(
    network: Network,
    X: np.ndarray,
    y: np.ndarray,
) -> Arrays:
    """Compute the same weight by weight, nothing kept between them."""
    network.loss(X, y)
    dZ, W = network.error.backward(), network.second.W  # (B, K), (K, H)
    slope = sigmoid_derivative(network.activation.Z)  # (B, H)

    def output(n: int, k: int) -> float:
        return dZ[n, k]

    def hidden(n: int, i: int) -> float:
        back = sum(W[k, i] * output(n, k) for k in range(len(W)))
        return slope[n, i] * back

    rows, ones = range(len(X)), np.ones(len(X))
    deltas = (hidden, hidden, output, output)
    inputs = (X, ones, network.second.X, ones)
    answer = [np.zeros(p.shape) for p in network.parameters]
    for gradient, delta, A in zip(answer, deltas, inputs, strict=True):
        for i, *j in np.ndindex(gradient.shape):
            gradient[i, *j] = sum(delta(n, i) * A[n, *j] for n in rows)
    return answer


def train_epoch(
    network: Network,
    X: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    rate: float,
    rng: np.random.Generator,
) -> float:
    """Descend once along each mini-batch of X (N, C) and y (N,), shuffled.

    Returns the mean loss per row, every batch before its own update.
    """
    order, total = rng.permutation(len(X)), 0.0
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        slopes = gradients(network, X[rows], y[rows])
        total += network.error.loss * len(rows)
        for parameter, slope in zip(network.parameters, slopes, strict=True):
            parameter -= rate * slope
    return total / len(X)
