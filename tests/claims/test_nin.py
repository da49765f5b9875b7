"""What the chapter on network in network says in words."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.data.scenes import draw_scenes
from dlnotes.receptive import parameter_count
from dlnotes.vision.alexnet import alexnet
from dlnotes.vision.densenet import small_densenet
from dlnotes.vision.googlenet import small_googlenet
from dlnotes.vision.nin import average_head, cifar_nin, nin, nin_block, small_nin
from dlnotes.vision.resnet import small_resnet
from dlnotes.vision.vgg import small_vgg

Runs = Callable[[str], Run]
AVERAGED = ("NiN", "GoogLeNet", "DenseNet")
BUILDS = [
    lambda: small_nin(8),
    lambda: small_googlenet(),
    lambda: small_resnet(8, 8),
    lambda: small_densenet(8),
]


@pytest.fixture(scope="module")
def both_runs(both_draws: Callable[[str], list[Run]]) -> list[Run]:
    """Return the shifts with the page's three seeds and with three others."""
    return both_draws("nin_shifts")


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def by_pixels(run: Run, name: str) -> list[float]:
    """The accuracy of a network after each shift, the mean of its seeds."""
    return [mean(found) for found in zip(*held(run, "accuracy")[name], strict=True)]


class TestBlocks:
    @pytest.mark.settles("nin-no-dense-layer")
    @pytest.mark.parametrize("build", [nin, cifar_nin, small_nin])
    def test_there_is_no_dense_layer_but_there_are_1_by_1_convolutions(
        self, build: Callable[..., nn.Module]
    ) -> None:
        modules = list(build().modules())
        assert not [m for m in modules if isinstance(m, nn.Linear)]
        ones = [
            m for m in modules if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)
        ]
        assert len(ones) >= 6
        assert [m for m in modules if isinstance(m, nn.AdaptiveAvgPool2d)]

    def test_a_1_by_1_convolution_is_a_dense_layer_for_each_pixel(
        self, vision_run: Runs
    ) -> None:
        assert vision_run("nin").values["difference"] < 1e-5

    @pytest.mark.parametrize("seed", range(3))
    def test_places_are_not_mixed(self, seed: int) -> None:
        torch.manual_seed(seed)
        layer, X = nn.Conv2d(4, 5, 1), torch.randn(1, 4, 6, 6)
        Y = layer(X)
        X[:, :, 2, 3] += 1
        changed = (layer(X) != Y).any(dim=1)[0].nonzero().tolist()
        assert changed == [[2, 3]]

    @pytest.mark.settles("nin-no-dense-layer")
    def test_the_head_has_no_parameter_and_takes_maps_of_any_size(self) -> None:
        head = average_head()
        assert parameter_count(head) == 0
        for H, W in ((4, 4), (4, 7), (1, 1)):
            A = torch.randn(2, 10, H, W)
            torch.testing.assert_close(head(A), A.mean(dim=(2, 3)))

    @pytest.mark.parametrize("seed", range(3))
    def test_each_place_has_the_same_say(self, seed: int) -> None:
        torch.manual_seed(seed)
        A = torch.randn(2, 10, 4, 4)
        moved = A.roll((1, 2), dims=(2, 3))
        torch.testing.assert_close(average_head()(moved), average_head()(A))


class TestTheTables:
    def test_parameters(self, book_run: Runs) -> None:
        run = book_run("nin")
        parameters, share = held(run, "parameters"), held(run, "share")
        assert parameters == {
            "AlexNet": 61_100_840,
            "VGG-16": 138_357_544,
            "NiN": 7_439_608,
        }
        assert share["NiN"] == 0
        assert min(share["AlexNet"], share["VGG-16"]) > 0.85
        assert parameter_count(cifar_nin()) == 966_986

    def test_most_of_a_dense_head_is_its_first_layer(self) -> None:
        head = alexnet().head
        first = next(m for m in head.modules() if isinstance(m, nn.Linear))
        assert parameter_count(first) > 0.6 * parameter_count(head)

    def test_multiplications_of_alexnet_and_nin_differ_little(
        self, book_run: Runs
    ) -> None:
        table = {row[0]: row for row in held(book_run("nin"), "rows")}
        assert 0.5 < table["NiN"][3] / table["AlexNet"][3] < 2

    def test_the_network_without_1_by_1_has_as_many_parameters(
        self, book_run: Runs
    ) -> None:
        count = held(book_run("nin"), "count")
        assert count["no 1 × 1"] == pytest.approx(count["average"], rel=0.03)
        assert count["dense head"] > 3 * count["average"]


