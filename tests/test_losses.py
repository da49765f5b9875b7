from collections.abc import Callable
from functools import partial
from typing import ClassVar

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dlnotes.binary import bce, bce_with_logits
from dlnotes.losses import (
    cross_entropy,
    gaussian_nll,
    huber,
    laplace_nll,
    log_softmax,
    mae,
    mse,
    nll,
    rmse,
)

Loss = Callable[..., Tensor]
REDUCTIONS = ["mean", "sum", "none"]
REGRESSION = [(mae, F.l1_loss), (mse, F.mse_loss), (huber, F.huber_loss)]
BINARY = [
    (bce, F.binary_cross_entropy),
    (bce_with_logits, F.binary_cross_entropy_with_logits),
]
reductions = st.sampled_from(REDUCTIONS)
shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)
seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, max_examples=60)
# torch.manual_seed does the same on the CPU, and keeps the whole stack for each GPU.
manual_seed = torch.default_generator.manual_seed


def slopes(output: Tensor, inputs: tuple[Tensor, ...], along: Tensor) -> list[Tensor]:
    """Return d(output · along)/d(each input), zeros for one it does not depend on."""
    if not output.requires_grad:
        return [torch.zeros_like(x) for x in inputs]
    found = torch.autograd.grad(
        output, inputs, along, create_graph=True, allow_unused=True
    )
    return [
        torch.zeros_like(x) if g is None else g
        for x, g in zip(inputs, found, strict=True)
    ]


def same(ours: Tensor, theirs: Tensor, *inputs: Tensor, second: bool = True) -> None:
    """Both are equal to 1e-6, and so are their derivatives, weighted at random.

    `second` derivatives too: those of the first, in all pairs of inputs.
    """
    close = {"rtol": 1e-6, "atol": 1e-6}
    torch.testing.assert_close(ours, theirs, **close)
    along = torch.randn(ours.shape, dtype=ours.dtype)
    first = [slopes(loss, inputs, along) for loss in (ours, theirs)]
    torch.testing.assert_close(*first, **close)
    if second:
        for mine, other in zip(*first, strict=True):
            once_more = torch.randn(mine.shape, dtype=mine.dtype)
            torch.testing.assert_close(
                slopes(mine, inputs, once_more),
                slopes(other, inputs, once_more),
                **close,
            )


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def uniform(*shape: int) -> Tensor:
    return torch.rand(shape, dtype=torch.float64)


