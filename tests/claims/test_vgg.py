"""What the chapter on VGG says in words."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.initialize import kaiming, redraw
from dlnotes.receptive import receptive_field, sliding_layers
from dlnotes.stability import layer_scales
from dlnotes.vision.alexnet import alexnet
from dlnotes.vision.shapes import layer_shapes, multiplications
from dlnotes.vision.vgg import VGG16, vgg16, vgg_block, vgg_features

Runs = Callable[[str], Run]
IMAGE = (1, 3, 224, 224)
PAIRS, SINGLE = "pairs of 3 × 3", "one 5 × 5"


@pytest.fixture(scope="module")
def model() -> nn.Module:
    with torch.device("meta"):
        return vgg16()


def seen(layers: nn.Module) -> int:
    """Return how wide the part of the input is on which a central output depends."""
    X = torch.zeros(1, 1, 15, 15, requires_grad=True)
    layers(X)[0, 0, -1, -1].backward()
    return int((X.grad[0, 0] != 0).any(dim=0).sum())


class TestStacks:
    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_a_stack_sees_as_much_as_one_kernel(self, n: int) -> None:
        stack = nn.Sequential(*(nn.Conv2d(1, 1, 3) for _ in range(n)))
        assert seen(stack) == seen(nn.Conv2d(1, 1, 2 * n + 1)) == 2 * n + 1

    def test_it_saves_where_channels_stay_and_not_where_they_double(
        self, book_run: Runs
    ) -> None:
        values = book_run("vgg").values
        assert values["ratio_pair"] == pytest.approx(18 / 25)
        assert values["ratio_triple"] == pytest.approx(27 / 49)
        assert values["ratio_doubled"] == pytest.approx(54 / 50)


class TestBlocks:
    def test_a_block_halves_the_size_and_keeps_it_until_then(self) -> None:
        block = vgg_block(3, 2, 5)
        shapes = [row.shape for row in layer_shapes(block, (1, 2, 28, 28), depth=1)]
        assert {shape[2:] for shape in shapes[:-1]} == {(28, 28)}
        assert shapes[-1] == (1, 5, 14, 14)

    def test_thirteen_convolutions_and_three_dense_layers(
        self, model: nn.Module
    ) -> None:
        kinds = [type(layer) for layer in model.modules()]
        assert kinds.count(nn.Conv2d) == 13
        assert kinds.count(nn.Linear) == 3

    def test_parameters_are_torchvisions(self, book_run: Runs) -> None:
        found = held(book_run("vgg"), "parameters")
        assert found == {"VGG-11": 132_863_336, "VGG-16": 138_357_544}
        lines = book_run("vgg").log("columns").splitlines()
        for line, number in zip(lines, found.values(), strict=True):
            assert line.count(f"{number:,}") == 2

    def test_channels_double_until_512(self) -> None:
        assert [width for _, width in VGG16] == [64, 128, 256, 512, 512]


class TestSpent:
    def test_nine_tenths_are_in_the_dense_layers(self, book_run: Runs) -> None:
        values = book_run("vgg").values
        assert values["parameters_head"] == 123_642_856
        assert values["share_head"] > 0.85
        assert values["share_first_dense"] > 0.7
        assert values["share_work_head"] < 0.01

    def test_twice_alexnets_parameters_and_twenty_times_its_products(
        self, model: nn.Module, book_run: Runs
    ) -> None:
        with torch.device("meta"):
            small = alexnet()
        products = multiplications(model, IMAGE)
        assert products == pytest.approx(
            book_run("vgg").values["product_count"], rel=1e-3
        )
        assert products > 20 * multiplications(small, IMAGE)
        assert sum(W.numel() for W in model.parameters()) > 2 * 61_100_840


class TestSignals:
    def test_only_kaiming_keeps_the_size(self, book_run: Runs) -> None:
        scales = held(book_run("vgg"), "scales")
        ends = {name: sizes[-1] / sizes[0] for name, sizes in scales.items()}
        assert 0.3 < ends["Kaiming"] < 3
        assert ends["N(0, 0.1²)"] > 1e4
        assert ends["N(0, 0.01²)"] < 1e-5

    @pytest.mark.parametrize("seed", [1, 2])
    def test_so_with_other_weights(self, seed: int) -> None:
        torch.manual_seed(seed)
        X = torch.randn(1, 3, 64, 64)
        ends = []
        for draw in (kaiming, lambda W: nn.init.normal_(W, 0.0, 0.1)):
            features = vgg_features(VGG16, 3)
            redraw(features, draw)
            convs = [m for m in features.modules() if isinstance(m, nn.Conv2d)]
            sizes: Tensor = layer_scales(features, convs, X)
            ends.append((sizes[-1] / sizes[0]).item())
        assert 0.3 < ends[0] < 3
        assert ends[1] > 1e4

    def test_a_deviation_that_keeps_512_channels(self) -> None:
        assert math.sqrt(2 / (9 * 512)) == pytest.approx(0.021, abs=0.0005)


class TestTraining:
    def test_both_have_about_as_many_products(self, book_run: Runs) -> None:
        run = book_run("vgg_training")
        products = held(run, "product_counts")
        assert products[SINGLE] == pytest.approx(products[PAIRS], rel=0.05)
        parameters = held(run, "parameter_counts")
        assert parameters[SINGLE] > 1.1 * parameters[PAIRS]

    def test_each_rate_lies_between_worse_ones(self, book_run: Runs) -> None:
        run = book_run("vgg_training")
        for name, found in held(run, "accuracy_by_rate").items():
            best = held(run, "rate_best")[name]
            assert min(found) < best < max(found)
            assert found[best] == max(found.values())

    def test_neither_is_better(self, vision_run: Runs) -> None:
        run = vision_run("vgg_training")
        assert abs(run.values["errors_apart"]) < 1
        found = held(run, "accuracies")
        assert min(found[PAIRS]) < max(found[SINGLE])
        assert min(found[SINGLE]) < max(found[PAIRS])

    def test_the_curves_lie_on_each_other_and_start_slowly(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("vgg_training")
        points, steps = held(run, "points"), run.values["length"]
        assert steps == 10
        assert 2 * math.ceil(3000 / 32) == 188
        for pairs, single in list(zip(points[PAIRS], points[SINGLE], strict=True))[1:]:
            assert pairs == pytest.approx(single, abs=0.15)
        for losses in points.values():
            assert all(loss > 2.1 for loss in losses[:4])


class TestExercises:
    def test_the_field_behind_each_block(self, book_run: Runs) -> None:
        lines = book_run("vgg_exercises").log("solution-1").splitlines()
        blocks = nn.Sequential()
        with torch.device("meta"):
            features = vgg_features(VGG16, 3)
        for line, block in zip(lines, features, strict=True):
            blocks.append(block)
            field, jump = receptive_field(sliding_layers(blocks))
            assert line.endswith(f"{field} pixels, steps of {jump}")
        assert field == 212

    def test_two_kernels_move_in_17_directions(self, book_run: Runs) -> None:
        values = book_run("vgg_exercises").values
        assert values["rank"] == 17
        assert values["difference"] < 1e-4

    def test_nearly_half_of_the_memory_is_in_the_first_block(
        self, book_run: Runs
    ) -> None:
        amounts = list(held(book_run("vgg_exercises"), "amounts").values())
        assert amounts[0] == max(amounts)
        assert 0.4 < amounts[0] / sum(amounts) < 0.5

    def test_pairs_of_column_b_save_little(self, book_run: Runs) -> None:
        values = book_run("vgg_exercises").values
        assert 0.8 < values["weights_pairs"] / values["weights_single"] < 0.9

    def test_doubling_spreads_as_many_multiplications_over_the_blocks(
        self, book_run: Runs
    ) -> None:
        run = book_run("vgg_exercises")
        doubling, constant = held(run, "millions").values()
        assert sum(constant) == pytest.approx(sum(doubling), rel=0.01)
        assert doubling[1] == doubling[2]
        assert max(doubling) / sum(doubling) < 0.4
        assert constant == sorted(constant, reverse=True)
        assert run.values["share_first_block"] > 0.6
        last = vgg_block(2, 32, 64)
        parameters = held(run, "learned")[16, 32, 64]
        assert sum(W.numel() for W in last.parameters()) > 0.7 * parameters

    def test_the_second_convolutions_cost_the_same_while_channels_double(
        self, model: nn.Module
    ) -> None:
        shapes = {row.name: row.shape for row in layer_shapes(model, IMAGE, depth=3)}
        counts = [
            model.get_submodule(name).weight.numel() * math.prod(shapes[name][2:])
            for name in (f"features.block{n}.2" for n in range(1, 5))
        ]
        assert len(set(counts)) == 1
