"""What the chapter on numerical stability and initialization says in words."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dlnotes.book.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.initialize import kaiming, xavier
from dlnotes.mlp import MLP
from dlnotes.stability import clip_norm, gradient_norms, layer_scales, log_sum_exp
from dlnotes.train.hooks import clip_gradients

Runs = Callable[[str], Run]


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
        self, book_run: Runs
    ) -> None:
        values = book_run("stability").values
        assert values["shrunk"] < 1e-3
        assert 0.1 < values["kept"] < 10
        assert values["grown"] > 1e3

    def test_twenty_sigmoids_alone_leave_a_trillionth(self) -> None:
        z = torch.linspace(-9, 9, 1001, dtype=torch.float64, requires_grad=True)
        torch.sigmoid(z).sum().backward()
        assert z.grad.max().item() == 0.25
        assert 0.25**20 < 1e-12


class TestVariance:
    def test_the_mean_square_is_fan_in_times_variance_times_mean_square(self) -> None:
        torch.manual_seed(0)
        a = torch.rand(50, 300)
        W = 0.07 * torch.randn(20_000, 300)
        expected = 300 * 0.07**2 * a.square().mean().item()
        assert (a @ W.T).square().mean().item() == pytest.approx(expected, rel=0.02)

    def test_relu_halves_the_mean_square(self) -> None:
        torch.manual_seed(0)
        z = torch.randn(10**6)
        halved = torch.relu(z).square().mean() / z.square().mean()
        assert halved.item() == pytest.approx(0.5, abs=0.002)

    def test_a_uniform_draw_of_the_same_variance(self) -> None:
        torch.manual_seed(0)
        r = math.sqrt(3 * 0.02)
        assert (r * (2 * torch.rand(10**6) - 1)).var().item() == pytest.approx(
            0.02, rel=0.01
        )

    def test_torchs_default_has_a_third_over_fan_in(self) -> None:
        torch.manual_seed(0)
        weight = nn.Linear(400, 2000).weight
        assert 400 * weight.var().item() == pytest.approx(1 / 3, rel=0.01)


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

    def test_kaiming_stays_level_and_xavier_fades(self, book_run: Runs) -> None:
        values = book_run("stability").values
        assert 0.3 < values["scale_kaiming"] < 3
        predicted = 2 ** (-19 / 2)
        assert predicted / 3 < values["scale_xavier"] < 3 * predicted

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

    def test_the_default_carries_the_biases_and_little_of_the_image(
        self, images: tuple[Tensor, Tensor]
    ) -> None:
        model = deep(torch.relu, None)
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

    def test_six_orders_of_magnitude_lie_between_them(self, book_run: Runs) -> None:
        values = book_run("stability").values
        orders = math.log10(values["ratio_default"] / values["ratio_sigmoid"])
        assert round(orders) == 6

    def test_a_step_leaves_the_first_weights_as_they_are(
        self, images: tuple[Tensor, Tensor]
    ) -> None:
        model = deep(torch.sigmoid, xavier)
        norms(model, images)
        before = [layer.weight.detach().clone() for layer in model.layers]
        torch.optim.SGD(model.parameters(), lr=0.1).step()
        assert torch.equal(model.layers[0].weight, before[0])
        assert not torch.equal(model.layers[-1].weight, before[-1])

    def test_an_exploding_signal_makes_all_gradients_large(
        self, images: tuple[Tensor, Tensor]
    ) -> None:
        g = norms(deep(torch.relu, big), images)
        assert 0.1 < g[0] / g[-1] < 10
        assert g.min() > 1e13


class TestTraining:
    def test_only_the_starts_that_keep_the_gradient_learn(self, book_run: Runs) -> None:
        values = book_run("stability_training").values
        assert values["best_of_the_rest"] <= values["guess"]
        assert values["best_kaiming"] > 4 * values["guess"]
        assert values["best_tanh"] > 4 * values["guess"]

    def test_with_xavier_the_logits_of_relu_hardly_depend_on_the_image(
        self, images: tuple[Tensor, Tensor]
    ) -> None:
        logits = deep(torch.relu, xavier)(images[0])
        assert logits.std(dim=0).max() < 0.01

    def test_the_loop_names_the_step(self, book_run: Runs) -> None:
        log = book_run("stability_training").log("blow-up")
        assert log.startswith("the loss is nan at step 2")


class TestClipping:
    def test_the_first_free_step_leaves_the_cliff_and_the_clipped_arrives(
        self, book_run: Runs
    ) -> None:
        values = book_run("stability_training").values
        assert values["landed"] < -5
        assert values["arrived"] == pytest.approx(1, abs=1e-3)

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
        self, book_run: Runs
    ) -> None:
        values = book_run("stability_training").values
        assert values["fast_free"] < 0.2
        assert values["fast_clipped"] > 3 * values["fast_free"]

    def test_no_length_makes_an_exploded_gradient_useful(
        self, images: tuple[Tensor, Tensor]
    ) -> None:
        """A step along it, of any length, lowers the loss by less than a tenth."""
        X, y = images
        model = deep(torch.relu, big)
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
        assert book_run("stability").values["quiet_error"] == pytest.approx(
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
    def test_tanh_pulls_back_and_gelu_pushes(self, book_run: Runs) -> None:
        lines = book_run("stability_exercises").log("solution-1").splitlines()
        ends = {line.split(":")[0]: float(line.split()[-1]) for line in lines}
        assert ends["tanh"] == pytest.approx(1, abs=0.05)
        assert ends["gelu"] > 1.3

    def test_kaimings_factor_is_the_gain_of_relu(self, book_run: Runs) -> None:
        gain = book_run("stability_exercises").log("solution-1").split()[2]
        assert float(gain.strip(",")) == pytest.approx(math.sqrt(2), abs=0.005)

    def test_the_residual_network_keeps_its_gradient(self, book_run: Runs) -> None:
        values = book_run("stability_exercises").values
        assert values["ratios_plain"] < 1e-4
        assert 0.1 < values["ratios_residual"] < 10

    def test_clipping_by_value_turns_the_gradient(self, book_run: Runs) -> None:
        values = book_run("stability_exercises").values
        assert values["angle_by_value"] > 10
        assert values["angle_by_norm"] == pytest.approx(0, abs=0.1)
