"""What the chapter on batch normalization says in words."""

import copy
import math
import re
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import SGD

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.norm import BatchNorm1d, BatchNorm2d, batch_norm, min_max, z_score
from dlnotes.train.classifier import fit, score
from dlnotes.vision.vgg import small_vgg

Runs = Callable[[str], Run]


@pytest.fixture(scope="module")
def two_runs(both_draws: Callable[[str], list[Run]]) -> list[Run]:
    """Return the figure of rates with two sets of seeds: six networks at each."""
    return both_draws("batch_normalization_rates")


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


class TestScaling:
    @pytest.mark.settles("standardized-normal")
    def test_the_skewness_stays(self, vision_run: Runs) -> None:
        values = vision_run("batch_normalization").values
        before, after = values["skewness_before"], values["skewness_after"]
        assert after == pytest.approx(before, rel=1e-9)
        assert before == pytest.approx(2, abs=0.3)

    @pytest.mark.parametrize("seed", range(3))
    def test_both_scalings_are_straight_lines(self, seed: int) -> None:
        x = torch.empty(1000, 1).double()
        x.exponential_(generator=torch.Generator().manual_seed(seed))
        for scaled in (min_max(x), z_score(x)):
            together = torch.cat([x, scaled], dim=1).T
            assert torch.corrcoef(together)[0, 1] == pytest.approx(1, abs=1e-12)

    @pytest.mark.settles("standardized-normal")
    def test_one_outlier_squeezes_the_rest(self, vision_run: Runs) -> None:
        values = vision_run("batch_normalization").values
        assert values["deviation_z"] == pytest.approx(0.01, rel=0.05)
        assert values["deviation_min_max"] < 2e-4
        assert values["deviation_robust"] == pytest.approx(0.74, abs=0.03)

    def test_values_of_other_sets_may_lie_outside(self) -> None:
        train, test = torch.rand(50, 1), torch.tensor([[2.0]])
        low, high = train.min(), train.max()
        assert (test - low) / (high - low) > 1


