"""What the chapter on DenseNet says in words."""

from collections.abc import Callable
from inspect import signature
from math import ceil

import pytest
import torch
import torchvision
from torch import nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.images import ImageSet
from dlnotes.data.scenes import load_scenes
from dlnotes.train.classifier import fit, score
from dlnotes.vision.compared import COMPARED
from dlnotes.vision.densenet import DenseBlock, dense_layer, densenet, densenet121

Runs = Callable[[str], Run]
DENSE = "DenseNet, growth rate 12"
ALIKE, WIDE = "ResNet, width 8", "ResNet, width 12"
NORMALIZED = ("VGG", "NiN", "GoogLeNet", "ResNet", "DenseNet")


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

    def test_a_convolution_of_stacked_maps_is_a_sum_over_their_sources(self) -> None:
        torch.manual_seed(0)
        X = torch.rand(2, 20, 7, 7)
        sources = X.split([8, 6, 6], dim=1)
        whole = nn.Conv2d(20, 4, 3, bias=False)
        kernels = whole.weight.split([8, 6, 6], dim=1)
        answers = [
            nn.functional.conv2d(one, W)
            for one, W in zip(sources, kernels, strict=True)
        ]
        torch.testing.assert_close(whole(X), torch.stack(answers).sum(dim=0))

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
        assert parameters[DENSE] == pytest.approx(parameters[ALIKE], rel=0.03)
        assert accuracy[DENSE] > accuracy[ALIKE] + 0.15
        found = held(run, "accuracy_test")
        assert min(found[DENSE]) > max(found[ALIKE])

    def test_the_lead_is_smaller_at_equal_multiplications(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("densenet_parameters")
        accuracy, products = held(run, "accuracy"), held(run, "products")
        assert products[DENSE] == pytest.approx(products[WIDE], rel=0.05)
        assert accuracy[WIDE] > accuracy[ALIKE] + 0.05
        found = held(run, "accuracy_test")
        assert min(found[DENSE]) > max(found[WIDE])

    def test_a_weight_of_a_densenet_is_used_more_often(self, book_run: Runs) -> None:
        run = book_run("densenet_parameters")
        products, parameters = held(run, "products"), held(run, "parameters")
        for name, expected in ((DENSE, 77), (ALIKE, 33), (WIDE, 33)):
            assert round(1000 * products[name] / parameters[name]) == expected

    def test_each_network_takes_63_steps(self, book_run: Runs) -> None:
        half = book_run("densenet_parameters").values["half"]
        assert half == 2000
        assert ceil(half / signature(fit).parameters["batch_size"].default) == 63

    def test_two_blocks_use_the_old_and_the_new_maps(self, vision_run: Runs) -> None:
        run = vision_run("densenet_parameters")
        whole, cut = held(run, "accuracy_whole"), held(run, "accuracy_cut")
        for block in (1, 2):
            for old in (True, False):
                for seed in range(3):
                    assert cut[block, old][seed] < whole[seed]

    def test_in_the_third_one_seed_needs_no_old_maps(self, book_run: Runs) -> None:
        run = book_run("densenet_parameters")
        whole, cut = held(run, "accuracy_whole"), held(run, "accuracy_cut")
        harmed = [cut[3, True][seed] < whole[seed] for seed in range(3)]
        assert sum(harmed) == 2


class TestRates:
    @pytest.mark.parametrize("snippet", ["densenet_parameters", "models_compared"])
    def test_every_rate_is_bracketed(self, vision_run: Runs, snippet: str) -> None:
        run = vision_run(snippet)
        for name, found in held(run, "accuracy_by_rate").items():
            best = list(found).index(held(run, "rate_best")[name])
            assert 0 < best < len(found) - 1

    def test_lenet_guesses_at_three_times_its_best_rate(self, vision_run: Runs) -> None:
        run = vision_run("models_compared")
        found = held(run, "accuracy_by_rate")["LeNet"]
        best = list(found).index(held(run, "rate_best")["LeNet"])
        assert list(found.values())[best + 1] < 0.15

    def test_the_mlp_loses_little_there(self, vision_run: Runs) -> None:
        run = vision_run("models_compared")
        found = held(run, "accuracy_by_rate")["MLP"]
        best = list(found).index(held(run, "rate_best")["MLP"])
        at_best, at_three_times = list(found.values())[best : best + 2]
        assert at_three_times > at_best - 0.1

    def test_fine_tuning_takes_the_best_rate_of_a_resnet(
        self, vision_run: Runs
    ) -> None:
        best = held(vision_run("models_compared"), "rate_best")
        assert best["ResNet"] == pytest.approx(0.027)


class TestAllModels:
    def test_nine_times_the_parameters_for_the_same_accuracy(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("models_compared")
        accuracy, parameters = held(run, "accuracy"), held(run, "parameters")
        deviation = held(run, "deviation")
        assert min(parameters, key=parameters.__getitem__) == "DenseNet"
        assert round(parameters["VGG"] / parameters["DenseNet"]) == 9
        difference = abs(accuracy["VGG"] - accuracy["DenseNet"])
        assert difference < deviation["VGG"] + deviation["DenseNet"]

    def test_normalized_networks_are_ahead(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("models_compared"), "accuracy")
        plain = [accuracy[name] for name in ("MLP", "LeNet", "AlexNet")]
        assert set(accuracy) == set(COMPARED)
        for name in NORMALIZED:
            assert accuracy[name] > max(plain)

    def test_among_them_seeds_differ_as_much_as_networks(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("models_compared")
        accuracy, deviation = held(run, "accuracy"), held(run, "deviation")
        means = [accuracy[name] for name in NORMALIZED]
        assert max(means) - min(means) < 0.1
        assert max(deviation[name] for name in NORMALIZED) > 0.07

    def test_parameters_and_multiplications_do_not_go_together(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("models_compared")
        parameters, products = held(run, "parameters"), held(run, "products")
        assert max(parameters, key=parameters.__getitem__) == "MLP"
        assert min(products, key=products.__getitem__) == "MLP"
        assert parameters["MLP"] > 20 * parameters["DenseNet"]
        assert products["DenseNet"] / products["MLP"] == pytest.approx(3.8, abs=0.1)
        assert products["AlexNet"] == pytest.approx(2 * products["ResNet"], rel=0.05)
        accuracy = held(run, "accuracy")
        assert accuracy["AlexNet"] < accuracy["ResNet"] - 0.1

    def test_less_is_multiplied_in_more_operations(self, book_run: Runs) -> None:
        """The seconds themselves are in the figure: no test asserts a time."""
        products = held(book_run("models_compared"), "products")
        assert products["GoogLeNet"] < products["AlexNet"] / 2
        operations = {
            name: sum(not list(m.children()) for m in COMPARED[name]().modules())
            for name in ("GoogLeNet", "AlexNet")
        }
        assert operations["GoogLeNet"] > 2 * operations["AlexNet"]

    @pytest.mark.parametrize("name", ["LeNet", "AlexNet"])
    def test_on_the_usual_canvases_one_epoch_teaches_next_to_nothing(
        self, name: str
    ) -> None:
        train, val, _ = load_scenes()
        few = ImageSet(train.X[:2000], train.y[:2000])
        for rate in (0.003, 0.009):
            torch.manual_seed(0)
            model = COMPARED[name]()
            optimizer = torch.optim.AdamW(model.parameters(), rate, fused=True)
            fit(model, few, optimizer, epochs=1)
            assert score(model, val) < 0.2
