"""Solutions to the exercises of the chapter on recurrent networks."""

# %% setup
import torch
from torch import Tensor, nn

from dlnotes.language.model import LanguageModel
from dlnotes.recurrent.memory import state_gradients
from dlnotes.recurrent.rnn import RNN, RNNCell
from dlnotes.train.seed import seed_everything

# %% solution-1
C, H, V = 32, 128, 27
model = LanguageModel(V, C, RNN(C, H))
parameters_rnn = sum(W.numel() for W in model.recurrent.parameters())
parameters_model = sum(W.numel() for W in model.parameters())
print(f"formula {H * (C + H + 2):,}, layer {parameters_rnn:,}")
print(f"with embedding and output {parameters_model:,}")

# %% solution-2
h_first = torch.zeros(1, requires_grad=True)
h = h_first
values = {}
for t in range(1, 1001):
    x = 1.0 if t == 1 else 0.0  # the event, and then silence
    h = torch.tanh(3 * h + 2 * x)
    if t in (1, 2, 10, 1000):
        (slope,) = torch.autograd.grad(h, h_first, retain_graph=True)
        values[t] = h.item(), slope.item()
        print(f"h_{t} = {h.item():.4f}   dh_{t}/dh_0 = {slope.item():.0e}")

# %% solution-3
W = torch.tensor([[0.5, 8.0], [0.0, 0.5]], dtype=torch.float64)
norm_of_power = {
    n: torch.linalg.matrix_norm(torch.matrix_power(W, n), 2).item()
    for n in (1, 2, 5, 10, 20)
}
for n, norm in norm_of_power.items():
    print(f"norm of W^{n}: {norm:.2g}")


# %% solution-4
def factors(gain: float, T: int = 60) -> tuple[float, float]:
    """Return gain times slope, and what the norm is multiplied by a step."""
    seed_everything(0)
    cell = RNNCell(16, 64)
    nn.init.orthogonal_(cell.weight_hh, gain)
    X, v = torch.randn(16, T, 16), torch.randn(64)
    h, slopes = None, []
    for x in X.unbind(1):
        h = cell(x, h)
        slopes.append(1 - h.detach().square())
    slope = torch.stack(slopes).square().mean().sqrt().item()
    norms = state_gradients(cell, X, lambda h: (h @ v).sum())[0]
    return gain * slope, (norms[0] / norms[-1]).item() ** (1 / (T - 1))


factor = {gain: factors(gain) for gain in (0.5, 1.0, 1.5, 2.0)}
for gain, (expected, measured) in factor.items():
    print(f"gain {gain}: times slope {expected:.2f}, measured {measured:.2f}")


# %% solution-5
def gradient(cell: RNNCell, X: Tensor, v: Tensor, k: int) -> Tensor:
    """Return dL/dW_hh, cut off k steps before the loss."""
    h = None
    for t, x in enumerate(X.unbind(1)):
        h = cell(x, h)
        if t == X.shape[1] - 1 - k:
            h = h.detach()
    return torch.autograd.grad((h @ v).sum(), cell.weight_hh)[0].flatten()


cosine = {}
for name, gain in (("default", None), ("orthogonal × 1.5", 1.5)):
    seed_everything(0)
    cell = RNNCell(16, 64)
    if gain:
        nn.init.orthogonal_(cell.weight_hh, gain)
    X, v = torch.randn(16, 60, 16), torch.randn(64)
    whole = gradient(cell, X, v, 60)
    cosine[name] = {
        k: torch.cosine_similarity(gradient(cell, X, v, k), whole, 0).item()
        for k in (1, 2, 4, 8, 16, 32)
    }
    shown = "  ".join(f"{k}: {c:.3f}" for k, c in cosine[name].items())
    print(f"{name:17} {shown}")

# %% solution-6
eigenvalue, norm, length, slope_rms = [], [], [], []
for seed in range(3):
    seed_everything(seed)
    cell = RNNCell(16, 64)  # the same as in the figure
    W, X = cell.weight_hh.detach(), torch.randn(16, 60, 16)
    h, slopes, u = None, [], torch.randn(64)
    for x in X.unbind(1):
        h = cell(x, h)
        slopes.append(1 - h.detach().square())
    eigenvalue.append(torch.linalg.eigvals(W).abs().max().item())
    norm.append(torch.linalg.matrix_norm(W, 2).item())
    length.append((torch.matrix_power(W.T, 59) @ u / u.norm()).norm().item())
    slope_rms.append(torch.stack(slopes).square().mean().sqrt().item())
    print(
        f"largest |eigenvalue| {eigenvalue[-1]:.2f}, singular value "
        f"{norm[-1]:.2f}; W^59 leaves {length[-1]:.0e}"
    )
eigenvalue_low, eigenvalue_high = min(eigenvalue), max(eigenvalue)
length_low, length_high = min(length), max(length)
slope_default, norm_low = sum(slope_rms) / 3, min(norm)