class TestTheLayer:
    def test_it_equals_pytorch_in_both_modes(self, vision_run: Runs) -> None:
        differences = held(vision_run("batch_normalization"), "differences")
        assert set(differences) == {"training", "evaluation"}
        for gaps in differences.values():
            assert max(gaps) < 1e-10

    def test_after_one_batch_the_mean_has_gone_a_tenth_of_the_way(
        self, vision_run: Runs
    ) -> None:
        """The running variance is then 0.9 · 1 + 0.1 · 9."""
        value = vision_run("batch_normalization").values["mean_evaluation"]
        assert value == pytest.approx(4.5 / math.sqrt(1.8), abs=0.2)

    def test_the_memory_of_the_statistics(self, vision_run: Runs) -> None:
        last = held(vision_run("batch_normalization"), "mean_last")
        assert last[0.1] == pytest.approx(5, abs=0.4)
        assert last[0.01] == pytest.approx(5 * (1 - 0.99**100), abs=0.2)
        assert last[None] == pytest.approx(5, abs=0.15)

    def test_with_it_every_start_keeps_the_signal_in_range(
        self, vision_run: Runs
    ) -> None:
        signals = held(vision_run("batch_normalization"), "signals")
        for by_layer in signals["with batch norm"].values():
            assert all(0.5 < size < 0.9 for size in by_layer)
        without = signals["without batch norm"]
        assert without["N(0, 1)"][-1] > 1e10
        assert without["Xavier"][-1] < 0.01 * without["Xavier"][0]

    def test_channels_of_maps_have_all_their_pixels_counted(self) -> None:
        X = torch.randn(4, 3, 5, 6)
        Y = BatchNorm2d(3)(X)
        assert Y.mean(dim=(0, 2, 3)).abs().max() < 1e-6

    @pytest.mark.parametrize("seed", range(3))
    def test_the_bias_before_it_has_no_effect(self, seed: int) -> None:
        torch.manual_seed(seed)
        X = torch.randn(16, 5)
        dense, norm = nn.Linear(5, 7), BatchNorm1d(7)
        Y = norm(dense(X))
        dense.bias.data += 3
        torch.testing.assert_close(norm(dense(X)), Y, atol=1e-5, rtol=1e-5)

    @pytest.mark.settles("batch-norm-modes")
    @pytest.mark.parametrize("seed", range(3))
    def test_in_training_an_output_depends_on_the_company(self, seed: int) -> None:
        torch.manual_seed(seed)
        norm, one = BatchNorm1d(3), torch.randn(1, 3)
        first, second = (norm(torch.cat([one, torch.randn(7, 3)]))[0] for _ in "ab")
        assert not torch.allclose(first, second)
        norm.eval()
        first, second = (norm(torch.cat([one, torch.randn(7, 3)]))[0] for _ in "ab")
        assert torch.equal(first, second)

    def test_a_single_value_is_refused(self) -> None:
        with pytest.raises(ValueError, match="training needs at least two"):
            BatchNorm1d(3)(torch.randn(1, 3))

    @pytest.mark.parametrize("c", [0.1, 10.0])
    def test_the_length_of_the_weights_does_not_matter(self, c: float) -> None:
        torch.manual_seed(0)
        X, W = torch.randn(32, 6).double(), torch.randn(4, 6).double()
        state = torch.ones(4), torch.zeros(4), torch.zeros(4), torch.ones(4)
        found = []
        for factor in (1.0, c):
            weight = (factor * W).requires_grad_()
            Y, *_ = batch_norm(X @ weight.T, *state, training=True, eps=0.0)
            (Y**3).sum().backward()
            found.append((Y.detach(), factor * weight.grad))
        torch.testing.assert_close(*found)

    def test_ten_times_the_weights_a_tenth_of_the_gradient(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("batch_normalization")
        assert run.values["ratio_gradient"] == pytest.approx(10, rel=1e-3)
        first, second = re.findall(r"= (-?[\d.]+)", run.log("scale"))
        assert float(first) == pytest.approx(float(second), abs=2e-4)


class TestRates:
    def test_at_its_two_best_rates_each_seed_beats_every_seed_without_it(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("batch_normalization_rates"), "accuracy")
        without = max(max(found) for found in accuracy["without"].values())
        for rate in (0.3, 1.0):
            assert min(accuracy["with batch norm"][rate]) > without

    def test_from_a_tenth_to_one_it_beats_whatever_the_other_reaches(
        self, two_runs: list[Run]
    ) -> None:
        """Means over six seeds: those of the page and three others."""
        drawn = [held(run, "accuracy") for run in two_runs]
        means = {
            name: {
                rate: mean([a for accuracy in drawn for a in accuracy[name][rate]])
                for rate in by_rate
            }
            for name, by_rate in drawn[0].items()
        }
        without = max(means["without"].values())
        for rate in (0.1, 0.3, 1.0):
            assert means["with batch norm"][rate] > without + 0.02
        assert means["with batch norm"][3.0] < means["with batch norm"][1.0] - 0.05

    def test_the_best_rates_are_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("batch_normalization_rates")
        for name, by_rate in held(run, "accuracy").items():
            rates = sorted(by_rate)
            means = [mean(by_rate[rate]) for rate in rates]
            place = means.index(max(means))
            assert 0 < place < len(rates) - 1
            best = "rate_best" + ("_without" if name == "without" else "")
            assert run.values[best] == rates[place]

    def test_without_it_a_third_three_and_ten_times_of_the_rate_are_worse(
        self, vision_run: Runs
    ) -> None:
        without = held(vision_run("batch_normalization_rates"), "accuracy")["without"]
        for rate in (0.01, 0.1, 0.3):
            assert mean(without[rate]) < mean(without[0.03])

    def test_small_rates_are_worse_with_it(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("batch_normalization_rates"), "accuracy")
        assert max(accuracy["with batch norm"][0.01]) < 0.2
        assert mean(accuracy["with batch norm"][0.01]) < mean(accuracy["without"][0.01])

    def test_the_weights_hardly_grow_in_five_epochs(self, vision_run: Runs) -> None:
        run = vision_run("batch_normalization_rates")
        growth = {rate: mean(found) for rate, found in held(run, "growth").items()}
        assert list(growth.values()) == sorted(growth.values())
        assert 1.05 < run.values["factor_growth"] < 1.4


class TestModes:
    @pytest.mark.settles("batch-norm-modes")
    def test_the_smaller_the_batch_the_worse(self, vision_run: Runs) -> None:
        accuracy = held(vision_run("batch_normalization_modes"), "accuracy")
        for seed in range(3):
            ask = [
                accuracy[f"training mode, batches of {n}"][seed]
                for n in (1, 2, 4, 16, 64)
            ]
            assert ask[0] < ask[1] < ask[2] < ask[4] + 0.005
            right = accuracy["evaluation mode"][seed]
            assert ask[0] < 0.6 * right
            assert ask[3] == pytest.approx(right, abs=0.04)
            assert ask[4] == pytest.approx(right, abs=0.02)

    @pytest.mark.settles("batch-norm-modes")
    def test_sorted_by_class_a_large_batch_does_not_help(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("batch_normalization_modes"), "accuracy")
        for seed in range(3):
            by_class = accuracy["the same, sorted by class"][seed]
            assert by_class < accuracy["training mode, batches of 64"][seed] - 0.1

    def test_a_batch_sorted_by_class_holds_two_or_three_kinds(self) -> None:
        y = load_digits().test.y.sort().values
        assert {len(part.unique()) for part in y.split(64)[:5]} <= {2, 3}

    def test_one_image_in_five_companies(self, vision_run: Runs) -> None:
        probability = held(vision_run("batch_normalization_modes"), "probability")
        steady, moving = probability["evaluation mode"], probability["training mode"]
        assert max(steady) - min(steady) < 1e-4
        assert max(moving) - min(moving) > 0.02

    def test_the_rate_is_bracketed(self, vision_run: Runs) -> None:
        run = vision_run("batch_normalization_modes")
        by_rate = held(run, "accuracy_by_rate")
        assert run.values["rate_best"] == 0.3
        assert by_rate[0.3] > max(by_rate[0.03], by_rate[1.0])

    @pytest.mark.parametrize("seed", range(3))
    def test_statistics_measured_anew_change_no_weight(self, seed: int) -> None:
        torch.manual_seed(seed)
        model = small_vgg(((1, 8),), batch_norm=True)
        before = copy.deepcopy(list(model.parameters()))
        with torch.no_grad():
            model.train()(load_digits().train.images[:64])
        for old, new in zip(before, model.parameters(), strict=True):
            assert torch.equal(old, new)


class TestLag:
    def test_running_statistics_lag_behind_and_new_ones_cure_it(
        self, vision_run: Runs
    ) -> None:
        ways = held(vision_run("batch_normalization_shift"), "by_way")
        assert set(ways) == {0.1, 0.01}
        for late, own, anew in ways.values():
            for seed in range(3):
                assert late[seed] < own[seed] - 0.05
                assert anew[seed] == pytest.approx(own[seed], abs=0.06)


class TestWhy:
    def test_the_rates_are_among_the_two_best_of_the_figure(
        self, vision_run: Runs
    ) -> None:
        accuracy = held(vision_run("batch_normalization_rates"), "accuracy")
        used = vision_run("batch_normalization_shift").values
        best = {}
        for name, found in accuracy.items():
            means = {rate: mean(seeds) for rate, seeds in found.items()}
            best[name] = sorted(means, key=means.__getitem__)[-2:]
        assert used["networks['without batch norm'][1]"] in best["without"]
        for name in ("batch norm", "batch norm and noise"):
            assert used[f"networks['{name}'][1]"] in best["with batch norm"]
        assert used["rate_groups"] == used["networks['batch norm'][1]"]

    @pytest.mark.settles("covariate-shift")
    def test_it_reduces_the_shift(self, vision_run: Runs) -> None:
        shifts = held(vision_run("batch_normalization_shift"), "shifts")
        assert max(shifts["batch norm"]) < min(shifts["without batch norm"]) / 2

    @pytest.mark.settles("covariate-shift")
    def test_with_noise_the_shift_is_larger_and_the_accuracy_still_higher(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("batch_normalization_shift")
        accuracy = held(run, "accuracy_noisy")
        assert run.values["ratio_shift"] > 1.1
        noisy, without = (
            accuracy["batch norm and noise"],
            accuracy["without batch norm"],
        )
        assert mean(noisy) > mean(without) + 0.02
        assert mean(noisy) < mean(accuracy["batch norm"])

    def test_the_smaller_the_group_the_lower_the_accuracy(
        self, vision_run: Runs
    ) -> None:
        by_group = held(vision_run("batch_normalization_shift"), "accuracy_by_group")
        means = [mean(by_group[n]) for n in (2, 8, 64)]
        assert means == sorted(means)
        assert max(by_group[2]) < 0.2
        assert max(by_group[8]) < min(by_group[64])


class TestExercises:
    def test_two_values_become_one_and_minus_one(self, book_run: Runs) -> None:
        log = book_run("batch_normalization_exercises").log("solution-1")
        assert log.splitlines()[0].endswith("-1.000, 1.000")
        assert log.splitlines()[1].endswith("-0.301, 0.302")

    def test_batch_norm_folds_into_the_layer_before(self, vision_run: Runs) -> None:
        run = vision_run("batch_normalization_exercises")
        assert run.values["apart"] < 1e-4

    def test_a_leak_matters_with_few_rows(self, vision_run: Runs) -> None:
        log = vision_run("batch_normalization_exercises").log("solution-3")
        many, few = (
            [float(p) for p in re.findall(r"([\d.]+)%", line)]
            for line in log.splitlines()
        )
        assert many[0] - many[1] < 0.3
        assert few[0] > 1.5 * few[1]

    def test_the_formula_of_the_gradient(self, vision_run: Runs) -> None:
        log = vision_run("batch_normalization_exercises").log("solution-4")
        assert "formula, gradient: True" in log
        assert float(log.split()[-1]) < 1e-12

    def test_the_order_matters_less_than_the_rate(self, vision_run: Runs) -> None:
        run = vision_run("batch_normalization_exercises")
        before, behind = (
            sorted(map(mean, by_rate.values()))
            for by_rate in held(run, "accuracy_by_order").values()
        )
        assert 0 < before[-1] - behind[-1] < 0.05
        for means in (before, behind):
            assert means[-1] - means[0] > 1.5 * (before[-1] - behind[-1])

    def test_without_gamma_and_beta_it_learns_as_well(self, vision_run: Runs) -> None:
        run = vision_run("batch_normalization_exercises")
        bare = held(run, "accuracy_bare")
        affine = held(run, "accuracy_by_order")["NR"][1.0]
        assert mean(bare) == pytest.approx(mean(affine), abs=0.05)

    def test_half_of_what_follows_a_norm_is_negative(self) -> None:
        torch.manual_seed(0)
        Y = BatchNorm1d(64)(torch.randn(1000, 64))
        assert (Y < 0).double().mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_score_leaves_a_model_in_training_mode_as_it_was(seed: int) -> None:
    """Its running statistics do not move while it is asked."""
    torch.manual_seed(seed)
    digits = load_digits()
    model = small_vgg(((1, 8),), batch_norm=True)
    fit(model, digits.val, SGD(model.parameters(), lr=0.1), epochs=1)
    before = copy.deepcopy(model.state_dict())
    score(model, digits.val)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
