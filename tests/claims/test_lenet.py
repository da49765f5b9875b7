"""What the chapter on LeNet says in words."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from containers import held
from dlnotes.book.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes, load_scenes
from dlnotes.vision.lenet import lenet
from dlnotes.vision.shapes import layer_shapes

Runs = Callable[[str], Run]


class TestTheData:
    def test_the_digits_of_softmax_regression_are_too_easy(
        self, book_run: Runs
    ) -> None:
        """A linear model is right more than nineteen times out of twenty."""
        assert book_run("softmax_regression").values["test_accuracy"] > 0.95

    def test_a_training_digit_is_used_about_four_times(self) -> None:
        ratio = len(load_scenes().train.X) / len(load_digits().train.X)
        assert 3.5 < ratio < 4.5

    @pytest.mark.parametrize("seed", range(3))
    def test_the_stages_show_the_same_digits(self, seed: int) -> None:
        digits = load_digits().train
        stages = [
            draw_scenes(digits, 50, seed, **settings)
            for settings in ({"pieces": 0, "spread": 0.0}, {"pieces": 0}, {})
        ]
        for scenes in stages:
            assert torch.equal(scenes.canvases.y, stages[0].canvases.y)
            size = scenes.boxes[:, 0]
            assert torch.equal(size, stages[0].boxes[:, 0])
            assert size.min() >= 12
            assert size.max() <= 18
        ink = [scenes.canvases.X.sum() for scenes in stages]
        assert ink[2] > 1.2 * ink[1]


class TestLayers:
    def test_the_paper_s_images_without_padding_give_the_same_shapes(self) -> None:
        model = lenet()
        padded = [row.shape for row in layer_shapes(model, (1, 1, 28, 28))]
        model.features[0].padding = (0, 0)
        model.side = 32
        bare = [row.shape for row in layer_shapes(model, (1, 1, 32, 32))]
        assert padded == bare

    def test_four_fifths_of_the_parameters_are_in_c5(self, book_run: Runs) -> None:
        run = book_run("lenet")
        by_hand = held(run, "by_hand")
        count = run.values["parameter_count"]
        assert sum(by_hand.values()) == count == 61_706
        assert 0.75 < by_hand["C5"] / count < 0.8
        assert by_hand["C1"] + by_hand["C3"] < 2_600

    def test_each_parameter_is_used_nearly_seven_times(self, book_run: Runs) -> None:
        values = book_run("lenet").values
        assert 6.5 < values["product_count"] / values["parameter_count"] < 7

    def test_a_dense_layer_in_place_of_c1(self, book_run: Runs) -> None:
        dense = nn.Linear(28 * 28, 6 * 28 * 28)
        count = sum(W.numel() for W in dense.parameters())
        assert count == book_run("lenet").values["parameter_dense"]


class TestHistory:
    @pytest.mark.settles("lenet-1989")
    def test_the_network_of_1989_has_the_parameters_of_its_paper(
        self, book_run: Runs
    ) -> None:
        values = book_run("lenet").values
        assert values["parameter_1989"] == 9_760
        assert values["parameter_paper"] == 60_000

    @pytest.mark.settles("lenet-1989")
    def test_its_layers_really_share_their_kernels(self) -> None:
        """Built: kernels by convolution, and a bias for each unit."""
        first = nn.Conv2d(1, 12, 5, stride=2, bias=False)
        second = nn.Conv2d(8, 12, 5, stride=2, bias=False)  # each sees 8 of 12
        third, last = nn.Linear(12 * 4 * 4, 30), nn.Linear(30, 10)
        H1 = first(nn.functional.pad(torch.zeros(1, 1, 16, 16), (2, 1, 2, 1)))
        assert H1.shape == (1, 12, 8, 8)
        H2 = second(nn.functional.pad(H1[:, :8], (2, 1, 2, 1)))
        assert H2.shape == (1, 12, 4, 4)
        weights = sum(
            W.numel()
            for part in (first, second, third, last)
            for W in part.parameters()
        )
        assert weights + H1.numel() + H2.numel() == 9_760


class TestExercises:
    def test_the_paper_s_table_gives_its_count(self, book_run: Runs) -> None:
        assert book_run("lenet_exercises").values["parameter_table"] == 1_516
