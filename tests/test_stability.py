import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from dlnotes.stability import clip, gradient_norms, layer_scales, log_sum_exp


class TestLogSumExp:
    @pytest.mark.parametrize("shape", [(4,), (3, 5), (2, 3, 1), (2, 1, 4)])
    def test_equals_torchs(self, shape: tuple[int, ...]) -> None:
        torch.manual_seed(0)
        z = 50 * torch.randn(shape, dtype=torch.float64)
        torch.testing.assert_close(
            log_sum_exp(z), z.logsumexp(-1), rtol=1e-14, atol=1e-14
        )

    @pytest.mark.parametrize("value", [1000.0, -1000.0, 1e30, -1e30])
    def test_nothing_overflows(self, value: float) -> None:
        z = torch.full((10,), value)
        expected = torch.tensor(value + math.log(10))
        torch.testing.assert_close(log_sum_exp(z), expected)

    def test_each_row_has_its_own_maximum(self) -> None:
        z = torch.tensor([[1000.0, 0.0], [0.0, -1000.0]])
        assert log_sum_exp(z).tolist() == [1000.0, 0.0]

    def test_its_gradient_is_the_softmax(self) -> None:
        z = torch.tensor([3.0, 1000.0, 999.0], requires_grad=True)
        log_sum_exp(z).backward()
        torch.testing.assert_close(z.grad, z.detach().softmax(-1))


class TestLayerScales:
    def test_each_layer_is_measured_after_its_activation(self) -> None:
        layers = [nn.Linear(2, 2), nn.Linear(2, 1)]
        with torch.no_grad():
            for layer in layers:
                layer.weight.fill_(1.0)
                layer.bias.fill_(-1.0)
        X = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
        # First layer: 2, 2 and -1, -1; after ReLU 2, 2, 0, 0. Second: 3 and -1.
        expected = [math.sqrt(2), math.sqrt(9 / 2)]
        assert layer_scales(layers, torch.relu, X).tolist() == pytest.approx(expected)

    def test_squares_too_small_for_32_bits_are_not_lost(self) -> None:
        layer = nn.Linear(1, 1, bias=False)
        nn.init.ones_(layer.weight)
        scales = layer_scales([layer], torch.relu, torch.tensor([[1e-30]]))
        assert scales.item() == pytest.approx(1e-30)

    def test_no_graph_is_kept(self) -> None:
        assert not layer_scales([nn.Linear(2, 2)], torch.tanh, torch.ones(1, 2)).grad_fn


class TestGradientNorms:
    def test_are_the_norms_of_the_weights_gradients(self) -> None:
        torch.manual_seed(0)
        layers = [nn.Linear(3, 4), nn.Linear(4, 2)]
        layers[1](layers[0](torch.randn(5, 3))).square().sum().backward()
        expected = [math.sqrt((layer.weight.grad**2).sum()) for layer in layers]
        assert gradient_norms(layers).tolist() == pytest.approx(expected)

    def test_without_a_backward_pass(self) -> None:
        with pytest.raises(ValueError, match=r"call loss\.backward\(\) first"):
            gradient_norms([nn.Linear(1, 1)])


def copies(*tensors: Tensor) -> list[Tensor]:
    return [t.clone() for t in tensors]


class TestClip:
    @settings(deadline=None)
    @given(st.floats(1e-3, 1e3), st.integers(0, 1000))
    def test_equals_torchs(self, threshold: float, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        shapes = [(3, 2), (4,), ()]
        ours = [torch.randn(s, generator=generator).double() for s in shapes]
        parameters = [nn.Parameter(torch.zeros_like(g)) for g in ours]
        for p, g in zip(parameters, ours, strict=True):
            p.grad = g.clone()
        norm = clip(ours, threshold)
        torch.testing.assert_close(norm, clip_grad_norm_(parameters, threshold))
        for p, g in zip(parameters, ours, strict=True):
            torch.testing.assert_close(g, p.grad, rtol=1e-5, atol=1e-9)

    def test_a_long_gradient_keeps_its_direction(self) -> None:
        g = [torch.tensor([3.0, 0.0]), torch.tensor([4.0])]
        assert clip(g, 1.0).item() == 5
        assert torch.cat(g).tolist() == pytest.approx([0.6, 0, 0.8])

    def test_a_short_one_stays_as_it_is(self) -> None:
        g = [torch.tensor([3.0, 4.0])]
        before = copies(*g)
        assert clip(g, 5.0).item() == 5
        assert torch.equal(g[0], before[0])

    @pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan")])
    def test_a_threshold_must_be_positive(self, threshold: float) -> None:
        with pytest.raises(
            ValueError, match=f"the threshold is {threshold}: it must be positive"
        ):
            clip([torch.ones(1)], threshold)
