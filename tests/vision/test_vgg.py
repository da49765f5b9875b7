from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision import models

from dlnotes.vision.shapes import layer_shapes, multiplications
from dlnotes.vision.vgg import small_vgg, vgg11, vgg16, vgg_block
from vision_models import count, gaps, images, learns, twin


@pytest.mark.parametrize(
    ("our", "their"), [(vgg11, models.vgg11), (vgg16, models.vgg16)]
)
def test_equals_torchvisions(
    our: Callable[[], nn.Module], their: Callable[..., nn.Module]
) -> None:
    with torch.device("meta"):
        ours, theirs = our(), their(init_weights=False)
    twin(ours, theirs, torch.float32)
    outputs, gradients, _ = gaps(ours, theirs, images(1, 3, 224), train=True)
    assert outputs < 1e-5
    assert gradients < 1e-5


def test_drops_half_as_torchvision_does() -> None:
    with torch.device("meta"):
        ours, theirs = vgg11(), models.vgg11()
    kinds = [str(layer) for layer in ours.head if isinstance(layer, nn.Dropout)]
    assert kinds == [
        str(layer) for layer in theirs.classifier if isinstance(layer, nn.Dropout)
    ]


def test_shapes_are_the_papers() -> None:
    with torch.device("meta"):
        model = vgg16()
    rows = layer_shapes(model, (1, 3, 224, 224))
    assert [(row.name, *row.shape[1:]) for row in rows[:5]] == [
        ("features.block1", 64, 112, 112),
        ("features.block2", 128, 56, 56),
        ("features.block3", 256, 28, 28),
        ("features.block4", 512, 14, 14),
        ("features.block5", 512, 7, 7),
    ]
    inner = layer_shapes(model, (1, 3, 224, 224), depth=3)
    layers = [row for row in inner if row.kind in ("Conv2d", "Linear")]
    assert len(layers) == 16  # "16 weight layers"


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_a_block_keeps_the_size_until_it_halves_it(
    batch_norm: bool, kernel: int
) -> None:
    block = vgg_block(3, 4, 6, batch_norm, kernel)
    assert block(images(2, 4, 9)).shape == (2, 6, 4, 4)
    rows = layer_shapes(block, (1, 4, 9, 9))
    assert [row.shape for row in rows if row.kind == "Conv2d"] == [(1, 6, 9, 9)] * 3
    weights = (4 + 6 + 6) * 6 * kernel**2
    assert count(block) == weights + 3 * (12 if batch_norm else 6)


def test_small() -> None:
    model = small_vgg()
    shapes = [row.shape[1:] for row in layer_shapes(model, (1, 1, 28, 28))[:4]]
    assert shapes == [(8, 14, 14), (16, 7, 7), (32, 3, 3), (64, 1, 1)]
    assert multiplications(model, (1, 1, 28, 28)) == 1483136
    assert count(small_vgg(batch_norm=True)) == 96898


def test_a_larger_kernel_costs_more_than_two_small_ones() -> None:
    small, large = vgg_block(2, 16, 16), vgg_block(1, 16, 16, kernel=5)
    shape = (1, 16, 28, 28)
    assert count(small) == 2 * (16 * 16 * 9 + 16)
    assert count(large) == 16 * 16 * 25 + 16
    ratio = multiplications(large, shape) / multiplications(small, shape)
    assert ratio == 25 / 18


def test_learns_with_batch_norm_too() -> None:
    torch.manual_seed(0)
    assert learns(small_vgg(batch_norm=True)) < 0.2


def test_it_starts_from_the_draw_that_suits_relu() -> None:
    torch.manual_seed(0)
    model = small_vgg()
    W = model.features[3][2].weight  # 64 × 64 × 3 × 3
    assert W.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)
    assert all(not b.any() for n, b in model.named_parameters() if n.endswith("bias"))
