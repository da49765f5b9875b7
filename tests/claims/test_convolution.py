"""What the chapter on convolution says in words."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image
from torch import Tensor, nn
from torch.nn.functional import conv2d as torch_conv2d
from torch.nn.functional import cross_entropy

from containers import held
from dlnotes.book.book import Book
from dlnotes.book.figures.figure import labels
from dlnotes.book.storage.store import Run
from dlnotes.conv import Conv2d, conv2d, cross_correlate, windows
from dlnotes.mlp import MLP
from dlnotes.pool import avg_pool2d, max_pool2d
from dlnotes.receptive import output_size, parameter_count, receptive_field

Runs = Callable[[str], Run]
SOBEL = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


class TestTheStart:
    @pytest.mark.parametrize("seed", range(3))
    def test_a_perceptron_learns_shuffled_pixels_as_well_as_before(
        self, seed: int
    ) -> None:
        """With the first weights shuffled alike it takes the very same steps."""
        torch.manual_seed(seed)
        X, y = torch.rand(60, 64).double(), torch.randint(10, (60,))
        order = torch.randperm(64)
        losses = []
        for shuffled in (False, True):
            torch.manual_seed(seed + 10)
            model = MLP([64, 20, 10]).double()
            if shuffled:
                model.layers[0].weight.data = model.layers[0].weight.data[:, order]
            optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
            for _ in range(20):
                optimizer.zero_grad()
                loss = cross_entropy(model(X[:, order] if shuffled else X), y)
                loss.backward()
                optimizer.step()
            losses.append(loss.item())
        assert losses[0] == pytest.approx(losses[1], rel=1e-9)
        assert losses[0] < 2.2

    def test_a_dense_layer_on_a_photograph(self, book_run: Runs) -> None:
        run = book_run("convolution")
        assert run.values["weights_dense"] == nn.Linear(
            224 * 224 * 3, 1
        ).in_features * (1000)
        assert run.values["weights_kernel"] == 9


class TestTheOperation:
    def test_the_figure_with_a_slider_computes_this_operation(
        self, book: Book, book_run: Runs
    ) -> None:
        names: dict[str, Any] = {"np": np}
        exec(book.snippets["convolution_slide"].cell("numbers").source, names)
        image, kernel = (torch.tensor(names[name]) for name in ("image", "kernel"))
        assert kernel.tolist() == [[-1, 0, 1]] * 3
        answer = cross_correlate(image, kernel).long()
        frames = [
            "".join(output["data"]["image/svg+xml"])
            for output in book_run("convolution_slide").outputs("slide")
        ]
        assert len(frames) == answer.numel() == 16
        shown = labels(frames[-1])
        at = shown.index("output, 4 × 4") + 1
        numbers = [str(n).replace("-", "−") for n in answer.flatten().tolist()]
        assert shown[at : at + 16] == numbers
        for frame, number in zip(frames, numbers, strict=True):
            assert labels(frame)[-1].endswith(f"= {number}")

    def test_on_one_grey_value_an_edge_detector_answers_0(self) -> None:
        for grey in (0.1, 1.0):
            flat = torch.full((5, 5), grey)
            for kernel in (SOBEL, SOBEL.T):
                assert cross_correlate(flat, kernel).abs().max() < 1e-6
            for kernel in (torch.full((3, 3), 1 / 9), sharper()):
                same = cross_correlate(flat, kernel)
                assert torch.allclose(same, torch.tensor(grey))

    def test_a_vertical_edge_is_answered_wherever_it_is(self) -> None:
        for column in range(2, 7):
            image = torch.zeros(6, 9)
            image[:, column:] = 1.0
            answer = cross_correlate(image, SOBEL)
            assert answer.max() == 4
            assert answer[0].argmax() in (column - 2, column - 1)

    def test_turning_the_detector_reverses_every_sign(self) -> None:
        x = torch.rand(9, 9)
        turned = cross_correlate(x, SOBEL.flip(0, 1))
        assert torch.allclose(turned, -cross_correlate(x, SOBEL), atol=1e-6)

    def test_the_convolution_of_mathematics_turns_the_kernel(self) -> None:
        from scipy.signal import convolve2d

        x, kernel = torch.rand(7, 8), torch.rand(3, 2)
        ours = cross_correlate(x, kernel.flip(0, 1))
        assert torch.allclose(ours, torch.tensor(convolve2d(x, kernel, "valid")))


def sharper() -> Tensor:
    return torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])


class TestLearned:
    def test_noise_takes_a_dozen_steps_and_a_photograph_many_more(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("convolution_learned")
        errors = log_errors(run)
        assert max(held(run, "error_by_seed")["noise"]) < 1e-6
        assert min(held(run, "error_by_seed")["photograph"]) > 0.05
        middle = held(run, "error_by_seed")["photograph less its mean"]
        assert 1e-5 < min(middle) <= max(middle) < 0.02
        assert errors["noise"] < 1e-6

    def test_the_best_rate_is_between_worse_ones(self, vision_run: Runs) -> None:
        rows = table(vision_run("convolution_learned"), "rates")
        for name, *ends in rows:
            numbers = [float(end) for end in ends]
            best = numbers.index(min(numbers))
            assert 0 < best < 3, name
            assert numbers[3] > 1e6  # beyond the limit it diverges

    def test_the_curvatures_differ_as_quoted(self, vision_run: Runs) -> None:
        ratio = held(vision_run("convolution_learned"), "ratio_curvature")
        assert ratio["noise"] < 1.5
        assert ratio["photograph"] > 300
        nine_tenths = 1 - ratio["photograph less its mean"] / ratio["photograph"]
        assert nine_tenths == pytest.approx(0.9, abs=0.03)

    def test_the_mean_weighs_on_the_direction_of_all_weights_together(self) -> None:
        photo = torch.tensor(load_sample_image("flower.jpg") / 255.0).mean(dim=2)
        photo = photo[170:234, 270:334]
        found = []
        for x in (photo, photo - photo.mean()):
            patches = windows(x, 3).flatten(-2).flatten(0, -2)
            values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
            assert vectors[:, -1].sum().abs() / 3 > 0.99  # it stays the steepest
            found.append(values)
        assert found[1][-1] < found[0][-1] / 9
        assert torch.allclose(found[1][:-1], found[0][:-1], rtol=0.15)

    def test_other_methods_do_not_mind_the_valley(self, vision_run: Runs) -> None:
        values = vision_run("convolution_learned").values
        assert values["error_solved"] < 1e-4
        assert values["error_lbfgs"] < 1e-3
        assert values["error_photograph"] > 0.05

    @pytest.mark.parametrize("seed", range(3))
    def test_a_dozen_steps_suffice_with_noise(self, seed: int) -> None:
        torch.manual_seed(seed)
        x = torch.rand(1, 1, 64, 64) - 0.5
        target = conv2d(x, SOBEL[None, None])
        patches = windows(x, 3).flatten(-2).flatten(0, -2)
        rate = 0.5 / torch.linalg.eigvalsh(patches.T @ patches / len(patches))[-1]
        W = torch.randn(1, 1, 3, 3, requires_grad=True)
        for _ in range(12):
            (gradient,) = torch.autograd.grad(
                (conv2d(x, W) - target).square().mean(), W
            )
            W = (W - rate * gradient).detach().requires_grad_()
        assert (W[0, 0] - SOBEL).abs().max() < 1e-5


def table(run: Run, cell: str) -> list[list[str]]:
    """Return the rows of the table that a cell shows."""
    (output,) = [o for o in run.outputs(cell) if "text/html" in o.get("data", {})]
    html = "".join(output["data"]["text/html"])
    rows = re.findall(r"<tr>(.*?)</tr>", html)[1:]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    return [[plain(cell) for cell in row] for row in cells]


def plain(cell: str) -> str:
    """Return a number as Python writes it, from one with a raised power of ten."""
    lowered = cell.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--"))
    return lowered.replace("\xa0×\xa010", "e")


def log_errors(run: Run) -> dict[str, float]:
    return {name: float(min(map(float, ends))) for name, *ends in table(run, "rates")}


class TestSizes:
    def test_the_formula_is_pytorchs_size(self, book_run: Runs) -> None:
        values = book_run("convolution_sizes").values
        assert values["wrong"] == 0
        assert values["count_tried"] > 300

    def test_the_cases_of_the_figure(self, book_run: Runs) -> None:
        cases = held(book_run("convolution_sizes"), "CASES")
        assert [output_size(*case) for case in cases] == [5, 7, 3, 4, 3, 3]

    @pytest.mark.parametrize("k", [1, 3, 5, 7])
    def test_settings_that_keep_and_halve_the_size(self, k: int) -> None:
        for n in range(8, 20):
            assert output_size(n, k, 1, (k - 1) // 2) == n
            assert output_size(n, k, 2, (k - 1) // 2) == -(-n // 2)

    def test_at_stride_2_the_last_of_8_pixels_counts_for_nothing(self) -> None:
        assert output_size(7, 3, 2) == output_size(8, 3, 2) == 3
        x = torch.rand(1, 1, 8, 8, requires_grad=True)
        conv2d(x, torch.ones(1, 1, 3, 3), stride=2).sum().backward()
        assert x.grad[0, 0, -1].abs().sum() == 0
        assert x.grad[0, 0, :, -1].abs().sum() == 0
        assert (x.grad[0, 0, :7, :7] > 0).all()


class TestChannels:
    @pytest.mark.settles("one-channel-per-filter")
    def test_two_filters_of_three_channels(self, book_run: Runs) -> None:
        X, W = torch.randn(1, 3, 7, 7), torch.randn(2, 3, 3, 3)
        assert conv2d(X, W).shape == torch_conv2d(X, W).shape == (1, 2, 5, 5)
        assert conv2d(X, W, stride=2).shape == (1, 2, 3, 3)
        assert book_run("convolution").values["gap_channels"] < 1e-5

    def test_unfolding_equals_pytorch(self, book_run: Runs) -> None:
        values = book_run("convolution").values
        assert values["gap_torch"] < 1e-13
        assert values["count_settings"] == 36

    def test_windows_copies_nothing(self) -> None:
        X = torch.rand(2, 3, 8, 8)
        assert windows(X, 3).data_ptr() == X.data_ptr()

    @pytest.mark.settles("dense-layer-on-maps")
    def test_parameters(self, book_run: Runs) -> None:
        assert parameter_count(nn.Linear(32 * 32 * 10, 7)) == 7 * 10_240 + 7
        values = book_run("convolution").values
        assert values["parameters_per_unit"] == 10_241
        assert values["parameters_conv"] == 64 * (3 * 5 * 5 + 1)
        assert parameter_count(Conv2d(3, 64, 5)) == 64 * (3 * 5 * 5 + 1)

    def test_one_by_one_is_a_dense_layer_at_every_pixel(self, book_run: Runs) -> None:
        assert book_run("convolution").values["gap_one"] < 1e-6


class TestPooling:
    def test_it_has_no_parameters(self, book_run: Runs) -> None:
        assert book_run("convolution").values["parameters_pool"] == 0

    def test_the_maximum_keeps_a_lone_edge_and_the_mean_dilutes_it(self) -> None:
        x = torch.zeros(1, 1, 6, 6)
        x[..., 2] = 3.0
        assert max_pool2d(x, 3).max() == 3
        assert avg_pool2d(x, 3).max() == pytest.approx(1.0)

    def test_a_halved_map_costs_a_quarter(self) -> None:
        """The next layer has a quarter of the places for its kernels."""
        assert output_size(28, 3, 1, 1) ** 2 == 4 * output_size(14, 3, 1, 1) ** 2

    def test_kernels_see_twice_as_far_behind_it(self) -> None:
        behind, _ = receptive_field([(2, 2, 1), (3, 1, 1)])
        assert behind == 2 * receptive_field([(3, 1, 1)])[0]


class TestReceptiveField:
    def test_formula_and_gradients_agree(self, book_run: Runs) -> None:
        rows = table(book_run("convolution_sizes"), "stacks")
        assert [row[1] for row in rows] == [row[2] for row in rows]
        by_name = {row[0]: [int(n) for n in row[1:]] for row in rows}
        three, seven = by_name["three 3 × 3"], by_name["one 7 × 7"]
        assert three[0] == seven[0] == 7
        assert three[3] < seven[3]

    def test_strides_and_pooling_widen_it_faster(self, book_run: Runs) -> None:
        sizes = held(book_run("convolution_sizes"), "sizes")
        assert sizes["three, first with stride 2"] > sizes["three 3 × 3"]
        assert sizes["with pooling"] > sizes["two 3 × 3"]

    def test_dilation_widens_it_as_fast_as_strides(self) -> None:
        for n, field in enumerate((3, 7, 15, 31), start=1):
            dilated, jump = receptive_field([(3, 1, 2**k) for k in range(n)])
            assert dilated == receptive_field([(3, 2, 1)] * n)[0] == field
            assert jump == 1

    def test_the_middle_counts_most(self, book_run: Runs) -> None:
        """One path leads to a corner: 1 of 27 · 27, of all the 9³ paths."""
        one = torch.ones(1, 3)
        line = one[0]
        for _ in range(2):
            line = torch.tensor(
                [
                    sum(line[j] for j in range(max(0, i - 2), min(len(line), i + 1)))
                    for i in range(len(line) + 2)
                ]
            )
        assert line.tolist() == [1, 3, 6, 7, 6, 3, 1]
        share = (line[2:5].sum() / line.sum()).item() ** 2
        found = book_run("convolution_sizes").values["share_centre"]
        assert found == pytest.approx(share, abs=1e-6)


class TestShifts:
    def test_circular_is_equivariant_and_a_mean_of_everything_invariant(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("convolution_shifts"), "differences")
        for name in ("convolution, circular", "then mean of everything"):
            assert max(max(row) for row in found[name]) < 1e-5

    def test_strides_break_it_at_odd_shifts_by_about_half(
        self, vision_run: Runs
    ) -> None:
        found = held(vision_run("convolution_shifts"), "differences")
        for name in ("convolution, stride 2", "then maximum of 2 × 2"):
            rows = torch.tensor(found[name])  # (3 seeds, 4 shifts)
            assert rows[:, [1, 3]].max() < 1e-5
            assert rows[:, [0, 2]].min() > 0.25
            assert 0.35 < rows[:, [0, 2]].mean() < 0.65

    def test_a_mean_behind_zeros_is_not_quite_invariant(self) -> None:
        """So the page speaks of the circular layer."""
        x = torch.zeros(1, 1, 8, 8)
        x[..., 0] = 1.0
        means = [
            conv2d(x.roll(shift, -1), SOBEL[None, None], padding=1).relu().mean()
            for shift in (0, 3)
        ]
        assert means[0] != means[1]

    def test_zeros_differ_at_the_border_only(self, vision_run: Runs) -> None:
        run = vision_run("convolution_shifts")
        columns = set(held(run, "columns_differing"))
        assert columns <= {0, 1, 27}
        assert columns
        assert run.values["count_columns"] == len(columns)

    def test_a_wrong_order_of_axes_goes_unnoticed_if_the_sizes_fit(self) -> None:
        Conv2d(3, 8, kernel_size=3)(torch.rand(2, 3, 32, 3))
        with pytest.raises(ValueError, match="X has 32 channels"):
            Conv2d(3, 8, kernel_size=3)(torch.rand(2, 32, 32, 3))


class TestExercises:
    def test_solutions(self, book_run: Runs) -> None:
        run = book_run("convolution_exercises")
        assert "output (1, 10, 32, 32)" in run.log("solution-1")
        assert run.log("solution-2").count("True") == 2
        assert held(run, "ranks") == {"left to right": 1, "mean": 1, "sharper": 2}
        assert "True" in run.log("solution-3")
        assert "True" in run.log("solution-4")
        assert run.values["layers_needed"] == 15
        assert "zeros 28" in run.log("solution-6")
        assert "True" in run.log("solution-6")
        assert "True" in run.log("solution-7")
