"""What the chapter on optimization says in words."""

import re
from collections.abc import Callable
from itertools import pairwise
from math import ceil, log, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from containers import held
from dlnotes.book.book import Book
from dlnotes.book.storage.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import design_matrix, least_squares, linear
from dlnotes.losses import mse
from dlnotes.mlp import MLP
from dlnotes.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Momentum, RMSprop
from dlnotes.schedule import constant, cosine, exponential, step_decay, warm_up
from dlnotes.train.batches import Batches
from dlnotes.train.hooks import schedule_lr
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything
from operations import operations

Runs = Callable[[str], Run]
SCHEDULES = "constant", "cosine", "with warm-up"


def lengths(
    method: Callable, steps: int, gradient: float = 1.0, **settings
) -> list[float]:
    """The lengths of the steps under a gradient that is always the same."""
    theta = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = method([theta], **settings)
    places = [0.0]
    for _ in range(steps):
        theta.grad = torch.full_like(theta, gradient)
        optimizer.step()
        places.append(theta.item())
    return [abs(b - a) for a, b in pairwise(places)]


def table(run: Run, cell: str) -> list[list[str]]:
    """The rows of a table, as text."""
    (output,) = run.outputs(cell)
    lines = "".join(output["data"]["text/plain"]).splitlines()[1:]
    return [re.split(r"\s{2,}", line.strip()) for line in lines]


class TestTheIdea:
    @pytest.fixture(params=[0, 10_000, 20_000])
    def downhill(self, request: pytest.FixtureRequest) -> Tensor:
        """The directions of the 256 samples, as in the figure; and two redrawn."""
        seed_everything(request.param)
        X, y = noisy_line(n=256, w=1, b=0, sigma=0.5)
        x = (X[:, 0] - 0.5) * 12**0.5
        w, b = least_squares(x[:, None], y)
        error = x * (w.squeeze() - 1.1) + b + 0.7 - y
        return -2 * torch.stack([error * x, error], dim=1)

    def test_some_single_samples_point_uphill(self, downhill: Tensor) -> None:
        along = downhill[:20] @ downhill.mean(0)
        assert 0 < (along < 0).sum() < 10

    def test_batches_of_32_agree_fairly_well(self, downhill: Tensor) -> None:
        full = downhill.mean(0)

        def agreement(B: int) -> Tensor:
            drawn = [downhill[torch.randperm(256)[:B]].mean(0) for _ in range(200)]
            return torch.cosine_similarity(torch.stack(drawn), full, dim=1)

        assert agreement(32).quantile(0.05) > 0.95
        assert agreement(1).quantile(0.05) < 0.5


