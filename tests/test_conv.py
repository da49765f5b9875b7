import math
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.signal import correlate2d
from torch import nn
from torch.nn import functional

from compared import assert_same, numbers
from dlnotes.conv import Conv2d, conv2d, cross_correlate, pair, windows


class TestCrossCorrelation:
    @pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (5, 6), (1, 6), (5, 1)])
    def test_equals_scipys(self, size: tuple[int, int]) -> None:
        x, kernel = numbers(5, 6), numbers(*size, seed=1)
        expected = torch.tensor(correlate2d(x.numpy(), kernel.numpy(), mode="valid"))
        torch.testing.assert_close(cross_correlate(x, kernel), expected)

    def test_by_hand(self) -> None:
        x = torch.arange(9.0).reshape(3, 3)
        kernel = torch.arange(4.0).reshape(2, 2)
        assert cross_correlate(x, kernel).tolist() == [[19, 25], [37, 43]]

    def test_whole_numbers_with_fractions(self) -> None:
        x = torch.tensor([[1, 2, 4]])
        y = cross_correlate(x, torch.tensor([[0.5, 0.25]]))
        assert y.tolist() == [[1.0, 2.0]]
        assert cross_correlate(x, torch.tensor([[-1, 1]])).tolist() == [[1, 2]]

    def test_gradients(self) -> None:
        x, kernel = numbers(4, 5).requires_grad_(), numbers(2, 3).requires_grad_()
        assert torch.autograd.gradcheck(cross_correlate, (x, kernel))

    @pytest.mark.parametrize("size", [(3, 2), (2, 4)])
    def test_a_kernel_larger_than_the_image(self, size: tuple[int, int]) -> None:
        rows, columns = size
        message = (
            f"^a window that spans {rows} × {columns} does not fit into 2 × 3, "
            "padding included$"
        )
        with pytest.raises(ValueError, match=message):
            cross_correlate(numbers(2, 3), numbers(*size))


class TestWindows:
    def test_are_a_view(self) -> None:
        X = numbers(2, 3, 5, 6)
        found = windows(X, (2, 3), (3, 1), (2, 1))
        assert found.shape == (2, 3, 1, 4, 2, 3)
        assert found.data_ptr() == X.data_ptr()

    def test_where_each_starts_and_what_it_takes(self) -> None:
        X = torch.arange(42).reshape(6, 7)
        found = windows(X, (2, 3), (2, 1), (3, 2))
        assert found.shape == (2, 3, 2, 3)
        for i in range(2):
            for j in range(3):
                expected = X[2 * i : 2 * i + 4 : 3, j : j + 5 : 2]
                assert torch.equal(found[i, j], expected)

    def test_one_number_stands_for_both_axes(self) -> None:
        X = numbers(7, 9)
        assert torch.equal(windows(X, 2), windows(X, (2, 2), (1, 1), (1, 1)))
        assert torch.equal(windows(X, 2, 3, 2), windows(X, (2, 2), (3, 3), (2, 2)))


class TestPair:
    @pytest.mark.parametrize("n", [3, (3, 3), [3, 3], torch.Size([3, 3])])
    def test_a_number_or_two(self, n: Any) -> None:
        assert pair(n) == (3, 3)

    def test_rows_come_first(self) -> None:
        assert pair((1, 2)) == (1, 2)

    @pytest.mark.parametrize("least", [0, 1])
    def test_the_least(self, least: int) -> None:
        assert pair(least, least) == (least, least)
        message = f"^a size is {least - 1}: give a whole number from {least} on, or two"
        with pytest.raises(ValueError, match=message):
            pair(least - 1, least)

    def test_without_a_least_it_is_one(self) -> None:
        assert pair(1) == (1, 1)
        with pytest.raises(ValueError, match="a whole number from 1 on"):
            pair(0)

    @pytest.mark.parametrize("n", ["same", 2.5, None, (1, 2, 3), (1,), (3, None)])
    def test_what_is_neither(self, n: Any) -> None:
        with pytest.raises(ValueError, match=r"^a size is .*of them, for rows and col"):
            pair(n)

    @pytest.mark.parametrize("n", [(0, 1), (1, 0)])
    def test_both_are_looked_at(self, n: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match=rf"^a size is \({n[0]}, {n[1]}\): give"):
            pair(n)


