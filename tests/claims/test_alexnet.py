"""What the chapter on AlexNet says in words."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from containers import held
from dlnotes.book.store import Run
from dlnotes.vision.alexnet import alexnet
from dlnotes.vision.shapes import layer_shapes

Runs = Callable[[str], Run]


@pytest.fixture(scope="module")
def model() -> nn.Module:
    with torch.device("meta"):
        return alexnet()


class TestLayers:
    def test_maps_of_6_by_6_come_from_224_by_224(self, model: nn.Module) -> None:
        shapes = {row.name: row.shape for row in layer_shapes(model, (1, 3, 224, 224))}
        assert shapes["features.12"] == shapes["head.0"] == (1, 256, 6, 6)
        assert shapes["head.8"] == (1, 1000)

    def test_the_average_changes_nothing_there(self) -> None:
        X = torch.randn(2, 256, 6, 6)
        assert torch.equal(nn.AdaptiveAvgPool2d(6)(X), X)

    def test_other_sizes_come_through_because_of_it(self, model: nn.Module) -> None:
        assert layer_shapes(model, (1, 3, 192, 256))[-1].shape == (1, 1000)

    def test_55_needs_227_or_padding(self, book_run: Runs) -> None:
        values = book_run("alexnet").values
        assert values["side_paper"] == 54.25
        assert values["side_227"] == values["side_padded"] == 55
        for side, padding, maps in ((227, 0, 55), (224, 2, 55), (224, 0, 54)):
            stem = nn.Conv2d(3, 1, 11, stride=4, padding=padding)
            assert stem(torch.zeros(1, 3, side, side)).shape[-1] == maps

    def test_parameters_are_the_papers_and_torchvisions(self, book_run: Runs) -> None:
        found = held(book_run("alexnet"), "parameters")
        assert list(found.values()) == [60_965_224, 61_100_840, 61_100_840]

    def test_groups_save_parameters(self) -> None:
        with torch.device("meta"):
            split = alexnet(towers=2)
        saved = 0
        for name in ("features.3", "features.8", "features.10"):
            conv = split.get_submodule(name)
            assert conv.groups == 2
            assert (
                2 * conv.weight[0].numel()
                == conv.in_channels * conv.weight[0, 0].numel()
            )
            saved += conv.weight.numel()
        total = sum(W.numel() for W in split.parameters())
        assert total + saved > 62_000_000
        widths = [split.features[0].out_channels, split.features[3].out_channels]
        assert widths == [96, 256]

    def test_memory_is_in_the_dense_layers_and_time_in_the_convolutions(
        self, book_run: Runs
    ) -> None:
        run = book_run("alexnet")
        parameters, work = held(run, "share_parameters"), held(run, "share_work")
        assert sum(parameters[5:]) > 0.9
        assert parameters[5] > 0.5
        assert sum(work[:5]) > 0.9
        assert sum(parameters) == pytest.approx(1)