class TestBatchSize:
    def test_the_mean_of_the_batches_of_an_epoch_is_the_full_gradient(self) -> None:
        g = torch.randn(64, 5, dtype=torch.float64)
        batches = torch.stack([batch.mean(0) for batch in g.split(16)])
        torch.testing.assert_close(batches.mean(0), g.mean(0))

    def test_after_equal_epochs_smaller_batches_are_lower(self, any_run: Runs) -> None:
        values = any_run("optimization_batches").values
        small = values["end_loss[1]"], values["end_loss[32]"]
        assert max(small) < values["end_loss[1077]"] / 5
        assert values["peak_loss"] > values["start_loss"]

    def test_the_curve_of_32_samples_climbs_at_first(self, any_run: Runs) -> None:
        run = any_run("optimization_batches")
        _, seen, losses = held(run, "runs")[32]
        assert losses.index(max(losses)) < 4
        assert run.values["peak_loss"] == max(losses)
        assert seen[3] < 0.5  # epochs

    def test_of_the_two_small_ones_the_page_shows_single_samples_lower(
        self, book_run: Runs
    ) -> None:
        values = book_run("optimization_batches").values
        assert values["end_loss[1]"] < values["end_loss[32]"]

    def test_an_epoch_has_n_over_b_steps_rounded_up(self, book_run: Runs) -> None:
        log = book_run("optimization_batches").log("three")
        steps = [int(n) for n in re.findall(r"(\d+) steps", log)]
        assert steps == [4 * ceil(1077 / B) for B in (1, 32, 1077)]

    @pytest.mark.parametrize("B", [1, 32, 1077])
    def test_smaller_and_larger_rates_are_worse(self, any_run: Runs, B: int) -> None:
        values = any_run("optimization_batches").values
        lowest, highest = values[f"RATES[{B}][0]"], values[f"RATES[{B}][3]"]
        assert lowest < values[f"best_rate[{B}]"] < highest

    def test_the_losses_printed_are_those_after_the_last_step(
        self, book_run: Runs
    ) -> None:
        values = book_run("optimization_batches").values
        digits = load_digits()
        seed_everything(0)
        model = MLP([64, 10])
        optimizer = SGD(model.parameters(), values["best_rate[32]"])
        batches = Batches(*digits.train, batch_size=32)
        train(model, cross_entropy, optimizer, batches, 4 * 34)
        loss = evaluate(model, cross_entropy, [digits.train])
        assert loss == pytest.approx(values["end_loss[32]"], rel=1e-4)

    def test_the_noise_falls_as_the_root_of_the_batch(self, any_run: Runs) -> None:
        run = any_run("optimization_batches")
        rows = [line.split() for line in run.log("noise").splitlines()[2:]]
        assert [int(B) for B, _, _ in rows] == [1, 4, 16, 64, 256, 1024]
        sigma = run.values["sigma"]
        for _, _, product in rows:
            assert float(product) == pytest.approx(sigma, rel=0.04)
        assert run.values["noise_ratio"] == pytest.approx(2, rel=0.04)

    def test_one_sample_misses_by_more_than_the_gradient_is_long(
        self, any_run: Runs
    ) -> None:
        values = any_run("optimization_batches").values
        assert values["sigma"] > 3 * values["length_full"]

    def test_noise_exceeds_the_signal_at_16_samples_but_not_at_64(
        self, any_run: Runs
    ) -> None:
        values = any_run("optimization_batches").values
        assert values["noise[16]"] > values["length_full"] > values["noise[64]"]

    def test_dealt_batches_vanish_in_noise_at_the_full_batch(
        self, any_run: Runs
    ) -> None:
        values = any_run("optimization_batches").values
        for B in (1, 4, 16, 64, 256, 1024):
            left = sqrt((1077 - B) / 1076)
            assert values[f"dealt_noise[{B}]"] == pytest.approx(
                values["sigma"] / sqrt(B) * left, rel=0.04
            )

    @pytest.mark.parametrize("B", [2, 10, 30, 40])
    def test_dealt_batches_have_less_noise(self, B: int) -> None:
        seed_everything(0)
        N = 40
        g = torch.randn(N, dtype=torch.float64)
        sigma = g.std(correction=0)
        order = torch.rand(20_000, N).argsort(dim=1)[:, :B]
        noise = ((g[order].mean(1) - g.mean()) ** 2).mean().sqrt()
        expected = (sigma / sqrt(B) * sqrt((N - B) / (N - 1))).item()
        assert noise.item() == pytest.approx(expected, rel=0.03, abs=1e-12)


