"""What the chapter on numerical stability and initialization says in words."""

import math
import re
from collections.abc import Callable
from itertools import pairwise
from statistics import mean

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, gelu

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.initialize import kaiming, xavier
from dlnotes.metrics import accuracy
from dlnotes.mlp import MLP
from dlnotes.stability import clip_norm, gradient_norms, layer_scales, log_sum_exp
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.hooks import clip_gradients, every
from dlnotes.train.loop import evaluate, train

Runs = Callable[[str], Run]
EveryRun = Callable[[str], list[Run]]


def deep(
    activation: Callable[[Tensor], Tensor],
    draw: Callable[[Tensor], Tensor] | None,
    seed: int = 0,
) -> MLP:
    torch.manual_seed(seed)
    model = MLP([64, *[64] * 20, 10], activation)
    for layer in model.layers if draw else ():
        draw(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


@pytest.fixture(scope="module")
def images() -> tuple[Tensor, Tensor]:
    return load_digits().train


def norms(model: MLP, images: tuple[Tensor, Tensor]) -> Tensor:
    model.zero_grad()
    cross_entropy(model(images[0]), images[1]).backward()
    return gradient_norms(layer.weight for layer in model.layers)


def big(W: Tensor) -> Tensor:
    return nn.init.normal_(W, 0.0, 1.0)


class TestTheIdea:
    def test_fifty_matrices_shrink_keep_or_blow_up_a_vector(
        self, any_run: Runs
    ) -> None:
        lengths = held(any_run("stability"), "lengths")
        assert lengths[0.8][-1] < 1e-3
        assert 0.1 < lengths[1.0][-1] < 10
        assert lengths[1.25][-1] > 1e3

    def test_each_matrix_multiplies_the_length_by_about_its_size(
        self, any_run: Runs
    ) -> None:
        """Fifty of them, so the mean factor is known to a few percent."""
        for size, length in held(any_run("stability"), "lengths").items():
            assert length[-1] ** (1 / 50) == pytest.approx(size, rel=0.05)

    def test_twenty_sigmoids_alone_leave_a_trillionth(self) -> None:
        z = torch.linspace(-9, 9, 1001, dtype=torch.float64, requires_grad=True)
        torch.sigmoid(z).sum().backward()
        assert z.grad.max().item() == 0.25
        assert 0.25**20 < 1e-12


class TestVariance:
    @pytest.mark.parametrize("seed", range(3))
    def test_the_mean_square_is_fan_in_times_variance_times_mean_square(
        self, seed: int
    ) -> None:
        torch.manual_seed(seed)
        a = torch.rand(50, 300)
        W = 0.07 * torch.randn(20_000, 300)
        expected = 300 * 0.07**2 * a.square().mean().item()
        assert (a @ W.T).square().mean().item() == pytest.approx(expected, rel=0.02)

    @pytest.mark.parametrize("seed", range(3))
    def test_relu_halves_the_mean_square(self, seed: int) -> None:
        torch.manual_seed(seed)
        z = torch.randn(10**6)
        halved = torch.relu(z).square().mean() / z.square().mean()
        assert halved.item() == pytest.approx(0.5, abs=0.002)

    @pytest.mark.parametrize("seed", range(3))
    def test_a_uniform_draw_of_the_same_variance(self, seed: int) -> None:
        torch.manual_seed(seed)
        r = math.sqrt(3 * 0.02)
        assert (r * (2 * torch.rand(10**6) - 1)).var().item() == pytest.approx(
            0.02, rel=0.01
        )

    @pytest.mark.parametrize("seed", range(3))
    def test_torchs_default_has_a_third_over_fan_in(self, seed: int) -> None:
        torch.manual_seed(seed)
        weight = nn.Linear(400, 2000).weight
        assert 400 * weight.var().item() == pytest.approx(1 / 3, rel=0.01)

    def test_in_layers_of_equal_width_the_default_is_smaller_than_both(self) -> None:
        torch.manual_seed(0)
        default = nn.Linear(400, 400).weight.var()
        for draw in (xavier, kaiming):
            assert default < 0.5 * draw(torch.empty(400, 400)).var()


class TestForwards:
    def test_what_enters_the_next_layers_are_the_activations_of_the_hidden_ones(
        self, images: tuple[Tensor, Tensor]
    ) -> None:
        model = deep(torch.relu, kaiming)
        X, scales = images[0], []
        with torch.no_grad():
            for layer in model.layers[:-1]:
                X = torch.relu(layer(X))
                scales.append(X.double().square().mean().sqrt())
        found = layer_scales(model, model.layers[1:], images[0])
        assert torch.equal(found, torch.stack(scales))
        assert len(found) == 20
        assert not any(layer._forward_pre_hooks for layer in model.layers)

    def test_kaiming_stays_level_and_xavier_fades(self, any_run: Runs) -> None:
        ratio = held(any_run("stability"), "ratio_scale")
        assert 0.3 < ratio["Kaiming"] < 3
        predicted = 2 ** (-19 / 2)
        assert predicted / 3 < ratio["Xavier"] < 3 * predicted
        assert 0.1 < ratio["PyTorch's default"] < 1

    def test_only_kaimings_line_and_the_defaults_are_level(self, any_run: Runs) -> None:
        """In the figure each of the three others only falls, or only rises."""
        scales = held(any_run("stability"), "scales")
        for name, change in (("N(0, 1)", 1), ("Xavier", -1), ("N(0, 0.01²)", -1)):
            steps = torch.tensor(scales[name]).log().diff()
            assert (change * steps).mean() > 0.25
            assert (change * steps > 0).double().mean() > 0.9
        kaiming = torch.tensor(scales["Kaiming"])
        assert kaiming.max() / kaiming.min() < 4

    @pytest.mark.parametrize("seed", range(3))
    def test_large_and_small_weights_leave_the_range(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        ends = []
        for deviation in (1.0, 0.01):
            model = deep(
                torch.relu, lambda W, d=deviation: nn.init.normal_(W, 0.0, d), seed
            )
            ends.append(layer_scales(model, model.layers[1:], images[0])[-1].item())
        assert ends[0] > 1e14
        assert 0 < ends[1] < 1e-20
        assert torch.tensor(ends[1]).float().square() == 0

    @pytest.mark.parametrize("seed", range(3))
    def test_the_default_carries_the_biases_and_little_of_the_image(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        model = deep(torch.relu, None, seed)
        X = images[0]
        with torch.no_grad():
            for layer in model.layers[:-1]:
                X = torch.relu(layer(X))
        between_images = X.std(dim=0).square().mean().sqrt()
        assert between_images < 1e-4 * X.square().mean().sqrt()
        for layer in model.layers:
            nn.init.zeros_(layer.bias)
        scales = layer_scales(model, model.layers[1:], images[0])
        assert scales[-1] < 1e-6 * scales[0]


class TestBackwards:
    @pytest.mark.parametrize("seed", range(3))
    def test_the_right_pairs_keep_the_ratio_near_one(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        for activation, draw in ((torch.tanh, xavier), (torch.relu, kaiming)):
            g = norms(deep(activation, draw, seed), images)
            assert 0.1 < g[0] / g[-1] < 10

    @pytest.mark.parametrize("seed", range(3))
    def test_the_sigmoid_vanishes_and_the_default_nearly(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        sigmoid = norms(deep(torch.sigmoid, xavier, seed), images)
        default = norms(deep(torch.relu, None, seed), images)
        assert sigmoid[0] < 1e-10 * sigmoid[-1]
        assert default[0] < 1e-4 * default[-1]

    def test_six_orders_of_magnitude_lie_between_them(self, any_run: Runs) -> None:
        ratio = held(any_run("stability"), "ratio")
        orders = math.log10(ratio["ReLU, default"] / ratio["sigmoid, Xavier"])
        assert round(orders) == 6

    def test_the_right_pairs_are_level_in_the_figure(self, any_run: Runs) -> None:
        norms = held(any_run("stability"), "norms")
        for name in ("tanh, Xavier", "ReLU, Kaiming", "ReLU, N(0, 1)"):
            assert max(norms[name]) < 20 * min(norms[name])
        assert norms["sigmoid, Xavier"] == sorted(norms["sigmoid, Xavier"])

    @pytest.mark.parametrize("seed", range(3))
    def test_a_step_leaves_the_first_weights_as_they_are(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        model = deep(torch.sigmoid, xavier, seed)
        norms(model, images)
        before = [layer.weight.detach().clone() for layer in model.layers]
        torch.optim.SGD(model.parameters(), lr=0.1).step()
        assert torch.equal(model.layers[0].weight, before[0])
        assert not torch.equal(model.layers[-1].weight, before[-1])

    @pytest.mark.parametrize("seed", range(3))
    def test_an_exploding_signal_makes_all_gradients_large(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        g = norms(deep(torch.relu, big, seed), images)
        assert 0.1 < g[0] / g[-1] < 10
        assert g.min() > 1e13


class TestTraining:
    def test_at_the_rates_shown_the_others_do_no_better_than_guessing(
        self, book_run: Runs
    ) -> None:
        values = book_run("stability_training").values
        assert values["accuracy_rest"] <= values["accuracy_guess"]

    def test_only_the_starts_that_keep_the_gradient_learn(self, any_run: Runs) -> None:
        """The worst of their seeds beats the best rate of all the others."""
        run = any_run("stability_training")
        learned = held(run, "accuracy_by_seed")
        assert set(learned) == {"tanh, Xavier", "ReLU, Kaiming"}
        rest, guess = run.values["accuracy_rest"], run.values["accuracy_guess"]
        assert rest < 2 * guess
        for accuracies in learned.values():
            assert min(accuracies) > rest
            assert sum(accuracies) > 3 * 2.5 * guess
        assert min(learned["tanh, Xavier"]) > 4 * guess

    def test_the_rates_chosen_lie_in_the_middle(self, every_run: EveryRun) -> None:
        """The smallest gets them less far, on average by far; the largest nowhere."""
        runs = every_run("stability_training")
        for name in ("tanh, Xavier", "ReLU, Kaiming"):
            smallest, best = [], []
            for run in runs:
                rates, row = held(run, "RATES"), held(run, "accuracy_by_rate")[name]
                assert (rates[0], rates[-1]) == (0.001, 10)
                assert 0 < rates.index(held(run, "rate_best")[name]) < len(rates) - 1
                assert row[0] < max(row) - 0.05
                assert row[-1] < 2 * run.values["accuracy_guess"]
                smallest.append(row[0])
                best.append(max(row))
            assert mean(smallest) < 0.7 * mean(best)

    def test_tanh_gets_further_and_varies_less_than_relu(
        self, every_run: EveryRun
    ) -> None:
        """Means over nine seeds, and over the spreads of three times three."""
        runs = [held(r, "accuracy_by_seed") for r in every_run("stability_training")]
        reached, spread = {}, {}
        for name in ("tanh, Xavier", "ReLU, Kaiming"):
            reached[name] = mean(mean(run[name]) for run in runs)
            spread[name] = mean(max(run[name]) - min(run[name]) for run in runs)
        assert reached["tanh, Xavier"] > reached["ReLU, Kaiming"] + 0.1
        assert spread["tanh, Xavier"] < 0.8 * spread["ReLU, Kaiming"]
        assert spread["ReLU, Kaiming"] > 0.15

    def test_the_accuracy_mostly_falls_back_on_the_way(self) -> None:
        """In four of six runs or more, and in each network by more than 0.03."""
        digits, falls = load_digits(), {}
        for activation, draw, rate in (
            (torch.tanh, xavier, 0.1),
            (torch.relu, kaiming, 0.01),
        ):
            for seed in range(3):
                model, found = deep(activation, draw, seed), []
                optimizer = torch.optim.SGD(model.parameters(), lr=rate)
                batches = Batches(*digits.train, batch_size=64)

                def watch(_: History, model: MLP = model, found: list = found) -> None:
                    found.append(evaluate(model, accuracy, [digits.val]))

                steps, hooks = 8 * len(batches), [every(len(batches), watch)]
                train(model, cross_entropy, optimizer, batches, steps, hooks)
                assert len(found) == 8
                fall = max(a - b for a, b in pairwise(found))
                falls.setdefault(activation, []).append(fall)
        assert sum(fall > 0.01 for group in falls.values() for fall in group) >= 4
        assert min(max(group) for group in falls.values()) > 0.03

    @pytest.mark.parametrize("seed", range(3))
    def test_with_xavier_the_logits_of_relu_depend_little_on_the_image(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        logits = deep(torch.relu, xavier, seed)(images[0])
        assert logits.std(dim=0).max() < 0.01

    @pytest.mark.parametrize("seed", range(3))
    def test_its_gradients_are_of_one_size(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        g = norms(deep(torch.relu, xavier, seed), images)
        assert g.max() < 5 * g.min()

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("hidden", [1, 2])
    def test_two_or_three_layers_learn_from_the_default_but_more_slowly(
        self, hidden: int, seed: int
    ) -> None:
        digits, found = load_digits(), []
        for draw in (None, kaiming):
            torch.manual_seed(seed)
            model = MLP([64, *[64] * hidden, 10])
            for layer in model.layers if draw else ():
                draw(layer.weight)
                nn.init.zeros_(layer.bias)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
            batches = Batches(*digits.train, batch_size=64)
            train(model, cross_entropy, optimizer, batches, 8 * len(batches))
            found.append(evaluate(model, accuracy, [digits.val]))
        assert 0.85 < found[0] < found[1]

    def test_the_loop_names_the_step(self, any_run: Runs) -> None:
        log = any_run("stability_training").log("blow-up")
        assert log.startswith("the loss is nan at step 2")


class TestClipping:
    def test_the_first_free_step_leaves_the_cliff_and_the_clipped_arrives(
        self, book_run: Runs
    ) -> None:
        run = book_run("stability_training")
        free, clipped = held(run, "w_free"), held(run, "w_clipped")
        assert free[1] < -5
        assert clipped[-1] == pytest.approx(1, abs=1e-3)
        steps = [abs(after - before) for before, after in pairwise(clipped)]
        assert max(steps) <= 0.01 + 1e-9

    @pytest.mark.settles("clipping-threshold")
    def test_clipping_shortens_to_the_threshold_and_keeps_the_direction(self) -> None:
        g = torch.tensor([3.0, -4.0])
        for threshold in (0.5, 5.0, 50.0):
            clipped = g.clone()
            clip_norm([clipped], threshold)
            expected = min(1, threshold / g.norm().item()) * g
            torch.testing.assert_close(clipped, expected)

    @pytest.mark.parametrize("threshold", [5.0, 50.0])
    def test_a_gradient_that_is_short_enough_is_multiplied_by_one(
        self, threshold: float
    ) -> None:
        g = torch.tensor([3.0, -4.0])
        clipped = g.clone()
        assert clip_norm([clipped], threshold) == 5
        assert torch.equal(clipped, g)

    @pytest.mark.parametrize(
        ("gradients", "threshold", "message"),
        [
            ([nn.Parameter(torch.ones(1))], 1.0, "gradients, not parameters"),
            ([], 1.0, "there are no gradients"),
            ([torch.ones(1)], 0.0, "it must be positive"),
            ([torch.ones(1)], -1.0, "it must be positive"),
        ],
    )
    def test_what_cannot_be_clipped_is_refused(
        self, gradients: list[Tensor], threshold: float, message: str
    ) -> None:
        with pytest.raises(ValueError, match=message):
            clip_norm(gradients, threshold)

    def test_the_handle_ends_the_clipping(self) -> None:
        w = nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([w], lr=1.0)
        handle = clip_gradients(optimizer, threshold=1.0)
        moved = []
        for _ in range(2):
            before = w.item()
            w.grad = torch.full((1,), 8.0)
            optimizer.step()
            moved.append(before - w.item())
            handle.remove()
        assert moved == [1.0, 8.0]

    @pytest.mark.settles("clipping-threshold")
    def test_at_a_rate_too_large_only_the_clipped_network_learns(
        self, every_run: EveryRun
    ) -> None:
        """Each of nine seeds gains; and a threshold may be too high to help."""
        runs = every_run("stability_training")
        guess = runs[0].values["accuracy_guess"]
        found = {threshold: [] for threshold in (None, 10.0, 1.0, 0.1)}
        for run in runs:
            for threshold, row in held(run, "accuracy_by_threshold").items():
                found[threshold] += row
        for threshold in (1.0, 0.1):
            pairs = zip(found[threshold], found[None], strict=True)
            assert all(clipped > free for clipped, free in pairs)
            assert mean(found[threshold]) > 2.5 * max(guess, mean(found[None]))
        assert mean(found[None]) < 1.6 * guess
        assert mean(found[10.0]) < 1.6 * guess

    @pytest.mark.parametrize("seed", range(3))
    def test_no_length_makes_an_exploded_gradient_useful(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        """A step along it, of any length, lowers the loss by less than a tenth."""
        X, y = images
        model = deep(torch.relu, big, seed)
        norms(model, images)
        gradients = [p.grad for p in model.parameters()]
        clip_norm(gradients, 1.0)
        with torch.no_grad():
            start = [p.clone() for p in model.parameters()]
            losses = []
            for exponent in range(-6, 1):
                for p, s, g in zip(model.parameters(), start, gradients, strict=True):
                    p.copy_(s - 10.0**exponent * g)
                losses.append(cross_entropy(model(X), y).item())
        assert min(losses) > 1e10


class TestLogSumExp:
    def test_where_float32_ends(self) -> None:
        assert torch.tensor(88.0).exp().isfinite()
        assert torch.tensor(89.0).exp().isinf()
        assert torch.tensor(-103.0).exp() > 0
        assert torch.tensor(-104.5).exp() == 0

    def test_the_quiet_failure(self, book_run: Runs) -> None:
        assert book_run("stability").values["error_quiet"] == pytest.approx(
            torch.tensor([-100.0] * 3).exp().sum().log().item() - (-100 + math.log(3)),
            abs=1e-5,
        )

    def test_an_infinite_entry_counts_as_what_it_is(self) -> None:
        ruled_out = torch.tensor([1.0, 2.0, -math.inf])
        kept = torch.tensor([1.0, 2.0])
        assert log_sum_exp(ruled_out) == log_sum_exp(kept)
        for largest in (-math.inf, math.inf):
            z = torch.tensor([largest, -math.inf])
            assert (z - z.max()).exp().sum().isnan()
            assert log_sum_exp(z) == largest


class TestExercises:
    def test_tanh_pulls_back_and_gelu_pushes(self, any_run: Runs) -> None:
        """Ten networks each: how far apart their last layers are."""
        lines = any_run("stability_exercises").log("solution-1").splitlines()
        spread = {}
        for line in lines:
            ends = re.search(r"layer 20 ([\d.]+) to ([\d.]+)", line)
            low, high = (float(end) for end in ends.groups())
            spread[line.split(":")[0]] = high / low
        assert spread["tanh"] < 1.05
        assert 1.3 < spread["relu"] < spread["gelu"]

    def test_the_first_layer_has_the_right_size(self, any_run: Runs) -> None:
        log = any_run("stability_exercises").log("solution-1")
        ends = re.findall(r"layer 1 ([\d.]+) to ([\d.]+)", log)
        assert len(ends) == 3
        for low, high in ends:
            assert 0.95 < float(low) <= float(high) < 1.05

    def test_a_larger_signal_loses_more_in_tanh_and_less_in_gelu(self) -> None:
        torch.manual_seed(0)
        z = torch.randn(100_000)
        shares = {}
        for name in ("relu", "tanh", "gelu"):
            g = {"relu": torch.relu, "tanh": torch.tanh, "gelu": gelu}[name]
            sizes = torch.tensor([0.5, 1.0, 2.0])
            passed = torch.stack([g(size * z).square().mean() for size in sizes])
            shares[name] = passed / sizes**2
        assert (shares["tanh"].diff() < -0.05).all()
        assert (shares["gelu"].diff() > 0.03).all()
        assert (shares["relu"].diff().abs() < 1e-5).all()

    def test_kaimings_factor_is_the_gain_of_relu(self, any_run: Runs) -> None:
        gain = any_run("stability_exercises").log("solution-1").split()[2]
        assert float(gain.strip(",")) == pytest.approx(math.sqrt(2), abs=0.005)

    def test_the_residual_network_keeps_its_gradient(self, any_run: Runs) -> None:
        run = any_run("stability_exercises")
        plain, residual = held(run, "ratios")
        assert plain < 1e-4
        assert 0.1 < residual < 10
        lines = run.log("solution-2").splitlines()
        firsts, lasts = zip(*[(x.split()[3], x.split()[6]) for x in lines], strict=True)
        assert float(firsts[1]) > 1
        assert float(lasts[1]) > 1

    def test_clipping_by_value_turns_the_gradient(self, any_run: Runs) -> None:
        by_value, by_norm = held(any_run("stability_exercises"), "angles")
        assert 20 < by_value < 35
        assert by_norm == pytest.approx(0, abs=0.1)

    @pytest.mark.parametrize("seed", range(3))
    def test_without_biases_the_default_leaves_a_root_of_six_less_per_layer(
        self, images: tuple[Tensor, Tensor], seed: int
    ) -> None:
        model = deep(torch.relu, None, seed)
        for layer in model.layers:
            nn.init.zeros_(layer.bias)
        scales = layer_scales(model, model.layers[1:], images[0])
        assert 6 ** (-19 / 2) == pytest.approx(4e-8, rel=0.02)
        per_layer = (scales[-1] / scales[0]).item() ** (1 / 19)
        assert per_layer == pytest.approx(1 / math.sqrt(6), rel=0.1)

    @pytest.mark.parametrize("seed", range(3))
    def test_log_sum_exp_lies_above_the_largest_entry_and_has_the_slope_of_softmax(
        self, seed: int
    ) -> None:
        torch.manual_seed(seed)
        z = (100 * torch.randn(50, 7)).requires_grad_()
        sums = log_sum_exp(z)
        assert (sums >= z.amax(dim=1)).all()
        assert (sums <= z.amax(dim=1) + math.log(7)).all()
        sums.sum().backward()
        torch.testing.assert_close(z.grad, torch.softmax(z.detach(), dim=1))
