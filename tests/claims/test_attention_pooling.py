"""What the chapter on attention pooling says in words."""

from collections.abc import Callable
from math import exp, log
from statistics import mean, median, stdev

import pytest
import torch
from torch import Tensor

from containers import held
from dlnotes.attention.kernel import KernelRegression, kernel_weights, leave_one_out
from dlnotes.attention.softmax import masked_softmax
from dlnotes.book.storage.store import Run
from dlnotes.data.curve import noisy_wave, wave
from dlnotes.losses import mse

Runs = Callable[[str], Run]
SEEDS = [0, 1, 2, 10_000, 10_001, 10_002, 20_000, 20_001, 20_002]
QUERIES = torch.linspace(0, 5, 101)
KINDS = ("among its keys", "left out")


def draw(seed: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(seed)
    return noisy_wave(50)


def error_of(keys: Tensor, values: Tensor, width: float) -> float:
    outputs = kernel_weights(QUERIES, keys, width) @ values
    return mse(outputs, wave(QUERIES)).item()


def trained_width(
    keys: Tensor, values: Tensor, mask: Tensor | None, steps: int, rate: float = 0.1
) -> float:
    model = KernelRegression(1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(steps):
        loss = mse(model(keys, keys, values, mask), values)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.width.item()


class TestPooling:
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("width", [0.02, 0.3, 2.0])
    def test_an_output_lies_between_the_smallest_and_the_largest_value(
        self, seed: int, width: float
    ) -> None:
        keys, values = draw(seed)
        outputs = kernel_weights(QUERIES, keys, width) @ values
        assert outputs.min() > values.min() - 1e-5
        assert outputs.max() < values.max() + 1e-5
        ones = kernel_weights(QUERIES, keys, width) @ torch.full((50,), 7.0)
        torch.testing.assert_close(ones, torch.full((101,), 7.0))

    def test_equal_weights_give_the_mean_whatever_the_query(self) -> None:
        _, values = draw(0)
        weights = masked_softmax(torch.zeros(101, 50))
        torch.testing.assert_close(weights @ values, values.mean().expand(101))

    def test_the_three_keys_by_hand(self, book_run: Runs) -> None:
        bells = [exp(-0.5), 1, exp(-2)]
        assert [round(bell, 3) for bell in bells] == [0.607, 1, 0.135]
        assert round(sum(bells), 3) == 1.742
        by_hand = sum(b * v for b, v in zip(bells, (10, 20, 40), strict=True))
        found = book_run("attention_pooling").values["output_three"]
        assert found == pytest.approx(by_hand / sum(bells))

    def test_the_formula_is_the_softmax(self, vision_run: Runs) -> None:
        values = vision_run("attention_pooling").values
        assert values["difference_formula"] < 1e-6

    def test_it_is_ahead_of_the_mean_without_training(self) -> None:
        errors, of_mean = [], []
        for seed in SEEDS:
            keys, values = draw(seed)
            errors.append(error_of(keys, values, 0.3))
            of_mean.append(mse(values.mean().expand(101), wave(QUERIES)).item())
        assert mean(errors) < mean(of_mean) / 5

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_output_is_smooth_in_the_query_and_in_the_keys(self, seed: int) -> None:
        """The gradients agree with differences."""
        keys, values = (x.double() for x in draw(seed))
        queries = torch.tensor([0.5, 2.5, 4.5], dtype=torch.float64)

        def outputs(queries: Tensor, keys: Tensor) -> Tensor:
            return kernel_weights(queries, keys, 0.3) @ values

        inputs = queries.requires_grad_(), keys.requires_grad_()
        assert torch.autograd.gradcheck(outputs, inputs)
        slopes = torch.autograd.grad(outputs(*inputs).sum(), inputs)
        assert all(slope.abs().max() > 0.1 for slope in slopes)


class TestHeatMap:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_largest_weights_make_a_band_from_corner_to_corner(
        self, seed: int
    ) -> None:
        keys, _ = draw(seed)
        weights = kernel_weights(QUERIES, keys, 0.3)
        place = weights.argmax(1)
        assert (place.diff() >= 0).all()
        assert (place[0].item(), place[-1].item()) == (0, 49)
        assert ((weights < 0.001).float().mean() > 0.6).item()

    @pytest.mark.parametrize("seed", SEEDS)
    def test_where_keys_are_dense_many_share_the_weight(self, seed: int) -> None:
        keys, _ = draw(seed)
        weights = kernel_weights(QUERIES, keys, 0.3)
        near = ((QUERIES[:, None] - keys).abs() < 0.6).sum(1).float()
        shared_by = 1 / weights.square().sum(1)
        largest = weights.max(1).values
        corr = torch.corrcoef(torch.stack([near, shared_by, largest]))
        assert corr[0, 1] > 0.75  # dense, wide
        assert corr[0, 2] < -0.75  # dense, dim

    def test_at_both_ends_the_band_is_narrow_and_bright(self) -> None:
        narrow, bright = [], []
        for seed in SEEDS:
            weights = kernel_weights(QUERIES, draw(seed)[0], 0.3)
            shared_by, largest = 1 / weights.square().sum(1), weights.max(1).values
            narrow.append((shared_by[[0, -1]] / shared_by.median()).tolist())
            bright.append((largest[[0, -1]] / largest.median()).tolist())
        for end in (0, 1):
            assert mean(found[end] for found in narrow) < 0.75
            assert mean(found[end] for found in bright) > 1.3

    def test_other_keys_give_the_same_query_other_weights(self) -> None:
        found = [
            kernel_weights(torch.tensor([2.5]), draw(seed)[0], 0.3).max().item()
            for seed in SEEDS
        ]
        assert max(found) > 1.5 * min(found)
        assert len({round(a, 3) for a in found}) == len(SEEDS)


class TestWidth:
    def test_about_0_3_is_better_than_narrow_and_than_wide(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("attention_pooling"), "error")
        for n in range(3):
            narrow, right, wide, widest = (found[w][n] for w in (0.02, 0.3, 2.0, 1000))
            assert right < narrow / 1.5
            assert narrow < wide < widest

    def test_the_best_width_lies_between_and_0_3_is_good(self) -> None:
        widths = [n / 100 for n in range(1, 200)]
        lowest, of_0_3 = [], []
        for seed in SEEDS:
            keys, values = draw(seed)
            errors = {width: error_of(keys, values, width) for width in widths}
            best = min(errors, key=errors.__getitem__)
            assert 0.1 < best < 0.8
            lowest.append(errors[best])
            of_0_3.append(errors[0.3])
        assert mean(of_0_3) < 1.5 * mean(lowest)

    def test_where_the_minimum_lies_differs(self) -> None:
        widths = [n / 100 for n in range(1, 200)]
        best = {
            min(widths, key=lambda width: error_of(*draw(seed), width))
            for seed in SEEDS[:3]
        }
        assert len(best) > 1

    @pytest.mark.parametrize("seed", SEEDS)
    def test_how_many_points_a_query_sees(self, seed: int) -> None:
        keys, _ = draw(seed)
        found = [
            (1 / kernel_weights(QUERIES, keys, width).square().sum(1)).mean().item()
            for width in (1e-4, 0.02, 0.3, 2, 1000)
        ]
        assert found[0] == pytest.approx(1, abs=0.02)
        assert 1 < found[1] < 3
        assert 5 < found[2] < 15
        assert 35 < found[3] < 50
        assert found[4] == pytest.approx(50)

    def test_the_count_is_n_for_n_equal_weights(self) -> None:
        weights = torch.full((7,), 1 / 7)
        assert (1 / weights.square().sum()).item() == pytest.approx(7)

    def test_at_the_ends_are_the_mean_and_the_nearest_neighbour(
        self, vision_run: Runs
    ) -> None:
        values = vision_run("attention_pooling").values
        assert values["difference_mean"] < 1e-5
        assert values["difference_nearest"] < 1e-5

    @pytest.mark.parametrize("seed", SEEDS)
    def test_so_they_are_with_other_draws(self, seed: int) -> None:
        keys, values = draw(seed)
        far, near = (kernel_weights(QUERIES, keys, w) @ values for w in (1000, 1e-4))
        assert (far - values.mean()).abs().max() < 1e-4
        distances, nearest = (QUERIES[:, None] - keys).abs().sort(1)
        clear = distances[:, 1].square() - distances[:, 0].square() > 1e-6  # no tie
        assert clear.float().mean() > 0.98
        assert (near - values[nearest[:, 0]])[clear].abs().max() < 1e-4

    def test_the_formula_as_written_divides_0_by_0_at_small_widths(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("attention_pooling"), "count_nan")
        assert found[0.02] <= found[0.01] < found[0.001]
        assert found[0.001] > 50
        keys, _ = draw(0)
        assert kernel_weights(QUERIES, keys, 0.001).isfinite().all()


class TestSoftmax:
    @pytest.mark.settles("softmax-keeps-a-share")
    def test_that_of_2_4_4_has_no_0_in_it(self, vision_run: Runs) -> None:
        run = vision_run("attention_pooling")
        found = held(run, "weights_softmax")
        small = 1 / (1 + 2 * exp(2))
        expected = [small, exp(2) * small, exp(2) * small]
        assert found == pytest.approx(expected)
        assert [round(a, 4) for a in found] == [0.0634, 0.4683, 0.4683]
        assert exp(2) == pytest.approx(7.4, abs=0.05)

    @pytest.mark.settles("softmax-keeps-a-share")
    def test_0_and_halves_need_a_mask(self, book_run: Runs) -> None:
        mask = torch.tensor([False, True, True])
        found = masked_softmax(torch.tensor([2.0, 4.0, 4.0]), mask)
        assert found.tolist() == [0, 0.5, 0.5]
        assert book_run("attention_pooling").values["sum_masked"] == 1

    @pytest.mark.parametrize("seed", SEEDS)
    def test_no_weight_of_moderate_scores_is_0(self, seed: int) -> None:
        torch.manual_seed(seed)
        assert (torch.randn(100, 50).mul(10).softmax(1) > 0).all()

    def test_ten_times_the_scores_come_close_to_the_maximum(
        self, book_run: Runs
    ) -> None:
        found = held(book_run("attention_pooling"), "weights_tenfold")
        assert found == pytest.approx([0, 0.5, 0.5], abs=1e-8)
        assert found[0] > 0
        assert f"{found[0]:.0e}" == "1e-09"

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_weights_are_0_before_the_last_line_sets_them(self, seed: int) -> None:
        torch.manual_seed(seed)
        scores, mask = torch.randn(100, 50).mul(10), torch.rand(100, 50) < 0.5
        mask[:, 0] = True
        low = torch.finfo(scores.dtype).min
        weights = scores.masked_fill(~mask, low).softmax(1)
        assert (weights[~mask] == 0).all()
        assert torch.equal(weights, masked_softmax(scores, mask))

    def test_the_score_that_is_hidden_moves_nothing(self, vision_run: Runs) -> None:
        values = held(vision_run("attention_pooling"), "weights_hidden")
        assert values == [0, 0.5, 0.5]

    def test_a_mask_after_the_softmax_leaves_a_sum_below_1(
        self, book_run: Runs
    ) -> None:
        found = book_run("attention_pooling").values["sum_after"]
        assert found == pytest.approx(1 - 1 / (1 + 2 * exp(2)))

    def test_three_of_the_lowest_scores_would_have_a_third_each(self) -> None:
        low = torch.full((3,), torch.finfo(torch.float32).min)
        torch.testing.assert_close(low.softmax(0), torch.full((3,), 1 / 3))

    def test_nothing_to_look_at_gives_zeros_where_a_softmax_gives_nan(self) -> None:
        scores, none = torch.randn(3), torch.zeros(3, dtype=torch.bool)
        assert masked_softmax(scores, none).tolist() == [0, 0, 0]
        alone = torch.full((3,), -torch.inf).softmax(0)
        assert alone.isnan().all()


class TestLearnedWidth:
    def test_it_collapses_among_the_keys_and_does_not_when_left_out(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_pooling_learned")
        width = held(run, "width_learned")
        assert 0 < max(width[KINDS[0]]) < 0.01
        assert 0.05 < min(width[KINDS[1]]) < max(width[KINDS[1]]) < 0.5

    def test_the_loss_is_small_and_the_error_large_where_it_collapses(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_pooling_learned")
        loss, error = held(run, "loss_training"), held(run, "error_test")
        for n in range(3):
            assert loss[KINDS[0]][n] < loss[KINDS[1]][n] / 3
            assert error[KINDS[0]][n] > 1.5 * error[KINDS[1]][n]

    def test_its_error_is_about_that_of_the_nearest_neighbour(
        self, vision_run: Runs, request: pytest.FixtureRequest
    ) -> None:
        run = vision_run("attention_pooling_learned")
        first = 10_000 if "offset-1" in request.node.name else 0
        for n, error in enumerate(held(run, "error_test")["among its keys"]):
            keys, values = draw(first + n)
            nearest = values[(QUERIES[:, None] - keys).abs().argmin(1)]
            expected = mse(nearest, wave(QUERIES)).item()
            assert error == pytest.approx(expected, rel=0.15)

    def test_the_losses_are_those_of_the_widths(
        self, vision_run: Runs, request: pytest.FixtureRequest
    ) -> None:
        """So that the dots lie on the curves of the figure."""
        run = vision_run("attention_pooling_learned")
        width, loss = held(run, "width_learned"), held(run, "loss_training")
        first = 10_000 if "offset-1" in request.node.name else 0
        for n in range(3):
            keys, values = draw(first + n)
            masks = zip(KINDS, (None, leave_one_out(50)), strict=True)
            for name, mask in masks:
                weights = kernel_weights(keys, keys, width[name][n], mask)
                expected = mse(weights @ values, values).item()
                assert loss[name][n] == pytest.approx(expected, rel=1e-4)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_more_steps_make_the_collapsed_width_smaller(self, seed: int) -> None:
        keys, values = draw(seed)
        found = {
            steps: trained_width(keys, values, None, steps) for steps in (200, 600)
        }
        assert found[600] < 0.9 * found[200]

    def test_a_point_looks_at_itself_or_at_those_beside_it(
        self, book_run: Runs
    ) -> None:
        """What the two maps show."""
        width = held(book_run("attention_pooling_learned"), "width_learned")
        keys, _ = draw(0)
        alone = kernel_weights(keys, keys, width[KINDS[0]][0])
        assert alone.diagonal().mean() > 0.95
        spread = kernel_weights(keys, keys, width[KINDS[1]][0], leave_one_out(50))
        assert (spread.diagonal() == 0).all()
        place = torch.arange(50)
        beside = (place[:, None] - place).abs() <= 10
        assert (spread * beside).sum(1).min() > 0.95

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_loss_falls_all_the_way_to_width_0_unless_left_out(
        self, seed: int
    ) -> None:
        keys, values = draw(seed)
        widths = [0.00001 * 2**n for n in range(18)]  # to about 1
        losses = [
            [
                mse(kernel_weights(keys, keys, w, mask) @ values, values).item()
                for w in widths
            ]
            for mask in (None, leave_one_out(50))
        ]
        assert losses[0] == sorted(losses[0])
        assert losses[0][0] < 0.001
        valley = losses[1].index(min(losses[1]))
        assert 0.05 < widths[valley] < 0.7
        assert min(losses[1][0], losses[1][-1]) > losses[1][valley] + 0.03

    @pytest.mark.parametrize("seed", SEEDS[:3])
    @pytest.mark.parametrize("rate", [0.05, 0.2])
    def test_other_rates_say_the_same(self, seed: int, rate: float) -> None:
        keys, values = draw(seed)
        masks = (None, leave_one_out(50))
        found = [trained_width(keys, values, mask, 200, rate) for mask in masks]
        assert found[0] < 0.02
        assert found[1] > 0.1

    def test_the_losses_left_out_are_more_than_the_noise(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("attention_pooling_learned"), "loss_training")
        assert mean(found["left out"]) > 0.5**2

    def test_with_the_second_draw_the_best_width_was_another(
        self, book_run: Runs
    ) -> None:
        run = book_run("attention_pooling_learned")
        error = held(run, "error_test")["left out"][1]
        keys, values = draw(1)
        lowest = min(error_of(keys, values, n / 100) for n in range(5, 100))
        assert run.values["ratio_second"] == pytest.approx(error / lowest, rel=1e-4)
        assert error > 2 * lowest
        best, learned = held(run, "width_best"), held(run, "width_learned")["left out"]
        assert best[1] > 2 * learned[1]
        assert best[0] == pytest.approx(learned[0], rel=0.25)
        assert best[2] == pytest.approx(learned[2], rel=0.25)


class Features:
    """The widths, losses and errors of one draw, by the number of features."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.keys, self.queries = 5 * torch.rand(50, 8), 5 * torch.rand(500, 8)
        self.values = wave(self.keys[:, 0]) + 0.5 * torch.randn(50)

    def outputs(self, widths: Tensor, left_out: bool) -> Tensor:
        C = len(widths)
        queries = self.keys if left_out else self.queries
        d = (queries[:, None, :C] - self.keys[:, :C]) / widths
        mask = leave_one_out(50) if left_out else None
        return masked_softmax(-d.square().sum(-1) / 2, mask) @ self.values

    def learn(self, C: int, start: float) -> tuple[float, float]:
        """Return the loss left out and the error."""
        log_widths = torch.full((C,), log(start), requires_grad=True)
        optimizer = torch.optim.Adam([log_widths], lr=0.1)
        for _ in range(200):
            loss = mse(self.outputs(log_widths.exp(), True), self.values)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            loss = mse(self.outputs(log_widths.exp(), True), self.values)
            found = self.outputs(log_widths.exp(), False)
        return loss.item(), mse(found, wave(self.queries[:, 0])).item()


class TestFeatures:
    def test_a_shared_width_ends_near_the_error_of_the_mean(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_pooling_dimensions")
        found = held(run, "error")["one width for all"]
        errors = [mean(found[C]) for C in (1, 2, 4, 8)]
        assert errors == sorted(errors)
        of_mean = mean(held(run, "error_mean"))
        assert errors[-1] == pytest.approx(of_mean, rel=0.25)

    def test_with_some_draws_the_largest_width_is_chosen(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_pooling_dimensions")
        found = held(run, "width_shared")[8]
        assert run.values["width_shared_largest"] == pytest.approx(0.05 * 2**8)
        n = found.index(max(found))
        error = held(run, "error")["one width for all"][8][n]
        assert error == pytest.approx(held(run, "error_mean")[n], rel=0.01)

    def test_own_widths_are_better(self, vision_run: Runs) -> None:
        found = held(vision_run("attention_pooling_dimensions"), "error")
        shared, own = found["one width for all"], found["a width for each"]
        for C in (2, 4, 8):
            gains = [a - b for a, b in zip(shared[C], own[C], strict=True)]
            assert mean(gains) > 2 * stdev(gains) / len(gains) ** 0.5
            assert mean(own[C]) < 0.8 * mean(shared[C])

    def test_of_four_features_the_first_has_the_smallest_width(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_pooling_dimensions")
        found = held(run, "widths_own")[4]
        largest = run.values["width_first_largest"]
        assert largest == max(first for first, *_ in found) < 0.5
        for first, *others in found:
            assert first < min(others) / 2
            assert first < median(others) / 5

    def test_some_widths_of_useless_features_stay_below_10(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_pooling_dimensions")
        found = [w for _, *others in held(run, "widths_own")[4] for w in others]
        assert run.values["width_others_smallest"] == min(found) < 5
        assert max(found) > 10

    def test_in_the_draw_that_fails_most_useless_features_count(
        self, book_run: Runs
    ) -> None:
        run = book_run("attention_pooling_dimensions")
        errors = held(run, "error")["a width for each"][8]
        worst = errors.index(max(errors))
        for n, (_, *others) in enumerate(held(run, "widths_own")[8]):
            assert (median(others) < 1.5) == (n == worst)

    def test_a_width_of_10_nearly_switches_a_feature_off(self) -> None:
        assert exp(-((5 / 10) ** 2) / 2) > 0.88
        assert exp(-((5 / 1.6) ** 2) / 2) < 0.01

    def test_with_8_features_the_worst_draw_is_far_off(self, vision_run: Runs) -> None:
        run = vision_run("attention_pooling_dimensions")
        found = held(run, "error")["a width for each"]
        worst = found[8].index(max(found[8]))
        ratio = found[8][worst] / found[1][worst]
        assert run.values["ratio_own_worst"] == pytest.approx(ratio)
        assert ratio > 1.5

    def test_over_nine_draws_8_features_have_more_error_than_4(self) -> None:
        ratios: dict[int, list[float]] = {4: [], 8: []}
        for seed in SEEDS:
            draws = Features(seed)
            _, alone = draws.learn(1, start=1.0)
            for C, found in ratios.items():
                found.append(draws.learn(C, start=1.0)[1] / alone)
        assert mean(ratios[8]) > 1.5 + 2 * stdev(ratios[8]) / 3
        gaps = [eight - four for four, eight in zip(*ratios.values(), strict=True)]
        assert mean(gaps) > 2 * stdev(gaps) / 3

    def test_from_small_widths_it_ends_with_a_larger_loss(self) -> None:
        above_one, above_three = [], []
        for seed in SEEDS:
            draws = Features(seed)
            small, one, three = (draws.learn(8, start)[0] for start in (0.3, 1.0, 3.0))
            above_one.append(small - one)
            above_three.append(small - three)
        for gaps in (above_one, above_three):
            assert mean(gaps) > 3 * stdev(gaps) / len(gaps) ** 0.5

    def test_there_leave_one_out_is_overfitted(self, vision_run: Runs) -> None:
        """Less loss than with the first feature alone, and more error."""
        run = vision_run("attention_pooling_dimensions")
        assert run.values["loss_own_worst"] < 0.7 * run.values["loss_first_alone"]
        error = held(run, "error")["a width for each"]
        worst = error[8].index(max(error[8]))
        assert error[8][worst] > 1.5 * error[1][worst]

    def test_the_more_features_the_fewer_points_are_near(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("attention_pooling_dimensions"), "number_near")
        near = 1 - (1 - 0.5 / 5) ** 2  # less than 0.5 from two ends, by 5
        for C, number in found.items():
            assert number == pytest.approx(50 * near**C, rel=0.2, abs=0.1)
        assert found[8] < 0.01

    def test_points_are_far_apart_in_eight_features(self) -> None:
        for seed in SEEDS:
            torch.manual_seed(seed)
            points = 5 * torch.rand(50, 8)
            nearest = []
            for C in (1, 2, 4, 8):
                distances = torch.cdist(points[:, :C], points[:, :C])
                distances.fill_diagonal_(torch.inf)
                nearest.append(median(distances.min(1).values.tolist()))
            assert nearest == sorted(nearest)
            assert nearest[3] > 10 * nearest[0]


class TestExercises:
    def test_the_farthest_key_gains_most_from_twice_the_width(self) -> None:
        keys, query = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([2.0])
        narrow, wide = (kernel_weights(query, keys, w)[0] for w in (1, 2))
        assert (wide - narrow).argmax() == 2
        assert wide.argmax() == narrow.argmax() == 1
        assert wide.max() < narrow.max()
        assert narrow.argmin() == wide.argmin() == 2
        assert wide.min() > narrow.min()

    def test_they_say_what_the_page_says(self, vision_run: Runs) -> None:
        values = vision_run("attention_pooling_exercises").values
        assert values["share"] == pytest.approx(0.001)
        assert values["difference"] < 1e-5

    @pytest.mark.parametrize("seed", SEEDS)
    def test_far_beyond_the_keys_the_last_one_takes_all(self, seed: int) -> None:
        keys, _ = draw(seed)
        found = kernel_weights(torch.tensor([5000.0]), keys.double(), 0.3)
        assert found[0, -1] > 0.99
        lead = [(q - keys[-2]) ** 2 - (q - keys[-1]) ** 2 for q in (10, 20, 30)]
        assert (lead[2] - lead[1]).item() == pytest.approx(
            (lead[1] - lead[0]).item(), rel=0.01
        )

    def test_at_20_the_output_is_the_value_of_the_last_key(
        self, book_run: Runs
    ) -> None:
        found = held(book_run("attention_pooling_exercises"), "outputs")
        last = draw(0)[1][-1].item()
        assert found[-1] == pytest.approx(last, abs=0.01)

    def test_at_its_best_width_the_gaussian_kernel_is_ahead_on_average(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("attention_pooling_exercises")
        found, widths = held(run, "error_best"), held(run, "width_best")
        assert mean(found["Gaussian"]) < mean(found["box"])
        for kernel in found:  # and the widths are bracketed
            assert 0.05 < min(widths[kernel]) < max(widths[kernel]) < 1.6

    def test_left_out_it_is_not_in_the_second_draw(self, book_run: Runs) -> None:
        run = book_run("attention_pooling_exercises")
        found = held(run, "error_of")
        assert found["Gaussian"][1] > 1.2 * found["box"][1]
        chosen, best = held(run, "width_of"), held(run, "width_best")
        assert chosen["Gaussian"][1] < best["Gaussian"][1] / 2

    def test_a_box_finds_no_key_near_some_queries(self, vision_run: Runs) -> None:
        values = vision_run("attention_pooling_exercises").values
        assert values["count_empty"] > 0

    def test_more_points_have_a_smaller_error(self, vision_run: Runs) -> None:
        found = held(vision_run("attention_pooling_exercises"), "error_by_size")
        assert found[50] > 2 * found[200] > 4 * found[800]
        run = vision_run("attention_pooling_exercises")
        width = held(run, "width_by_size")
        assert width[50] > width[200] > width[800]
        ratio = run.values["ratio_width"]
        assert ratio == pytest.approx(width[800] / width[50])
        assert 0.4 < ratio < 0.7
        assert 16**-0.2 == pytest.approx(0.57, abs=0.005)
