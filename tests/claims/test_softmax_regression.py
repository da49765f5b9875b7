"""What the chapter on softmax regression says in words."""

import math
import re
from collections.abc import Callable

import pytest
import torch
from torch.nn.functional import cross_entropy as torch_cross_entropy
from torch.optim import SGD

from dlnotes.book.store import Run
from dlnotes.data.digits import load_digits
from dlnotes.data.images import Splits
from dlnotes.linear import SoftmaxRegression
from dlnotes.losses import cross_entropy
from dlnotes.metrics import accuracy, confusion_matrix
from dlnotes.train.batches import Batches
from dlnotes.train.loop import evaluate, train
from dlnotes.train.seed import seed_everything

Runs = Callable[[str], Run]
FLOOR = math.log(1 + 9 / math.e)


@pytest.fixture(scope="module")
def digits() -> Splits:
    """The images of the chapter."""
    return load_digits()


@pytest.fixture(scope="module")
def model(digits: Splits) -> SoftmaxRegression:
    """A trained model: rate 1, ten epochs."""
    seed_everything(0)
    model = SoftmaxRegression(features=64, classes=10)
    optimizer = SGD(model.parameters(), lr=1.0)
    batches = Batches(*digits.train, batch_size=64)
    train(model, cross_entropy, optimizer, batches, 10 * len(batches))
    return model


def twice(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return cross_entropy(torch.softmax(logits, dim=1), labels)


def rows_of(log: str) -> list[list[float]]:
    """Return the lines of a log that hold nothing but numbers."""
    lines = [line.split() for line in log.splitlines()]
    return [
        [float(word) for word in line]
        for line in lines
        if line and all(re.fullmatch(r"[\d.]+", word) for word in line)
    ]


class TestModel:
    def test_it_has_650_numbers_all_zero(self) -> None:
        parameters = list(SoftmaxRegression(64, 10).parameters())
        assert sum(p.numel() for p in parameters) == 64 * 10 + 10 == 650
        assert all((p == 0).all() for p in parameters)

    def test_the_order_of_the_pixels_means_nothing_to_it(
        self, digits: Splits, model: SoftmaxRegression
    ) -> None:
        order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
        X = digits.test[0]
        torch.testing.assert_close(
            X[:, order] @ model.W[:, order].T + model.b, model(X), rtol=1e-4, atol=1e-4
        )

    def test_an_epoch_has_17_steps(self, digits: Splits) -> None:
        assert len(Batches(*digits.train, batch_size=64)) == 17


class TestLoss:
    def test_losses_differ_by_as_much_as_the_logits(self, book_run: Runs) -> None:
        logits = torch.tensor([[2.0, 1.0, -1.0]])
        losses = [cross_entropy(logits, torch.tensor([k])).item() for k in range(3)]
        assert losses[1] - losses[0] == pytest.approx(1, abs=1e-6)
        assert losses[2] - losses[0] == pytest.approx(3, abs=1e-6)
        log = book_run("softmax_regression").log("by-hand")
        printed = [float(x) for x in re.findall(r"true: ([\d.]+), ", log)]
        assert printed == pytest.approx(losses, abs=1e-4)
        assert [float(x) for x in re.findall(r", ([\d.]+)$", log, re.M)] == printed

    def test_before_training_it_is_log_10(self, book_run: Runs) -> None:
        found = book_run("softmax_regression").values["loss_untrained"]
        assert found == pytest.approx(math.log(10), abs=1e-5)

    def test_the_gradient_is_what_is_believed_minus_what_is_true(
        self, digits: Splits, model: SoftmaxRegression, book_run: Runs
    ) -> None:
        X, y = digits.train
        logits = model(X).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(torch_cross_entropy(logits, y), logits)
        P, Y = torch.softmax(logits, dim=1), torch.eye(10)[y]
        torch.testing.assert_close(gradient, (P - Y) / len(X))
        torch.testing.assert_close(P.sum(dim=1), torch.ones(len(X)))
        assert book_run("softmax_regression").values["gradient_gap"] < 1e-5

    def test_hopelessly_wrong_is_the_largest_gradient_and_certain_the_smallest(
        self,
    ) -> None:
        sizes = []
        for margin in (-30.0, -2.0, 0.0, 2.0, 30.0):
            logits = torch.zeros(1, 10, dtype=torch.float64)
            logits[0, 3] = margin
            P = torch.softmax(logits, dim=1)
            sizes.append((P - torch.eye(10)[3]).norm().item())
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] < 1e-10
        logits = torch.zeros(1, 10)
        logits[0, 8] = 30.0
        P = torch.softmax(logits, dim=1)
        assert (P - torch.eye(10)[3]).norm().item() == pytest.approx(2**0.5)

    def test_the_loss_is_convex(self, digits: Splits) -> None:
        X, y = (t[:100] for t in digits.train)
        generator = torch.Generator().manual_seed(0)
        for _ in range(50):
            A, B = torch.randn(2, 64, 10, generator=generator)
            middle = cross_entropy(X @ (A + B) / 2, y)
            ends = (cross_entropy(X @ A, y) + cross_entropy(X @ B, y)) / 2
            assert middle <= ends