class TestRegression:
    @pytest.mark.parametrize(("ours", "theirs"), REGRESSION)
    @few
    @given(shape=shapes, reduction=reductions, weighted=st.booleans(), seed=seeds)
    def test_equals_torch(self, ours, theirs, shape, reduction, weighted, seed) -> None:
        manual_seed(seed)
        prediction = (2 * normal(*shape)).requires_grad_()
        target = normal(*shape)
        weight = uniform(*shape) if weighted else None
        same(
            ours(prediction, target, reduction, weight),
            theirs(prediction, target, reduction=reduction, weight=weight),
            prediction,
        )

    @few
    @given(delta=st.floats(0.01, 5), reduction=reductions, seed=seeds)
    def test_huber_of_any_delta_equals_torch(self, delta, reduction, seed) -> None:
        manual_seed(seed)
        prediction = (2 * normal(20)).requires_grad_()
        target = normal(20)
        same(
            huber(prediction, target, reduction, delta=delta),
            F.huber_loss(prediction, target, reduction=reduction, delta=delta),
            prediction,
        )

    @pytest.mark.parametrize(("ours", "theirs"), REGRESSION)
    def test_where_the_slope_jumps_and_far_away(self, ours, theirs) -> None:
        errors = torch.tensor([0.0, 1.0, -1.0, 1e30, -1e30, 1e-30])
        errors.requires_grad_()
        zero = torch.zeros(6)
        same(ours(errors, zero, "none"), theirs(errors, zero, reduction="none"), errors)

    def test_values_by_hand(self) -> None:
        prediction, target = torch.tensor([1.0, 5.0]), torch.tensor([0.5, 2.0])
        assert mae(prediction, target) == 1.75
        assert mse(prediction, target) == 4.625
        assert huber(prediction, target) == 1.3125
        assert huber(prediction, target, delta=2.0) == 2.0625
        assert rmse(prediction, target) == 4.625**0.5

    @pytest.mark.parametrize("reduction", REDUCTIONS)
    @pytest.mark.parametrize("weighted", [False, True])
    def test_rmse_is_the_root_of_mse(self, reduction: str, weighted: bool) -> None:
        manual_seed(0)
        prediction, target = normal(4, 3).requires_grad_(), normal(4, 3)
        weight = uniform(4, 3) if weighted else None
        theirs = F.mse_loss(prediction, target, reduction=reduction, weight=weight)
        ours = rmse(prediction, target, reduction, weight)
        same(ours, theirs.sqrt(), prediction)

    def test_rmse_is_the_mean_unless_told_otherwise(self) -> None:
        assert rmse(torch.tensor([3.0, -3.0]), torch.zeros(2)) == 3

    def test_rmse_has_no_gradient_at_zero(self) -> None:
        prediction = torch.ones(3, requires_grad=True)
        rmse(prediction, torch.ones(3)).backward()
        assert prediction.grad is not None
        assert prediction.grad.isnan().all()

    @pytest.mark.parametrize("loss", [mae, mse, rmse, huber])
    def test_the_mean_is_over_elements_not_over_rows(self, loss: Loss) -> None:
        prediction, target = torch.full((4, 3), 2.0), torch.zeros(4, 3)
        assert loss(prediction, target) == loss(prediction[0, 0], target[0, 0])

    def test_the_gradient_of_mse_is_right_numerically(self) -> None:
        manual_seed(0)
        prediction, target = normal(4, 3).requires_grad_(), normal(4, 3)
        assert torch.autograd.gradcheck(mse, (prediction, target))

    @pytest.mark.parametrize("delta", [0.0, -1.0])
    def test_huber_refuses_a_delta_that_is_not_positive(self, delta: float) -> None:
        with pytest.raises(ValueError, match=f"^delta must be positive, not {delta}$"):
            huber(torch.zeros(2), torch.zeros(2), delta=delta)
        assert huber(torch.zeros(2), torch.ones(2), delta=0.5) == 0.375


def labelled(shape: list[int], classes: int) -> tuple[Tensor, Tensor]:
    """Draw scores (C,) or (N, C, d1, ...) and labels for them."""
    scores = torch.randn(*shape[:1], classes, *shape[1:], dtype=torch.float64)
    return (3 * scores).requires_grad_(), torch.randint(classes, shape)


