from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision import models

from dlnotes.vision.resnet import (
    Bottleneck,
    Residual,
    conv,
    resnet,
    resnet18,
    resnet50,
    small_resnet,
)
from dlnotes.vision.shapes import layer_shapes, multiplications
from vision_models import count, gaps, images, learns, twin

Build = Callable[[], nn.Module]
pairs = pytest.mark.parametrize(
    ("our", "their"),
    [(resnet18, models.resnet18), (resnet50, models.resnet50)],
    ids=["18", "50"],
)
blocks = pytest.mark.parametrize("block", [Residual, Bottleneck])


@pairs
def test_equals_torchvisions(our: Build, their: Build) -> None:
    with torch.device("meta"):
        ours, theirs = our(), their()
    twin(ours, theirs, torch.float64)
    X = images(2, 3, 64, torch.float64)
    assert max(gaps(ours, theirs, X, train=True)) < 1e-10


@pairs
def test_equals_torchvisions_at_the_papers_size(our: Build, their: Build) -> None:
    with torch.device("meta"):
        ours, theirs = our(), their()
    twin(ours, theirs, torch.float32)
    assert max(gaps(ours, theirs, images(1, 3, 224), train=False)) < 1e-5


@pytest.mark.parametrize(("build", "widen"), [(resnet18, 1), (resnet50, 4)])
def test_shapes_are_the_papers(build: Build, widen: int) -> None:
    with torch.device("meta"):
        rows = layer_shapes(build(), (1, 3, 224, 224))
    assert [row.shape[1:] for row in rows[:5]] == [
        (64, 56, 56),
        (64 * widen, 56, 56),
        (128 * widen, 28, 28),
        (256 * widen, 14, 14),
        (512 * widen, 7, 7),
    ]


@pytest.mark.parametrize(
    ("depth", "parameters", "papers"),
    [(20, 272474, 0.27), (32, 466906, 0.46), (56, 855770, 0.85)],
)
def test_those_for_cifar(depth: int, parameters: int, papers: float) -> None:
    """Option B, which projects; the paper's own has option A, without parameters.

    Its table 6 says .27, .46 and .85 million.
    """
    model = small_resnet(depth, channels=3, stride=1)
    assert count(model) == parameters
    shortcuts = [m.shortcut for m in model.modules() if isinstance(m, Residual)]
    without = parameters - sum(count(m) for m in shortcuts if m is not None)
    assert without == {20: 269722, 32: 464154, 56: 853018}[depth]
    assert without / 1e6 == pytest.approx(papers, abs=0.006)
    rows = layer_shapes(model, (1, 3, 32, 32))
    shapes = [row.shape[1:] for row in rows[:4]]
    assert shapes == [(16, 32, 32), (16, 32, 32), (32, 16, 16), (64, 8, 8)]
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) == depth + 2  # and two projections


@pytest.mark.parametrize(("depth", "parameters"), [(8, 77754), (14, 174970)])
def test_small(depth: int, parameters: int) -> None:
    model = small_resnet(depth)
    assert count(model) == parameters
    expected = {8: 2552000, 14: 5537984}[depth]
    assert multiplications(model, (1, 1, 28, 28)) == expected


@blocks
@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_input_is_added(block: type[Residual], batch_norm: bool) -> None:
    """What a branch of zeros leaves is the input, for it is always added."""
    residual = block(4 * block.expansion, 4, batch_norm=batch_norm)
    plain = block(4 * block.expansion, 4, batch_norm=batch_norm, residual=False)
    for module in (residual, plain):
        for W in module.parameters():
            nn.init.zeros_(W)
    X = images(2, 4 * block.expansion, 6)
    assert torch.equal(residual(X), nn.functional.relu(X))
    assert not plain(X).any()


@blocks
def test_a_plain_block_is_the_same_without_the_sum(block: type[Residual]) -> None:
    torch.manual_seed(0)
    residual = block(4 * block.expansion, 4)
    plain = block(4 * block.expansion, 4, residual=False)
    plain.load_state_dict(residual.state_dict())  # the identity has no parameters
    before: list[torch.Tensor] = []
    last = plain.conv2 if block is Residual else plain.conv3
    last.register_forward_hook(lambda *call: before.append(call[2]))
    X = images(2, 4 * block.expansion, 6)
    assert torch.equal(plain(X), nn.functional.relu(before[0]))
    assert torch.equal(residual(X), nn.functional.relu(before[0] + X))


@blocks
def test_a_strided_block_projects_its_input(block: type[Residual]) -> None:
    module = block(8, 4, stride=2)
    assert module(images(2, 8, 6)).shape == (2, 4 * block.expansion, 3, 3)
    assert isinstance(module.shortcut, nn.Sequential)
    assert count(module.shortcut) == 8 * 4 * block.expansion + 8 * block.expansion


@blocks
def test_without_batch_norm_convolutions_have_biases(block: type[Residual]) -> None:
    module = block(8, 4, stride=2, batch_norm=False)
    kinds = {type(m) for m in module.modules()}
    assert nn.BatchNorm2d not in kinds
    assert all(m.bias is not None for m in module.modules() if isinstance(m, nn.Conv2d))


@pytest.mark.parametrize("depth", [7, 9, 2, 1, 0, -4])
def test_depths(depth: int) -> None:
    message = f"^a depth of {depth}: it must be 6n \\+ 2, such as 8, 14 or 20$"
    with pytest.raises(ValueError, match=message):
        small_resnet(depth)


def test_bottlenecks_for_small_images() -> None:
    torch.manual_seed(0)
    stem = nn.Sequential(conv(1, 8, 3, 2), nn.ReLU())
    model = resnet(stem, Bottleneck, (1, 1, 1), width=8, classes=10)
    assert learns(model) < 0.2


@pytest.mark.parametrize(("residual", "batch_norm"), [(False, True), (True, False)])
def test_learns_without_either_idea(residual: bool, batch_norm: bool) -> None:
    torch.manual_seed(0)
    model = small_resnet(width=8, residual=residual, batch_norm=batch_norm)
    assert learns(model) < 0.2
