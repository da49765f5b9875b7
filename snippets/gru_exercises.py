"""Solutions to the exercises of the chapter on the GRU."""

# %% setup
from math import log

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot
from torch.optim import Adam

from dlnotes.recurrent.gru import GRU, gru_step
from dlnotes.train.seed import seed_everything

seed_everything(0)

# %% solution-1
C, H = 32, 64
parameters = sum(W.numel() for W in GRU(C, H).parameters())
print(parameters, 3 * (H * C + H * H + 2 * H))

# %% solution-2
for b in (0.0, 1.0, 3.0, 5.0):
    z = torch.tensor(b).sigmoid().item()
    print(f"bias {b:.0f}: z = {z:.3f}, half-life {log(0.5) / log(z):.1f}")
z = 0.5 ** (1 / 100)
bias_half_life = log(z / (1 - z))
print(f"a half-life of 100 steps needs a bias of {bias_half_life:.2f}")

# %% solution-3
x, h = torch.randn(C), torch.randn(H)
weights = [W.detach().clone() for W in GRU(C, H).parameters()]
expected = gru_step(x, h, *weights)
for W in weights:
    W[H : 2 * H].neg_()  # σ(−a) = 1 − σ(a)
W_ih, W_hh, b_ih, b_hh = weights
x_r, x_z, x_n = (W_ih @ x + b_ih).chunk(3)
h_r, h_z, h_n = (W_hh @ h + b_hh).chunk(3)
r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
n = (x_n + r * h_n).tanh()
difference = ((1 - z) * h + z * n - expected).abs().max().item()
print(f"largest difference {difference:.0e}")

# %% solution-4
slope = 0.9
layer = GRU(1, 1)
with torch.no_grad():
    for W in layer.parameters():
        W.zero_()
    layer.weight_ih_l0[2] = 0.01  # n = tanh(0.01 x), nearly 0.01 x
    layer.bias_ih_l0[1] = log(slope / (1 - slope))
    X = torch.randn(1, 50, 1)
    Y, _ = layer(X)
average = 0.0
for value in X.flatten().tolist():
    average = slope * average + (1 - slope) * value
difference_average = abs(Y[0, -1, 0].item() / 0.01 - average)
print(f"state / 0.01 = {Y[0, -1, 0] / 0.01:.4f}, average {average:.4f}")


# %% solution-5
def learns(T, rate, reset, steps=300):
    """Return the accuracy of the memory task, with r = 1 unless `reset`."""
    seed_everything(0)
    layer, output = GRU(8, 32), nn.Linear(32, 8)
    if not reset:
        with torch.no_grad():
            layer.bias_ih_l0[:32] = 100
    parameters = [*layer.parameters(), *output.parameters()]
    optimizer = Adam(parameters, rate, fused=True)
    losses = []
    while len(losses) < steps and max(losses[-10:], default=9) > 0.02:
        symbols = torch.randint(8, (64, T))
        _, h = layer(one_hot(symbols, 8).float())
        loss = cross_entropy(output(h[0]), symbols[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    symbols = torch.randint(8, (1000, T))
    _, h = layer(one_hot(symbols, 8).float())
    right = output(h[0]).argmax(1) == symbols[:, 0]
    return right.float().mean().item(), len(losses)


accuracy_without_reset, steps_without_reset = learns(30, 0.1, reset=False)
print(f"accuracy {accuracy_without_reset:.3f}, {steps_without_reset} steps")

# %% solution-6
accuracy_far, steps_far = learns(100, 0.1, reset=True)
print(f"100 steps back: accuracy {accuracy_far:.3f} in {steps_far} steps")
