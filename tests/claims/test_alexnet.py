"""What the chapter on AlexNet says in words."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from containers import held
from dlnotes.book.store import Run
from dlnotes.vision.alexnet import alexnet, small_alexnet
from dlnotes.vision.shapes import layer_shapes

Runs = Callable[[str], Run]
DROPOUT = "tanh, dropout of 0.5"


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
        assert values["number_paper"] == 54.25
        assert values["number_227"] == values["number_padded"] == 55
        for side, padding, maps in ((227, 0, 55), (224, 2, 55), (224, 0, 54)):
            stem = nn.Conv2d(3, 1, 11, stride=4, padding=padding)
            assert stem(torch.zeros(1, 3, side, side)).shape[-1] == maps

    def test_parameters_are_the_papers_and_torchvisions(self, book_run: Runs) -> None:
        found = held(book_run("alexnet"), "parameters")
        assert found["the paper’s, two towers"] == 60_965_224
        assert found["one tower"] == found["torchvision’s"] == 61_100_840

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


class TestContributions:
    def test_the_network_is_larger_than_its_data(self) -> None:
        small = small_alexnet(8)
        parameters = sum(W.numel() for W in small.parameters())
        assert parameters == pytest.approx(50_000, rel=0.05)
        assert parameters / 500 == pytest.approx(61e6 / 1.2e6 * 2, rel=0.1)

    def test_each_rate_lies_between_worse_ones(self, book_run: Runs) -> None:
        for snippet in ("alexnet_training", "alexnet_regularized"):
            rows = held(book_run(snippet), "accuracy_by_rate")
            for name, row in rows.items():
                assert row[1] > max(row[0], row[2]), name

    def test_tanh_beats_relu_at_every_seed(self, vision_run: Runs) -> None:
        found = held(vision_run("alexnet_training"), "accuracies")
        assert min(found["tanh"]) > max(found["ReLU"])

    def test_its_loss_falls_earlier(self, vision_run: Runs) -> None:
        means = held(vision_run("alexnet_training"), "means")
        fallen = [
            next(n for n, loss in enumerate(means[name]) if loss < 2)
            for name in ("tanh", "ReLU")
        ]
        assert fallen[0] < fallen[1]

    def test_without_augmentation_it_learns_by_heart(self, vision_run: Runs) -> None:
        run, bare = vision_run("alexnet_training"), vision_run("alexnet_regularized")
        train = held(bare, "accuracies_train")["tanh, no augmentation"]
        test = held(bare, "accuracies")["tanh, no augmentation"]
        assert min(train) > 0.98
        assert min(train) > max(held(run, "accuracies_train")["tanh"])
        assert min(held(run, "accuracies")["tanh"]) > max(test)

    @pytest.mark.settles("alexnet-ideas")
    def test_no_idea_does_it_alone(self, vision_run: Runs) -> None:
        """Tanh is no loss here, and augmentation a gain, at every seed."""
        right = held(vision_run("alexnet_training"), "accuracies")
        assert min(right["tanh"]) > max(right["ReLU"])
        bare = held(vision_run("alexnet_regularized"), "accuracies")
        assert min(right["tanh"]) > max(bare["tanh, no augmentation"])

    def test_dropout_hurts_and_not_by_learning_by_heart(self, vision_run: Runs) -> None:
        run, dropped = vision_run("alexnet_training"), vision_run("alexnet_regularized")
        for quantity in ("accuracies", "accuracies_train"):
            assert max(held(dropped, quantity)[DROPOUT]) < min(
                held(run, quantity)["tanh"]
            )

    def test_the_papers_steps(self) -> None:
        assert 90 * 1_200_000 / 128 == pytest.approx(840_000, rel=0.01)
        assert 15 * 500 / 20 == 375

    def test_three_together_are_better_than_the_best(self, vision_run: Runs) -> None:
        run = vision_run("alexnet_training")
        together = held(run, "accuracy_together")["tanh"]
        assert together > max(held(run, "accuracies")["tanh"])


class TestExercises:
    def test_crops(self, book_run: Runs) -> None:
        values = book_run("alexnet_exercises").values
        assert values["crops_paper"] == 2048
        assert values["crops_all"] == 2 * 33**2
        assert values["crops_here"] == 81

    def test_windows_of_2_by_2_leave_the_shapes_as_they_are(self) -> None:
        for side in (55, 27, 13):
            X = torch.zeros(1, 1, side, side)
            assert nn.MaxPool2d(2)(X).shape == nn.MaxPool2d(3, 2)(X).shape

    def test_it_fits_into_three_gigabytes(self, book_run: Runs) -> None:
        assert book_run("alexnet_exercises").values["memory"] < 3072
