import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from dlnotes.mlp import MLP
from dlnotes.stability import clip_norm, gradient_norms, layer_scales, log_sum_exp


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

    @pytest.mark.parametrize(
        "row",
        [
            [-math.inf, -math.inf],
            [-math.inf, 1.0],
            [math.inf, 1.0],
            [math.inf, math.inf],
            [math.inf, -math.inf],
            [math.nan, 1.0],
            [math.inf, math.nan],
        ],
    )
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
    def test_infinite_entries_are_as_torchs(
        self, row: list[float], dtype: torch.dtype
    ) -> None:
        z = torch.tensor([row, [0.0, 0.0]], dtype=dtype)
        found, expected = log_sum_exp(z), z.logsumexp(-1)
        torch.testing.assert_close(found, expected, equal_nan=True)

    def test_its_gradient_is_the_softmax(self) -> None:
        z = torch.tensor([3.0, 1000.0, 999.0], requires_grad=True)
        log_sum_exp(z).backward()
        torch.testing.assert_close(z.grad, z.detach().softmax(-1))


class TestLayerScales:
    def test_each_layer_is_measured_where_a_signal_enters_it(self) -> None:
        model = MLP([2, 2, 1, 1])
        with torch.no_grad():
            for layer in model.layers:
                layer.weight.fill_(1.0)
                layer.bias.fill_(-1.0)
        X = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
        # First layer: 2, 2 and -1, -1; after ReLU 2, 2, 0, 0. Second: 3, -1; 3, 0.
        scales = layer_scales(model, model.layers, X)
        expected = [math.sqrt(5 / 4), math.sqrt(2), math.sqrt(9 / 2)]
        assert scales.tolist() == pytest.approx(expected)
        last, first = layer_scales(model, [model.layers[2], model.layers[0]], X)
        assert (last, first) == (scales[2], scales[0])

    def test_any_modules_of_any_model(self) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten())
        X = torch.randn(4, 1, 5, 5)
        scales = layer_scales(model, [model[1], model[2]], X)
        inside = model[0](X).detach()
        for found, signal in zip(scales, (inside, inside.tanh()), strict=True):
            expected = signal.double().square().mean().sqrt()
            torch.testing.assert_close(found, expected)

    def test_squares_too_small_for_32_bits_are_not_lost(self) -> None:
        layer = nn.Linear(1, 1, bias=False)
        scales = layer_scales(layer, [layer], torch.tensor([[1e-30]]))
        assert scales.dtype == torch.float64
        assert scales.item() == pytest.approx(1e-30)

    def test_no_graph_is_kept_and_no_hook(self) -> None:
        layer = nn.Linear(2, 2)
        assert not layer_scales(layer, [layer], torch.ones(1, 2)).grad_fn
        assert not layer._forward_pre_hooks

    def test_after_an_error_no_hook_is_left_either(self) -> None:
        layer = nn.Linear(2, 2)
        with pytest.raises(RuntimeError, match="shapes"):
            layer_scales(layer, [layer], torch.ones(1, 3))
        assert not layer._forward_pre_hooks

    def test_a_layer_of_another_model_is_told(self) -> None:
        layer = nn.Linear(2, 2)
        message = r"^the model does not call Linear\(in_features=2, out_features=3"
        with pytest.raises(ValueError, match=message):
            layer_scales(layer, [layer, nn.Linear(2, 3)], torch.ones(1, 2))


class TestGradientNorms:
    def test_are_the_norms_of_the_gradients(self) -> None:
        torch.manual_seed(0)
        model = MLP([3, 4, 2])
        model(torch.randn(5, 3)).square().sum().backward()
        expected = [math.sqrt((p.grad**2).sum()) for p in model.parameters()]
        assert gradient_norms(model.parameters()).tolist() == pytest.approx(expected)

    @pytest.mark.parametrize("some", [False, True])
    def test_without_a_backward_pass(self, some: bool) -> None:
        with_one, without = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
        with_one.grad = torch.ones(1)
        with pytest.raises(ValueError, match=r"call loss\.backward\(\) first"):
            gradient_norms([with_one, without] if some else [without])


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
        norm = clip_norm(ours, threshold)
        torch.testing.assert_close(norm, clip_grad_norm_(parameters, threshold))
        for p, g in zip(parameters, ours, strict=True):
            torch.testing.assert_close(g, p.grad, rtol=1e-5, atol=1e-9)

    def test_a_long_gradient_keeps_its_direction(self) -> None:
        g = [torch.tensor([3.0, 0.0]), torch.tensor([4.0])]
        assert clip_norm(g, 1.0).item() == 5
        assert torch.cat(g).tolist() == pytest.approx([0.6, 0, 0.8])

    def test_a_short_one_stays_as_it_is(self) -> None:
        g = [torch.tensor([3.0, 4.0])]
        before = copies(*g)
        assert clip_norm(g, 5.0).item() == 5
        assert torch.equal(g[0], before[0])

    @pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan")])
    def test_a_threshold_must_be_positive(self, threshold: float) -> None:
        with pytest.raises(
            ValueError, match=f"the threshold is {threshold}: it must be positive"
        ):
            clip_norm([torch.ones(1)], threshold)

    def test_a_generator_is_clipped_too(self) -> None:
        model = nn.Linear(3, 2)
        model(torch.ones(4, 3)).sum().backward()
        norm = clip_norm((p.grad for p in model.parameters()), 0.01)
        assert norm > 1
        after = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
        assert after.item() == pytest.approx(0.01)

    def test_no_gradients_are_told(self) -> None:
        with pytest.raises(ValueError, match=r"^there are no gradients: call loss\.b"):
            clip_norm([], 1.0)

    def test_parameters_are_not_their_gradients(self) -> None:
        """As torch.nn.utils.clip_grad_norm_ takes them."""
        model = nn.Linear(2, 1)
        model(torch.ones(1, 2)).sum().backward()
        message = (
            r"^clip_norm takes gradients, not parameters: "
            r"give it \[p\.grad for p in model\.parameters\(\)\]$"
        )
        with pytest.raises(ValueError, match=message):
            clip_norm(model.parameters(), 1.0)

    def test_gradients_that_have_a_graph_are_clipped(self) -> None:
        x = torch.tensor([3.0], requires_grad=True)
        (g,) = torch.autograd.grad((x**2).sum(), x, create_graph=True)
        assert clip_norm([g], 2.0).item() == 6
        assert g.item() == 2

    @pytest.mark.parametrize("size", [0.0, 1e-30, 1e30])
    def test_gradients_of_any_size(self, size: float) -> None:
        g = torch.tensor([size])
        clip_norm([g], 1.0)
        assert g.item() == pytest.approx(min(size, 1))

    def test_an_infinite_threshold_changes_nothing(self) -> None:
        g = torch.tensor([3.0, 4.0])
        assert clip_norm([g], math.inf).item() == 5
        assert g.tolist() == [3, 4]
