"""What the chapter on GoogLeNet says in words."""

from collections.abc import Callable
from statistics import mean, variance

import pytest
import torch
import torchvision
from torch import nn

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.vision.alexnet import alexnet
from dlnotes.vision.googlenet import INCEPTION, Inception, branch, googlenet
from dlnotes.vision.shapes import layer_shapes, multiplications

Runs = Callable[[str], Run]
SINGLE = ("only 1 × 1", "only 3 × 3", "3 × 3, reduced")


@pytest.fixture(scope="module")
def both_runs(both_draws: Callable[[str], list[Run]]) -> list[Run]:
    """Return the comparison with the page's three seeds and with three others."""
    return both_draws("googlenet_branches")


def count(model: nn.Module) -> int:
    return sum(W.numel() for W in model.parameters())


def six(runs: list[Run], name: str) -> list[float]:
    """The test accuracies of a network with all seeds."""
    return [x for run in runs for x in held(run, "accuracy_test")[name]]


class TestTheBlock:
    def test_maps_of_all_branches_are_stacked_in_order(self) -> None:
        torch.manual_seed(0)
        block = Inception(192, INCEPTION["3a"])
        X = torch.randn(2, 192, 28, 28)
        parts = [path(X) for path in block.branches]
        assert [part.shape[1] for part in parts] == [64, 128, 32, 32]
        assert torch.equal(block(X), torch.cat(parts, dim=1))

    @pytest.mark.parametrize(
        ("C_in", "R", "C", "k"), [(192, 16, 32, 5), (256, 128, 192, 3)]
    )
    def test_the_formula_of_the_reduction(
        self, C_in: int, R: int, C: int, k: int
    ) -> None:
        shape = (1, C_in, 28, 28)
        reduced, direct = (
            multiplications(branch(C_in, r, C, k, False), shape) for r in (R, 0)
        )
        assert direct == k**2 * C_in * C * 28**2
        assert reduced == (C_in * R + k**2 * R * C) * 28**2
        assert reduced / direct == pytest.approx(R / (k**2 * C) + R / C_in)


class TestTheCounts:
    def test_the_large_kernel_of_3a_becomes_ten_times_as_cheap(
        self, book_run: Runs
    ) -> None:
        run = book_run("googlenet")
        reduced = run.values["product_reduction"] + run.values["product_after"]
        assert 9 < run.values["product_direct"] / reduced < 10.5

    def test_reductions_bring_the_blocks_down_to_little_more_than_a_quarter(
        self, book_run: Runs
    ) -> None:
        run = book_run("googlenet")
        assert run.values["ratio_all"] == pytest.approx(3.5, abs=0.1)
        assert run.values["with_all"] > 500 * run.values["product_all"]
        assert run.values["product_all"] == pytest.approx(1.5, abs=0.15)

    def test_twenty_two_layers_on_the_longest_path(self) -> None:
        """Three in the stem, two in each of nine blocks, and one at the end."""
        kinds = [row.kind for row in layer_shapes(googlenet(), (1, 3, 224, 224))]
        blocks = kinds.count("Inception")
        stem = kinds.count("Sequential")
        assert stem + 2 * blocks + kinds.count("Linear") == 22

    @pytest.mark.settles("googlenet-twelve-times")
    def test_alexnet_has_nearly_nine_times_the_parameters(self, book_run: Runs) -> None:
        ours, theirs = count(googlenet()), count(alexnet(towers=2))
        assert (ours, theirs) == (6_998_552, 60_965_224)
        run = book_run("googlenet")
        assert run.values["ratio_alexnet"] == pytest.approx(theirs / ours)
        assert 8 < theirs / ours < 9
        assert theirs / (ours - 1_025_000) < 10.5
        assert run.values["parameters_all"] == ours
        assert run.values["parameters_last"] == 1_025_000

    def test_the_paper_s_own_table_adds_up_to_as_much(self) -> None:
        table = (2.7, 112, 159, 380, 364, 437, 463, 580, 840, 1072, 1388, 1000)
        assert sum(table) == pytest.approx(6800, abs=10)  # thousands

    def test_torchvision_s_is_the_one_that_the_warning_names(self) -> None:
        with torch.device("meta"):
            theirs = torchvision.models.googlenet(aux_logits=False, init_weights=False)
            ours = googlenet(batch_norm=True, kernel=3, last_pool=2)
        assert count(ours) == count(theirs) == 6_624_904
        kernels = [
            layer.kernel_size
            for layer in theirs.inception3a.branch3.modules()
            if isinstance(layer, nn.Conv2d)
        ]
        assert kernels == [(1, 1), (3, 3)]

    def test_torchvision_s_returns_a_tuple_in_training(self) -> None:
        model = torchvision.models.googlenet(init_weights=False)
        X = torch.randn(2, 3, 96, 96)
        assert len(model(X)) == 3
        assert isinstance(model.eval()(X), torch.Tensor)


