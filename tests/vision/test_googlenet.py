import pytest
import torch
from torch import nn
from torchvision import models

from dlnotes.vision.googlenet import (
    INCEPTION,
    Inception,
    googlenet,
    small_googlenet,
)
from dlnotes.vision.shapes import layer_shapes, multiplications
from vision_models import count, difference, gaps, images, learns, twin


def pair(dtype: torch.dtype, last_pool: int = 2) -> tuple[nn.Module, nn.Module]:
    with torch.device("meta"):
        ours = googlenet(batch_norm=True, kernel=3, last_pool=last_pool)
        theirs = models.googlenet(aux_logits=False, init_weights=False)
    return ours, twin(ours, theirs, dtype)


def test_equals_torchvisions() -> None:
    ours, theirs = pair(torch.float64)
    found = gaps(ours, theirs, images(2, 3, 64, torch.float64), train=True)
    assert max(found) < 1e-10


def test_equals_torchvisions_at_the_papers_size() -> None:
    ours, theirs = pair(torch.float32)
    assert count(ours) == 6624904
    assert max(gaps(ours, theirs, images(1, 3, 224), train=False)) < 1e-5


def test_the_papers_last_pooling_differs_from_torchvisions() -> None:
    ours, theirs = pair(torch.float32, last_pool=3)
    X = images(1, 3, 64)
    with torch.no_grad():
        assert difference(ours.eval()(X), theirs.eval()(X)) > 1e-3


def test_shapes_are_the_papers() -> None:
    with torch.device("meta"):
        rows = layer_shapes(googlenet(), (1, 3, 224, 224))
    found = {row.name: row.shape[1:] for row in rows if row.kind == "Inception"}
    assert found == {
        "features.3a": (256, 28, 28),
        "features.3b": (480, 28, 28),
        "features.4a": (512, 14, 14),
        "features.4b": (512, 14, 14),
        "features.4c": (512, 14, 14),
        "features.4d": (528, 14, 14),
        "features.4e": (832, 14, 14),
        "features.5a": (832, 7, 7),
        "features.5b": (1024, 7, 7),
    }
    stem = [row.shape[1:] for row in rows[:5]]
    assert stem == [
        (64, 112, 112),
        (64, 56, 56),
        (64, 56, 56),
        (192, 56, 56),
        (192, 28, 28),
    ]


def test_weights_of_a_block() -> None:
    with torch.device("meta"):
        block = Inception(192, INCEPTION["3a"])
    ones, threes = 192 * 64, 192 * 96 + 96 * 128 * 9
    fives, pooled = 192 * 16 + 16 * 32 * 25, 192 * 32
    biases = 64 + 96 + 128 + 16 + 32 + 32
    assert count(block) == ones + threes + fives + pooled + biases


WIDTHS = (8, 6, 10, 2, 4, 3)


def test_branches_side_by_side() -> None:
    torch.manual_seed(0)
    block, X = Inception(5, WIDTHS), images(2, 5, 7)
    found = block(X)
    assert found.shape == (2, 25, 7, 7)
    assert block.channels == 25
    start = 0
    for branch, width in zip(block.branches, (8, 10, 4, 3), strict=True):
        torch.testing.assert_close(found[:, start : start + width], branch(X))
        start += width


@pytest.mark.parametrize(
    ("widths", "kernels"),
    [
        ((9, 0, 0, 0, 0, 0), [1]),
        ((0, 4, 9, 0, 0, 0), [1, 3]),
        ((0, 0, 9, 0, 0, 0), [3]),
        ((0, 0, 0, 4, 9, 0), [1, 5]),
        ((0, 0, 0, 0, 9, 0), [5]),
        ((0, 0, 0, 0, 0, 9), [1]),
        (WIDTHS, [1, 1, 3, 1, 5, 1]),
    ],
)
def test_branches_are_chosen_by_their_widths(
    widths: tuple[int, ...], kernels: list[int]
) -> None:
    block = Inception(5, widths, batch_norm=True)
    found = [m.kernel_size[0] for m in block.modules() if isinstance(m, nn.Conv2d)]
    assert found == kernels
    assert block(images(2, 5, 7)).shape == (2, block.channels, 7, 7)


def test_small() -> None:
    model = small_googlenet()
    assert multiplications(model, (1, 1, 28, 28)) == 752712


@pytest.mark.parametrize(
    "widths", [(0, 0, 16, 0, 0, 0), (0, 0, 0, 4, 16, 0), (24, 0, 0, 0, 0, 0)]
)
def test_learns_with_one_branch(widths: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    assert learns(small_googlenet(blocks=[widths] * 4), lr=0.01) < 0.2
