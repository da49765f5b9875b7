"""What the chapter on LeNet says in words."""

from collections.abc import Callable

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes, load_scenes
from dlnotes.mlp import MLP
from dlnotes.vision.lenet import lenet
from dlnotes.vision.shapes import layer_shapes, multiplications

Runs = Callable[[str], Run]


class TestTheData:
    def test_the_digits_of_softmax_regression_are_too_easy(self) -> None:
        """A linear model is right more than nineteen times out of twenty."""
        train, _, test = load_digits()
        model = LogisticRegression(max_iter=1000).fit(train.X.numpy(), train.y.numpy())
        assert model.score(test.X.numpy(), test.y.numpy()) > 0.95

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
            assert size.min() >= 16
            assert size.max() <= 20
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

    def test_windows_without_sharing_in_place_of_c1(self, book_run: Runs) -> None:
        """25 weights and a bias for each of the 4,704 outputs."""
        count = 26 * lenet().features[0](torch.zeros(1, 1, 28, 28)).numel()
        assert count == book_run("lenet").values["parameter_local"] == 122_304


class TestTheContest:
    def test_lenet_is_above_both_perceptrons(self, vision_run: Runs) -> None:
        """Its worst run is above the best run of either."""
        found = held(vision_run("lenet_training"), "accuracy_by_seed")
        for name in ("MLP, as many parameters", "MLP, as many multiplications"):
            assert min(found["LeNet"]) > max(found[name])

    def test_each_rate_has_worse_neighbours(self, vision_run: Runs) -> None:
        run = vision_run("lenet_training")
        for name, found in held(run, "accuracy_by_rate").items():
            rates = sorted(found)
            place = rates.index(held(run, "rate_best")[name])
            assert 0 < place < len(rates) - 1
            beside = found[rates[place - 1]], found[rates[place + 1]]
            assert found[rates[place]] > max(beside)

    def test_the_rates_of_the_parts_are_those_that_were_found(
        self, book_run: Runs
    ) -> None:
        best = held(book_run("lenet_training"), "rate_best")
        assert best["LeNet"] == 0.01
        assert best["MLP, as many parameters"] == 0.003
        assert best["MLP, as many multiplications"] == 0.003
        by_rate = held(book_run("lenet_parts"), "accuracy_by_rate")
        assert max(by_rate, key=lambda rate: by_rate[rate]) == 0.01

    def test_the_budgets_are_what_they_are_called(self) -> None:
        target = lenet()
        parameters = sum(W.numel() for W in target.parameters())
        products = multiplications(target, (1, 1, 28, 28))
        by_parameters, by_products = (
            nn.Sequential(nn.Flatten(), MLP([784, *hidden, 10]))
            for hidden in ((76, 28), (400, 240))
        )
        found = sum(W.numel() for W in by_parameters.parameters())
        assert parameters < found < 1.01 * parameters
        found = multiplications(by_products, (1, 1, 28, 28))
        assert found == pytest.approx(products, rel=0.02)
        found = sum(W.numel() for W in by_products.parameters())
        assert 6.5 < found / parameters < 7

    def test_one_new_part_gains_about_as_much_as_both(self, vision_run: Runs) -> None:
        values = vision_run("lenet_parts").values
        both = held(vision_run("lenet_training"), "accuracy_by_rate")["LeNet"]
        old = values["accuracy_old"]
        for one in (values["accuracy_relu"], values["accuracy_max"]):
            assert one - old > 0.9 * (max(both.values()) - old) > 0.25

    def test_the_old_parts_are_below_the_larger_perceptron(
        self, vision_run: Runs
    ) -> None:
        tried = held(vision_run("lenet_training"), "accuracy_by_rate")
        larger = max(tried["MLP, as many multiplications"].values())
        assert vision_run("lenet_parts").values["accuracy_old"] < larger - 0.1

    def test_relu_gains_beside_the_average_alone(self, vision_run: Runs) -> None:
        """As the chapter on AlexNet says of this one."""
        parts = vision_run("lenet_parts").values
        new = held(vision_run("lenet_training"), "accuracy_by_rate")["LeNet"]
        assert parts["accuracy_relu"] > parts["accuracy_old"] + 0.25
        assert abs(max(new.values()) - parts["accuracy_max"]) < 0.05

    def test_three_eight_and_nine_are_read_worst(self, vision_run: Runs) -> None:
        recall = held(vision_run("lenet_training"), "recall")
        assert set(sorted(range(10), key=lambda k: recall[k])[:3]) == {3, 8, 9}

    def test_all_versions_have_the_same_parameters(self) -> None:
        for activation in (nn.Sigmoid, nn.Tanh, nn.ReLU):
            for pool in (nn.AvgPool2d, nn.MaxPool2d):
                model = lenet(activation, pool)
                assert sum(W.numel() for W in model.parameters()) == 61_706