class TestMethods:
    @pytest.mark.parametrize("nesterov", [False, True])
    def test_the_velocity_grows_to_ten_times_the_gradient(self, nesterov: bool) -> None:
        moves = lengths(Momentum, 300, lr=1.0, momentum=0.9, nesterov=nesterov)
        assert moves[-1] == pytest.approx(10)
        assert max(moves) <= 10 + 1e-9

    def test_momentum_takes_about_the_root_of_the_steps(self, book_run: Runs) -> None:
        values = book_run("optimization_momentum").values
        for k in (10, 100):
            ratio, with_momentum = (
                values[f"{name}[{10 * k}]"] / values[f"{name}[{k}]"]
                for name in ("steps", "momentum_steps")
            )
            assert ratio == pytest.approx(10, rel=0.02)
            assert sqrt(10) < with_momentum < 4

    @pytest.mark.parametrize("k", [10, 100, 1000])
    def test_momentum_shrinks_fastest_with_the_settings_of_theory(self, k: int) -> None:
        """In the long run, that is by the larger root of its recursion."""

        def radius(lr: float, mu: float) -> float:
            roots = [np.roots([1, lr * h - 1 - mu, mu]) for h in (1, k)]
            return np.abs(roots).max()

        lr, mu = (2 / (1 + sqrt(k))) ** 2, ((sqrt(k) - 1) / (sqrt(k) + 1)) ** 2
        best = radius(lr, mu)
        for a, b in ((0.95, 1), (1.05, 1), (1, 0.95), (1, 1.05)):
            assert radius(a * lr, 1 - b * (1 - mu)) > best

    @pytest.mark.parametrize("k", [10, 100, 1000])
    def test_the_rate_of_theory_is_bracketed_by_worse_ones(
        self, k: int, book_run: Runs
    ) -> None:
        def steps(lr: float) -> float:
            a, b = abs(1 - lr), abs(1 - lr * k)
            return log(1000) / -log(max(a, b)) if max(a, b) < 1 else float("inf")

        best = 2 / (1 + k)
        assert steps(best) < min(steps(0.98 * best), steps(1.02 * best))
        shown = book_run("optimization_momentum").values[f"steps[{k}]"]
        assert shown == pytest.approx(steps(best), rel=0.06)

    def test_the_table_counts_what_each_method_keeps(self, book: Book) -> None:
        kept = [(SGD, 0), (Momentum, 1), (Adagrad, 1), (RMSprop, 1)]
        kept += [(Adadelta, 2), (Adam, 2), (AdamW, 2)]
        text = (book.docs / "en/foundations/optimization.md").read_text("utf-8")
        counts = dict(re.findall(r"^\| ([^|]+) \| (\d) \|", text, re.M))
        named = {n: c for names, c in counts.items() for n in names.split(", ")}
        for method, count in kept:
            assert len(method.slots) == int(named[method.__name__]) == count

    def test_alternating_pushes_cancel(self) -> None:
        theta = torch.zeros(1, requires_grad=True)
        optimizer = Momentum([theta], lr=1.0)
        for step in range(200):
            theta.grad = torch.tensor([(-1.0) ** step])
            optimizer.step()
        assert optimizer.state[theta]["v"].abs() < 1 / (1 + 0.9) + 1e-4

    @pytest.mark.parametrize("gradient", [0.01, 100.0])
    def test_adagrads_strides_shrink_with_the_root_of_t(self, gradient: float) -> None:
        moves = lengths(Adagrad, 100, gradient, lr=1.0)
        assert moves == pytest.approx([1 / sqrt(t) for t in range(1, 101)])

    def test_adadelta_starts_with_about_the_root_of_eps(self) -> None:
        moves = lengths(Adadelta, 50, eps=1e-6)
        assert moves[0] == pytest.approx(1e-3 / sqrt(0.1), rel=0.01)
        assert moves == sorted(moves)
        assert moves[-1] > 1.2 * moves[0]

    @pytest.mark.parametrize("gradient", [1e-4, 1.0, 1e4])
    def test_adams_first_step_is_the_rate(self, gradient: float) -> None:
        (first,) = lengths(Adam, 1, gradient, lr=0.003)
        assert first == pytest.approx(0.003, rel=1e-3)

    def test_adam_leaves_a_parameter_whose_gradient_is_zero(self) -> None:
        assert lengths(Adam, 3, 0.0, lr=0.003) == [0, 0, 0]

    @pytest.mark.parametrize("beta", [0.9, 0.999])
    def test_the_weights_in_a_running_mean_sum_to_1_minus_beta_to_the_t(
        self, beta: float
    ) -> None:
        m = 0.0
        for _ in range(7):
            m = beta * m + (1 - beta) * 1.0
        assert m == pytest.approx(1 - beta**7)

    def test_sgds_penalty_shrinks_by_a_factor(self) -> None:
        theta = torch.tensor([2.0], requires_grad=True)
        theta.grad = torch.zeros(1)
        SGD([theta], lr=0.1, weight_decay=0.5).step()
        assert theta.item() == pytest.approx(2 * (1 - 0.1 * 0.5))


