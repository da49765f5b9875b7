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
for activation in (nn.ReLU(), nn.Tanh(), nn.GELU()):
    gain = activation(z).square().mean().rsqrt().item()
    layers = [nn.Linear(256, 256, bias=False) for _ in range(20)]
    for layer in layers:
        nn.init.normal_(layer.weight, 0.0, gain / 256**0.5)
    parts = [part for layer in layers for part in (layer, activation)]
    model = nn.Sequential(*parts, nn.Identity())
    signal = torch.randn(500, 256) / gain
    scales = gain * layer_scales(model, [*layers[1:], model[-1]], signal)
    first, last = scales[0], scales[-1]
    name = type(activation).__name__.lower()
    print(f"{name}: gain {gain:.3f}, layer 1 {first:.2f}, layer 20 {last:.2f}")


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


ratios = {}
for name, network in (
    ("plain", lambda: MLP([64, *[64] * 20, 10])),
    ("residual", Residual),
):
    seed_everything(0)
    model = network()
    cross_entropy(model(X), y).backward()
    norms = gradient_norms(layer.weight for layer in model.layers[:20])
    ratios[name] = (norms[0] / norms[-1]).item()
    print(f"{name:8}  layer 1 {norms[0]:.0e}  layer 20 {norms[-1]:.0e}")
ratios_plain, ratios_residual = ratios.values()

# %% solution-3
seed_everything(0)
model = MLP([64, *[64] * 20, 10])
for layer in model.layers:
    kaiming(layer.weight)
cross_entropy(model(X), y).backward()
g = torch.cat([p.grad.ravel() for p in model.parameters()])
limit = 0.01
by_value = g.clamp(-limit, limit)
by_norm = g * min(1, by_value.norm() / g.norm())
angles = [
    torch.rad2deg(
        torch.acos(torch.cosine_similarity(g, h, dim=0).clamp(max=1))
    )
    for h in (by_value, by_norm)
]
angle_by_value, angle_by_norm = (angle.item() for angle in angles)
print(f"clipped by value: turned by {angle_by_value:.0f}°")
print(f"clipped by norm:  turned by {angle_by_norm:.0f}°")
