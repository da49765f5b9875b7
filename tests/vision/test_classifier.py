"""What holds for all models."""

import importlib
import math
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import nn

from dlnotes.vision.classifier import Classifier
from dlnotes.vision.models import MODELS
from vision_models import count, images, learns

COUNTS = {
    "lenet": 61706,
    "alexnet": 61100840,
    "vgg11": 132863336,
    "vgg16": 138357544,
    "nin": 7439608,
    "cifar_nin": 966986,
    "googlenet": 6998552,
    "resnet18": 11689512,
    "resnet50": 25557032,
    "densenet121": 7978856,
    "small_alexnet": 197994,
    "small_vgg": 96682,
    "small_nin": 59314,
    "small_googlenet": 24704,
    "small_resnet": 77754,
    "small_densenet": 19362,
}
SMALL = {
    name: build
    for name, build in MODELS.items()
    if name.startswith("small_") or name == "lenet"
}
some = pytest.mark.parametrize("build", SMALL.values(), ids=SMALL)


def test_parameters() -> None:
    with torch.device("meta"):
        found = {name: count(build()) for name, build in MODELS.items()}
    assert found == COUNTS


@pytest.mark.parametrize("name", ["lenet", "alexnet", "nin", "googlenet"])
def test_a_constructor_does_not_hide_its_module(name: str) -> None:
    package = importlib.import_module("dlnotes.vision")
    assert isinstance(getattr(package, name), ModuleType)


@pytest.mark.parametrize("name", MODELS)
def test_images_become_logits(name: str) -> None:
    with torch.device("meta"):
        model = MODELS[name](channels=2, classes=7)
        side = 28 if name in SMALL else 32 if name == "cifar_nin" else 224
        assert model(torch.empty(3, 2, side, side)).shape == (3, 7)


@some
def test_the_head_takes_what_the_features_give(
    build: Callable[..., Classifier],
) -> None:
    model, X = build().eval(), images(2, 1, 28)
    maps = model.features(X)
    assert maps.ndim == 4
    torch.testing.assert_close(model.head(maps), model(X))


@some
def test_each_learns_a_tiny_batch(build: Callable[..., Classifier]) -> None:
    torch.manual_seed(0)
    assert learns(build()) < 0.1 * math.log(10)


@some
def test_every_parameter_has_a_gradient(build: Callable[..., Classifier]) -> None:
    torch.manual_seed(0)
    model = build()
    model(images(4, 1, 28)).square().sum().backward()
    assert all(W.grad.abs().max() > 0 for W in model.parameters())


@some
def test_an_image_does_not_depend_on_its_batch(
    build: Callable[..., Classifier],
) -> None:
    torch.manual_seed(0)
    model, X = build().eval(), images(4, 1, 28)
    torch.testing.assert_close(model(X)[2:3], model(X[2:3]), rtol=1e-4, atol=1e-5)


@some
def test_images_without_an_axis_of_channels(build: Callable[..., Classifier]) -> None:
    message = (
        r"^the images are \(5, 28, 28\): they must be \(B, C, H, W\); "
        r"X\.unsqueeze\(1\) gives grey ones \(B, H, W\) their channel$"
    )
    with pytest.raises(ValueError, match=message):
        build()(torch.zeros(5, 28, 28))


@some
def test_images_with_other_channels(build: Callable[..., Classifier]) -> None:
    message = (
        "^the images have 3 channels, and the model was built for 1: "
        "build it with channels=3$"
    )
    with pytest.raises(ValueError, match=message):
        build()(torch.zeros(5, 3, 28, 28))


@pytest.mark.parametrize(("H", "W"), [(28, 30), (30, 28)])
def test_a_side_that_is_asked(H: int, W: int) -> None:
    features, head = nn.Conv2d(1, 2, 3), nn.Flatten()
    assert Classifier(features, head)(torch.zeros(1, 1, H, W)).ndim == 2
    with pytest.raises(ValueError, match=f"the images are {H} × {W}, and"):
        Classifier(features, head, side=28)(torch.zeros(1, 1, H, W))