class TestDecoupledDecay:
    def test_adamw_decays_alike_and_adam_does_not(self, any_run: Runs) -> None:
        run = any_run("optimization")
        rows = [[float(cell) for cell in row] for row in table(run, "decoupled")]
        alone = run.values["weight_by_decay_alone"]
        assert alone == pytest.approx(0.9999**1000)
        for _, _, adamw in rows:
            assert adamw == pytest.approx(alone, abs=0.005)
        (_, small, _), _, (_, large, _) = rows
        assert small < 0.6 < alone < 0.97 < large

    def test_without_decay_adamw_is_adam(self) -> None:
        ends = []
        for method in (Adam, AdamW):
            theta = torch.ones(3, requires_grad=True)
            optimizer = method([theta], weight_decay=0.0)
            for step in range(9):
                theta.grad = torch.tensor([1.0, -2.0, step])
                optimizer.step()
            ends.append(theta)
        assert torch.equal(*ends)


class TestEqual:
    def test_only_the_rounding_differs(self, any_run: Runs) -> None:
        run = any_run("optimization")
        rows = table(run, "equal")
        differences = {name: float(row[-1]) for name, *row in rows}
        assert run.values["largest_difference"] < 1e-8
        del differences["RMSprop"]
        assert max(differences.values()) < 1e-13
        assert run.values["least_distance"] > 0.1
        assert [row[1] for row in rows] == ["200"] * 8

    def test_it_differs_most_for_rmsprop_with_some_seeds(
        self, every_run: Callable[[str], list[Run]]
    ) -> None:
        of_rmsprop, of_others = [], []
        for run in every_run("optimization"):
            for name, *row in table(run, "equal"):
                found = of_rmsprop if name == "RMSprop" else of_others
                found.append(float(row[-1]))
        assert max(of_rmsprop) > max(of_others)

    def test_a_tiny_root_magnifies_what_rounding_left(self) -> None:
        g = torch.tensor([1e-4, 1.0], dtype=torch.float64)
        ends = []
        for noise in (0.0, 1e-12):
            theta = torch.zeros(2, dtype=torch.float64, requires_grad=True)
            optimizer = RMSprop([theta], lr=0.01)
            for step in range(20):
                theta.grad = g + noise if step == 19 else g.clone()
                optimizer.step()
            ends.append(theta.detach())
        tiny, large = (ends[1] - ends[0]).abs().tolist()
        assert tiny > 1000 * large


