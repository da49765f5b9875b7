from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dlnotes.losses import (
    bce,
    bce_with_logits,
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


def same(ours: Tensor, theirs: Tensor, *inputs: Tensor) -> None:
    """Both are equal to 1e-6, and so are their gradients, weighted at random."""
    close = {"rtol": 1e-6, "atol": 1e-6}
    torch.testing.assert_close(ours, theirs, **close)
    along = torch.randn(ours.shape, dtype=ours.dtype)
    torch.testing.assert_close(
        torch.autograd.grad(ours, inputs, along, retain_graph=True),
        torch.autograd.grad(theirs, inputs, along),
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
        torch.manual_seed(seed)
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
        torch.manual_seed(seed)
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
        torch.manual_seed(0)
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
        torch.manual_seed(0)
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
        torch.manual_seed(seed)
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
        torch.manual_seed(seed)
        scores, _ = labelled(shape, classes)
        target = uniform(*scores.shape).requires_grad_()
        weight = 0.1 + uniform(classes) if weighted else None
        same(
            cross_entropy(scores, target, reduction, weight),
            F.cross_entropy(scores, target, weight, reduction=reduction),
            scores,
            target,
        )

    @pytest.mark.parametrize("kind", [torch.uint8, torch.int32, torch.int64])
    def test_labels_of_every_integer_type(self, kind: torch.dtype) -> None:
        log_p = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]])
        weight = torch.tensor([1.0, 3.0])
        labels = torch.tensor([1, 0], dtype=kind)
        assert nll(log_p, labels, "none").tolist() == [2, 3]
        assert nll(log_p, labels, weight=weight) == (3 * 2 + 1 * 3) / 4

    def test_the_mean_is_the_default(self) -> None:
        torch.manual_seed(0)
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
        torch.manual_seed(seed)
        z = (100 * normal(2, 3, 4)).requires_grad_()
        same(log_softmax(z, axis), F.log_softmax(z, axis), z)


class TestBinary:
    @pytest.mark.parametrize(("ours", "theirs"), BINARY)
    @few
    @given(shape=shapes, reduction=reductions, weighted=st.booleans(), seed=seeds)
    def test_equals_torch(self, ours, theirs, shape, reduction, weighted, seed) -> None:
        torch.manual_seed(seed)
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
        same(ours, F.binary_cross_entropy(p, target, reduction="none"), p)
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
        torch.manual_seed(seed)
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
    @pytest.mark.parametrize("label", [-100, -1, 3, 7])
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
        torch.manual_seed(0)
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
        torch.manual_seed(0)
        prediction, target = normal(6), normal(6)
        ours = gaussian_nll(prediction, target, sigma)
        variance = torch.full_like(target, sigma**2)
        theirs = F.gaussian_nll_loss(prediction, target, variance, full=True, eps=0)
        torch.testing.assert_close(ours, theirs)
        density = torch.distributions.Normal(prediction, sigma).log_prob(target)
        torch.testing.assert_close(ours, -density.mean())

    @settings(deadline=None)
    @given(st.floats(0.01, 100))
    def test_laplace_nll_equals_the_density(self, b: float) -> None:
        torch.manual_seed(0)
        prediction, target = normal(6), normal(6)
        density = torch.distributions.Laplace(prediction, b).log_prob(target)
        ours = laplace_nll(prediction, target, b)
        torch.testing.assert_close(ours, -density.mean())

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
        torch.manual_seed(0)
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
        torch.manual_seed(0)
        prediction, target = normal(50), normal(50)
        best = likeliest(prediction, target).item()
        lowest = density(prediction, target, best)
        for factor in (0.9, 0.99, 1.01, 1.1):
            assert density(prediction, target, factor * best) > lowest


def test_each_row_of_logits_is_shifted_by_its_own_maximum() -> None:
    logits = torch.tensor([[1000.0, 999.0], [-1000.0, -1001.0]])
    torch.testing.assert_close(log_softmax(logits, 1), F.log_softmax(logits, 1))
    labels = torch.tensor([0, 1])
    same = F.cross_entropy(logits, labels)
    torch.testing.assert_close(cross_entropy(logits, labels), same)
