"""What the chapter on residual networks says in words."""

import itertools
from collections.abc import Callable
from statistics import mean

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.stability import gradient_norms
from dlnotes.vision.resnet import Residual, resnet18, small_resnet
from dlnotes.vision.vgg import vgg16

Runs = Callable[[str], Run]
SEEDS = [0, 1, 2, 10_000, 10_001, 10_002]


def numbers(model: nn.Module) -> int:
    return sum(W.numel() for W in model.parameters())


class TestTheBlock:
    @pytest.mark.settles("residual-always-adds")
    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_output_is_always_the_sum_of_both(self, seed: int) -> None:
        torch.manual_seed(seed)
        block, X = Residual(4, 4).eval(), torch.rand(3, 4, 5, 5)
        F = block.conv2(torch.relu(block.conv1(X)))
        assert torch.equal(block(X), torch.relu(F + X))
        assert (F < 0).any()
        assert (F > 0).any()

    @pytest.mark.settles("residual-always-adds")
    def test_a_branch_of_minus_100_is_not_skipped(self, book_run: Runs) -> None:
        largest = held(book_run("resnet"), "maximum_output")
        assert largest[-100.0] == 0
        assert largest[-1.0] == 0
        assert largest[1.0] == pytest.approx(largest[0.0] + 1, abs=1e-5)

    def test_with_a_branch_of_zero_the_block_is_the_identity(self) -> None:
        block, X = Residual(4, 4).eval(), torch.rand(3, 4, 5, 5)
        nn.init.zeros_(block.conv2[1].weight)
        assert torch.equal(block(X), X)

    def test_the_shortcut_has_weights_only_where_shapes_differ(self) -> None:
        assert isinstance(Residual(4, 4).shortcut, nn.Identity)
        for block in (Residual(4, 8), Residual(4, 4, stride=2)):
            drop, convolution, _ = block.shortcut.children()
            assert drop.kernel_size == 1
            assert convolution.kernel_size == (1, 1)


class TestTheNetworks:
    def test_eighteen_counts_convolutions_and_the_dense_layer(self) -> None:
        with torch.device("meta"):
            model = resnet18()
        layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
        shortcuts = [m for m in layers if getattr(m, "kernel_size", 0) == (1, 1)]
        assert len(layers) - len(shortcuts) == 18

    def test_most_of_what_it_saves_against_vgg_are_dense_layers(
        self, book_run: Runs
    ) -> None:
        found = held(book_run("resnet"), "parameters")
        assert found["VGG-16"] == 138_357_544
        assert found["ResNet-18"] == 11_689_512
        assert found["ResNet-50"] == 25_557_032
        assert round(found["VGG-16"] / found["ResNet-18"]) == 12
        with torch.device("meta"):
            dense = numbers(vgg16().head)
        assert dense > 0.9 * (found["VGG-16"] - found["ResNet-18"])

    def test_a_bottleneck_costs_a_sixteenth(self, book_run: Runs) -> None:
        found = held(book_run("resnet"), "parameters_of_block")
        assert 16 < found["two 3 × 3"] / found["bottleneck"] < 17.5

    def test_plain_and_residual_differ_by_two_small_convolutions(self) -> None:
        for depth in (8, 14, 20):
            plain = numbers(small_resnet(depth, 8, residual=False))
            assert numbers(small_resnet(depth, 8)) - plain == 736