class TestValley:
    @pytest.fixture
    def ends(self, book_run: Runs) -> dict[str, tuple[float, float]]:
        rows = table(book_run("optimization_surface"), "compare")
        return {name: (float(a), float(b)) for name, a, b in rows}

    @pytest.mark.parametrize("name", ["SGD", "Momentum", "Nesterov"])
    def test_these_do_not_notice_the_turn(self, ends: dict, name: str) -> None:
        straight, turned = ends[name]
        assert straight == pytest.approx(turned, rel=1e-3)

    @pytest.mark.parametrize("name", ["Adagrad", "RMSprop", "Adadelta", "Adam"])
    def test_these_lose_by_the_turn(self, ends: dict, name: str) -> None:
        straight, turned = ends[name]
        assert turned > 3 * straight

    def test_three_end_on_the_minimum_and_adam_in_loops(self, ends: dict) -> None:
        for name in ("Adagrad", "RMSprop", "Adadelta"):
            assert ends[name][0] < 1e-6
        assert ends["Adam"][0] > 1e-3

    def test_the_best_rates_lie_within_the_grid(self, book_run: Runs) -> None:
        values = book_run("optimization_surface").values
        for name in ("SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam"):
            assert 0.001 < values[f"rate['{name}']"] < 500
        assert values["rate['Adadelta']"] == 200

    def test_adadelta_with_the_papers_rate_hardly_leaves_the_start(
        self, book_run: Runs
    ) -> None:
        values = book_run("optimization_surface").values
        assert abs(values["x_end"] + 4) < 0.2
        assert abs(values["y_end"] - 1) < 0.2

    def test_sgd_bounces_and_then_crawls(self, book_run: Runs) -> None:
        rate = book_run("optimization_surface").values["rate['SGD']"]
        across, along = 1 - 25 * rate, 1 - rate
        assert -1 < across < 0
        assert abs(across) ** 4 < 0.01
        assert along**40 > 0.1

    def test_turned_adagrad_ends_above_sgd(self, ends: dict) -> None:
        assert ends["Adagrad"][1] > ends["SGD"][1]

    def test_nesterov_damps_the_swings(self) -> None:
        swings = []
        for nesterov in (False, True):
            theta = torch.tensor([-4.0, 1.0], requires_grad=True)
            optimizer = Momentum([theta], lr=0.02, nesterov=nesterov)
            across = []
            for _ in range(40):
                theta.grad = torch.tensor([1.0, 25.0]) * theta.detach()
                optimizer.step()
                across.append(abs(theta[1].item()))
            swings.append(max(across[10:]))
        assert swings[1] < swings[0] / 3

    def test_the_turned_valley_is_equally_steep_along_both_coordinates(self) -> None:
        turn = torch.tensor([[1.0, -1.0], [1.0, 1.0]]) / sqrt(2)
        H = turn @ torch.diag(torch.tensor([1.0, 25.0])) @ turn.T
        assert H[0, 0].item() == pytest.approx(H[1, 1].item())


