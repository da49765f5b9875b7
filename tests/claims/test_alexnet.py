"""What the chapter on AlexNet says in words."""

from collections.abc import Callable
from statistics import mean

import pytest
import torch
from torch import nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.vision.alexnet import alexnet, small_alexnet
from dlnotes.vision.shapes import layer_shapes

Runs = Callable[[str], Run]


@pytest.fixture(scope="module")
def both_runs(both_draws: Callable[[str], list[Run]]) -> list[Run]:
    """Return the training with the page's three seeds and with three others."""
    return both_draws("alexnet_training")


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
        assert parameters / 160 > 300
        assert 61e6 / 1.2e6 == pytest.approx(50, rel=0.05)

    def test_each_rate_lies_between_worse_ones(self, book_run: Runs) -> None:
        run = book_run("alexnet_training")
        for name, found in held(run, "accuracy_by_rate").items():
            best = held(run, "rate_best")[name]
            assert min(found) < best < max(found)
            assert found[best] == max(found.values())

    def test_tanh_beats_relu_at_every_seed(self, vision_run: Runs) -> None:
        found = held(vision_run("alexnet_training"), "accuracies")
        assert min(found["tanh"]) > max(found["ReLU"])

    def test_relu_differs_much_from_seed_to_seed(self, both_runs: list[Run]) -> None:
        found = [held(run, "accuracies")["ReLU"] for run in both_runs]
        assert mean(max(right) - min(right) for right in found) > 0.05

    def test_relu_guesses_for_half_of_the_run(self, vision_run: Runs) -> None:
        means = held(vision_run("alexnet_training"), "means")
        assert means["ReLU"][0] > 2.5
        assert all(2.1 < loss < 2.4 for loss in means["ReLU"][1:8])
        assert means["ReLU"][-1] > 1.5
        assert means["tanh"][7] < 1.7

    def test_without_augmentation_it_learns_by_heart(self, vision_run: Runs) -> None:
        run = vision_run("alexnet_training")
        train, test = held(run, "accuracies_train"), held(run, "accuracies")
        assert train["tanh, no augmentation"] == [1, 1, 1]
        assert max(train["tanh"]) < 0.9
        pairs = zip(test["tanh"], test["tanh, no augmentation"], strict=True)
        assert all(moved > bare for moved, bare in pairs)

    @pytest.mark.settles("alexnet-ideas")
    def test_relu_is_not_better_everywhere(self, vision_run: Runs) -> None:
        right = held(vision_run("alexnet_training"), "accuracies")
        assert min(right["tanh"]) > max(right["ReLU"])

    def test_steps_here_and_in_the_paper(self, book_run: Runs) -> None:
        assert 90 * 1_200_000 / 128 == pytest.approx(840_000, rel=0.01)
        values = book_run("alexnet_training").values
        assert (values["EPOCHS"], values["part"]) == (15, 160)
        assert values["EPOCHS"] * values["part"] / 16 == 150  # in batches of 16

    def test_three_together_are_better_than_one(self, vision_run: Runs) -> None:
        run = vision_run("alexnet_training")
        mean = held(run, "accuracy_mean")
        for name, together in held(run, "accuracy_together").items():
            assert together > mean[name] + 0.03


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