class TestDepth:
    def test_the_plain_network_gets_worse_with_every_six_layers(
        self, vision_run: Runs
    ) -> None:
        """Every seed of one depth against every seed of the next."""
        loss = held(vision_run("resnet_depth"), "loss")
        for depth in (8, 14):
            deeper = loss[f"plain {depth + 6}"]
            assert min(deeper) > max(loss[f"plain {depth}"])

    def test_it_is_worse_in_the_test_as_well(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("resnet_depth"), "accuracy")
        assert max(accuracy["plain 20"]) < min(accuracy["plain 8"])
        assert mean(accuracy["plain 20"]) < mean(accuracy["plain 8"]) - 0.1

    def test_shortcuts_cure_it(self, vision_run: Runs) -> None:
        run = vision_run("resnet_depth")
        loss, accuracy = held(run, "loss"), held(run, "accuracy")
        assert max(loss["residual 20"]) < min(loss["plain 20"]) - 0.2
        assert min(accuracy["residual 20"]) > max(accuracy["plain 20"])

    def test_with_shortcuts_twelve_layers_do_a_small_part_of_the_harm(
        self, vision_run: Runs
    ) -> None:
        found = {
            name: mean(seeds)
            for name, seeds in held(vision_run("resnet_depth"), "accuracy").items()
        }
        harm = found["plain 8"] - found["plain 20"]
        assert 0 < found["residual 8"] - found["residual 20"] < harm / 4
        assert found["residual 20"] > found["plain 8"] - 0.04

    def test_depth_gains_nothing_in_so_few_steps(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("resnet_depth"), "accuracy")
        for name in ("plain 8", "residual 8"):
            assert mean(accuracy["residual 20"]) < mean(accuracy[name])

    def test_with_eight_layers_both_kinds_learn(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("resnet_depth"), "accuracy")
        for name in ("plain 8", "residual 8"):
            assert min(accuracy[name]) > 0.9

    def test_the_rates_chosen_have_no_better_ones_on_either_side(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("resnet_depth")
        best = held(run, "rate_best")
        assert len(best) == 6
        for name, row in held(run, "accuracy_val").items():
            assert min(row) < best[name] < max(row), name
            assert row[best[name]] == max(row.values())

    def test_parameters_and_steps(self, book_run: Runs) -> None:
        run = book_run("resnet_depth")
        found = held(run, "parameters")
        assert found["residual 20"] - found["plain 20"] == 736
        assert run.values["steps_in_all"] == 2 * -(-1077 // 32) < 100


class TestOneBlock:
    def test_in_the_plain_network_every_block_is_vital(self, vision_run: Runs) -> None:
        run = vision_run("resnet_depth")
        left = held(run, "accuracy_without")["plain 20"]
        assert len(left) == 7
        whole = mean(held(run, "accuracy_whole")["plain 20"])
        assert max(mean(row) for row in left) < whole / 2
        assert mean(map(mean, left)) < 0.17

    def test_in_the_residual_network_the_first_matters_most_and_the_last_little(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("resnet_depth")
        left = held(run, "accuracy_without")["residual 20"]
        whole = held(run, "accuracy_whole")["residual 20"]
        means = [*map(mean, left)]
        assert means[0] < min(means[1:]) - 0.15
        lost = [b - a for a, b in zip(left[-1], whole, strict=True)]
        assert max(lost) < 0.06
        assert means[0] < mean(means[1:3]) < mean(means[3:5]) + 0.05
        assert mean(means[3:5]) < mean(means[5:])

    def test_replacing_a_block_by_the_identity_leaves_its_branch_out(self) -> None:
        torch.manual_seed(0)
        block, X = Residual(4, 4).eval(), torch.rand(3, 4, 5, 5)
        nn.init.zeros_(block.conv2[1].weight)
        assert torch.equal(block(X), nn.Identity()(X))


class TestTheStart:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_plain_gradients_grow_towards_the_first_layer(self, seed: int) -> None:
        data = load_digits().train
        X, y = data.images[:128], data.y[:128]
        ratios = {}
        for depth, residual in ((56, False), (56, True), (20, False)):
            torch.manual_seed(seed)
            model = small_resnet(depth, 8, residual=residual, stride=1)
            cross_entropy(model(X), y).backward()
            layers = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
            kernels = [m.weight for m in layers if m.kernel_size == (3, 3)]
            norms = gradient_norms(kernels)
            ratios[depth, residual] = (norms[0] / norms[-1]).item()
        assert ratios[56, False] > 100
        assert ratios[56, True] < 10
        assert 0.1 < ratios[20, False] < 10

    def test_the_ratios_on_the_page(self, vision_run: Runs) -> None:
        run = vision_run("resnet")
        low, high = held(run, "ratio_low"), held(run, "ratio_high")
        assert low["plain"] > 200
        assert 1 < low["residual"] < high["residual"] < 10

    def test_the_norms_of_the_plain_network_rise_to_the_left(
        self, vision_run: Runs
    ) -> None:
        norms = held(vision_run("resnet"), "norms")
        assert max(norms["plain"]) < 4 * norms["plain"][0]
        assert norms["plain"][0] > 10 * norms["plain"][27] > 10 * norms["plain"][-1]
        assert max(norms["residual"]) < 20 * min(norms["residual"])

    def test_gradients_at_neighbours_lose_touch_in_plain_networks(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("resnet"), "cosine")
        plain, residual = found["plain"], found["residual"]
        assert abs(mean(plain[8]) - mean(residual[8])) < 0.1
        for depth in (14, 20, 32, 56):
            assert max(plain[depth]) < min(residual[depth])
        for by_depth in (plain, residual):
            means = [mean(by_depth[n]) for n in (8, 14, 20, 32)]
            assert means == sorted(means, reverse=True)
        assert max(map(abs, [*plain[32], *plain[56]])) < 0.1

    def test_slopes_of_twenty_layers(self) -> None:
        assert 0.1**20 == pytest.approx(1e-20)
        assert 1.1**20 == pytest.approx(6.7, abs=0.05)

    def test_an_average_over_one_pixel_and_a_kernel_of_one_are_a_stride(self) -> None:
        drop, mix, _ = Residual(4, 8, stride=2).shortcut.children()
        X = torch.rand(2, 4, 6, 6)
        strided = nn.functional.conv2d(X, mix.weight, stride=2)
        torch.testing.assert_close(mix(drop(X)), strided)


class TestExercises:
    def test_nearly_all_paths_pass_through_19_to_35_blocks(
        self, book_run: Runs
    ) -> None:
        assert 0.95 < book_run("resnet_exercises").values["share"] < 0.99

    def test_with_zeros_in_the_shortcuts_it_is_the_papers_network(
        self, book_run: Runs
    ) -> None:
        values = book_run("resnet_exercises").values
        assert values["parameters_a"] == 269_722
        assert values["parameters_b"] == 272_474

    def test_48_more_layers_change_nothing(self, vision_run: Runs) -> None:
        values = vision_run("resnet_exercises").values
        assert values["layers"] == 56
        assert values["difference"] == 0

    def test_without_batch_norm_the_signal_grows(self, vision_run: Runs) -> None:
        run = vision_run("resnet_exercises")
        sizes = held(run, "sizes")
        assert sizes["without"][-1] > max(100, 200 * sizes["without"][0])
        assert max(sizes["with"]) < 10 * min(sizes["with"])
        assert 1.5 < run.values["growth_factor"] < 2.2

    def test_each_step_of_six_layers_adds_the_same_number_of_parameters(self) -> None:
        found = [numbers(small_resnet(depth, 8)) for depth in (8, 14, 20, 26)]
        assert {b - a for a, b in itertools.pairwise(found)} == {24_416}