class TestClasses:
    cases = given(
        shape=st.lists(st.integers(1, 4), max_size=4),
        classes=st.integers(1, 6),
        reduction=reductions,
        weighted=st.booleans(),
        seed=seeds,
    )

    @pytest.mark.parametrize(
        ("ours", "theirs"), [(nll, F.nll_loss), (cross_entropy, F.cross_entropy)]
    )
    @few
    @cases
    def test_equals_torch(
        self, ours, theirs, shape, classes, reduction, weighted, seed
    ) -> None:
        manual_seed(seed)
        scores, labels = labelled(shape, classes)
        weight = 0.1 + uniform(classes) if weighted else None
        same(
            ours(scores, labels, reduction, weight),
            theirs(scores, labels, weight, reduction=reduction),
            scores,
        )

    @few
    @cases
    def test_cross_entropy_of_probabilities_equals_torch(
        self, shape, classes, reduction, weighted, seed
    ) -> None:
        manual_seed(seed)
        scores, _ = labelled(shape, classes)
        target = uniform(*scores.shape).requires_grad_()
        weight = 0.1 + uniform(classes) if weighted else None
        same(
            cross_entropy(scores, target, reduction, weight),
            F.cross_entropy(scores, target, weight, reduction=reduction),
            scores,
            target,
        )

    @pytest.mark.parametrize(
        ("ours", "theirs"), [(nll, F.nll_loss), (cross_entropy, F.cross_entropy)]
    )
    @few
    @given(
        shape=st.lists(st.integers(1, 4), max_size=4),
        classes=st.integers(1, 6),
        ignored=st.sampled_from([-100, -1, 0, 5, 255]),
        reduction=reductions,
        weighted=st.booleans(),
        seed=seeds,
    )
    def test_what_is_ignored_equals_torch(
        self, ours, theirs, shape, classes, ignored, reduction, weighted, seed
    ) -> None:
        manual_seed(seed)
        scores, labels = labelled(shape, classes)
        labels = labels.masked_fill(torch.rand(shape) < 0.4, ignored)
        weight = 0.1 + uniform(classes) if weighted else None
        mine = ours(scores, labels, reduction, weight, ignored)
        other = theirs(
            scores, labels, weight, reduction=reduction, ignore_index=ignored
        )
        if mine.isnan().any():  # the mean of none: 0 / 0
            assert other.isnan()
            assert (labels == ignored).all()
        else:
            same(mine, other, scores)

    @few
    @given(
        shape=st.lists(st.integers(1, 4), max_size=4),
        classes=st.integers(1, 6),
        ignored=st.sampled_from([-100, 0]),
        smoothing=st.sampled_from([0.1, 0.5, 1.0]),
        reduction=reductions,
        weighted=st.booleans(),
        seed=seeds,
    )
    def test_smoothed_labels_equal_torch(
        self, shape, classes, ignored, smoothing, reduction, weighted, seed
    ) -> None:
        manual_seed(seed)
        scores, labels = labelled(shape, classes)
        labels = labels.masked_fill(torch.rand(shape) < 0.4, ignored)
        weight = 0.1 + uniform(classes) if weighted else None
        mine = cross_entropy(scores, labels, reduction, weight, ignored, smoothing)
        other = F.cross_entropy(
            scores,
            labels,
            weight,
            reduction=reduction,
            ignore_index=ignored,
            label_smoothing=smoothing,
        )
        if mine.isnan().any():
            assert other.isnan()
            assert (labels == ignored).all()
        else:
            same(mine, other, scores)

    @few
    @given(
        shape=st.lists(st.integers(1, 4), max_size=4),
        classes=st.integers(1, 6),
        smoothing=st.floats(0, 1),
        reduction=reductions,
        weighted=st.booleans(),
        seed=seeds,
    )
    def test_smoothed_probabilities_equal_torch(
        self, shape, classes, smoothing, reduction, weighted, seed
    ) -> None:
        manual_seed(seed)
        scores, _ = labelled(shape, classes)
        target = uniform(*scores.shape).requires_grad_()
        weight = 0.1 + uniform(classes) if weighted else None
        same(
            cross_entropy(scores, target, reduction, weight, label_smoothing=smoothing),
            F.cross_entropy(
                scores, target, weight, reduction=reduction, label_smoothing=smoothing
            ),
            scores,
            target,
        )

    def test_minus_100_is_ignored_unless_told_otherwise(self) -> None:
        scores = torch.tensor([[0.0, 0.0], [9.0, 0.0]])
        labels = torch.tensor([0, -100])
        for loss, half in [(nll, 0.0), (cross_entropy, 0.6931472)]:
            assert loss(scores, labels).item() == pytest.approx(half)
            assert loss(scores, labels, "none")[1] == 0

    @pytest.mark.parametrize("loss", [nll, cross_entropy])
    @pytest.mark.parametrize("hopeless", [float("inf"), -float("inf")])
    def test_what_is_ignored_may_be_infinite(self, loss: Loss, hopeless: float) -> None:
        scores = torch.zeros(2, 3)
        scores[1, 0] = hopeless  # at class 0, as which it is looked up
        labels = torch.tensor([2, -100])
        assert loss(scores, labels) == loss(scores[:1], labels[:1])

    @pytest.mark.parametrize("loss", [nll, cross_entropy])
    def test_a_weight_of_zero_is_to_ignore(self, loss: Loss) -> None:
        manual_seed(0)
        scores, labels = labelled([50], 4)
        weight = torch.tensor([0.0, 1, 1, 1], dtype=torch.float64)
        same(
            loss(scores, labels, weight=weight),
            loss(scores, labels, ignore_index=0),
            scores,
        )

    @pytest.mark.parametrize("kind", [torch.uint8, torch.int32, torch.int64])
    def test_labels_of_every_integer_type(self, kind: torch.dtype) -> None:
        log_p = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]])
        weight = torch.tensor([1.0, 3.0])
        labels = torch.tensor([1, 0], dtype=kind)
        assert nll(log_p, labels, "none").tolist() == [2, 3]
        assert nll(log_p, labels, weight=weight) == (3 * 2 + 1 * 3) / 4

    def test_the_mean_is_the_default(self) -> None:
        manual_seed(0)
        scores, labels = labelled([5], 3)
        for ours, theirs in [(nll, F.nll_loss), (cross_entropy, F.cross_entropy)]:
            same(ours(scores, labels), theirs(scores, labels), scores)

    @pytest.mark.parametrize("size", [1000.0, 1e4, 2.0**100])
    def test_stable_at_logits_of_any_size(self, size: float) -> None:
        logits = torch.tensor([[size, -size, 0], [-size, size, 0]])
        logits.requires_grad_()
        labels = torch.tensor([0, 0])
        ours = cross_entropy(logits, labels, "none")
        assert ours.tolist() == [0, 2 * size]
        same(ours, F.cross_entropy(logits, labels, reduction="none"), logits)

    @few
    @given(seed=seeds, axis=st.integers(-3, 2))
    def test_log_softmax_equals_torch_on_every_axis(self, seed, axis) -> None:
        manual_seed(seed)
        z = (100 * normal(2, 3, 4)).requires_grad_()
        same(log_softmax(z, axis), F.log_softmax(z, axis), z)