class TestSchedules:
    def test_the_figure_begins_at_or_rises_to_the_same_rate(self) -> None:
        for schedule in (constant, step_decay(0.5, 25), exponential(0.97)):
            assert schedule(0) == 1
        assert max(map(warm_up(10, cosine(90)), range(100))) == 1

    def test_the_hook_keeps_two_rates_in_proportion(self) -> None:
        a, b = (torch.zeros(1, requires_grad=True) for _ in range(2))
        groups = [{"params": [a], "lr": 0.3}, {"params": [b], "lr": 0.03}]
        optimizer = SGD(groups, lr=1.0)
        schedule_lr(optimizer, step_decay(0.5, 2))
        rates = []
        for _ in range(4):
            optimizer.step()
            rates.append([group["lr"] for group in optimizer.param_groups])
        assert [one for one, _ in rates] == pytest.approx([0.3, 0.3, 0.15, 0.15])
        assert [ten / one for ten, one in rates] == pytest.approx(4 * [10])

    def test_a_run_that_goes_on_has_the_rates_it_would_have_had(self) -> None:
        theta = torch.zeros(1, requires_grad=True)

        def rates(optimizer: SGD, steps: int) -> list[float]:
            found = []
            for _ in range(steps):
                optimizer.step()
                found.append(optimizer.param_groups[0]["lr"])
            return found

        through, first, second = (SGD([theta], lr=0.1) for _ in range(3))
        for optimizer in (through, first, second):
            schedule_lr(optimizer, exponential(0.5))
        start = rates(first, 3)
        second.load_state_dict(first.state_dict())
        assert start + rates(second, 3) == rates(through, 6)

    def test_the_noise_floor_is_proportional_to_the_rate(self) -> None:
        seed_everything(0)
        X, y = noisy_line(n=1024, w=5, b=7, sigma=0.25)
        X = (X - 0.5) * 12**0.5
        w, b = least_squares(X, y)
        lowest = mse(linear(X, w, b), y)
        A, floors = design_matrix(X), []
        for rate in (0.02, 0.08):
            theta = torch.stack([b, *w])
            optimizer, places = SGD([theta], lr=rate), []
            for rows in torch.randint(1024, (4000, 8)):
                batch = A[rows]
                theta.grad = 2 * batch.T @ (batch @ theta - y[rows]) / 8  # of the mse
                optimizer.step()
                places.append(theta.clone())
            errors = A @ torch.stack(places[500:]).T - y[:, None]  # (1024, 3500)
            floors.append((errors.square().mean(dim=0) - lowest).mean().item())
        assert floors[1] / floors[0] == pytest.approx(4, rel=0.25)

    def test_the_cosine_ends_below_both_floors(self, any_run: Runs) -> None:
        values = any_run("optimization_schedule").values
        large, small = (values[f"floor['constant {r}']"] for r in ("0.3", "0.03"))
        assert large > 10 * small
        tens = held(any_run("optimization_schedule"), "tens")
        for name in ("constant 0.3", "cosine from 0.3"):  # after 20 steps
            assert tens[name][2] < tens["constant 0.03"][2] / 10
        assert values["end_loss['cosine from 0.3']"] < small / 5

    def test_on_the_digits_it_pays_twice(self, any_run: Runs) -> None:
        run = any_run("optimization_schedule")
        values = run.values
        best, uncertain = (
            [values[f"{name}['{schedule}']"] for schedule in SCHEDULES]
            for name in ("best_loss", "uncertainty")
        )
        for other in (1, 2):
            error = sqrt(uncertain[0] ** 2 + uncertain[other] ** 2)
            assert best[0] - best[other] > 2 * error
        assert values["best[1]"] > values["best[0]"]  # of the rates, ascending
        assert values["mean_loss[0.5][1]"] < values["mean_loss[0.5][0]"] / 2
        assert values["mean_loss[0.02][1]"] > 1.3 * values["mean_loss[0.02][0]"]
        assert values["mean_loss[0.02][0]"] > 1.3 * values["mean_loss[0.05][0]"]
        rows = [[float(cell) for cell in row] for row in table(run, "digits")]
        assert rows[0][2] > rows[0][1] - 0.01
        for column, loss in enumerate(best, start=1):
            losses = [row[column] for row in rows]
            assert loss == pytest.approx(min(losses), abs=1e-3)
            assert 0 < losses.index(min(losses)) < len(rows) - 1

    def test_warm_up_is_not_told_from_the_cosine(self, any_run: Runs) -> None:
        values = any_run("optimization_schedule").values
        gap = values["best_loss['cosine']"] - values["best_loss['with warm-up']"]
        error = sum(values[f"uncertainty['{s}']"] ** 2 for s in SCHEDULES[1:]) ** 0.5
        assert abs(gap) < 2 * error

    def test_the_cosine_takes_half_the_way(self) -> None:
        assert sum(map(cosine(340), range(340))) == pytest.approx(170, abs=1)


class TestFullBatch:
    @pytest.mark.settles("full-batch-is-not-mini-batch")
    def test_after_equal_epochs_batches_of_32_win(self, any_run: Runs) -> None:
        run = any_run("optimization_batch_size")
        values = run.values
        assert values["loss[32]"] < values["loss[1077]"] / 5
        assert values["val_accuracy[32]"] > values["val_accuracy[1077]"] + 0.05
        rows = {row[0]: row for row in table(run, "table")}
        assert int(rows["1077"][1]) == 20
        assert int(rows["32"][1]) == 20 * 34
        for name in ("loss", "val_loss"):
            assert values[f"{name}[256]"] > 1.2 * values[f"{name}[32]"]
            assert values[f"{name}[100]"] <= values[f"{name}[128]"]
        for B in (32, 100, 128, 256, 1077):
            assert 0.2 < values[f"best_rate[{B}]"] < 2

    def test_a_batch_of_everything_is_the_full_gradient(self) -> None:
        (X, y), _, _ = load_digits()
        seed_everything(0)
        model = MLP([64, 10])
        ((X_batch, y_batch),) = Batches(X, y, batch_size=len(X))
        parameters = list(model.parameters())
        full = torch.autograd.grad(cross_entropy(model(X), y), parameters)
        batch = torch.autograd.grad(cross_entropy(model(X_batch), y_batch), parameters)
        torch.testing.assert_close(batch, full, rtol=1e-4, atol=1e-6)

    def test_a_full_step_asks_for_no_more_operations_than_a_small_one(self) -> None:
        (X, y), _, _ = load_digits()
        model = MLP([64, 32, 10])
        optimizer = SGD(model.parameters(), lr=0.1)

        def step(B: int) -> None:
            optimizer.zero_grad()
            cross_entropy(model(X[:B]), y[:B]).backward()
            optimizer.step()

        assert operations(lambda: step(1077)) == operations(lambda: step(32))