class TestAccuracy:
    def test_a_small_change_of_a_weight_changes_no_answer(
        self, digits: Splits, model: SoftmaxRegression
    ) -> None:
        X, y = digits.test
        W = model.W.detach().clone()
        before = accuracy(X @ W.T + model.b, y)
        for pixel in range(64):
            W[pixel % 10, pixel] += 1e-5
            assert accuracy(X @ W.T + model.b, y) == before

    def test_the_laziest_rival_has_about_a_tenth(
        self, digits: Splits, book_run: Runs
    ) -> None:
        counts = torch.bincount(digits.train[1])
        assert counts.max() < 1.2 * counts.min()
        found = book_run("softmax_regression").values["baseline"]
        assert found == (digits.test[1] == counts.argmax()).double().mean()
        assert found == pytest.approx(0.1, abs=0.03)

    def test_99_of_100_honest_are_099_and_no_fraud_found(self) -> None:
        labels = torch.zeros(100, dtype=torch.int64)
        labels[0] = 1
        answers = torch.zeros_like(labels)
        assert accuracy(torch.eye(2)[answers], labels) == 0.99
        assert confusion_matrix(answers, labels, 2)[1, 1] == 0


class TestTraining:
    def test_from_the_third_epoch_on_the_training_loss_is_smaller(
        self, book_run: Runs
    ) -> None:
        lines = rows_of(book_run("softmax_regression").log("first-run"))
        assert [int(line[0]) for line in lines] == [1, 2, 3, 5, 10, 20, 30, 40, 50]
        for epoch, training, validation, _ in lines:
            assert (training < validation) == (epoch >= 3)

    def test_the_search_brackets_the_rate_and_ends_at_the_last_epoch(
        self, book_run: Runs
    ) -> None:
        run = book_run("softmax_regression")
        (table,) = (
            output["data"]["text/plain"]
            for cell in run.notebook["cells"]
            for output in cell.get("outputs", [])
            if "decay λ" in output.get("data", {}).get("text/plain", "")
        )
        trials = rows_of(table)
        best = min(trials, key=lambda row: row[3])
        names = ("rate", "decay", "epochs")
        assert best[:3] == [run.values[name] for name in names]
        rates = [row[0] for row in trials if row[1] == 0]
        assert min(rates) < best[0] < max(rates)
        assert [row[1] for row in trials if row[0] == best[0]] == [0, 1e-4, 1e-3]
        assert best[2] == 50

    def test_more_patience_would_have_lowered_the_loss_a_little(
        self, digits: Splits, book_run: Runs
    ) -> None:
        rate = book_run("softmax_regression").values["rate"]
        seed_everything(0)
        model = SoftmaxRegression(features=64, classes=10)
        batches = Batches(*digits.train, batch_size=64)
        optimizer = SGD(model.parameters(), lr=rate)
        losses = []
        for _ in range(2):
            train(model, cross_entropy, optimizer, batches, 50 * len(batches))
            losses.append(evaluate(model, cross_entropy, [digits.val]))
        assert 0.8 < losses[1] / losses[0] < 1

    def test_the_seeds_matter_less_than_the_choice_of_images(
        self, book_run: Runs
    ) -> None:
        values = book_run("softmax_regression").values
        assert values["test_sd"] < values["chance"] / 2
        a = values["test_mean"]
        assert values["chance"] == pytest.approx((a * (1 - a) / 360) ** 0.5)

    def test_the_reference_is_less_than_a_standard_error_away(
        self, book_run: Runs
    ) -> None:
        values = book_run("softmax_regression").values
        reference = book_run("softmax_regression_reference").values["reference_test"]
        assert abs(values["test_mean"] - reference) < values["chance"]
        assert values["test_mean"] > reference - 0.01


class TestErrors:
    def test_more_than_half_of_the_errors_answer_8(self, book_run: Runs) -> None:
        values = book_run("softmax_regression").values
        right = round(values["images"] * values["last_test"])
        assert values["errors"] == values["images"] - right
        assert values["doubtful"] == 8
        assert values["taken_for_doubtful"] > values["errors"] / 2

    def test_the_middle_of_a_0_must_be_empty(self, model: SoftmaxRegression) -> None:
        zero = model.W.detach()[0].reshape(8, 8)
        assert zero[3:5, 3:5].mean() < -1
        assert zero.argmin() in (27, 28, 35, 36)

    def test_the_softmax_changes_no_answer_and_sure_ones_are_better(
        self, book_run: Runs
    ) -> None:
        values = book_run("softmax_regression").values
        assert values["same_answers"] is True
        assert values["right_if_sure"] > values["right_if_not"] + 0.1


