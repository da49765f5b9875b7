"""The same search and test with scikit-learn's multilayer perceptron."""

# %% imports
import warnings
from itertools import product

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from dlnotes.data.digits import load_digits
from dlnotes.seed import shifted
from dlnotes.train.seed import seed_everything

seed_everything(0)

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
tried = []
for settings in product((32, 128), (0.001, 0.01)):
    score = fit(*settings, seed=0).score(X_val, y_val)
    tried.append((score, settings))
    width, rate = settings
    print(f"width {width:3}  rate {rate:<5}  validation accuracy {score:.3f}")

# %% test
_, chosen = max(tried)
scores = [fit(*chosen, seed).score(X_test, y_test) for seed in (1, 2, 3)]
sklearn_mean, sklearn_sd = np.mean(scores), np.std(scores, ddof=1)
print("width {}, rate {}".format(*chosen))
print(f"test accuracy {sklearn_mean:.3f} ± {sklearn_sd:.3f}")
