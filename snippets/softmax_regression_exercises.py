"""Solutions to the exercises of the chapter on softmax regression."""

# %% setup
import torch
from torch.nn.functional import pad
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.linear import SoftmaxRegression
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

seed_everything(0)
digits = load_digits()
(X, y), val, test = digits
epochs = 10
model = SoftmaxRegression(features=X.shape[1], classes=10)
optimizer = SGD(model.parameters(), lr=1.0)
batches = Batches(X, y, batch_size=64)
steps = epochs * len(batches)
history = train(model, cross_entropy, optimizer, batches, steps)

# %% solution-1
seed_everything(0)
W, b = torch.zeros(10, X.shape[1]), torch.zeros(10)
batches = Batches(X, y, batch_size=64)
for _ in range(epochs):
    for X_batch, y_batch in batches:
        P = torch.softmax(X_batch @ W.T + b, dim=1)  # (B, 10)
        error = P - torch.eye(10)[y_batch]
        W = W - 1.0 * error.T @ X_batch / len(error)
        b = b - 1.0 * error.mean(dim=0)
weight_gap = (W - model.W).abs().max().item()
print(f"largest difference of a weight: {weight_gap:.0e}")
print(f"largest weight: {W.abs().max():.2f}")

# %% solution-2
push = torch.randn(X.shape[1])
logits = test.X @ (model.W.detach() + push).T + model.b.detach()
before = torch.softmax(model(test.X).detach(), dim=1)
pushed_gap = (torch.softmax(logits, dim=1) - before).abs().max().item()
row_sum = model.W.sum(dim=0).abs().max().item()
print(f"largest change of a probability: {pushed_gap:.0e}")
print(f"largest sum of a pixel's ten weights: {row_sum:.0e}")

# %% solution-3
images = test.images[:, 0]  # (N, 8, 8)
accuracy_moved = {}
for pixels in (0, 1, 2):
    moved = pad(images, (pixels, 0))[..., : digits.side].flatten(1)
    found = evaluate(model, accuracy, [(moved, test.y)])
    accuracy_moved[pixels] = found
    print(f"moved by {pixels}: accuracy {found:.3f}")


# %% solution-5
def sort(part, threshold):
    """Return the share of the images sorted, and the accuracy among them."""
    P = torch.softmax(model(part.X).detach(), dim=1)
    sure = P.max(dim=1).values > threshold
    return sure.double().mean().item(), accuracy(P[sure], part.y[sure])


thresholds = [percent / 100 for percent in range(100)]
threshold = next(t for t in thresholds if sort(val, t)[1] >= 0.99)
share_val, accuracy_val = sort(val, threshold)
share_sorted, accuracy_sorted = sort(test, threshold)
print(f"threshold   {threshold:.2f}")
print(f"validation  share {share_val:.2f}  accuracy {accuracy_val:.3f}")
print(f"test        share {share_sorted:.2f}  accuracy {accuracy_sorted:.3f}")
