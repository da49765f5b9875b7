"""What the chapter on DenseNet says in words."""

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import nn

from containers import held
from dlnotes.book.store import Run
from dlnotes.vision.compared import COMPARED
from dlnotes.vision.densenet import DenseBlock, dense_layer, densenet, densenet121

Runs = Callable[[str], Run]


def count(model: nn.Module) -> int:
    return sum(W.numel() for W in model.parameters())


class TestTheBlock:
    def test_what_entered_leaves_unchanged_in_front(self) -> None:
        torch.manual_seed(0)
        X = torch.randn(2, 64, 14, 14)
        out = DenseBlock(64, layers=6, growth=32)(X)
        assert out.shape == (2, 64 + 6 * 32, 14, 14)
        assert torch.equal(out[:, :64], X)

    def test_layer_l_sees_the_maps_of_all_before_it(self) -> None:
        block = DenseBlock(64, layers=6, growth=32)
        seen = [layer[0].num_features for layer in block.layers]
        assert seen == [64 + 32 * n for n in range(6)]

    def test_121_layers_have_weights(self) -> None:
        with torch.device("meta"):
            ours, theirs = densenet121(), torchvision.models.densenet121()
        kinds = (nn.Conv2d, nn.Linear)
        assert sum(isinstance(m, kinds) for m in ours.modules()) == 121
        assert count(ours) == count(theirs) == 7_978_856

    @pytest.mark.parametrize(("C", "saves"), [(230, False), (231, True)])
    def test_a_bottleneck_saves_from_seven_times_the_growth_on(
        self, C: int, saves: bool
    ) -> None:
        def weights(bottleneck: bool) -> int:
            layer = dense_layer(C, 32, bottleneck)
            return sum(W.numel() for W in layer.parameters() if W.ndim > 1)

        assert (weights(True) < weights(False)) == saves

    def test_without_compression_it_has_many_more_parameters(self) -> None:
        with torch.device("meta"):
            stem = nn.Conv2d(3, 64, 7)
            sizes = [
                count(densenet(stem, 64, (6, 12, 24, 16), 32, 1000, share))
                for share in (0.5, 1.0)
            ]
        assert sizes[1] > 1.7 * sizes[0]

    def test_adding_needs_wide_layers(self) -> None:
        layers = [nn.Conv2d(64 + 12 * n, 12, 3, bias=False) for n in range(6)]
        assert sum(map(count, layers)) == 60_912
        assert 6 * count(nn.Conv2d(64, 64, 3, bias=False)) == 221_184


class TestMemory:
    @pytest.mark.settles("densenet-memory")
    def test_fewer_parameters_and_more_memory_than_resnet(self, book_run: Runs) -> None:
        run = book_run("densenet")
        parameters, memory = held(run, "parameters"), held(run, "memory")
        assert parameters["DenseNet-121"] < parameters["ResNet-50"] / 3
        assert run.values["ratio_memory"] > 1.2
        assert run.values["ratio_memory"] == pytest.approx(
            memory["DenseNet-121"] / memory["ResNet-50"]
        )

    def test_it_grows_with_the_square_unless_it_is_computed_again(
        self, book_run: Runs
    ) -> None:
        run = book_run("densenet")
        assert run.values["ratio_all"] > 3
        assert 1.8 < run.values["ratio_again"] < 2
        assert run.values["share_again"] < 0.05

    def test_the_gradients_are_the_same(self, book_run: Runs) -> None:
        assert book_run("densenet_exercises").values["difference"] < 1e-6


