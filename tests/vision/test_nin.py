import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, linear, relu

from dlnotes.vision.nin import cifar_nin, nin, nin_block, small_nin
from dlnotes.vision.shapes import layer_shapes, multiplications
from vision_models import count, images, learns


def test_parameters_of_the_papers_tables() -> None:
    with torch.device("meta"):
        assert count(nin()) == 7439608
        assert count(cifar_nin()) == 966986


def test_shapes() -> None:
    with torch.device("meta"):
        large, small = nin(), cifar_nin()
    rows = layer_shapes(large, (1, 3, 224, 224))
    assert [row.shape[1:] for row in rows if row.parameters] == [
        (96, 54, 54),
        (256, 26, 26),
        (384, 12, 12),
        (1000, 5, 5),
    ]
    rows = layer_shapes(small, (1, 3, 32, 32), depth=3)
    assert [row.shape[1] for row in rows if row.kind == "Conv2d"] == [
        *(192, 160, 96),
        *(192, 192, 192),
        *(192, 192, 10),
    ]
    assert [row.shape[1:] for row in rows if row.kind == "MaxPool2d"] == [
        (96, 16, 16),
        (192, 8, 8),
    ]


def test_a_1_by_1_convolution_is_a_dense_layer_at_each_pixel() -> None:
    torch.manual_seed(0)
    block = nin_block(3, (4, 5), 3, padding=1)
    X = images(2, 3, 6)
    first, second = block[0], block[2]
    maps = relu(conv2d(X, first.weight, first.bias, padding=1))
    pixels = maps.permute(0, 2, 3, 1)  # (B, H, W, C)
    dense = relu(linear(pixels, second.weight[:, :, 0, 0], second.bias))
    torch.testing.assert_close(block(X), dense.permute(0, 3, 1, 2))


def test_the_head_averages_each_classs_map() -> None:
    torch.manual_seed(0)
    model, X = small_nin().eval(), images(2, 1, 28)
    torch.testing.assert_close(model(X), model.features(X).mean(dim=(2, 3)))
    assert count(model.head) == 0


@pytest.mark.parametrize(
    ("width", "stride", "parameters", "expected"),
    [(24, 2, 59314, 2356704), (16, 1, 26746, 4142656)],
)
def test_small(width: int, stride: int, parameters: int, expected: int) -> None:
    model = small_nin(width, stride=stride)
    assert count(model) == parameters
    assert multiplications(model, (1, 1, 28, 28)) == expected


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("ones", [0, 1, 2])
def test_versions(stride: int, average: bool, ones: int) -> None:
    model = small_nin(8, stride=stride, average=average, ones=ones)
    assert model(images(2, 1, 28)).shape == (2, 10)
    kernels = [m.kernel_size for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert kernels.count((1, 1)) == 3 * ones
    dense = [m for m in model.modules() if isinstance(m, nn.Linear)]
    assert len(dense) == (0 if average else 2)


def test_a_dense_head_has_most_of_the_weights() -> None:
    model = small_nin(average=False)
    assert count(model) == 160946
    assert count(model.head) == 48 * 16 * 128 + 128 + 1290


def test_a_dense_head_asks_for_a_size() -> None:
    with pytest.raises(ValueError, match="32 × 32, and the model's dense layers"):
        small_nin(average=False)(torch.zeros(1, 1, 32, 32))
    assert small_nin().eval()(torch.zeros(1, 1, 32, 32)).shape == (1, 10)


@pytest.mark.parametrize(("average", "ones"), [(True, 0), (False, 2)])
def test_learns_without_either_idea(average: bool, ones: int) -> None:
    torch.manual_seed(0)
    assert learns(small_nin(average=average, ones=ones)) < 0.2
