"""Solutions to the exercises of the chapter on long short-term memory."""

# %% setup
from math import tanh

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import Adam

from dlnotes.decode.one_by_one import tempered
from dlnotes.language.model import LanguageModel
from dlnotes.recurrent.lstm import LSTM, LSTMCell
from dlnotes.train.seed import seed_everything

# %% solution-1
C, hidden = 32, 256
formula = 4 * (hidden * C + hidden * hidden + 2 * hidden)
parameters = sum(W.numel() for W in LSTM(C, hidden).parameters())
print(f"{formula:,} by the formula, {parameters:,} in the layer")

# %% solution-2
cell = LSTMCell(2, 1)  # x_t: (1, 0) for an a, (0, 1) for a b
with torch.no_grad():
    for W in cell.parameters():
        W.zero_()
    cell.weight_ih[2] = torch.tensor([20.0, -20.0])  # g: 1 or -1
    cell.bias_ih[:] = torch.tensor([20.0, 20, 0, 20])  # i, f, o: open
    state, text = None, "a" * 30 + "b" * 18
    for letter in text:
        x = torch.tensor([float(letter == "a"), float(letter == "b")])
        state = cell(x, state)
h, c = state[0].item(), state[1].item()
print(f"30 a and 18 b: c = {c:.3f}, h = {h:.3f}")

unit = 0.0  # of a plain RNN, with a recurrent weight of 1
for letter in text:
    unit = tanh(unit + (0.001 if letter == "a" else -0.001))
print(f"in a plain RNN: 1000 h = {1000 * unit:.2f}")

# %% solution-3
p = torch.tensor([[0.5, 0.3, 0.15, 0.05]])
for temperature in (0.2, 0.5, 1.0, 2.0, 10.0):
    row = tempered(p.log(), temperature)[0]
    print(f"{temperature:4}", *(f"{value:.2f}" for value in row))


# %% solution-4
def chrono(layer: nn.LSTM, longest: int) -> None:
    """Let every unit start with a memory span of its own."""
    hidden = layer.hidden_size
    bias = torch.empty(hidden).uniform_(1, longest - 1).log()
    with torch.no_grad():
        layer.bias_ih_l0[:hidden] = -bias  # i
        layer.bias_ih_l0[hidden : 2 * hidden] = bias  # f
        layer.bias_hh_l0[: 2 * hidden] = 0


T, accuracy = 40, []
for seed in range(3):
    seed_everything(seed)
    layer = nn.LSTM(16, 32, batch_first=True)
    chrono(layer, T)
    model = LanguageModel(8, 16, layer)
    optimizer = Adam(model.parameters(), 0.01, fused=True)
    for _ in range(400):
        X = torch.randint(8, (32, T))
        logits = model(X)[0][:, -1]
        optimizer.zero_grad()
        cross_entropy(logits, X[:, 0]).backward()
        optimizer.step()
    with torch.no_grad():
        X = torch.randint(8, (500, T))
        right = model(X)[0][:, -1].argmax(1) == X[:, 0]
    accuracy.append(right.float().mean().item())
print("accuracy at T = 40:", *(f"{a:.2f}" for a in accuracy))
accuracy_lowest = min(accuracy)
