"""Solutions to the exercises of the chapter on optimization."""

# %% setup
from itertools import pairwise

import torch
from torch.nn.functional import cross_entropy

from dlnotes.data.digits import load_digits
from dlnotes.mlp import MLP
from dlnotes.optim import SGD, Adam, Momentum
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything


# %% solution-1
def lengths(method, steps, **settings):
    theta = torch.zeros(1, requires_grad=True)
    optimizer = method([theta], lr=1.0, **settings)
    places = [0.0]
    for _ in range(steps):
        theta.grad = torch.ones(1)
        optimizer.step()
        places.append(theta.item())
    return [a - b for a, b in pairwise(places)]


moves = lengths(Momentum, 200, momentum=0.9)
step_at_90 = next(t for t, d in enumerate(moves, 1) if d >= 9)
print("first steps:", " ".join(f"{d:.2f}" for d in moves[:6]))
print(f"90 % of {moves[-1]:.2f} is reached at step {step_at_90}")


# %% solution-2
class Uncorrected(Adam):
    @staticmethod
    def update(theta, g, state, group):
        beta1, beta2 = group["beta1"], group["beta2"]
        m = state["m"] = beta1 * state["m"] + (1 - beta1) * g
        s = state["s"] = beta2 * state["s"] + (1 - beta2) * g**2
        theta -= group["lr"] * m / (s.sqrt() + group["eps"])


without, corrected = lengths(Uncorrected, 5000), lengths(Adam, 5000)
first_length, longest_length = without[0], max(without)
step_longest = without.index(longest_length) + 1
for step in (1, 2, 5, 10, 100, 1000, 5000):
    pair = f"{without[step - 1]:5.2f}  corrected {corrected[step - 1]:.2f}"
    print(f"step {step:4}: length {pair}")

# %% solution-3
X, y = load_digits().train


def start(batch_size):
    seed_everything(0)
    model = MLP([64, 32, 10])
    batches = Batches(X, y, batch_size=batch_size)
    return model, SGD(model.parameters(), lr=0.5), batches


model, optimizer, batches = start(32)
train(model, cross_entropy, optimizer, batches, 5 * len(batches))
steps_32 = 5 * len(batches)
goal = evaluate(model, cross_entropy, [(X, y)])


def reached(history: History) -> bool:
    return history.losses[-1] <= goal


model, optimizer, batches = start(len(X))
history = train(model, cross_entropy, optimizer, batches, 2000, [reached])
epochs_full = history.step - 1  # the loss is that before the step
print(f"goal: training loss {goal:.3f}")
print(f"batches of 32: 5 epochs, {steps_32} steps")
print(f"full batch:  {epochs_full} epochs, {epochs_full} steps")
