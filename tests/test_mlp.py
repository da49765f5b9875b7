import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dlnotes.mlp import MLP

SIZES = st.lists(st.integers(1, 5), min_size=2, max_size=5)


def same_as(model: MLP, activation: type[nn.Module]) -> nn.Sequential:
    """Build PyTorch's own stack and give it the weights of `model`."""
    modules: list[nn.Module] = []
    for layer in model.layers:
        modules += [nn.Linear(layer.in_features, layer.out_features), activation()]
    theirs = nn.Sequential(*modules[:-1])
    for ours, copy in zip(model.parameters(), theirs.parameters(), strict=True):
        copy.data = ours.data.clone()
    return theirs


@given(SIZES, st.integers(1, 4))
def test_equals_a_sequential_with_relu(sizes: list[int], B: int) -> None:
    model = MLP(sizes)
    X = torch.randn(B, sizes[0])
    logits = model(X)
    assert logits.shape == (B, sizes[-1])
    torch.testing.assert_close(logits, same_as(model, nn.ReLU)(X))


@given(SIZES)
def test_equals_a_sequential_with_another_activation(sizes: list[int]) -> None:
    model = MLP(sizes, torch.tanh)
    X = 3 * torch.randn(4, sizes[0])
    torch.testing.assert_close(model(X), same_as(model, nn.Tanh)(X))


@given(SIZES)
def test_gradients_equal_those_of_a_sequential(sizes: list[int]) -> None:
    model = MLP(sizes)
    theirs = same_as(model, nn.ReLU)
    X = torch.randn(4, sizes[0])
    for network in (model, theirs):
        network(X).square().sum().backward()
    for ours, copy in zip(model.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, copy.grad)


def test_parameters_are_one_weight_and_one_bias_a_layer() -> None:
    shapes = {n: tuple(p.shape) for n, p in MLP([64, 32, 10]).named_parameters()}
    assert shapes == {
        "layers.0.weight": (32, 64),
        "layers.0.bias": (32,),
        "layers.1.weight": (10, 32),
        "layers.1.bias": (10,),
    }


def test_starts_as_torchs_layers_do() -> None:
    torch.manual_seed(7)
    ours = MLP([3, 4, 2])
    torch.manual_seed(7)
    first, second = nn.Linear(3, 4), nn.Linear(4, 2)
    assert torch.equal(ours.layers[0].weight, first.weight)
    assert torch.equal(ours.layers[1].bias, second.bias)


def test_two_sizes_make_a_single_layer_without_an_activation() -> None:
    model = MLP([2, 3])
    X = torch.randn(5, 2)
    (layer,) = model.layers
    assert torch.equal(model(X), layer(X))
    assert (model(100 * X) < 0).any()


@pytest.mark.parametrize("shape", [(6,), (4, 6), (2, 3, 6)])
def test_all_axes_but_the_last_pass_through(shape: tuple[int, ...]) -> None:
    assert MLP([6, 5, 3])(torch.zeros(shape)).shape == (*shape[:-1], 3)


def test_learns_xor() -> None:
    torch.manual_seed(0)
    X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([0, 1, 1, 0])
    model = MLP([2, 8, 2], torch.tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(500):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), y).backward()
        optimizer.step()
    assert torch.equal(model(X).argmax(dim=1), y)


@pytest.mark.parametrize("sizes", [[], [3]])
def test_sizes_that_make_no_layer_are_told(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match=rf"^sizes {re.escape(str(sizes))} make no l"):
        MLP(sizes)