class TestSoftmaxTwice:
    @pytest.mark.settles("softmax-left-out")
    def test_the_loss_has_a_floor_and_logits_have_none(self, book_run: Runs) -> None:
        perfect, label = torch.zeros(1, 10), torch.tensor([3])
        perfect[0, 3] = 1
        assert cross_entropy(perfect, label).item() == pytest.approx(FLOOR)
        assert f"{FLOOR:.4f}" == "1.4612"
        generator = torch.Generator().manual_seed(0)
        logits = 20 * torch.randn(1000, 10, generator=generator)
        labels = logits.argmax(dim=1)
        losses = torch_cross_entropy(logits.softmax(dim=1), labels, reduction="none")
        assert losses.min() >= FLOOR - 1e-6
        assert torch_cross_entropy(logits, labels) < 0.1
        values = book_run("softmax_regression_twice").values
        assert values["loss_floor"] == pytest.approx(FLOOR)
        assert values["loss_last_twice"] > FLOOR > values["loss_last_once"]

    @pytest.mark.settles("softmax-left-out")
    def test_gradients_are_10_times_smaller_at_first_and_1600_at_margin_8(
        self, book_run: Runs
    ) -> None:
        ratios = {}
        for margin in (0.0, 2.0, 4.0, 6.0, 8.0):
            logits = torch.zeros(1, 10, dtype=torch.float64)
            logits[0, 8] = margin
            p = torch.softmax(logits[0], dim=0)
            q, y = torch.softmax(p, dim=0), torch.eye(10).double()[3]
            by_formula = (torch.diag(p) - torch.outer(p, p)) @ (q - y)
            logits.requires_grad_()
            (gradient,) = torch.autograd.grad(twice(logits, torch.tensor([3])), logits)
            torch.testing.assert_close(gradient[0], by_formula)
            ratios[margin] = ((p - y).norm() / by_formula.norm()).item()
        assert list(ratios.values()) == sorted(ratios.values())
        assert ratios[0.0] == pytest.approx(10)
        assert 1500 < ratios[8.0] < 1700
        values = book_run("softmax_regression_twice").values
        assert values["ratio_start"] == pytest.approx(ratios[0.0])
        assert values["ratio_wrong"] == pytest.approx(ratios[8.0])

    def test_logits_push_the_harder_the_more_confidently_wrong(
        self, book_run: Runs
    ) -> None:
        values = book_run("softmax_regression_twice").values
        assert values["once_grows"] is True
        assert values["twice_falls"] is True

    @pytest.mark.settles("softmax-left-out")
    def test_it_learns_more_slowly_and_ends_close(self, book_run: Runs) -> None:
        values = book_run("softmax_regression_twice").values
        assert 0 < 2 * values["epochs_once"] <= values["epochs_twice"]
        assert 0 < values["last_once"] - values["last_twice"] < 0.02

    def test_a_tenfold_rate_leaves_images_stuck(self, book_run: Runs) -> None:
        values = book_run("softmax_regression_twice").values
        assert values["last_fast"] < values["last_twice"] - 0.2
        assert values["wrong_share"] > 0.2
        assert values["size_twice"] < values["size_once"] / 50
        assert values["size_once"] > 1

    @pytest.mark.settles("softmax-left-out")
    def test_the_softmax_is_needed_for_probabilities_only(
        self, digits: Splits, model: SoftmaxRegression
    ) -> None:
        logits = model(digits.test[0]).detach()
        P = torch.softmax(logits, dim=1)
        assert torch.equal(P.argmax(dim=1), logits.argmax(dim=1))
        assert accuracy(P, digits.test[1]) == accuracy(logits, digits.test[1])
        assert not torch.allclose(logits.sum(dim=1), torch.ones(len(logits)))


class TestExercises:
    def test_the_formula_leads_where_the_loop_leads(self, book_run: Runs) -> None:
        assert book_run("softmax_regression_exercises").values["weight_gap"] < 1e-4

    def test_only_differences_of_weights_count(self, book_run: Runs) -> None:
        values = book_run("softmax_regression_exercises").values
        assert values["pushed_gap"] < 1e-4
        assert values["row_sum"] < 1e-4

    def test_one_pixel_costs_most_of_it_and_two_are_guessing(
        self, book_run: Runs
    ) -> None:
        values = book_run("softmax_regression_exercises").values
        assert values["at_home"] > 0.9
        assert values["moved_by_one"] < 0.5
        assert values["moved_by_two"] == pytest.approx(0.1, abs=0.03)
