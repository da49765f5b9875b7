"""Solutions to the exercises on convolution."""

# %% imports
import torch
from torch import nn

from dlnotes.conv import Conv2d, conv2d, cross_correlate
from dlnotes.pool import max_pool2d
from dlnotes.receptive import output_size, parameter_count, receptive_field
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)

# %% solution-1
layer = Conv2d(3, 10, kernel_size=5, padding=2)
print("output", tuple(layer(torch.rand(1, 3, 32, 32)).shape))
print("by the formula", output_size(32, kernel=5, padding=2))
print("parameters", parameter_count(layer), "=", 10 * (3 * 5 * 5 + 1))

# %% solution-2
x = torch.arange(25.0).reshape(5, 5)
same = torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])
right = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 0, 0]])
print("same: ", torch.equal(cross_correlate(x, same), x[1:-1, 1:-1]))
print("right:", torch.equal(cross_correlate(x, right), x[1:-1, :-2]))

# %% solution-3
kernels = {
    "left to right": [[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "mean": [[1 / 9] * 3] * 3,
    "sharper": [[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]],
}
ranks = {
    name: int(torch.linalg.matrix_rank(torch.tensor(kernel)))
    for name, kernel in kernels.items()
}
print(ranks)
x = torch.rand(8, 8)
column = torch.tensor([[1.0], [2], [1]])
row = torch.tensor([[-1.0, 0, 1]])
twice = cross_correlate(cross_correlate(x, column), row)
once = cross_correlate(x, torch.tensor(kernels["left to right"]))
print("column, then row:", torch.allclose(twice, once, atol=1e-6))

# %% solution-4
x, first, second = torch.rand(9, 9), torch.randn(3, 3), torch.randn(3, 3)
twice = cross_correlate(cross_correlate(x, first), second)
padded = nn.functional.pad(second, (2, 2, 2, 2))
both = cross_correlate(padded, first.flip(0, 1))  # (5, 5)
print("one kernel:", tuple(both.shape))
print("equal:", torch.allclose(cross_correlate(x, both), twice, atol=1e-5))

# %% solution-5
rows = []
for dilations in [(1, 1, 1, 1), (1, 2, 4, 8)]:
    size, _ = receptive_field([(3, 1, d) for d in dilations])
    rows.append([str(dilations), size])
layers_needed = next(
    n for n in range(1, 99) if receptive_field([(3, 1, 1)] * n)[0] >= size
)
Table(["dilations", "receptive field"], rows).show()
print("layers without dilation for the same field:", layers_needed)

# %% solution-6
kernel = torch.randn(3, 3)
basis = torch.eye(16).reshape(16, 4, 4)
M = torch.stack([cross_correlate(x, kernel).flatten() for x in basis], 1)
print("matrix", tuple(M.shape), "zeros", int((M == 0).sum()))
x = torch.rand(1, 1, 4, 4, requires_grad=True)
g = torch.randn(1, 1, 2, 2)
conv2d(x, kernel[None, None]).backward(g)
print("gradient is Mᵀ g:", torch.allclose(x.grad.flatten(), M.T @ g.flatten()))

# %% solution-7
X = torch.randn(1, 1, 6, 6)
a, b = X[..., 0::2], X[..., 1::2]
wide = a + torch.relu(b - a)  # the maximum of two neighbours
a, b = wide[..., 0::2, :], wide[..., 1::2, :]
high = a + torch.relu(b - a)
print("equal:", torch.allclose(high, max_pool2d(X, 2), atol=1e-6))
