"""Solutions to the exercises of the chapter on stability."""

# %% setup
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dlnotes.data.digits import load_digits
from dlnotes.initialize import kaiming
from dlnotes.mlp import MLP
from dlnotes.stability import gradient_norms, layer_scales
from dlnotes.train.seed import seed_everything

X, y = load_digits().train

# %% solution-1
seed_everything(0)
z = torch.randn(1_000_000)
sizes = {}
for activation in (nn.ReLU(), nn.Tanh(), nn.GELU()):
    gain = activation(z).square().mean().rsqrt().item()
    name = type(activation).__name__.lower()
    sizes[name] = []
    for _ in range(10):
        layers = [nn.Linear(256, 256, bias=False) for _ in range(20)]
        for layer in layers:
            nn.init.normal_(layer.weight, 0.0, gain / 256**0.5)
        parts = [part for layer in layers for part in (layer, activation)]
        model = nn.Sequential(*parts, nn.Identity())
        signal = torch.randn(100, 256) / gain
        entering = [layers[1], model[-1]]
        sizes[name].append(gain * layer_scales(model, entering, signal))
    (low, last_low), (high, last_high) = torch.stack(sizes[name]).aminmax(
        dim=0
    )
    print(
        f"{name}: gain {gain:.3f}, layer 1 {low:.2f} to {high:.2f}, ", end=""
    )
    print(f"layer 20 {last_low:.2f} to {last_high:.2f}")


# %% solution-2
class Residual(nn.Module):
    """Twenty layers that add to what they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(64, 64) for _ in range(20))
        self.output = nn.Linear(64, 10)

    def forward(self, X: Tensor) -> Tensor:
        for layer in self.layers:
            X = X + torch.relu(layer(X))
        return self.output(X)


ratios = []
for name, network in (
    ("plain", lambda: MLP([64, *[64] * 20, 10])),
    ("residual", Residual),
):
    seed_everything(0)
    model = network()
    cross_entropy(model(X), y).backward()
    norms = gradient_norms(layer.weight for layer in model.layers[:20])
    ratios.append((norms[0] / norms[-1]).item())
    print(f"{name:8}  layer 1 {norms[0]:.0e}  layer 20 {norms[-1]:.0e}")

# %% solution-3
seed_everything(0)
model = MLP([64, *[64] * 20, 10])
for layer in model.layers:
    kaiming(layer.weight)
cross_entropy(model(X), y).backward()
g = torch.cat([p.grad.ravel() for p in model.parameters()])
limit = g.abs().max().item() / 10
by_value = g.clamp(-limit, limit)
by_norm = g * min(1, by_value.norm() / g.norm())
angles = []
for name, clipped in (("by value", by_value), ("by norm", by_norm)):
    cosine = torch.cosine_similarity(g, clipped, dim=0).clamp(max=1)
    angles.append(cosine.acos().rad2deg().item())
    print(f"clipped {name}: turned by {angles[-1]:.0f}°")
