"""Solutions to the exercises on activations."""

# %% imports
import numpy as np

from dlnotes.basics.activations import relu, softmax, softmax_jacobian
from dlnotes.seed import shifted

rng = np.random.default_rng(shifted(0))

# %% solution-3
W1, W2 = rng.normal(size=(1, 4)), rng.normal(size=(4, 1))
collapsed = W2 @ W1  # (4, 4)
rank = int(np.linalg.matrix_rank(collapsed))
print(f"W' has {collapsed.size} entries, but rank {rank}")
X = rng.normal(size=(1000, 4))
kept = np.linalg.svd(X @ collapsed.T, compute_uv=False)
print("spread of the outputs:", *(f"{s:.1e}" for s in kept))


# %% solution-4
def through_softmax(P, dP):
    """Turn dL/dP into dL/dZ, both (B, K), without a Jacobian."""
    return P * (dP - (P * dP).sum(axis=-1, keepdims=True))


Z, upstream = rng.normal(size=(2, 5, 10))
P = softmax(Z)
by_matrix = (softmax_jacobian(Z) @ upstream[..., None])[..., 0]
gap_product = np.abs(through_softmax(P, upstream) - by_matrix).max()
print(f"with and without the matrix differ by {gap_product:.0e}")

target = np.eye(10)[rng.integers(10, size=5)]
of_loss = through_softmax(P, -target / P)  # the loss is −Σ target · log P
gap_short = np.abs(of_loss - (P - target)).max()
print(f"cross-entropy: P - target differs by {gap_short:.0e}")


# %% solution-5
def absolute(x):
    return relu(x) + relu(-x)


def larger(a, b):
    return relu(a - b) + relu(b) - relu(-b)


def hat(x):
    return relu(x + 1) - 2 * relu(x) + relu(x - 1)


a, b = rng.normal(size=(2, 1000))
print("|x|      ", np.allclose(absolute(a), np.abs(a), atol=1e-12))
print("max(a, b)", np.allclose(larger(a, b), np.maximum(a, b), atol=1e-12))
print("hat      ", hat(np.array([-2, -1, -0.5, 0, 0.5, 1, 2])))
