import pytest
import torch
from torch import nn
from torchvision import models

from dlnotes.vision.alexnet import alexnet, small_alexnet
from dlnotes.vision.shapes import layer_shapes
from vision_models import count, gaps, images, twin


def test_equals_torchvisions() -> None:
    with torch.device("meta"):
        ours, theirs = alexnet(), models.alexnet()
    twin(ours, theirs, torch.float32)
    outputs, gradients, _ = gaps(ours, theirs, images(2, 3, 224), train=True)
    assert outputs < 1e-5
    assert gradients < 1e-5


def test_drops_half_of_what_enters_the_hidden_layers() -> None:
    """As torchvision does: at the same places, with the same probability."""
    with torch.device("meta"):
        ours, theirs = alexnet(), models.alexnet()
    found = [m.p for m in ours.modules() if isinstance(m, nn.Dropout)]
    expected = [m.p for m in theirs.modules() if isinstance(m, nn.Dropout)]
    assert found == expected == [0.5, 0.5]
    places = [type(layer).__name__ for layer in ours.head][2:]
    assert places == [type(layer).__name__ for layer in theirs.classifier]


def test_the_papers_two_towers() -> None:
    with torch.device("meta"):
        model = alexnet(towers=2)
    assert count(model) == 60965224
    rows = layer_shapes(model, (1, 3, 224, 224))
    convolutions = [row for row in rows if row.kind == "Conv2d"]
    assert [row.shape[1:] for row in convolutions] == [
        (96, 55, 55),
        (256, 27, 27),
        (384, 13, 13),
        (384, 13, 13),
        (256, 13, 13),
    ]
    kernels = [48 * 25, 256 * 9, 192 * 9, 192 * 9]  # section 3.5: 48, 256, 192, 192
    channels = [256, 384, 384, 256]
    expected = [c * (k + 1) for c, k in zip(channels, kernels, strict=True)]
    assert [row.parameters for row in convolutions[1:]] == expected


def test_a_tower_does_not_see_the_other() -> None:
    with torch.device("meta"):
        model = alexnet(towers=2)
    groups = [m.groups for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert groups == [1, 2, 1, 2, 2]


@pytest.mark.parametrize("width", [8, 16])
def test_small(width: int) -> None:
    rows = layer_shapes(small_alexnet(width), (1, 1, 28, 28))
    shapes = [row.shape[1:] for row in rows if row.parameters]
    w = width
    assert shapes == [
        (w, 28, 28),
        (2 * w, 13, 13),
        (4 * w, 6, 6),
        (3 * w, 6, 6),
        (3 * w, 6, 6),
        (16 * w,),
        (16 * w,),
        (10,),
    ]


def test_activation_and_dropout_are_chosen() -> None:
    model = small_alexnet(activation=nn.Tanh, dropout=0.2)
    kinds = [type(module) for module in model.modules()]
    assert kinds.count(nn.Tanh) == 7
    assert nn.ReLU not in kinds
    found = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
    assert found == [0.2, 0.2]