class TestBinary:
    @pytest.mark.parametrize(("ours", "theirs"), BINARY)
    @few
    @given(shape=shapes, reduction=reductions, weighted=st.booleans(), seed=seeds)
    def test_equals_torch(self, ours, theirs, shape, reduction, weighted, seed) -> None:
        manual_seed(seed)
        prediction = uniform(*shape) if ours is bce else 5 * normal(*shape)
        prediction.requires_grad_()
        target = uniform(*shape)
        weight = uniform(*shape[1:]) if weighted else None
        same(
            ours(prediction, target, reduction, weight),
            theirs(prediction, target, weight, reduction=reduction),
            prediction,
        )

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_bce_at_the_ends_of_the_interval(self, dtype: torch.dtype) -> None:
        tiny = [0, 1e-300, 1e-40, 1e-20, 1e-13, 1e-11, 1 - 1e-7, 1]
        p = torch.tensor(tiny, dtype=dtype)[:, None].expand(-1, 3).clone()
        p.requires_grad_()
        target = torch.tensor([0, 0.5, 1], dtype=dtype).expand(len(tiny), 3)
        ours = bce(p, target, "none")
        theirs = F.binary_cross_entropy(p, target, reduction="none")
        same(ours, theirs, p, second=False)  # there is none where p is 0 or 1
        assert (
            torch.stack(slopes(slopes(ours, (p,), p.detach())[0], (p,), p))
            .isfinite()
            .all()
        )
        assert ours[0].tolist() == [0, 50, 100]
        assert ours[-1].tolist() == [100, 50, 0]

    @pytest.mark.parametrize("size", [0.0, 20.0, 200.0, 1000.0, 1e30])
    def test_bce_with_logits_is_stable_at_any_size(self, size: float) -> None:
        logits = torch.tensor([size, size, -size, -size], requires_grad=True)
        target = torch.tensor([0.0, 1.0, 0.0, 1.0])
        ours = bce_with_logits(logits, target, "none")
        theirs = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        same(ours, theirs, logits)
        (slope,) = torch.autograd.grad(ours.sum(), logits)
        expected = torch.sigmoid(logits) - target
        torch.testing.assert_close(slope, expected, rtol=1e-6, atol=1e-6)

    def test_bce_with_logits_keeps_the_digits_of_a_small_loss(self) -> None:
        loss = bce_with_logits(torch.tensor([50.0, -50.0]), torch.tensor([1.0, 0.0]))
        assert loss.item() == pytest.approx(1.9287e-22, rel=1e-4, abs=0)

    @few
    @given(reduction=reductions, columns=st.booleans(), seed=seeds)
    def test_pos_weight_equals_torch(self, reduction, columns, seed) -> None:
        manual_seed(seed)
        logits, target = normal(4, 3).requires_grad_(), uniform(4, 3)
        pos_weight = 3 * uniform(3) if columns else torch.tensor(19.0).double()
        weight = uniform(4, 1)
        same(
            bce_with_logits(logits, target, reduction, weight, pos_weight),
            F.binary_cross_entropy_with_logits(
                logits, target, weight, reduction=reduction, pos_weight=pos_weight
            ),
            logits,
        )

    def test_the_target_may_have_a_gradient(self) -> None:
        p, target = uniform(5), uniform(5).requires_grad_()
        same(bce(p, target), F.binary_cross_entropy(p, target), target)

    def test_integer_targets_are_welcome(self) -> None:
        half = torch.full((2,), 0.5)
        assert bce(half, torch.tensor([0, 1])).item() == pytest.approx(0.6931472)
        zero = torch.zeros(2)
        assert bce_with_logits(zero, torch.tensor([0, 1])).item() == pytest.approx(
            0.6931472
        )

    @pytest.mark.parametrize(("target", "loss"), [(0.0, 1e-6), (1.0, 0.0)])
    def test_bce_keeps_the_digits_of_a_small_loss(
        self, target: float, loss: float
    ) -> None:
        p = torch.tensor([1e-6 if target == 0 else 1.0])
        found = bce(p, torch.tensor([target])).item()
        assert found == pytest.approx(loss, rel=1e-6, abs=0)

    @pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch's
    @pytest.mark.parametrize("p", [0.3, 0.999])
    def test_bce_curves_as_torchs_does(self, p: float) -> None:
        """Also where derivatives are taken forwards over backwards."""
        one = torch.ones(1, dtype=torch.float64)
        curvatures = [
            torch.func.hessian(lambda x, f=f: f(x, one))(p * one)
            for f in (bce, F.binary_cross_entropy)
        ]
        torch.testing.assert_close(*curvatures)
        assert curvatures[0].item() == pytest.approx(1 / p**2)

    @pytest.mark.parametrize("size", [25.0, 50.0, 95.0, 1e4])
    def test_bce_with_logits_has_a_curvature_at_any_size(self, size: float) -> None:
        """Up to the rounding of the slope, which is near 1."""
        logits = torch.tensor([size, -size], dtype=torch.float64, requires_grad=True)
        loss = bce_with_logits(logits, torch.ones(2, dtype=torch.float64), "sum")
        one = torch.tensor(1.0, dtype=torch.float64)
        (slope,) = slopes(loss, (logits,), one)
        (curvature,) = slopes(slope, (logits,), one.expand(2))
        expected = torch.sigmoid(logits) * torch.sigmoid(-logits)
        eps = torch.finfo(torch.float64).eps
        torch.testing.assert_close(curvature, expected, rtol=1e-12, atol=eps)


