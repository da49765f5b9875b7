import math

import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d, pad

from dlnotes.vision.lenet import lenet
from dlnotes.vision.shapes import layer_shapes
from vision_models import count, images, learns


def test_has_the_papers_parameters() -> None:
    assert count(lenet()) == 61706


def test_shapes_are_the_papers() -> None:
    """Layers C1 to F6 and the output, of its figure 2."""
    rows = layer_shapes(lenet(), (1, 1, 28, 28))
    assert [row.shape[1:] for row in rows if row.parameters] == [
        (6, 28, 28),
        (16, 10, 10),
        (120,),
        (84,),
        (10,),
    ]
    assert [row.shape[1:] for row in rows if row.kind == "AvgPool2d"] == [
        (6, 14, 14),
        (16, 5, 5),
    ]
    assert [row.parameters for row in rows if row.parameters] == [
        156,
        2416,
        48120,
        10164,
        850,
    ]


def test_computes_what_its_layers_say() -> None:
    torch.manual_seed(0)
    model, X = lenet(), images(3, 1, 28)
    W1, b1, W2, b2, W3, b3, W4, b4, W5, b5 = model.parameters()
    maps = avg_pool2d(conv2d(X, W1, b1, padding=2).tanh(), 2)
    maps = avg_pool2d(conv2d(maps, W2, b2).tanh(), 2)
    units = (maps.flatten(1) @ W3.T + b3).tanh()
    units = (units @ W4.T + b4).tanh()
    torch.testing.assert_close(model(X), units @ W5.T + b5)


def test_the_padding_makes_the_papers_32_by_32() -> None:
    torch.manual_seed(0)
    model, X = lenet(), images(2, 1, 28)
    first = model.features[0]
    padded = conv2d(pad(X, (2, 2, 2, 2)), first.weight, first.bias)
    torch.testing.assert_close(first(X), padded)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.Sigmoid, nn.ReLU])
@pytest.mark.parametrize("pool", [nn.AvgPool2d, nn.MaxPool2d])
def test_activation_and_pooling_are_chosen(
    activation: type[nn.Module], pool: type[nn.Module]
) -> None:
    model = lenet(activation, pool)
    kinds = [type(module) for module in model.modules()]
    assert kinds.count(activation) == 4
    assert kinds.count(pool) == 2
    assert count(model) == 61706


@pytest.mark.parametrize(
    ("activation", "pool"), [(nn.Tanh, nn.AvgPool2d), (nn.ReLU, nn.MaxPool2d)]
)
def test_learns(activation: type[nn.Module], pool: type[nn.Module]) -> None:
    torch.manual_seed(0)
    assert learns(lenet(activation, pool)) < 0.1 * math.log(10)


def test_colours_and_classes() -> None:
    assert lenet(channels=3, classes=26)(images(2, 3, 28)).shape == (2, 26)


def test_other_sizes_are_refused() -> None:
    message = "^the images are 32 × 30, and the model's dense layers are for 28 × 28$"
    with pytest.raises(ValueError, match=message):
        lenet()(torch.zeros(2, 1, 32, 30))