class TestTheAverage:
    @pytest.mark.parametrize("other", ["dense head", "no 1 × 1"])
    def test_nin_is_ahead_with_each_seed(self, vision_run: Runs, other: str) -> None:
        accuracy = held(vision_run("nin_average"), "accuracy")
        pairs = zip(accuracy["average"], accuracy[other], strict=True)
        assert all(average > rival for average, rival in pairs)

    @pytest.mark.parametrize("name", ["nin_average", "nin_shifts"])
    def test_the_rates_are_bracketed(self, vision_run: Runs, name: str) -> None:
        run = vision_run(name)
        best = held(run, "rate_best")
        for network, by_rate in held(run, "accuracy_by_rate").items():
            assert min(by_rate) < best[network] < max(by_rate)
            assert by_rate[best[network]] == max(by_rate.values())

    def test_none_has_finished_learning(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("nin_average"), "accuracy")
        assert max(max(found) for found in accuracy.values()) < 0.8

    def test_the_maps_point_roughly_at_the_digit(self, vision_run: Runs) -> None:
        values = vision_run("nin_average").values
        for axis in ("rows", "columns"):
            assert values[f"correlation_{axis}"] == pytest.approx(0.5, abs=0.15)


class TestShifts:
    def test_centred_digits_are_learned(self, vision_run: Runs) -> None:
        run = vision_run("nin_shifts")
        for name in held(run, "accuracy"):
            assert by_pixels(run, name)[0] > 0.7

    @pytest.mark.settles("average-shift")
    def test_a_single_pixel_costs_accuracy(self, vision_run: Runs) -> None:
        for runs in held(vision_run("nin_shifts"), "accuracy").values():
            assert all(found[1] < found[0] for found in runs)

    @pytest.mark.parametrize("name", ["AlexNet", "VGG"])
    def test_lenet_fails_and_two_others_keep_a_little_more(
        self, vision_run: Runs, name: str
    ) -> None:
        run = vision_run("nin_shifts")
        assert by_pixels(run, "LeNet")[4] < 0.2
        assert by_pixels(run, "LeNet")[4] < by_pixels(run, name)[4] < 0.45

    @pytest.mark.settles("average-shift")
    def test_the_resnet_guesses_at_four_pixels_and_is_back_at_eight(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("nin_shifts")
        for found in held(run, "accuracy")["ResNet-8"]:
            assert found[4] < 0.2
            assert found[8] > found[4] + 0.4
        average = by_pixels(run, "ResNet-8")
        assert average[8] > average[0] - 0.15

    @pytest.mark.settles("average-shift")
    @pytest.mark.parametrize("name", AVERAGED)
    def test_with_pooling_last_four_pixels_are_better_than_three_and_five(
        self, both_runs: list[Run], name: str
    ) -> None:
        """On average over six seeds, and with most of them."""
        six = [found for run in both_runs for found in held(run, "accuracy")[name]]
        assert sum(found[4] > max(found[3], found[5]) for found in six) >= 4
        average = [mean(found) for found in zip(*six, strict=True)]
        assert average[4] > max(average[3], average[5])
        assert average[8] < average[0] - 0.2  # much is lost at the border

    def test_googlenet_is_better_at_four_pixels_than_at_two(
        self, vision_run: Runs
    ) -> None:
        average = by_pixels(vision_run("nin_shifts"), "GoogLeNet")
        assert average[4] > average[2] + 0.05

    def test_at_eight_pixels_nin_is_above_its_version_with_a_dense_head(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("nin_shifts"), "accuracy")
        pairs = zip(accuracy["NiN"], accuracy["NiN, dense head"], strict=True)
        assert all(average[8] > dense[8] for average, dense in pairs)

    @pytest.mark.parametrize(
        ("build", "last"),
        [
            (lambda: small_nin(8), nn.MaxPool2d),
            (lambda: small_googlenet(blocks=[[4, 4, 4, 4, 4, 4]] * 4), nn.MaxPool2d),
            (lambda: small_densenet(8), nn.AvgPool2d),
            (lambda: small_resnet(8, 8), nn.Conv2d),
        ],
    )
    def test_the_last_halving_is_a_pooling_or_a_convolution(
        self, build: Callable[[], nn.Module], last: type[nn.Module]
    ) -> None:
        halving = [
            module
            for module in build().features.modules()
            if getattr(module, "stride", None) in (2, (2, 2))
            and module.kernel_size != 1  # of a shortcut
        ]
        assert isinstance(halving[-1], last)
        dense = [m for m in build().modules() if isinstance(m, nn.AdaptiveAvgPool2d)]
        assert dense[0].output_size == 1

    def test_resnet_8_has_eight_layers(self) -> None:
        kinds = (nn.Conv2d, nn.Linear)
        layers = [
            name
            for name, module in small_resnet(8, 8).named_modules()
            if isinstance(module, kinds) and "shortcut" not in name
        ]
        assert len(layers) == 8

    def test_the_vgg_s_maps_are_halved_until_one_entry_is_left(self) -> None:
        stages = ((1, 8), (1, 16), (1, 32), (1, 64))
        model = small_vgg(stages, batch_norm=True)
        assert model.features(torch.zeros(2, 1, 28, 28)).shape == (2, 64, 1, 1)

    @pytest.mark.parametrize("build", BUILDS)
    def test_each_halves_its_maps_three_times(
        self, build: Callable[[], nn.Module]
    ) -> None:
        model = build().eval()
        assert model.features(torch.zeros(1, 1, 64, 64)).shape[2:] == (8, 8)

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("build", BUILDS)
    def test_away_from_the_border_eight_pixels_move_the_maps_by_one_entry(
        self, build: Callable[[], nn.Module], seed: int
    ) -> None:
        torch.manual_seed(seed)
        model, X = build().eval(), torch.zeros(1, 1, 128, 128)
        X[:, :, 50:70, 50:70] = torch.rand(20, 20)
        with torch.no_grad():
            maps = model.features(X)
            moved = {n: model.features(X.roll(n, dims=3)) for n in (4, 8)}
        inner = (..., slice(4, -4), slice(4, -4))
        expected = maps.roll(1, dims=3)[inner]
        torch.testing.assert_close(moved[8][inner], expected, atol=1e-5, rtol=1e-5)
        size = (maps - maps[..., 5:6, 5:6])[inner].abs().max()
        apart = [(moved[4] - maps.roll(k, dims=3))[inner].abs().max() for k in (0, 1)]
        assert min(apart) > 0.1 * size

    def test_digits_stay_on_the_canvas(self) -> None:
        made = draw_scenes(
            load_digits().test, 200, 0, sizes=(12, 12), pieces=0, spread=0
        )
        assert (made.boxes[:, 0] + made.boxes[:, 1]).max() + 8 <= 28
        assert made.boxes[:, 1:].min() >= 8


class TestExercises:
    def test_a_dense_layer_is_a_large_convolution(self, vision_run: Runs) -> None:
        log = vision_run("nin_exercises").log("solution-1")
        assert "equal: True" in log
        assert "(2, 10, 3, 3)" in log

    def test_parameters_of_both_heads(self) -> None:
        for K in (10, 1000):
            one = nn.Conv2d(384, K, 1)
            assert parameter_count(one) == 384 * K + K
        dense = nn.Sequential(nn.Linear(384 * 36, 4096), nn.Linear(4096, 10))
        assert parameter_count(dense) == 384 * 36 * 4096 + 4096 + 4096 * 10 + 10

    def test_mean_and_linear_map_can_be_exchanged(self, vision_run: Runs) -> None:
        lines = vision_run("nin_exercises").log("solution-3").splitlines()
        assert float(lines[0].split()[-1]) < 1e-5
        assert float(lines[1].split()[-1]) > 0.1

    def test_a_wide_canvas(self, book_run: Runs) -> None:
        log = book_run("nin_exercises").log("solution-4")
        assert "(1, 10, 4, 7) (1, 10)" in log
        assert "the images are 28 × 56" in log

    def test_what_1_by_1_layers_add(self, book_run: Runs) -> None:
        run = book_run("nin_exercises")
        plain = nin_block(96, (256,), kernel=5, padding=2)
        assert run.values["counts[0]"] == parameter_count(plain)
        wide = nin_block(96, (run.values["wider"],), kernel=5, padding=2)
        assert parameter_count(wide) == pytest.approx(run.values["counts[1]"], rel=0.01)
