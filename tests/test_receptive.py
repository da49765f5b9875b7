from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from dlnotes.conv import Conv2d
from dlnotes.mlp import MLP
from dlnotes.norm import BatchNorm2d
from dlnotes.pool import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from dlnotes.receptive import (
    output_size,
    parameter_count,
    receptive_field,
    receptive_field_by_gradient,
    sensitivity,
    sliding_layers,
)


def lenet(conv: Any, pool: Any) -> nn.Sequential:
    return nn.Sequential(
        *(conv(1, 6, 5, padding=2), nn.ReLU(), pool(2)),
        *(conv(6, 16, 5), nn.ReLU(), pool(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU()),
        *(nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def three(conv: Any) -> nn.Sequential:
    return nn.Sequential(*[conv(2, 2, 3) for _ in range(3)])


def vgg(conv: Any, pool: Any) -> nn.Sequential:
    """The first four convolutions of VGG-11, with the poolings among them."""
    widths: list[Any] = [(3, 4), None, (4, 8), None, (8, 8), (8, 8), None]
    layers: list[nn.Module] = []
    for ends in widths:
        if ends is None:
            layers.append(pool(2, 2))
        else:
            layers += [nn.Sequential(conv(*ends, 3, padding=1), nn.ReLU())]
    return nn.Sequential(*layers)


class TestOutputSize:
    @settings(deadline=None)
    @given(
        st.integers(1, 20),
        st.integers(1, 5),
        st.integers(1, 4),
        st.integers(0, 3),
        st.integers(1, 3),
    )
    def test_is_what_torch_makes(self, n: int, k: int, s: int, p: int, d: int) -> None:
        assume(n + 2 * p > d * (k - 1))
        Y = functional.conv1d(torch.ones(1, 1, n), torch.ones(1, 1, k), None, s, p, d)
        assert output_size(n, k, s, p, d) == Y.shape[-1]

    def test_defaults(self) -> None:
        assert output_size(28, 5) == 24
        assert output_size(28, 5, 2) == 12
        assert output_size(28, 5, 2, 2) == 14

    def test_a_kernel_that_does_not_fit(self) -> None:
        assert output_size(3, 3, padding=1, dilation=2) == 1
        message = "^a window that spans 7 does not fit into 6, padding included$"
        with pytest.raises(ValueError, match=message):
            output_size(4, 4, padding=1, dilation=2)


class TestCounts:
    def test_parameters(self) -> None:
        assert parameter_count(lenet(Conv2d, MaxPool2d)) == 61_706
        assert parameter_count(lenet(nn.Conv2d, nn.MaxPool2d)) == 61_706
        assert parameter_count(nn.ReLU()) == 0
        assert parameter_count(BatchNorm2d(5)) == 10  # what is measured is not learned
        shared = nn.Linear(3, 4)
        assert parameter_count(nn.Sequential(shared, shared)) == 16


class TestFormula:
    @pytest.mark.parametrize(
        ("layers", "expected"),
        [
            ([], (1, 1)),
            ([(5, 1, 1)], (5, 1)),
            ([(3, 1, 1)] * 3, (7, 1)),
            ([(3, 2, 1), (3, 2, 1)], (7, 4)),
            ([(3, 1, 2), (3, 1, 4)], (13, 1)),
            ([(2, 2, 1), (3, 1, 2)], (10, 2)),
            ([(5, 1, 1), (2, 2, 1)] * 2, (16, 4)),
        ],
    )
    def test_by_hand(self, layers: Any, expected: tuple[int, int]) -> None:
        assert receptive_field(layers) == expected
        assert receptive_field(iter(layers)) == expected

    def test_the_layers_of_a_stack(self) -> None:
        for conv, pool in ((Conv2d, MaxPool2d), (nn.Conv2d, nn.AvgPool2d)):
            stack = nn.Sequential(
                conv(3, 4, 5, stride=2, dilation=3),
                nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), pool(3, 2)),
                conv(4, 4, 1),
            )
            assert sliding_layers(stack) == [(5, 2, 3), (3, 2, 1), (1, 1, 1)]
        dilated = nn.MaxPool2d((3, 3), stride=1, dilation=2)
        assert sliding_layers(dilated) == [(3, 1, 2)]
        assert sliding_layers(nn.Tanh()) == []

    @pytest.mark.parametrize(
        ("layer", "message"),
        [
            (nn.Flatten(), "Flatten sees all positions: leave it out"),
            (nn.Linear(2, 2), "Linear sees all positions: leave it out"),
            (
                AdaptiveAvgPool2d(1),
                "AdaptiveAvgPool2d sees all positions: leave it out",
            ),
            (nn.AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d sees all positions: leave it"),
            (MLP([2, 2]), "MLP is no sequence of layers: measure it"),
            (nn.ModuleList([nn.Sequential()]), "ModuleList is no sequence of layers"),
            (Conv2d(1, 1, (3, 5)), "Conv2d differs along rows and columns: measure it"),
            (MaxPool2d(2, (2, 1)), "MaxPool2d differs along rows and columns: measure"),
            (nn.Conv2d(1, 1, 3, dilation=(1, 2)), "Conv2d differs along rows and col"),
        ],
    )
    def test_what_is_no_stack(self, layer: nn.Module, message: str) -> None:
        with pytest.raises(ValueError, match=f"^{message}"):
            sliding_layers(nn.Sequential(nn.ReLU(), layer))


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        nn.init.zeros_(self.norm.weight)

    def forward(self, X: Tensor) -> Tensor:
        return torch.relu(X + self.norm(self.conv(X)))


class TestByGradient:
    @pytest.mark.parametrize(
        ("stack", "channels", "expected"),
        [
            (lenet(Conv2d, MaxPool2d)[:6], 1, 16),
            (lenet(nn.Conv2d, nn.MaxPool2d)[:6], 1, 16),
            (lenet(nn.Conv2d, AvgPool2d)[:6], 1, 16),
            (three(Conv2d), 2, 7),
            (three(nn.Conv2d), 2, 7),
            (vgg(Conv2d, MaxPool2d), 3, 30),
            (vgg(nn.Conv2d, nn.MaxPool2d), 3, 30),
        ],
    )
    def test_equals_the_formula(
        self, stack: nn.Module, channels: int, expected: int
    ) -> None:
        assert receptive_field(sliding_layers(stack))[0] == expected
        size = receptive_field_by_gradient(stack, (channels, 64, 65))
        assert size == (expected, expected)

    @settings(deadline=None, max_examples=40)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["conv", "max", "ours", "average"]),
                st.integers(1, 3),
                st.integers(1, 2),
                st.integers(1, 2),
            ),
            min_size=1,
            max_size=4,
        ),
        st.sampled_from([nn.ReLU, nn.Tanh, nn.ReLU6, nn.SiLU]),
    )
    def test_equals_the_formula_for_any_stack(
        self, drawn: list[tuple[str, int, int, int]], activation: Any
    ) -> None:
        layers: list[nn.Module] = []
        for kind, kernel, stride, dilation in drawn:
            match kind:
                case "conv":
                    layer = nn.Conv2d(2, 2, kernel, stride, dilation=dilation)
                    layers += [layer, nn.BatchNorm2d(2), activation()]
                case "ours":
                    layer = Conv2d(2, 2, kernel, stride, dilation=dilation)
                    layers += [layer, BatchNorm2d(2), activation()]
                case "max":
                    layers.append(MaxPool2d(kernel, stride))
                case "average":
                    layers.append(nn.AvgPool2d(kernel, stride))
        stack = nn.Sequential(*layers)
        size, _ = receptive_field(sliding_layers(stack))
        field = receptive_field_by_gradient(stack, (2, 90, 90))
        assert field == (size, size)

    def test_rows_and_columns_differ(self) -> None:
        stack = nn.Sequential(Conv2d(1, 1, (3, 5)), nn.MaxPool2d((2, 3)))
        assert receptive_field_by_gradient(stack, (1, 20, 20)) == (4, 7)

    def test_the_field_ends_at_the_border(self) -> None:
        stack = nn.Conv2d(1, 1, 9, padding=4)
        assert receptive_field_by_gradient(stack, (1, 5, 20)) == (5, 9)

    def test_the_ceiling_of_a_pooling_is_kept(self) -> None:
        pool = nn.MaxPool2d(2, ceil_mode=True)
        assert sensitivity(pool, (1, 3, 3)).nonzero().tolist() == [[2, 2]]
        pool = nn.MaxPool2d(3, 2, 1)
        assert receptive_field_by_gradient(pool, (1, 9, 9)) == (3, 3)

    def test_blocks_and_gates_that_are_closed_at_first(self) -> None:
        stack = nn.Sequential(Residual(), Residual(), nn.MaxPool2d(2))
        assert receptive_field_by_gradient(stack, (2, 20, 20)) == (6, 6)

    def test_whatever_the_weights_and_statistics_are(self) -> None:
        stack = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU6())
        with torch.no_grad():
            stack[0].weight.fill_(-1)
            stack[0].bias.fill_(50)
            stack[1].running_mean.fill_(1e3)
            stack[1].running_var.fill_(1e9)
        assert receptive_field_by_gradient(stack, (1, 9, 9)) == (3, 3)

    def test_biases_do_not_add_up_to_saturation(self) -> None:
        layers = [m for _ in range(8) for m in (nn.Conv2d(1, 1, 1), nn.ReLU6())]
        stack = nn.Sequential(*layers, nn.Conv2d(1, 1, 3))
        assert receptive_field_by_gradient(stack, (1, 9, 9)) == (3, 3)

    def test_the_map_of_one_convolution(self) -> None:
        found = sensitivity(nn.Conv2d(2, 4, 3), (2, 7, 9))
        expected = torch.zeros(7, 9, dtype=torch.float64)
        # the map is 5 × 7, its centre (2, 3); 4 outputs, of weights with the sum 1
        expected[2:5, 3:6] = 4 / 9
        torch.testing.assert_close(found, expected)

    def test_scales_are_one_and_statistics_neutral(self) -> None:
        norm = nn.BatchNorm2d(1, eps=0.0)
        norm.running_var.fill_(4.0)
        found = sensitivity(nn.Sequential(norm, nn.PReLU()), (1, 3, 3))
        assert found.nonzero().tolist() == [[1, 1]]
        assert found[1, 1].item() == 1

    def test_gaps_of_a_dilated_kernel_count(self) -> None:
        stack = nn.Conv2d(1, 1, 3, dilation=2)
        assert receptive_field_by_gradient(stack, (1, 12, 12)) == (5, 5)
        assert (sensitivity(stack, (1, 12, 12)) > 0).sum() == 9

    def test_the_model_is_left_as_it_was(self) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(Conv2d(1, 2, 3), BatchNorm2d(2), nn.MaxPool2d(2))
        before = {name: t.clone() for name, t in model.state_dict().items()}
        random = torch.get_rng_state()
        receptive_field_by_gradient(model, (1, 8, 8))
        torch.testing.assert_close(dict(model.state_dict()), before, rtol=0, atol=0)
        assert model.training
        assert not model[2]._forward_hooks
        assert all(p.grad is None for p in model.parameters())
        assert torch.equal(torch.get_rng_state(), random)

    def test_dropout_is_off(self) -> None:
        stack = nn.Sequential(nn.Dropout(0.9), nn.Conv2d(1, 1, 5))
        assert receptive_field_by_gradient(stack, (1, 9, 9)) == (5, 5)

    def test_an_output_that_is_no_map(self) -> None:
        message = (
            r"^the output has shape \(1, 10\), not \(B, C, H, W\): "
            "give the layers up to the last map$"
        )
        with pytest.raises(ValueError, match=message):
            receptive_field_by_gradient(lenet(Conv2d, MaxPool2d), (1, 28, 28))
