"""The networks of the table of all models take the same images."""

import pytest
import torch

from dlnotes.vision.compared import COMPARED
from dlnotes.vision.shapes import multiplications

SIZES = {  # parameters, and multiplications for an image of 28 × 28
    "MLP": (235_146, 234_752),
    "LeNet": (61_706, 416_520),
    "VGG": (96_898, 1_483_136),
    "NiN": (26_746, 1_075_264),
    "GoogLeNet": (11_470, 546_656),
    "ResNet": (19_810, 645_216),
    "DenseNet": (10_570, 885_504),
}


@pytest.mark.parametrize("name", COMPARED)
def test_it_maps_images_to_ten_logits(name: str) -> None:
    torch.manual_seed(0)
    assert COMPARED[name]()(torch.rand(4, 1, 28, 28)).shape == (4, 10)


@pytest.mark.parametrize("name", SIZES)
def test_its_size(name: str) -> None:
    model = COMPARED[name]()
    parameters = sum(W.numel() for W in model.parameters())
    assert (parameters, multiplications(model, (1, 1, 28, 28))) == SIZES[name]
