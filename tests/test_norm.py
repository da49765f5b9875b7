from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from torch import Tensor, nn
from torch.nn import functional

from compared import numbers
from dlnotes.norm import BatchNorm1d, BatchNorm2d, batch_norm, min_max, z_score


class TestFeatures:
    @settings(deadline=None, max_examples=30)
    @given(st.integers(2, 20), st.integers(1, 4), st.floats(-1e3, 1e3))
    def test_equal_scikit_learns(self, N: int, C: int, centre: float) -> None:
        X = centre + numbers(N, C, seed=N)
        for ours, scaler in ((min_max, MinMaxScaler()), (z_score, StandardScaler())):
            expected = torch.tensor(scaler.fit_transform(X.numpy()))
            torch.testing.assert_close(ours(X), expected, rtol=1e-8, atol=1e-8)

    def test_range_and_moments(self) -> None:
        X = 3 + 2 * numbers(50, 4)
        assert min_max(X).amin(0).tolist() == [0] * 4
        assert min_max(X).amax(0).tolist() == [1] * 4
        zero, one = torch.zeros(4).double(), torch.ones(4).double()
        torch.testing.assert_close(z_score(X).mean(0), zero)
        torch.testing.assert_close(z_score(X).var(0, correction=0), one)

    @pytest.mark.parametrize("scale", [min_max, z_score])
    @pytest.mark.parametrize("value", [0.0, 0.1, -1e6 / 3])
    def test_a_constant_feature_becomes_zero(self, scale: Any, value: float) -> None:
        X = torch.tensor([[0.0, value], [1.0, value], [3.0, value]])
        found = scale(X)
        assert found[:, 1].tolist() == [0, 0, 0]
        assert found[:, 0].tolist() == scale(X[:, :1])[:, 0].tolist()
        assert found.dtype == torch.float32

    @pytest.mark.parametrize("scale", [min_max, z_score])
    def test_a_missing_value_is_not_hidden(self, scale: Any) -> None:
        X = torch.tensor([[float("nan"), 1.0], [1.0, 2.0]])
        assert scale(X)[:, 0].isnan().all()
        assert not scale(X)[:, 1].isnan().any()


SHAPES = [(4, 3), (2, 3), (5, 3, 4), (1, 3, 2), (2, 3, 4, 5), (1, 3, 1, 2)]


def state(C: int = 3) -> list[Tensor]:
    """Return gamma, beta, a running mean and a running variance."""
    return [
        numbers(C, seed=n).abs() if n == 4 else numbers(C, seed=n) for n in range(1, 5)
    ]


class TestBatchNorm:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("settings", [(), (0.3, 1e-3), (1.0, 1e-5), (0.0, 0.1)])
    def test_equals_torchs(
        self, shape: tuple[int, ...], training: bool, settings: Any
    ) -> None:
        X = 3 + 2 * numbers(*shape)
        *scale, mean, var = state()
        results = []
        for ours in (True, False):
            inputs = [t.clone().requires_grad_() for t in (X, *scale)]
            running = [mean.clone(), var.clone()]
            if ours:
                Y, *running = batch_norm(*inputs, *running, training, *settings)
            else:
                Y = functional.batch_norm(
                    inputs[0], *running, *inputs[1:], training, *settings
                )
            slopes = numbers(*shape, seed=9)
            gradients = torch.autograd.grad(Y, inputs, slopes)
            results.append([Y, *running, *gradients])
        torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9)

    def test_changes_nothing_in_place_and_keeps_no_graph(self) -> None:
        X, (gamma, beta, mean, var) = numbers(4, 3).requires_grad_(), state()
        kept = mean.clone(), var.clone()
        _, new_mean, new_var = batch_norm(X, gamma, beta, mean, var, True)
        assert torch.equal(mean, kept[0])
        assert torch.equal(var, kept[1])
        assert not new_mean.requires_grad
        assert not new_var.requires_grad
        _, new_mean, new_var = batch_norm(X, gamma, beta, mean, var, False)
        assert torch.equal(new_mean, mean)
        assert torch.equal(new_var, var)

    def test_the_batch_is_normalized(self) -> None:
        X = 3 + 2 * numbers(8, 3, 5, 5)
        zero, one = torch.zeros(3).double(), torch.ones(3).double()
        Y, _, _ = batch_norm(X, one, zero, zero, one, True, eps=0.0)
        torch.testing.assert_close(Y.mean((0, 2, 3)), zero)
        torch.testing.assert_close(Y.var((0, 2, 3), correction=0), one)

    def test_running_statistics_by_hand(self) -> None:
        X = torch.tensor([[1.0], [3.0]])  # mean 2, variance 1, or 2 by n − 1
        one, zero = torch.ones(1), torch.zeros(1)
        _, mean, var = batch_norm(X, one, zero, zero, one, True, momentum=0.5)
        assert (mean.item(), var.item()) == (1.0, 1.5)

    @pytest.mark.parametrize(
        ("shape", "n"), [((1, 3), 1), ((1, 3, 1, 1), 1), ((0, 3), 0), ((0, 3, 4), 0)]
    )
    def test_one_value_per_channel(self, shape: tuple[int, ...], n: int) -> None:
        given = ", ".join(map(str, shape))
        message = (
            rf"^a batch of shape \({given}\) has {n} value\(s\) for each channel: "
            r"training needs at least two, so use a larger batch, or model\.eval\(\)$"
        )
        X = numbers(*shape)
        with pytest.raises(ValueError, match=message):
            batch_norm(X, *state(), training=True)
        Y, _, _ = batch_norm(X, *state(), training=False)
        assert Y.shape == shape


