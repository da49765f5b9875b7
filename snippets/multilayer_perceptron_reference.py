"""The same search and test with scikit-learn's multilayer perceptron."""

# %% imports
import warnings
from itertools import product

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from dlnotes.data.digits import load_digits
from dlnotes.seed import shifted
from dlnotes.train.seed import seed_everything

seed_everything(0)
one_thread = threadpool_limits(1)

# %% fit
(X, y), (X_val, y_val), (X_test, y_test) = [
    (part.X.numpy(), part.y.numpy()) for part in load_digits()
]


def fit(width, rate, seed):
    model = MLPClassifier(
        hidden_layer_sizes=(width,),
        learning_rate_init=rate,
        max_iter=100,
        random_state=shifted(seed),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


# %% select
val_loss = {}
for width, rate in product((32, 128), (0.001, 0.003, 0.01)):
    P = fit(width, rate, seed=0).predict_proba(X_val)
    val_loss[width, rate] = log_loss(y_val, P)
    print(f"width {width:3}  rate {rate:<5}", end="  ")
    print(f"validation loss {val_loss[width, rate]:.3f}")

# %% test
width, rate = min(val_loss, key=val_loss.get)
scores = [fit(width, rate, seed).score(X_test, y_test) for seed in (1, 2, 3)]
test_accuracy, test_deviation = np.mean(scores), np.std(scores, ddof=1)
print(f"width {width}, rate {rate}")
print(f"test accuracy {test_accuracy:.3f} ± {test_deviation:.3f}")
