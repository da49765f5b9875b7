"""Tell handwritten digits apart with one linear layer and a softmax."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.linear import SoftmaxRegression
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy, confusion_matrix
from dlnotes.plot import gallery, show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.hooks import every
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)

# %% data
digits = load_digits()
(X, y), val, test = digits
for name, part in zip(("train", "validation", "test"), digits):
    print(f"{name:10}", tuple(part.X.shape), tuple(part.y.shape))
print(f"grey values from {X.min():g} to {X.max():g}")
print("of each digit in train:", *torch.bincount(y).tolist())

# %% samples
rows = torch.stack([(y == digit).nonzero()[:2, 0] for digit in range(10)])
first = rows.T.flatten()  # (20,)
images = digits.train.images[first, 0].numpy()  # (20, 8, 8)
fig, ax = plt.subplots(figsize=(4.8, 4.4))
names = [str(digit) for digit in y[first].tolist()]
gallery(ax, images, names, columns=5)
show()

# %% by-hand
logits = torch.tensor([2.0, 1.0, -1.0])
powers = logits.exp()
probabilities = powers / powers.sum()
print("logits       ", *(f"{o:6.2f}" for o in logits))
print("exponentials ", *(f"{e:6.2f}" for e in powers))
print("probabilities", *(f"{p:6.2f}" for p in probabilities))
for label in range(3):
    by_hand = -probabilities[label].log()
    library = cross_entropy(logits[None], torch.tensor([label]))
    print(f"loss if class {label} is true: {by_hand:.4f}, {library:.4f}")

# %% untrained
model = SoftmaxRegression(features=X.shape[1], classes=10)
loss_untrained = cross_entropy(model(X), y).item()
print(f"loss {loss_untrained:.4f}, log 10 = {torch.tensor(10.0).log():.4f}")

# %% gradient
cross_entropy(model(X), y).backward()
P = torch.softmax(model(X).detach(), dim=1)  # (N, 10)
Y = torch.eye(10)[y]  # (N, 10)
gradient = (P - Y).T @ X / len(X)  # (10, 64)
gradient_gap = (gradient - model.W.grad).abs().max().item()
print(f"largest difference from autograd: {gradient_gap:.0e}")


# %% learn
def learn(seed, rate, decay=0.0, epochs=50):
    """Train a model; return it, and what was measured after each epoch."""
    seed_everything(seed)
    model = SoftmaxRegression(features=X.shape[1], classes=10)
    optimizer = SGD(model.parameters(), lr=rate, weight_decay=decay)
    batches = Batches(X, y, batch_size=64)
    val_loss, val_accuracy = [], []

    def watch(history):
        val_loss.append(evaluate(model, cross_entropy, [val]))
        val_accuracy.append(evaluate(model, accuracy, [val]))

    steps, hooks = epochs * len(batches), [every(len(batches), watch)]
    history = train(model, cross_entropy, optimizer, batches, steps, hooks)
    return model, history.epoch_means(), val_loss, val_accuracy


# %% first-run
model, train_loss, val_loss, val_accuracy = learn(seed=0, rate=1.0)
print("epoch  train loss  validation loss  accuracy")
for epoch in (1, 2, 3, 5, 10, 20, 30, 40, 50):
    i = epoch - 1
    losses = f"{train_loss[i]:10.3f}  {val_loss[i]:15.3f}"
    print(f"{epoch:5}  {losses}  {val_accuracy[i]:8.3f}")

# %% baseline
most_frequent = torch.bincount(y).argmax()
baseline = (test.y == most_frequent).double().mean()
print(f"always answering {most_frequent}: {baseline:.3f} of the test set")


# %% search
def lowest(rate, decay):
    """Return the epoch of the lowest validation loss, then what it had."""
    _, _, losses, accuracies = learn(seed=0, rate=rate, decay=decay)
    i = losses.index(min(losses))
    return i + 1, losses[i], accuracies[i]


trials = {(rate, 0.0): lowest(rate, 0.0) for rate in (0.3, 1.0, 3.0, 10.0)}
rate, _ = min(trials, key=lambda trial: trials[trial][1])
trials |= {(rate, decay): lowest(rate, decay) for decay in (1e-4, 1e-3)}
rate, decay = min(trials, key=lambda trial: trials[trial][1])
epochs = trials[rate, decay][0]
Table(
    ["rate η:g", "decay λ:g", "epoch", "loss:.4f", "accuracy:.3f"],
    [(*trial, *found) for trial, found in trials.items()],
).show()

# %% seeds
results = []
for seed in (1, 2, 3):
    model, _, _, _ = learn(seed, rate, decay, epochs)
    results.append(evaluate(model, accuracy, [test]))
    print(f"seed {seed}: test accuracy {results[-1]:.4f}")
test_accuracy = torch.tensor(results).mean()
seed_deviation = torch.tensor(results).std()
print(f"mean {test_accuracy:.4f} ± {seed_deviation:.4f}")
standard_error = (test_accuracy * (1 - test_accuracy) / len(test.y)) ** 0.5
print(f"standard error of {len(test.y)} images: {standard_error:.4f}")

# %% confusion
logits = model(test.X).detach()
predicted = logits.argmax(dim=1)
counts = confusion_matrix(predicted, test.y, classes=10)
wrong = counts * (1 - torch.eye(10, dtype=torch.int64))
image_count, error_count = counts.sum(), wrong.sum()

fig, ax = plt.subplots(figsize=(4.8, 4.4))
for true, guess in counts.nonzero().tolist():
    n = counts[true, guess].item()
    colour = "C0" if true == guess else "C1"
    alpha = 0.25 if true == guess else 0.25 + 0.6 * n / wrong.max().item()
    cell = (guess - 0.5, true - 0.5)
    ax.add_patch(plt.Rectangle(cell, 1, 1, color=colour, alpha=alpha, lw=0))
    ax.text(guess, true, str(n), ha="center", va="center")
ax.set(xlim=(-0.5, 9.5), ylim=(9.5, -0.5), xticks=range(10), yticks=range(10))
ax.set(xlabel="predicted digit", ylabel="true digit", aspect="equal")
show()

# %% recall
recall = counts.diag() / counts.sum(dim=1)  # (10,)
precision = counts.diag() / counts.sum(dim=0)  # (10,)
lost, doubtful = recall.argmin().item(), precision.argmin().item()
pairs = (wrong + wrong.T).triu()
low, high = divmod(pairs.argmax().item(), 10)
print(f"of the {lost}s, {recall[lost]:.3f} are found")
print(f"of the answers {doubtful}, {precision[doubtful]:.3f} are right")
print(f"{low} and {high} are confused {pairs.max()} times")

# %% mistakes
P = torch.softmax(logits, dim=1)  # (N, 10)
confidence = P.max(dim=1).values
missed = (predicted != test.y).nonzero()[:, 0]
missed = missed[confidence[missed].argsort(descending=True)][:15]
names = [f"{test.y[i]} → {predicted[i]}" for i in missed]
fig, ax = plt.subplots(figsize=(4.8, 3.6))
gallery(ax, test.images[missed, 0].numpy(), names, columns=5)
show()

# %% templates
W = model.W.detach().reshape(10, 8, 8).numpy()
names = [str(digit) for digit in range(10)]
fig, ax = plt.subplots(figsize=(4.8, 2.7))
drawn = gallery(ax, W, names, columns=5, cmap="cividis", limit=abs(W).max())
fig.colorbar(drawn, ax=ax, label="weight", shrink=0.8)
show()

# %% probabilities
same_answers = torch.equal(P.argmax(dim=1), predicted)
sure = confidence > 0.9
share_sure = sure.double().mean()
accuracy_sure = accuracy(P[sure], test.y[sure])
accuracy_unsure = accuracy(P[~sure], test.y[~sure])
print(f"the softmax changes no answer: {same_answers}")
print(f"surer than 0.9: {share_sure:.1%} of the images")
print(f"accuracy among these {accuracy_sure:.3f}")
print(f"accuracy among the rest {accuracy_unsure:.3f}")
