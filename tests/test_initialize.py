from collections.abc import Callable

import pytest
import torch
from scipy.stats import kstest
from torch import Tensor, nn

from dlnotes.initialize import fans, kaiming, redraw, xavier

Draw = Callable[[Tensor], Tensor]
TWINS = [(xavier, nn.init.xavier_normal_), (kaiming, nn.init.kaiming_normal_)]
SHAPES = [(5, 7), (1, 1), (6, 3, 5), (4, 2, 3, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_fans_are_torchs(shape: tuple[int, ...]) -> None:
    W = torch.empty(shape)
    assert fans(W) == nn.init._calculate_fan_in_and_fan_out(W)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_bias_has_no_fans(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="set biases to zero") as caught:
        fans(torch.empty(shape))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("ours", "theirs"), TWINS)
def test_the_same_seed_draws_torchs_weights(
    ours: Draw, theirs: Draw, shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    drawn = ours(torch.empty(shape))
    torch.manual_seed(0)
    torch.testing.assert_close(drawn, theirs(torch.empty(shape)), rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("draw", "variance"), [(xavier, 2 / (300 + 200)), (kaiming, 2 / 300)]
)
def test_the_weights_are_normal_with_the_variance_of_the_paper(
    draw: Draw, variance: float
) -> None:
    torch.manual_seed(1)
    W = draw(torch.empty(200, 300))
    assert kstest(W.ravel().numpy() / variance**0.5, "norm").pvalue > 0.01


@pytest.mark.parametrize("draw", [xavier, kaiming])
def test_weights_are_drawn_in_place_and_returned(draw: Draw) -> None:
    layer = nn.Linear(30, 20)
    before = layer.weight.detach().clone()
    assert draw(layer.weight) is layer.weight
    assert not torch.equal(layer.weight, before)
    assert layer.weight.requires_grad


def test_xavier_keeps_the_variance_of_a_square_linear_layer() -> None:
    torch.manual_seed(2)
    X = torch.randn(2000, 500)
    Z = X @ xavier(torch.empty(500, 500)).T
    assert Z.var().item() == pytest.approx(1, rel=0.02)


def test_kaiming_keeps_the_mean_square_before_a_relu() -> None:
    torch.manual_seed(3)
    X = torch.relu(torch.randn(2000, 500))
    X /= X.square().mean().sqrt()
    Z = X @ kaiming(torch.empty(500, 500)).T
    A = torch.relu(Z)
    assert A.square().mean().item() == pytest.approx(1, rel=0.05)


class TestRedraw:
    def test_weights_are_drawn_and_biases_zero(self) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(3, 32, 5), nn.Linear(200, 300))
        redraw(model, kaiming)
        for layer in model:
            fan_in, _ = fans(layer.weight)
            assert layer.weight.std().item() == pytest.approx(
                (2 / fan_in) ** 0.5, rel=0.05
            )
            assert not layer.bias.any()

    def test_in_order_with_the_draw_that_is_given(self) -> None:
        model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
        torch.manual_seed(0)
        redraw(model, xavier)
        torch.manual_seed(0)
        for layer in model:
            assert torch.equal(layer.weight, xavier(torch.empty_like(layer.weight)))

    def test_a_normalization_stays_as_it_is(self) -> None:
        model = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2))
        nn.init.constant_(model[1].weight, 1.5)
        redraw(model, kaiming)
        assert model[1].weight.tolist() == [1.5, 1.5]
        assert model[1].bias.tolist() == [0, 0]
