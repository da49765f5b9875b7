import pytest
import torch
from torch import nn
from torchvision import models

from dlnotes.vision.densenet import (
    DenseBlock,
    Transition,
    densenet121,
    small_densenet,
)
from dlnotes.vision.shapes import layer_shapes, multiplications
from vision_models import count, gaps, images, learns, twin


def pair(dtype: torch.dtype) -> tuple[nn.Module, nn.Module]:
    with torch.device("meta"):
        ours, theirs = densenet121(), models.densenet121()
    return ours, twin(ours, theirs, dtype)


def test_equals_torchvisions() -> None:
    ours, theirs = pair(torch.float64)
    found = gaps(ours, theirs, images(2, 3, 64, torch.float64), train=True)
    assert max(found) < 1e-10


def test_equals_torchvisions_at_the_papers_size() -> None:
    ours, theirs = pair(torch.float32)
    assert max(gaps(ours, theirs, images(1, 3, 224), train=False)) < 1e-5


def test_shapes_are_the_papers() -> None:
    with torch.device("meta"):
        rows = layer_shapes(densenet121(), (1, 3, 224, 224))
    assert [(row.name, *row.shape[1:]) for row in rows[:8]] == [
        ("features.stem", 64, 56, 56),
        ("features.block1", 256, 56, 56),
        ("features.transition1", 128, 28, 28),
        ("features.block2", 512, 28, 28),
        ("features.transition2", 256, 14, 14),
        ("features.block3", 1024, 14, 14),
        ("features.transition3", 512, 7, 7),
        ("features.block4", 1024, 7, 7),
    ]


@pytest.mark.parametrize("bottleneck", [True, False])
def test_a_layer_sees_all_maps_before_it(bottleneck: bool) -> None:
    torch.manual_seed(0)
    block, X = DenseBlock(5, 3, 4, bottleneck), images(2, 5, 6)
    found = block(X)
    assert found.shape == (2, 17, 6, 6)
    assert torch.equal(found[:, :5], X)
    for n, layer in enumerate(block.layers):
        seen = 5 + 4 * n
        torch.testing.assert_close(found[:, seen : seen + 4], layer(found[:, :seen]))


def test_a_bottleneck_has_four_maps_for_each_new_one() -> None:
    block = DenseBlock(64, 1, 8)
    first, second = (m for m in block.modules() if isinstance(m, nn.Conv2d))
    assert (first.kernel_size, first.out_channels) == ((1, 1), 32)
    assert (second.kernel_size, second.out_channels) == ((3, 3), 8)


def test_a_transition_halves_the_size() -> None:
    module = Transition(6, 4)
    assert module(images(2, 6, 7)).shape == (2, 4, 3, 3)
    assert count(module) == 6 * 4 + 12


@pytest.mark.parametrize(("compression", "kept"), [(0.5, [20, 22]), (1.0, [40, 64])])
def test_compression(compression: float, kept: list[int]) -> None:
    model = small_densenet(compression=compression)
    rows = layer_shapes(model, (1, 1, 28, 28))
    assert [row.shape[1] for row in rows if row.kind == "Transition"] == kept


def test_small() -> None:
    assert multiplications(small_densenet(), (1, 1, 28, 28)) == 1493924


@pytest.mark.parametrize("bottleneck", [True, False])
def test_growth_and_blocks(bottleneck: bool) -> None:
    torch.manual_seed(0)
    model = small_densenet(8, (1, 2, 3), bottleneck=bottleneck)
    blocks = [m for m in model.modules() if isinstance(m, DenseBlock)]
    assert [len(block.layers) for block in blocks] == [1, 2, 3]
    assert learns(model) < 0.2