two = st.tuples(st.integers(1, 3), st.integers(1, 3))


class TestConv2d:
    @settings(deadline=None, max_examples=60)
    @given(
        groups=st.integers(1, 3),
        share=st.tuples(st.integers(1, 2), st.integers(1, 3)),
        size=st.tuples(st.integers(1, 8), st.integers(1, 8)),
        kernel=two,
        stride=two,
        padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
        dilation=two,
        batch=st.integers(0, 2),
        biased=st.booleans(),
    )
    def test_equals_torchs(
        self,
        groups: int,
        share: tuple[int, int],
        size: tuple[int, int],
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int],
        dilation: tuple[int, int],
        batch: int,
        biased: bool,
    ) -> None:
        axes = zip(size, kernel, padding, dilation, strict=True)
        assume(all(n + 2 * p > d * (k - 1) for n, k, p, d in axes))
        inputs, outputs = share
        X = numbers(batch, groups * inputs, *size)
        W = numbers(groups * outputs, inputs, *kernel, seed=2)
        b = [numbers(groups * outputs, seed=3)] if biased else []
        sizes = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
        assert_same(
            lambda *inputs: conv2d(*inputs, **sizes),
            lambda *inputs: functional.conv2d(*inputs, **sizes),
            X,
            W,
            *b,
        )

    def test_defaults_are_torchs(self) -> None:
        assert_same(conv2d, functional.conv2d, numbers(2, 3, 5, 6), numbers(4, 3, 2, 3))

    def test_is_a_sum_of_cross_correlations(self) -> None:
        X, W = numbers(3, 6, 7), numbers(2, 3, 2, 3)
        for o in range(2):
            expected = sum(cross_correlate(X[c], W[o, c]) for c in range(3))
            torch.testing.assert_close(conv2d(X[None], W)[0, o], expected)

    def test_one_image_or_more_axes(self) -> None:
        X, W, b = numbers(2, 3, 4, 5, 6), numbers(8, 2, 3, 3), numbers(8)
        expected = [functional.conv2d(x, W, b, padding=1, groups=2) for x in X]
        found = conv2d(X, W, b, padding=1, groups=2)
        torch.testing.assert_close(found, torch.stack(expected))
        torch.testing.assert_close(
            conv2d(X[0, 0], W, b, padding=1, groups=2), expected[0][0]
        )

    def test_is_equivariant_to_shifts(self) -> None:
        X, W = numbers(1, 1, 9, 9), numbers(1, 1, 3, 3)
        moved = X.roll((2, 1), (2, 3))
        inside = (..., slice(2, None), slice(1, None))
        found = conv2d(moved, W)[inside]
        torch.testing.assert_close(found, conv2d(X, W).roll((2, 1), (2, 3))[inside])

    @pytest.mark.parametrize(
        ("shapes", "groups", "message"),
        [
            (
                [(2, 3, 5, 5), (4, 2, 3, 3)],
                1,
                r"X has 3 channels, the kernels see 2 in each of 1 group\(s\)",
            ),
            (
                [(2, 4, 5, 5), (4, 4, 3, 3)],
                2,
                r"X has 4 channels, the kernels see 4 in each of 2 group\(s\)",
            ),
            (
                [(2, 4, 5, 5), (3, 2, 3, 3)],
                2,
                "2 groups cannot share 4 input channels and 3 output channels evenly",
            ),
            (
                [(2, 4, 5, 5), (4, 4, 3, 3)],
                0,
                "0 groups cannot share 0 input channels and 4 output channels evenly",
            ),
            (
                [(5, 5), (1, 1, 3, 3)],
                1,
                r"X \(5, 5\) and W \(1, 1, 3, 3\): images \(..., C, H, W\) and kernels "
                r"\(out, in / groups, h, w\) are needed",
            ),
            (
                [(1, 5, 5), (3, 3)],
                1,
                r"X \(1, 5, 5\) and W \(3, 3\): images \(..., C, H, W\) and kernels "
                r"\(out, in / groups, h, w\) are needed",
            ),
            (
                [(1, 5, 2), (1, 1, 3, 3)],
                1,
                "a window that spans 3 × 3 does not fit into 5 × 2, padding included",
            ),
        ],
    )
    def test_what_does_not_fit(
        self, shapes: list[tuple[int, ...]], groups: int, message: str
    ) -> None:
        X, W = (numbers(*shape) for shape in shapes)
        with pytest.raises(ValueError, match=f"^{message}$"):
            conv2d(X, W, groups=groups)

    def test_a_kernel_larger_than_the_padded_image(self) -> None:
        X, W = numbers(1, 1, 3, 4), numbers(1, 1, 3, 3)
        assert conv2d(X, W, padding=1, dilation=2).shape == (1, 1, 1, 2)
        message = "^a window that spans 7 × 7 does not fit into 5 × 6, padding included"
        with pytest.raises(ValueError, match=message):
            conv2d(X, W, padding=1, dilation=3)

    @pytest.mark.parametrize(
        ("name", "value"), [("stride", 0), ("padding", -1), ("dilation", 0)]
    )
    def test_sizes_out_of_range(self, name: str, value: int) -> None:
        with pytest.raises(ValueError, match=f"^a size is {value}: give a whole numb"):
            conv2d(numbers(1, 1, 3, 3), numbers(1, 1, 2, 2), **{name: value})


