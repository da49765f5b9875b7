import pytest
import torch
from torch import nn

from dlnotes.looking import (
    feature_maps,
    grad_cam,
    gradient_times_input,
    occlusion,
    shares_inside,
)


def small() -> nn.Sequential:
    torch.manual_seed(0)
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4))
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), *head).double()


X = torch.rand(5, 2, 9, 9, dtype=torch.float64)
y = torch.tensor([0, 3, 1, 2, 2])


def test_maps_are_what_the_layer_puts_out_and_no_hook_stays() -> None:
    model = small()
    logits, maps = feature_maps(model, model[1], X)
    assert torch.equal(maps, model[0](X).relu())
    assert torch.equal(logits, model(X))
    assert not model[1]._forward_hooks


def test_a_layer_of_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="does not use this layer"):
        feature_maps(small(), small()[1], X)


def test_for_a_linear_model_gradient_times_input_is_each_pixels_part() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(162, 4)).double()
    W = model[1].weight.reshape(4, 2, 9, 9)[y]
    expected = (W * X).sum(1).abs()
    found = gradient_times_input(model, X, y)
    assert torch.allclose(found, expected)
    assert not found.requires_grad


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (4, 1), (9, 5)])
def test_occlusion_is_the_logit_lost_by_zeroing_a_square(
    size: int, stride: int
) -> None:
    model = small()
    found = occlusion(model, X, y, size, stride)
    n = (9 - size) // stride + 1
    assert found.shape == (5, n, n)
    for i, j in ((0, 0), (n - 1, 0), (0, n - 1), (n // 2, n - 1)):
        covered = X.clone()
        top, left = i * stride, j * stride
        covered[:, :, top : top + size, left : left + size] = 0
        lost = (model(X) - model(covered))[torch.arange(5), y]
        assert torch.allclose(found[:, i, j], lost)


def test_grad_cam_of_a_global_average_is_the_heads_weighted_sum_of_maps() -> None:
    """Behind a global average the mean gradient is the head's weight over H'W'."""
    model = small()
    maps = model[0](X).relu()  # (5, 3, 7, 7)
    weights = model[4].weight[y] / 49
    expected = torch.einsum("bc,bchw->bhw", weights, maps).relu()
    assert torch.allclose(grad_cam(model, model[1], X, y), expected)
    assert (expected == 0).any()
    assert (expected > 0).any()


def test_a_map_points_into_its_box_or_not() -> None:
    heat = torch.zeros(4, 4, 4)
    heat[0, 1, 1] = 3.0
    heat[0, 3, 3] = 1.0  # outside
    heat[1, 0, 3] = 1.0  # outside
    heat[2, 2, 1] = 2.0
    centres = torch.tensor([3.5, 10.5, 17.5, 24.5])
    boxes = torch.tensor([[14.0, 7.0, 7.0]]).repeat(4, 1)
    hit, mass = shares_inside(heat, centres, boxes)
    assert hit.tolist() == [True, False, True, False]
    assert mass.tolist() == [0.75, 0.0, 1.0, 0.0]


def test_rows_and_columns_are_not_confused() -> None:
    heat = torch.zeros(1, 4, 4)
    heat[0, 0, 2] = 1.0
    centres = torch.tensor([0.0, 1.0, 2.0, 3.0])
    hit, _ = shares_inside(heat, centres, torch.tensor([[1.0, 0.0, 2.0]]))
    assert hit.item()
    hit, _ = shares_inside(heat, centres, torch.tensor([[1.0, 2.0, 0.0]]))
    assert not hit.item()


def test_a_frozen_model_can_be_asked_too() -> None:
    model = small()
    expected = grad_cam(model, model[1], X, y)
    model.requires_grad_(False)
    assert torch.equal(grad_cam(model, model[1], X, y), expected)