MODULES = [
    (BatchNorm1d, nn.BatchNorm1d, (6, 3)),
    (BatchNorm1d, nn.BatchNorm1d, (6, 3, 4)),
    (BatchNorm2d, nn.BatchNorm2d, (6, 3, 4, 5)),
]


class TestModules:
    @pytest.mark.parametrize(("ours", "theirs", "shape"), MODULES)
    @pytest.mark.parametrize("settings", [(), (1e-3, 0.3), (1e-3, None)])
    def test_equal_torchs_step_by_step(
        self, ours: Any, theirs: Any, shape: tuple[int, ...], settings: Any
    ) -> None:
        models = [module(3, *settings).double() for module in (ours, theirs)]
        with torch.no_grad():
            for model in models:
                model.weight.copy_(numbers(3, seed=7))
                model.bias.copy_(numbers(3, seed=8))
        for step in range(4):
            for training in (True, False):
                results = []
                for model in models:
                    model.train(training)
                    X = (2 * numbers(*shape, seed=step) + 1).requires_grad_()
                    Y = model(X)
                    model.zero_grad()
                    Y.backward(numbers(*shape, seed=9))
                    gradients = [p.grad for p in model.parameters()]
                    results.append([Y, X.grad, *gradients, model.state_dict()])
                torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9)
        assert models[0].num_batches_tracked.item() == 4

    @pytest.mark.parametrize(("ours", "theirs", "shape"), MODULES)
    def test_exchange_their_state(
        self, ours: Any, theirs: Any, shape: tuple[int, ...]
    ) -> None:
        ours, theirs = ours(3), theirs(3)
        torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert [n for n, _ in ours.named_parameters()] == ["weight", "bias"]
        theirs(torch.randn(shape))
        ours.load_state_dict(theirs.state_dict())
        theirs.load_state_dict(ours.state_dict())
        X = torch.randn(shape)
        torch.testing.assert_close(ours.eval()(X), theirs.eval()(X))

    def test_defaults_are_torchs(self) -> None:
        ours, theirs = BatchNorm2d(3), nn.BatchNorm2d(3)
        assert (ours.eps, ours.momentum) == (theirs.eps, theirs.momentum)

    def test_running_statistics_stay_the_same_tensors(self) -> None:
        model = BatchNorm1d(3)
        before = model.running_mean, model.running_var, model.num_batches_tracked
        model(torch.randn(4, 3)).sum().backward()
        assert before[0] is model.running_mean
        assert before[1] is model.running_var
        assert before[2] is model.num_batches_tracked

    @pytest.mark.parametrize(
        ("module", "shape", "axes"),
        [
            (BatchNorm1d, (2, 3, 4, 5), r"\(B, C\) or \(B, C, T\)"),
            (BatchNorm1d, (2, 4), r"\(B, C\) or \(B, C, T\)"),
            (BatchNorm1d, (3,), r"\(B, C\) or \(B, C, T\)"),
            (BatchNorm2d, (2, 3), r"\(B, C, H, W\)"),
            (BatchNorm2d, (2, 3, 4), r"\(B, C, H, W\)"),
            (BatchNorm2d, (3, 2, 4, 5), r"\(B, C, H, W\)"),
            (BatchNorm2d, (2, 3, 4, 5, 6), r"\(B, C, H, W\)"),
        ],
    )
    def test_other_shapes(self, module: Any, shape: tuple[int, ...], axes: str) -> None:
        given = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        message = rf"^X has shape \({given}\): {axes} with C = 3 is needed$"
        with pytest.raises(ValueError, match=message):
            module(3)(torch.zeros(shape))
