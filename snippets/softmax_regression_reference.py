"""The reference: scikit-learn's logistic regression on the same three sets."""

# %% imports
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from dlnotes.data.digits import load_digits
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)
one_thread = threadpool_limits(1)

# %% fit
train, val, test = ((part.X.numpy(), part.y.numpy()) for part in load_digits())
rows, fits, losses = [], {}, {}
for C in (0.1, 1.0, 10.0, 100.0):
    fits[C] = LogisticRegression(C=C, max_iter=500).fit(*train)
    losses[C] = log_loss(val[1], fits[C].predict_proba(val[0]))
    rows.append((C, losses[C], fits[C].score(*val)))
Table(["C:g", "loss:.4f", "accuracy:.3f"], rows).show()

# %% test
chosen = min(losses, key=losses.get)
test_accuracy = fits[chosen].score(*test)
print(f"C = {chosen:g}: test accuracy {test_accuracy:.4f}")
