"""Tell handwritten digits apart with one linear layer and a softmax."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch.optim import SGD

from dlnotes.data.digits import load_digits
from dlnotes.linear import SoftmaxRegression
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy, confusion_matrix
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.hooks import every
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

use_style()

# %% data
digits = load_digits()
(X, y), val, test = digits
side = digits.side
print("train     ", tuple(X.shape), tuple(y.shape))
print("validation", tuple(val[0].shape), tuple(val[1].shape))
print("test      ", tuple(test[0].shape), tuple(test[1].shape))
print(f"grey values from {X.min():g} to {X.max():g}")
print("of each digit in train:", *torch.bincount(y).tolist())

# %% gallery
gap = side // 4


def gallery(ax, images, labels, columns, **colours):
    """Draw square images in rows, each with its label above it."""
    rows = -(-len(images) // columns)
    sheet = torch.full((rows * (side + gap), columns * (side + 1)), torch.nan)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        row, column = divmod(i, columns)
        top, left = row * (side + gap) + gap, column * (side + 1)
        sheet[top : top + side, left : left + side] = image.reshape(side, side)
        ax.text(left + side / 2, top - 0.7, label, ha="center", va="bottom")
    ax.set_axis_off()
    return ax.imshow(sheet.numpy(), interpolation="nearest", **colours)


# %% samples
rows = torch.stack([(y == digit).nonzero()[:2, 0] for digit in range(10)])
first = rows.T.flatten()  # (20,)
fig, ax = plt.subplots(figsize=(4.8, 4.4))
gallery(ax, X[first], [str(d) for d in y[first].tolist()], 5, cmap="gray")
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
    """Train a model; return it and what it was like after each epoch."""
    seed_everything(seed)
    model = SoftmaxRegression(features=X.shape[1], classes=10)
    optimizer = SGD(model.parameters(), lr=rate, weight_decay=decay)
    batches = Batches(X, y, batch_size=64)
    seen = []

    def watch(history: History) -> None:
        loss = evaluate(model, cross_entropy, [val])
        right = evaluate(model, accuracy, [val])
        seen.append((history.mean(last=len(batches)), loss, right))

    steps = epochs * len(batches)
    hooks = [every(len(batches), watch)]
    train(model, cross_entropy, optimizer, batches, steps, hooks)
    return model, seen


# %% first-run
model, seen = learn(seed=0, rate=1.0)
print("epoch  train loss  validation loss  accuracy")
for epoch, (loss, val_loss, right) in enumerate(seen, start=1):
    if epoch in (1, 2, 3, 5) or epoch % 10 == 0:
        print(f"{epoch:5}  {loss:10.3f}  {val_loss:15.3f}  {right:8.3f}")
val_first_epoch, val_last_epoch = seen[0][2], seen[-1][2]

# %% baseline
most_frequent = torch.bincount(y).argmax()
baseline = (test[1] == most_frequent).double().mean()
print(f"always answering {most_frequent}: {baseline:.3f} of the test set")


# %% search
def lowest(rate, decay):
    """Return the epoch of the lowest validation loss, then what it had."""
    _, seen = learn(seed=0, rate=rate, decay=decay)
    epoch = min(range(len(seen)), key=lambda i: seen[i][1])
    return epoch + 1, *seen[epoch][1:]


trials = {(rate, 0.0): lowest(rate, 0.0) for rate in (0.3, 1.0, 3.0, 10.0)}
rate, _ = min(trials, key=lambda trial: trials[trial][1])
trials |= {(rate, decay): lowest(rate, decay) for decay in (1e-4, 1e-3)}
rate, decay = min(trials, key=lambda trial: trials[trial][1])
epochs = trials[rate, decay][0]
Table(
    ["rate η", "decay λ", "epoch", "loss", "accuracy"],
    [(*trial, *found) for trial, found in trials.items()],
    {"rate η": "g", "decay λ": "g", "loss": ".4f", "accuracy": ".3f"},
).show()

# %% seeds
results = []
for seed in (1, 2, 3):
    model, _ = learn(seed, rate, decay, epochs)
    results.append(evaluate(model, accuracy, [test]))
    print(f"seed {seed}: test accuracy {results[-1]:.4f}")
test_mean, test_sd = torch.tensor(results).mean(), torch.tensor(results).std()
chance = (test_mean * (1 - test_mean) / len(test[1])) ** 0.5
print(f"mean {test_mean:.4f} ± {test_sd:.4f}")
print(f"standard error of {len(test[1])} images: {chance:.4f}")

# %% confusion
logits = model(test[0]).detach()
predicted = logits.argmax(dim=1)
counts = confusion_matrix(predicted, test[1], classes=10)
wrong = counts * (1 - torch.eye(10, dtype=torch.int64))
errors, images = wrong.sum().item(), counts.sum().item()
last_test = results[-1]

fig, ax = plt.subplots(figsize=(4.8, 4.4))
for true, guess in counts.nonzero().tolist():
    n = counts[true, guess].item()
    colour = "C0" if true == guess else "C1"
    strength = 0.25 if true == guess else 0.25 + 0.6 * n / wrong.max().item()
    cell = (guess - 0.5, true - 0.5)
    ax.add_patch(plt.Rectangle(cell, 1, 1, color=colour, alpha=strength, lw=0))
    ax.text(guess, true, str(n), ha="center", va="center")
ax.set(xlim=(-0.5, 9.5), ylim=(9.5, -0.5), xticks=range(10), yticks=range(10))
ax.set(xlabel="predicted digit", ylabel="true digit", aspect="equal")
show()

# %% recall
recall = counts.diag() / counts.sum(dim=1)  # (10,)
precision = counts.diag() / counts.sum(dim=0)  # (10,)
worst, doubtful = recall.argmin().item(), precision.argmin().item()
worst_recall, lowest_precision = recall[worst], precision[doubtful]
taken_for_doubtful = wrong[:, doubtful].sum().item()
print(f"of the {worst}s, {worst_recall:.3f} are found")
print(f"of the answers {doubtful}, {lowest_precision:.3f} are right")
pairs = wrong + wrong.T
most = pairs.triu().argmax().item()
pair_low, pair_high = divmod(most, 10)
pair_count = pairs.flatten()[most].item()
print(f"{pair_low} and {pair_high} are confused {pair_count} times")

# %% mistakes
confidence, _ = torch.softmax(logits, dim=1).max(dim=1)
missed = (predicted != test[1]).nonzero()[:, 0]
missed = missed[confidence[missed].argsort(descending=True)][:15]
names = [f"{test[1][i]} → {predicted[i]}" for i in missed]
fig, ax = plt.subplots(figsize=(4.8, 3.6))
gallery(ax, test[0][missed], names, 5, cmap="gray")
show()

# %% templates
largest = model.W.abs().max().item()
fig, ax = plt.subplots(figsize=(4.8, 2.7))
colours = {"cmap": "cividis", "vmin": -largest, "vmax": largest}
names = [str(digit) for digit in range(10)]
drawn = gallery(ax, model.W.detach(), names, 5, **colours)
fig.colorbar(drawn, ax=ax, label="weight", shrink=0.8)
show()

# %% probabilities
P = torch.softmax(logits, dim=1)  # (N, 10)
same_answers = torch.equal(P.argmax(dim=1), predicted)
sure = P.max(dim=1).values > 0.9
share_sure = sure.double().mean()
right_if_sure = accuracy(P[sure], test[1][sure])
right_if_not = accuracy(P[~sure], test[1][~sure])
print(f"the softmax changes no answer: {same_answers}")
print(f"surer than 0.9: {share_sure:.1%} of the images")
print(f"right among these {right_if_sure:.3f}")
print(f"right among the rest {right_if_not:.3f}")
