import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from dlnotes.conv import Conv2d
from dlnotes.mlp import MLP
from dlnotes.vision.models import MODELS
from dlnotes.vision.shapes import layer_shapes, multiplications


def model() -> nn.Sequential:
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6))
    return nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), inner, nn.Flatten())


SHAPE = (1, 1, 5, 5)


@pytest.mark.parametrize(
    ("depth", "rows"),
    [
        (
            1,
            [
                ("0", "Conv2d", (1, 4, 3, 3), 36),
                ("1", "Sequential", (1, 6, 1, 1), 6 * 2 * 9 + 6 + 12),
                ("2", "Flatten", (1, 6), 0),
            ],
        ),
        (
            2,
            [
                ("0", "Conv2d", (1, 4, 3, 3), 36),
                ("1.0", "Conv2d", (1, 6, 1, 1), 6 * 2 * 9 + 6),
                ("1.1", "BatchNorm2d", (1, 6, 1, 1), 12),
                ("2", "Flatten", (1, 6), 0),
            ],
        ),
    ],
)
def test_layers_in_the_order_of_their_calls(
    depth: int, rows: list[tuple[object, ...]]
) -> None:
    assert layer_shapes(model(), SHAPE, depth) == rows
    assert layer_shapes(model(), SHAPE, 2) == layer_shapes(model(), SHAPE, 9)


def test_the_order_is_that_of_the_calls_not_of_the_attributes() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.second, self.first = nn.Linear(3, 2), nn.Linear(4, 3)

        def forward(self, X: Tensor) -> Tensor:
            return self.second(self.first(X))

    rows = layer_shapes(Backwards(), (7, 4))
    assert [(row.name, row.shape) for row in rows] == [
        ("first", (7, 3)),
        ("second", (7, 2)),
    ]


def test_a_perceptron_has_layers_too() -> None:
    rows = layer_shapes(MLP([4, 3, 2]), (5, 4))
    assert [(row.name, row.parameters) for row in rows] == [
        ("layers.0", 15),
        ("layers.1", 8),
    ]


def state(module: nn.Module) -> list[Tensor]:
    return [W.clone() for W in module.state_dict().values()]


def test_nothing_of_the_model_changes() -> None:
    ours = model()
    ours[1][1].eval()  # frozen statistics in a model that trains
    modes = [m.training for m in ours.modules()]
    before = state(ours)
    layer_shapes(ours, SHAPE)
    multiplications(ours, SHAPE)
    assert modes == [m.training for m in ours.modules()]
    pairs = zip(before, ours.state_dict().values(), strict=True)
    assert all(torch.equal(W, kept) for W, kept in pairs)
    assert all(W.device.type == "cpu" for W in ours.parameters())
    assert not any(m._forward_hooks for m in ours.modules())


def test_after_an_error_too() -> None:
    ours = model()
    with pytest.raises(RuntimeError, match="channel"):
        layer_shapes(ours, (1, 3, 5, 5))
    assert not any(m._forward_hooks for m in ours.modules())
    assert all(m.training for m in ours.modules())


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_is_positive(depth: int) -> None:
    with pytest.raises(ValueError, match=f"^a depth of {depth}: it must be 1 or more$"):
        layer_shapes(model(), SHAPE, depth)


def test_multiplications() -> None:
    expected = 4 * 9 * 9 + 6 * 2 * 9
    assert multiplications(model(), SHAPE) == expected
    assert multiplications(model(), (7, *SHAPE[1:])) == 7 * expected
    assert multiplications(MLP([4, 3, 2]), (5, 4)) == 5 * (12 + 6)


@pytest.mark.parametrize("name", MODELS)
def test_multiplications_are_half_of_torchs_operations(name: str) -> None:
    small = name.startswith("small_") or name == "lenet"
    shape = (1, 1, 28, 28) if small else (1, 3, 224, 224)
    with torch.device("meta"):
        ours = MODELS[name]().eval()
        with FlopCounterMode(display=False) as counter:
            ours(torch.empty(shape))
    assert 2 * multiplications(ours, shape) == counter.get_total_flops()


@pytest.mark.parametrize("conv", [Conv2d, nn.Conv2d])
def test_multiplications_with_groups_stride_and_dilation(conv: type[nn.Module]) -> None:
    layer = conv(8, 12, (3, 5), stride=(2, 1), dilation=(1, 2), groups=4)
    # 12 × 4 × 4 outputs, each of 2 channels of 3 × 5
    assert multiplications(layer, (1, 8, 9, 12)) == 12 * 4 * 4 * 2 * 15


def test_a_layer_called_twice_counts_twice() -> None:
    shared = nn.Linear(3, 3)
    assert multiplications(nn.Sequential(shared, nn.ReLU(), shared), (1, 3)) == 18