class TestShifts:
    def test_lenet_tolerates_a_pixel_or_so_more(self, vision_run: Runs) -> None:
        run = vision_run("lenet_shift")
        mean = held(run, "accuracy_mean")
        by_seed = held(run, "accuracy_by_shift")
        for k in (0, 1, 2, 3):
            of = {name: [row[k] for row in rows] for name, rows in by_seed.items()}
            assert min(of["LeNet"]) > max(of["MLP"])
        assert 1.7 < mean["LeNet"][2] / mean["MLP"][2] < 2.3
        for k in (0, 1, 2, 3):  # a pixel more at most
            assert mean["LeNet"][k + 1] < mean["MLP"][k] + 0.05

    def test_both_lose_by_one_pixel_and_end_by_guessing(self, vision_run: Runs) -> None:
        mean = held(vision_run("lenet_shift"), "accuracy_mean")
        for name in ("MLP", "LeNet"):
            assert mean[name][1] < mean[name][0] - 0.05
            assert 0.05 < mean[name][5] < 0.13
        assert mean["LeNet"][4] < 0.2

    def test_the_rates_are_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("lenet_shift")
        for name, found in held(run, "accuracy_by_rate").items():
            assert min(found) < held(run, "rate_best")[name] < max(found)

    @pytest.mark.parametrize("seed", range(3))
    def test_five_pixels_keep_a_digit_on_its_canvas(self, seed: int) -> None:
        digits = load_digits().test
        drawn = draw_scenes(digits, 500, seed, (12, 12), pieces=0, spread=0.0)
        X = drawn.canvases.images
        margins = [X[:, :, :5], X[:, :, -5:], X[:, :, :, :5], X[:, :, :, -5:]]
        assert all(margin.max() == 0 for margin in margins)


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

    def test_both_gain_from_clean_canvases_and_lenet_stays_ahead(
        self, vision_run: Runs
    ) -> None:
        clean = held(vision_run("lenet_exercises"), "accuracy_clean")
        tried = held(vision_run("lenet_training"), "accuracy_by_rate")
        assert clean["LeNet"] > tried["LeNet"][0.01] + 0.1
        assert clean["MLP"] > tried["MLP, as many parameters"][0.003] + 0.1
        assert clean["LeNet"] > clean["MLP"] + 0.2

    def test_smaller_kernels_make_more_parameters(self) -> None:
        model = lenet()
        model.features[0] = nn.Conv2d(1, 6, 3, padding=1)
        model.features[3] = nn.Conv2d(6, 16, 3)
        model.head[1] = nn.Linear(16 * 6 * 6, 120)
        shapes = [row.shape[1:] for row in layer_shapes(model, (1, 1, 28, 28))]
        assert shapes[2:6:3] == [(6, 14, 14), (16, 6, 6)]
        assert sum(W.numel() for W in model.parameters()) == 81_194

    def test_mixed_pixels_hurt_lenet_alone(self, vision_run: Runs) -> None:
        run = vision_run("lenet_exercises")
        before = held(run, "accuracy_clean")
        mixed = held(run, "accuracy_mixed")
        assert mixed["LeNet"] < before["LeNet"] - 0.1
        assert abs(mixed["MLP"] - before["MLP"]) < 0.05

    def test_the_squashing_function_takes_one_to_one(self) -> None:
        a = torch.linspace(-1, 1, 201, dtype=torch.float64, requires_grad=True)
        squashed = 1.7159 * torch.tanh(2 / 3 * a)
        assert squashed[-1].item() == pytest.approx(1, abs=1e-4)
        (slopes,) = torch.autograd.grad(squashed.sum(), a)
        assert slopes.mean().item() == pytest.approx(1, abs=0.01)