class TestParameters:
    def test_a_densenet_is_far_ahead_at_equal_parameters(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("densenet_parameters")
        accuracy, parameters = held(run, "accuracy"), held(run, "parameters")
        ours, theirs = ("DenseNet", 12), ("ResNet", 8)
        assert parameters[ours] == pytest.approx(parameters[theirs], rel=0.03)
        assert accuracy[ours] > accuracy[theirs] + 0.1

    def test_one_with_a_sixth_of_the_parameters_is_as_good(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("densenet_parameters")
        accuracy, deviation = held(run, "accuracy"), held(run, "deviation")
        ours, theirs = ("DenseNet", 9), ("ResNet", 16)
        spread = deviation[ours] + deviation[theirs]
        assert accuracy[ours] > accuracy[theirs] - spread
        parameters = held(run, "parameters")
        assert parameters[theirs] > 6 * parameters[ours]

    def test_the_lead_is_smaller_at_equal_multiplications(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("densenet_parameters")
        accuracy, products = held(run, "accuracy"), held(run, "products")
        ours, alike, small = ("DenseNet", 12), ("ResNet", 12), ("ResNet", 8)
        assert products[ours] == pytest.approx(products[alike], rel=0.05)
        lead = accuracy[ours] - accuracy[alike]
        assert 0 < lead < accuracy[ours] - accuracy[small]

    def test_a_weight_of_a_densenet_is_used_more_often(self, book_run: Runs) -> None:
        run = book_run("densenet_parameters")
        products, parameters = held(run, "products"), held(run, "parameters")
        for (family, size), cost in products.items():
            each = 1000 * cost / parameters[family, size]
            assert each == pytest.approx(80 if family == "DenseNet" else 33, rel=0.12)

    def test_old_maps_are_used_in_every_block(self, vision_run: Runs) -> None:
        run = vision_run("densenet_parameters")
        whole, cut = held(run, "accuracy_whole"), held(run, "accuracy_cut")
        for block in (1, 2, 3):
            for seed in range(3):
                assert cut[block, True][seed] < whole[seed]
        assert sum(cut[1, True]) < sum(cut[1, False])

    def test_the_smallest_are_not_ranked_at_equal_multiplications(
        self, vision_run: Runs
    ) -> None:
        """Either may be ahead, by the seeds, and one of them scatters widely."""
        run = vision_run("densenet_parameters")
        accuracy, products = held(run, "accuracy"), held(run, "products")
        ours, theirs = ("DenseNet", 6), ("ResNet", 8)
        assert products[ours] == pytest.approx(products[theirs], rel=0.03)
        assert abs(accuracy[ours] - accuracy[theirs]) < 0.15


class TestRates:
    def test_every_rate_is_bracketed(self, vision_run: Runs) -> None:
        for snippet in ("densenet_parameters", "models_rates"):
            run = vision_run(snippet)
            for name, found in held(run, "accuracy_by_rate").items():
                best = list(found).index(held(run, "rate_best")[name])
                assert 0 < best < len(found) - 1

    def test_the_table_uses_the_rates_that_were_best(self, book_run: Runs) -> None:
        best = held(book_run("models_rates"), "rate_best")
        used = held(book_run("models_compared"), "RATES")
        assert set(used) == set(COMPARED)
        for name, rate in used.items():
            assert rate == pytest.approx(best[name], rel=0.1)


class TestAllModels:
    def test_the_smallest_networks_are_the_most_accurate(self, book_run: Runs) -> None:
        run = book_run("models_compared")
        accuracy, parameters = held(run, "accuracy"), held(run, "parameters")
        for column, reverse in ((accuracy, True), (parameters, False)):
            first = sorted(column, key=column.__getitem__, reverse=reverse)[:2]
            assert set(first) == {"DenseNet", "GoogLeNet"}

    def test_normalized_networks_are_ahead(self, book_run: Runs) -> None:
        accuracy = held(book_run("models_compared"), "accuracy")
        plain = [accuracy[name] for name in ("MLP", "LeNet", "AlexNet")]
        assert len(accuracy) == 8
        for name in ("VGG", "NiN", "GoogLeNet", "ResNet", "DenseNet"):
            assert accuracy[name] > max(plain)

    def test_parameters_and_multiplications_do_not_go_together(
        self, book_run: Runs
    ) -> None:
        run = book_run("models_compared")
        parameters, products = held(run, "parameters"), held(run, "products")
        assert max(parameters, key=parameters.__getitem__) == "MLP"
        assert min(products, key=products.__getitem__) == "MLP"
        assert parameters["MLP"] / parameters["DenseNet"] == pytest.approx(20, abs=3)
        assert products["DenseNet"] / products["MLP"] == pytest.approx(3.8, abs=0.2)
        assert products["AlexNet"] == pytest.approx(2 * products["ResNet"], rel=0.05)

    def test_one_seed_and_one_epoch_make_a_rough_rate(self, book_run: Runs) -> None:
        run = book_run("models_compared")
        accuracy, deviation = held(run, "accuracy"), held(run, "deviation")
        assert deviation["LeNet"] > accuracy["LeNet"] / 2