PAIRS = [mae, mse, rmse, huber, bce, bce_with_logits]


class TestDoor:
    @pytest.mark.parametrize("loss", PAIRS)
    @pytest.mark.parametrize(
        ("prediction", "target"),
        [((4, 1), (4,)), ((4,), (4, 1)), ((4, 2), (2,)), ((4,), ())],
    )
    def test_shapes_that_would_broadcast_are_refused(
        self, loss: Loss, prediction: tuple[int, ...], target: tuple[int, ...]
    ) -> None:
        message = f"predictions have shape {prediction}, targets {target}: make them"
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            loss(torch.zeros(prediction), torch.zeros(target))
        assert str(caught.value).startswith(message)

    @pytest.mark.parametrize("loss", [nll, cross_entropy])
    @pytest.mark.parametrize(
        ("scores", "labels"),
        [((3,), (1,)), ((4, 3), (3,)), ((4, 3), ()), ((4, 3, 2), (4, 3))],
    )
    def test_labels_of_a_wrong_shape_are_refused(
        self, loss: Loss, scores: tuple[int, ...], labels: tuple[int, ...]
    ) -> None:
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            loss(torch.zeros(scores), torch.zeros(labels, dtype=torch.int64))
        axis = min(1, len(scores) - 1)
        assert str(caught.value) == (
            f"labels have shape {labels}, scores {scores} with one class per "
            f"index of axis {axis}: labels must have the other axes"
        )

    def test_probabilities_of_a_wrong_shape_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"shape \(4, 3\), targets \(4, 1\)"):
            cross_entropy(torch.zeros(4, 3), torch.ones(4, 1))

    @pytest.mark.parametrize("loss", [nll, cross_entropy])
    @pytest.mark.parametrize("label", [-101, -1, 3, 7])
    def test_a_label_that_is_no_class_is_named(self, loss: Loss, label: int) -> None:
        labels = torch.zeros(2, 4, dtype=torch.int64)
        labels[1, 2] = label
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            loss(torch.zeros(2, 3, 4), labels)
        assert str(caught.value) == (
            f"label {label} at index (1, 2) is not a class: "
            "3 classes are numbered 0 to 2"
        )

    def test_a_label_without_a_batch_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"label 3 at index \(\) is not a class"):
            nll(torch.zeros(3), torch.tensor(3))

    def test_nll_refuses_labels_that_are_not_integers(self) -> None:
        with pytest.raises(
            TypeError, match=r"^labels are torch.float32: make them integers$"
        ):
            nll(torch.zeros(4, 3), torch.zeros(4))

    @pytest.mark.parametrize("loss", [*PAIRS, nll, cross_entropy])
    @pytest.mark.parametrize("kind", [torch.int64, torch.int32, torch.bool])
    def test_predictions_must_be_floating(self, loss: Loss, kind: torch.dtype) -> None:
        prediction = torch.ones(2, 2, dtype=kind)
        labels = loss in (nll, cross_entropy)
        target = torch.zeros(2, dtype=torch.int64) if labels else torch.zeros(2, 2)
        with pytest.raises(TypeError) as caught:
            loss(prediction, target)
        assert str(caught.value) == (
            f"predictions are {kind}: "
            "a loss needs floating-point numbers, such as x.float()"
        )

    @pytest.mark.parametrize("loss", [*PAIRS, nll, cross_entropy])
    @pytest.mark.parametrize("reduction", ["average", "batchmean", "", "Mean"])
    def test_a_reduction_that_torch_has_not(self, loss: Loss, reduction: str) -> None:
        labels = loss in (nll, cross_entropy)
        target = torch.zeros(2, dtype=torch.int64) if labels else torch.zeros(2, 2)
        with pytest.raises(ValueError, match=f"^unknown reduction: '{reduction}'$"):
            loss(torch.zeros(2, 2), target, reduction)

    @pytest.mark.parametrize("loss", PAIRS)
    @pytest.mark.parametrize("shape", [(3,), (4, 2, 1), (2, 4, 2)])
    def test_weights_that_do_not_expand(
        self, loss: Loss, shape: tuple[int, ...]
    ) -> None:
        message = rf"losses have shape \(4, 2\), weights \({shape[0]},.*make them equal"
        with pytest.raises(ValueError, match=message):
            loss(torch.zeros(4, 2), torch.zeros(4, 2), weight=torch.ones(shape))

    @pytest.mark.parametrize("loss", [mae, mse])
    def test_a_weight_per_row_counts_once_for_each_column(self, loss: Loss) -> None:
        manual_seed(0)
        prediction, target, rows = normal(4, 3), normal(4, 3), uniform(4, 1)
        torch.testing.assert_close(
            loss(prediction, target, weight=rows),
            loss(prediction, target, weight=rows.repeat(1, 3)),
        )

    @pytest.mark.parametrize("count", [1, 2, 4])
    def test_class_weights_are_one_to_a_class(self, count: int) -> None:
        message = (
            rf"^weights have shape \({count},\): give one to each of the 3 classes$"
        )
        for loss, target in [
            (nll, torch.tensor([0, 2])),
            (cross_entropy, torch.tensor([0, 2])),
            (cross_entropy, torch.full((2, 3), 1 / 3)),
        ]:
            with pytest.raises(ValueError, match=message):
                loss(torch.zeros(2, 3), target, weight=torch.ones(count))

    @pytest.mark.parametrize("value", [-0.5, 1.5])
    def test_bce_refuses_what_is_no_probability(self, value: float) -> None:
        wrong = torch.tensor([[0.0, 1.0], [0.5, value]])
        right = torch.zeros(2, 2)
        ending = (
            f"{value} at index (1, 1) is not a probability from 0 to 1 "
            "(predictions that are logits need bce_with_logits)"
        )
        for loss, name, pair in [
            (bce, "prediction", (wrong, right)),
            (bce, "target", (right, wrong)),
            (bce_with_logits, "target", (right, wrong)),
        ]:
            with pytest.raises(ValueError) as caught:  # noqa: PT011
                loss(*pair)
            assert str(caught.value) == f"{name} {ending}"