CASES: list[dict[str, Any]] = [
    dict(kernel_size=3),
    dict(kernel_size=(2, 3), stride=(3, 1), padding=(1, 2), dilation=(1, 2)),
    dict(kernel_size=3, stride=2, padding=1, dilation=2, groups=2, bias=False),
]


class TestModule:
    @pytest.mark.parametrize("settings", CASES)
    def test_equals_torchs_and_exchanges_weights(
        self, settings: dict[str, Any]
    ) -> None:
        ours = Conv2d(4, 6, **settings).double()
        theirs = nn.Conv2d(4, 6, **settings).double()
        ours.load_state_dict(theirs.state_dict())
        assert_same(ours, theirs, numbers(2, 4, 7, 8))
        X = numbers(2, 4, 7, 8)
        for model in (ours, theirs):
            model(X).square().sum().backward()
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(p.grad, q.grad)
        theirs.load_state_dict(ours.state_dict())

    @pytest.mark.parametrize("settings", CASES)
    def test_the_same_seed_draws_the_weights_of_torchs(
        self, settings: dict[str, Any]
    ) -> None:
        states = []
        for module in (Conv2d, nn.Conv2d):
            torch.manual_seed(0)
            states.append(module(4, 6, **settings).state_dict())
        torch.testing.assert_close(*states)

    def test_weights_are_uniform(self) -> None:
        torch.manual_seed(0)
        layer = Conv2d(8, 64, 3)
        bound = 1 / math.sqrt(8 * 9)
        W = layer.weight.detach()
        assert W.abs().max() <= bound
        assert W.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)

    def test_without_a_bias(self) -> None:
        layer = Conv2d(1, 1, 1, bias=False)
        assert layer.bias is None
        assert list(layer.state_dict()) == ["weight"]

    def test_sizes_are_pairs_as_torchs(self) -> None:
        for case in CASES:
            ours, theirs = Conv2d(4, 6, **case), nn.Conv2d(4, 6, **case)
            for name in ("kernel_size", "stride", "padding", "dilation", "groups"):
                assert getattr(ours, name) == getattr(theirs, name)

    @pytest.mark.parametrize(("inputs", "outputs"), [(3, 4), (4, 3)])
    def test_groups_that_do_not_divide(self, inputs: int, outputs: int) -> None:
        message = (
            f"^2 groups cannot share {inputs} input channels "
            f"and {outputs} output channels evenly$"
        )
        with pytest.raises(ValueError, match=message):
            Conv2d(inputs, outputs, 3, groups=2)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("kernel_size", 0), ("stride", 0), ("padding", -1), ("dilation", 0)],
    )
    def test_sizes_out_of_range(self, name: str, value: int) -> None:
        sizes = {"kernel_size": 3, name: value}
        with pytest.raises(ValueError, match=f"^a size is {value}: give a whole numb"):
            Conv2d(1, 1, **sizes)

    def test_learns(self) -> None:
        torch.manual_seed(0)
        X = torch.randn(8, 1, 6, 6)
        y = torch.tensor([0, 1] * 4)
        model = nn.Sequential(
            Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2)
        )
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for _ in range(60):
            loss = functional.cross_entropy(model(X), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert loss < 0.01