class TestAuxiliaryHeads:
    @pytest.mark.settles("auxiliary-heads")
    def test_heads_matter_with_the_default_start_alone(self, vision_run: Runs) -> None:
        run = vision_run("googlenet")
        assert run.values["ratio_default"] < 1e-4
        assert run.values["ratio_heads_default"] > 30
        assert 0.05 < run.values["ratio_kaiming"] < 1
        assert 0.5 < run.values["ratio_heads_kaiming"] < 4

    def test_xavier_s_start_keeps_the_gradient_too(self, vision_run: Runs) -> None:
        run = vision_run("googlenet_exercises")
        assert 0.4 < run.values["ratio_xavier"] < 1.2

    def test_two_heads_have_nearly_as_many_parameters_as_the_rest(
        self, book_run: Runs
    ) -> None:
        heads = book_run("googlenet").values["parameters_heads"]
        assert 0.85 < heads / count(googlenet()) < 1


class TestBranches:
    def test_the_budgets_are_nearly_equal(self, book_run: Runs) -> None:
        run = book_run("googlenet_branches")
        for name, spread in (("parameters", 0.005), ("products", 0.06)):
            budget = held(run, name)
            for value in budget.values():
                assert value == pytest.approx(budget["Inception"], rel=spread)

    def test_every_rate_is_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("googlenet_branches")
        for name, found in held(run, "accuracy_by_rate").items():
            rates = list(found)
            best = rates.index(held(run, "rate_best")[name])
            assert 0 < best < len(rates) - 1
            assert found[rates[best]] == max(found.values())

    @pytest.mark.parametrize("name", SINGLE)
    def test_inception_leads_with_both_sets_of_seeds(
        self, vision_run: Runs, name: str
    ) -> None:
        accuracy = held(vision_run("googlenet_branches"), "accuracy")
        assert accuracy["Inception"] > accuracy[name]

    @pytest.mark.parametrize("name", SINGLE)
    def test_over_six_seeds_it_leads_by_more_than_the_standard_error(
        self, both_runs: list[Run], name: str
    ) -> None:
        ours, theirs = six(both_runs, "Inception"), six(both_runs, name)
        error = ((variance(ours) + variance(theirs)) / 6) ** 0.5
        assert mean(ours) - mean(theirs) > error

    def test_3_by_3_keeps_up_with_1_by_1_with_fewer_maps(
        self, both_runs: list[Run]
    ) -> None:
        large, small = (six(both_runs, f"only {k} × {k}") for k in (3, 1))
        assert mean(large) > mean(small) - 0.025
        ahead = [a > b for a, b in zip(large, small, strict=True)]
        assert sum(ahead) >= 2  # with some seeds
        maps = held(both_runs[0], "maps")
        assert (maps["only 3 × 3"], maps["only 1 × 1"]) == ("17, 35", "60, 110")

    def test_a_reduction_alone_does_not_explain_the_lead(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("googlenet_branches"), "accuracy")
        assert accuracy["3 × 3, reduced"] < accuracy["only 3 × 3"]

    def test_none_has_learned_all_it_can(self, vision_run: Runs) -> None:
        found = held(vision_run("googlenet_branches"), "accuracy_test").values()
        assert max(max(values) for values in found) < 0.85