class TestNoise:
    @settings(deadline=None)
    @given(st.floats(0.01, 100))
    def test_gaussian_nll_equals_torch_and_the_density(self, sigma: float) -> None:
        manual_seed(0)
        prediction, target = normal(6), normal(6)
        ours = gaussian_nll(prediction, target, sigma)
        variance = torch.full_like(target, sigma**2)
        theirs = F.gaussian_nll_loss(prediction, target, variance, full=True, eps=0)
        close = {"rtol": 1e-12, "atol": 1e-12}
        torch.testing.assert_close(ours, theirs, **close)
        density = torch.distributions.Normal(prediction, sigma).log_prob(target)
        torch.testing.assert_close(ours, -density.mean(), **close)

    @settings(deadline=None)
    @given(st.floats(0.01, 100))
    def test_laplace_nll_equals_the_density(self, b: float) -> None:
        manual_seed(0)
        prediction, target = normal(6), normal(6)
        density = torch.distributions.Laplace(prediction, b).log_prob(target)
        ours = laplace_nll(prediction, target, b)
        torch.testing.assert_close(ours, -density.mean(), rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("size", [0.5, 2.0])
    def test_the_size_of_the_noise_can_be_learned(self, size: float) -> None:
        """Its gradient is that of the density, and zero at the likeliest size."""
        manual_seed(0)
        prediction, target = normal(6), normal(6)
        for density, distribution in [
            (gaussian_nll, torch.distributions.Normal),
            (laplace_nll, torch.distributions.Laplace),
        ]:
            scale = torch.nn.Parameter(torch.tensor(size, dtype=torch.float64))
            expected = -distribution(prediction, scale).log_prob(target).mean()
            same(density(prediction, target, scale), expected, scale)

    def test_every_element_may_have_a_size_of_its_own(self) -> None:
        manual_seed(0)
        prediction, target, scale = normal(6, 2), normal(6, 2), normal(6, 2).exp()
        for density, distribution in [
            (gaussian_nll, torch.distributions.Normal),
            (laplace_nll, torch.distributions.Laplace),
        ]:
            for size in (scale, scale[:, :1], scale[0]):
                size = size.clone().requires_grad_()
                expected = -distribution(prediction, size).log_prob(target).mean()
                same(density(prediction, target, size), expected, size)
            with pytest.raises(RuntimeError, match="expanded size"):
                density(prediction, target, scale[:, 0])

    def test_gaussian_nll_may_be_negative(self) -> None:
        assert gaussian_nll(torch.zeros(3), torch.zeros(3), sigma=0.01) < 0

    @pytest.mark.parametrize(
        ("density", "loss"), [(gaussian_nll, mse), (laplace_nll, mae)]
    )
    @settings(deadline=None, max_examples=30)
    @given(size=st.floats(0.05, 20))
    def test_noise_of_any_size_ranks_predictions_as_the_error_does(
        self, density: Loss, loss: Loss, size: float
    ) -> None:
        manual_seed(0)
        target, candidates = normal(8), normal(20, 8)
        by_loss = torch.stack([loss(c, target) for c in candidates])
        by_nll = torch.stack([density(c, target, size) for c in candidates])
        assert torch.equal(by_nll.argsort(), by_loss.argsort())

    @pytest.mark.parametrize(
        ("density", "likeliest"), [(gaussian_nll, rmse), (laplace_nll, mae)]
    )
    def test_the_likeliest_size_of_the_noise(
        self, density: Loss, likeliest: Loss
    ) -> None:
        manual_seed(0)
        prediction, target = normal(50), normal(50)
        best = likeliest(prediction, target).item()
        lowest = density(prediction, target, best)
        for factor in (0.9, 0.99, 1.01, 1.1):
            assert density(prediction, target, factor * best) > lowest


HALF = [torch.float32, torch.float16, torch.bfloat16]


class TestPrecision:
    """In every type a loss is as close to the exact one as its roundings allow."""

    CASES: ClassVar[list[tuple[Loss, str]]] = [
        *((loss, "numbers") for loss in (mae, mse, huber)),
        (bce, "probabilities"),
        (bce_with_logits, "logits"),
        (nll, "scores"),
        (cross_entropy, "scores"),
        (partial(cross_entropy, label_smoothing=0.1), "scores"),
        (cross_entropy, "soft"),
    ]

    @staticmethod
    def draw(kind: str, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Return predictions, targets and weights, exact in this type."""
        manual_seed(0)
        if kind == "numbers":
            return torch.randn(40).to(dtype), torch.randn(40).to(dtype), torch.rand(40)
        if kind == "probabilities":
            return (
                0.02 + 0.9 * torch.rand(40).to(dtype),
                torch.rand(40).to(dtype),
                (torch.rand(40)),
            )
        if kind == "logits":
            return (
                3 * torch.randn(40).to(dtype),
                torch.rand(40).to(dtype),
                (torch.rand(40)),
            )
        scores = (3 * torch.randn(40, 5)).to(dtype)
        if kind == "soft":
            return scores, torch.rand(40, 5).softmax(1).to(dtype), torch.rand(5)
        labels = torch.randint(5, (40,)).masked_fill(torch.rand(40) < 0.2, -100)
        return scores.log_softmax(1), labels, torch.rand(5)

    @pytest.mark.parametrize("dtype", HALF)
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("reduction", REDUCTIONS)
    @pytest.mark.parametrize(("loss", "kind"), CASES)
    def test_close_to_the_exact_loss(
        self, loss: Loss, kind: str, reduction: str, weighted: bool, dtype: torch.dtype
    ) -> None:
        prediction, target, weight = self.draw(kind, dtype)
        weight = weight.to(dtype) if weighted else None
        found = loss(prediction, target, reduction, weight)
        assert found.dtype == dtype
        wide = [
            x if x is None or not x.is_floating_point() else x.double()
            for x in (prediction, target, weight)
        ]
        exact = loss(wide[0], wide[1], reduction, wide[2])
        largest = prediction.abs().max().item()
        eps = torch.finfo(dtype).eps
        torch.testing.assert_close(
            found.double(), exact, rtol=8 * eps, atol=8 * eps * largest
        )


def test_each_row_of_logits_is_shifted_by_its_own_maximum() -> None:
    logits = torch.tensor([[1000.0, 999.0], [-1000.0, -1001.0]])
    torch.testing.assert_close(log_softmax(logits, 1), F.log_softmax(logits, 1))
    labels = torch.tensor([0, 1])
    same = F.cross_entropy(logits, labels)
    torch.testing.assert_close(cross_entropy(logits, labels), same)