class TestTuning:
    @pytest.mark.settles("adam-needs-tuning")
    def test_adams_default_is_far_from_its_best_rate(self, any_run: Runs) -> None:
        values = any_run("optimization_tuning").values
        assert 0.001 < values["adam_rate"] < 0.3
        assert 0.0003 < values["sgd_rate"] < 3
        assert values["adam_loss[0.001]"] > 3 * values["adam_loss_best"]
        assert values["adam_loss[0.3]"] > 1
        assert values["adam_loss[0.001]"] > 2 * values["sgd_loss_best"]
        assert values["adam_loss_50"] < values["adam_loss[0.001]"] / 3

    @pytest.mark.parametrize("rate", [0.001, 3])
    def test_sgd_does_not_choose_its_step(self, rate: float) -> None:
        digits = load_digits()
        seed_everything(0)
        model = MLP([64, 32, 10])
        optimizer = SGD(model.parameters(), lr=rate)
        batches = Batches(*digits.train, batch_size=32)
        train(model, cross_entropy, optimizer, batches, 5 * len(batches))
        assert evaluate(model, cross_entropy, [digits.val]) > 2

    @pytest.mark.parametrize(("method", "same"), [(SGD, False), (RMSprop, True)])
    def test_the_factor_in_the_loss_is_sgds_but_not_adams(
        self, method: Callable, same: bool
    ) -> None:
        one, ten = (lengths(method, 5, g, lr=0.1) for g in (1.0, 10.0))
        assert (one == pytest.approx(ten)) is same
        adam = [lengths(Adam, 5, g, lr=0.1) for g in (1.0, 10.0)]
        assert adam[0] == pytest.approx(adam[1])


class TestExercises:
    def test_momentum_reaches_nine_tenths_at_step_22(self, book_run: Runs) -> None:
        values = book_run("optimization_exercises").values
        assert values["step_at_90"] == ceil(log(0.1) / log(0.9)) == 22
        assert lengths(Momentum, 200, lr=1.0)[-1] == pytest.approx(10, abs=1e-3)
        assert values["moves[199]"] == pytest.approx(10, abs=1e-3)

    def test_without_correction_the_steps_are_too_long(self, book_run: Runs) -> None:
        run = book_run("optimization_exercises")
        values = run.values
        assert values["first_length"] == pytest.approx(0.1 / sqrt(0.001), rel=1e-3)
        assert values["longest_length"] > values["first_length"]
        t = range(1, 200)
        exact = [(1 - 0.9**i) / sqrt(1 - 0.999**i) for i in t]
        assert values["step_longest"] == 1 + exact.index(max(exact))
        corrected = re.findall(r"corrected (\S+)", run.log("solution-2"))
        assert corrected == ["1.00"] * 7

    def test_the_full_batch_needs_many_epochs_and_fewer_steps(
        self, any_run: Runs
    ) -> None:
        values = any_run("optimization_exercises").values
        assert values["epochs_full"] > 10 * 5
        assert values["epochs_full"] < values["steps_32"]

    def test_after_that_many_epochs_and_not_before_the_goal_is_reached(
        self, book_run: Runs
    ) -> None:
        values = book_run("optimization_exercises").values
        X, y = load_digits().train
        found = []
        for steps in (values["epochs_full"] - 1, values["epochs_full"]):
            seed_everything(0)
            model = MLP([64, 32, 10])
            batches = Batches(X, y, batch_size=len(X))
            optimizer = SGD(model.parameters(), lr=0.5)
            train(model, cross_entropy, optimizer, batches, steps)
            found.append(evaluate(model, cross_entropy, [(X, y)]))
        assert found[1] <= values["goal"] < found[0]
