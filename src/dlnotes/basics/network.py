"""A network of two dense layers that classifies (Rumelhart et al., 1986)."""

import numpy as np

from dlnotes.basics.activations import sigmoid_derivative
from dlnotes.basics.layers import Dense, Sigmoid, backward_pass, forward_pass


class SoftmaxCrossEntropy:
    """Turn logits Z (B, K) and labels y (B,) into the batch's mean loss.

    P keeps the softmax of Z; the loss is the mean of −log P at the labels,
    in nats.
    """

    def forward(self, Z: np.ndarray, y: np.ndarray) -> float:
        """Return the loss for logits Z (B, K) and labels y (B,).

        Raises:
            ValueError: the shapes do not fit, or a label is not one of 0
                to K − 1.
        """
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
        """Return dL/dZ, the gradient of the mean loss: (B, K)."""
        dZ: np.ndarray = (self.P - self.one_hot) / len(self.P)  # (B, K)
        return dZ


class Network:
    """Stack two dense layers: C inputs, hidden units with a sigmoid, K logits.

    Weights start as N(0, 1/inputs of their layer), biases at 0.

    Args:
        C: how many numbers an input has.
        hidden: how many hidden units there are.
        K: how many classes there are.
        rng: draws the weights.
    """

    def __init__(
        self, C: int, hidden: int, K: int, rng: np.random.Generator
    ) -> None:
        W1 = rng.normal(0, C**-0.5, (hidden, C))
        W2 = rng.normal(0, hidden**-0.5, (K, hidden))
        self.first = Dense(W1, np.zeros(hidden))
        self.second = Dense(W2, np.zeros(K))
        self.activation = Sigmoid()
        self.layers = (self.first, self.activation, self.second)
        self.error = SoftmaxCrossEntropy()

    @property
    def parameters(self) -> list[np.ndarray]:
        """The arrays themselves, to be changed in place.

        They are W (hidden, C), b (hidden,), W (K, hidden) and b (K,).
        """
        return [self.first.W, self.first.b, self.second.W, self.second.b]

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Map X (B, C) to scores (B, K)."""
        return forward_pass(self.layers, X)

    def loss(self, X: np.ndarray, y: np.ndarray) -> float:
        """Return the mean loss of X (B, C) with labels y (B,), in nats."""
        return self.error.forward(self.logits(X), y)


def gradients(
    network: Network, X: np.ndarray, y: np.ndarray
) -> list[np.ndarray]:
    """Backpropagate the mean loss of X (B, C) with labels y (B,).

    Returns:
        a gradient for each of `network.parameters`, in its shape.
    """
    network.loss(X, y)
    backward_pass(network.layers, network.error.backward())
    first, second = network.first, network.second
    return [first.dW, first.db, second.dW, second.db]


def numerical_gradients(
    network: Network, X: np.ndarray, y: np.ndarray, h: float = 1e-5
) -> list[np.ndarray]:
    """Nudge each number of each parameter by ±h, and watch the loss.

    The loss is the mean over X (B, C) with labels y (B,).

    Returns:
        a gradient for each of `network.parameters`, in its shape.
    """
    answer = []
    for parameter in network.parameters:
        gradient = np.zeros(parameter.shape)
        for index in np.ndindex(parameter.shape):
            centre = parameter[index]
            parameter[index] = centre + h
            above = network.loss(X, y)
            parameter[index] = centre - h
            below = network.loss(X, y)
            parameter[index] = centre
            gradient[index] = (above - below) / (2 * h)
        answer.append(gradient)
    return answer


def delta(
    after: list[tuple[np.ndarray, np.ndarray]],
    dZ: np.ndarray,
    n: int,
    i: int,
) -> float:
    """Follow every way from unit i to the loss of sample n; return dL/dz.

    Args:
        after: for each layer to come, the slopes of the activation before
            it, (B, in), and its weights, (out, in); none for a logit.
        dZ: dL/d(logits), (B, K).
        n: the row of the sample.
        i: the unit among those of its layer.
    """
    if not after:
        return float(dZ[n, i])
    (slopes, W), *rest = after
    back = sum(W[k, i] * delta(rest, dZ, n, k) for k in range(len(W)))
    return float(slopes[n, i] * back)


def recursive_gradients(
    network: Network, X: np.ndarray, y: np.ndarray
) -> list[np.ndarray]:
    """Apply the chain rule to one weight at a time, and keep no delta.

    The loss is the mean over X (B, C) with labels y (B,).

    Returns:
        a gradient for each of `network.parameters`, in its shape.
    """
    network.loss(X, y)
    dZ = network.error.backward()  # (B, K)
    slopes = sigmoid_derivative(network.activation.Z)  # (B, hidden)
    first, second = network.first, network.second
    answer = []
    for layer, after in ((first, [(slopes, second.W)]), (second, [])):
        A = np.column_stack([layer.X, np.ones(len(X))])  # (B, in + 1)
        gradient = np.zeros((len(layer.W), A.shape[1]))  # (out, in + 1)
        for i, j in np.ndindex(gradient.shape):
            terms = [delta(after, dZ, n, i) * A[n, j] for n in range(len(X))]
            gradient[i, j] = sum(terms)
        answer += [gradient[:, :-1], gradient[:, -1]]
    return answer


def train_epoch(
    network: Network,
    X: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    lr: float,
    rng: np.random.Generator,
) -> float:
    """Descend once along each mini-batch of X (N, C) and y (N,), shuffled.

    `lr` is the learning rate, and `rng` shuffles the rows.

    Returns:
        the mean loss per row, every batch before its own update.
    """
    order, total = rng.permutation(len(X)), 0.0
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        slopes = gradients(network, X[rows], y[rows])
        total += network.error.loss * len(rows)
        for parameter, slope in zip(network.parameters, slopes, strict=True):
            parameter -= lr * slope
    return total / len(X)
