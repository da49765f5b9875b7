from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from compared import assert_same, numbers
from dlnotes.pool import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    MaxPool2d,
    adaptive_avg_pool2d,
    avg_pool2d,
    global_avg_pool2d,
    max_pool2d,
    shares,
)

PAIRS = [(max_pool2d, functional.max_pool2d), (avg_pool2d, functional.avg_pool2d)]
MODULES = [(MaxPool2d, nn.MaxPool2d), (AvgPool2d, nn.AvgPool2d)]


@st.composite
def pooling(draw: st.DrawFn) -> tuple[tuple[int, ...], dict[str, Any]]:
    """Draw the shape of an input, and settings that it allows."""
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    room = [
        draw(st.integers(max(1, k - 2 * p), 9))
        for k, p in zip(kernel, padding, strict=True)
    ]
    stride = draw(st.none() | st.tuples(st.integers(1, 4), st.integers(1, 4)))
    lead = draw(st.sampled_from([(2,), (1, 3), (2, 2)]))
    return (*lead, *room), dict(kernel_size=kernel, stride=stride, padding=padding)


class TestWindows:
    @pytest.mark.parametrize(("ours", "theirs"), PAIRS)
    @settings(deadline=None, max_examples=40)
    @given(case=pooling(), ties=st.booleans())
    def test_equal_torchs(self, ours: Any, theirs: Any, case: Any, ties: bool) -> None:
        shape, sizes = case
        X = numbers(*shape)
        X = X.round().clamp(min=0) if ties else X - 5  # padding must not win
        assert_same(lambda X: ours(X, **sizes), lambda X: theirs(X, **sizes), X)

    @pytest.mark.parametrize(("ours", "theirs"), PAIRS)
    def test_defaults_are_torchs(self, ours: Any, theirs: Any) -> None:
        X = numbers(2, 3, 7, 9) - 5
        for sizes in ((2,), ((3, 2),), (3, 2), (3, 2, 1)):
            torch.testing.assert_close(ours(X, *sizes), theirs(X, *sizes))

    @pytest.mark.parametrize(("ours", "theirs"), MODULES)
    def test_modules_equal_torchs(self, ours: Any, theirs: Any) -> None:
        X = numbers(2, 3, 7, 9) - 5
        for sizes in ((2,), ((3, 2),), (3, 2), (3, (2, 1), (0, 1))):
            assert_same(ours(*sizes), theirs(*sizes), X)
            assert list(ours(*sizes).state_dict()) == []

    @pytest.mark.parametrize("module", [MaxPool2d, AvgPool2d])
    def test_modules_keep_pairs(self, module: Any) -> None:
        pool = module(4, (1, 2), 2)
        assert (pool.kernel_size, pool.stride) == ((4, 4), (1, 2))
        assert pool.padding == (2, 2)
        pool = module((2, 3), None)
        assert (pool.stride, pool.padding) == ((2, 3), (0, 0))

    def test_the_first_of_equal_entries_receives_the_gradient(self) -> None:
        X = torch.zeros(1, 4, 4, requires_grad=True)
        max_pool2d(X, 2).sum().backward()
        assert X.grad is not None
        assert X.grad.nonzero().tolist() == [[0, 0, 0], [0, 0, 2], [0, 2, 0], [0, 2, 2]]

    @pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
    @pytest.mark.parametrize("padding", [(2, 0), (0, 2)])
    def test_padding_beyond_half_of_the_window(
        self, pool: Any, padding: tuple[int, int]
    ) -> None:
        message = (
            f"^the padding {padding[0]} × {padding[1]} exceeds half of "
            "the window 3 × 3$"
        )
        with pytest.raises(ValueError, match=message):
            pool(numbers(1, 5, 5), 3, padding=padding)
        with pytest.raises(RuntimeError, match="at most half"):
            functional.max_pool2d(numbers(1, 5, 5), 3, padding=padding)

    @pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
    def test_a_window_larger_than_the_image(self, pool: Any) -> None:
        message = "^a window that spans 4 × 4 does not fit into 3 × 5, padding included"
        with pytest.raises(ValueError, match=message):
            pool(numbers(1, 3, 5), 4)

    @pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
    @pytest.mark.parametrize(
        ("name", "value"), [("kernel_size", 0), ("stride", 0), ("padding", -1)]
    )
    def test_sizes_out_of_range(self, pool: Any, name: str, value: int) -> None:
        sizes = {"kernel_size": 2, name: value}
        with pytest.raises(ValueError, match=f"^a size is {value}: give a whole numb"):
            pool(numbers(1, 3, 3), **sizes)

    @pytest.mark.parametrize("module", [MaxPool2d, AvgPool2d])
    @pytest.mark.parametrize(
        ("name", "value"), [("kernel_size", 0), ("stride", 0), ("padding", -1)]
    )
    def test_modules_refuse_them_at_once(
        self, module: Any, name: str, value: int
    ) -> None:
        sizes = {"kernel_size": 2, name: value}
        with pytest.raises(ValueError, match=f"^a size is {value}: give a whole numb"):
            module(**sizes)


class TestAverages:
    def test_global(self) -> None:
        X = numbers(2, 3, 4, 5)
        found = global_avg_pool2d(X)
        assert found.shape == (2, 3)
        expected = functional.adaptive_avg_pool2d(X, 1)
        torch.testing.assert_close(found[..., None, None], expected)

    @settings(deadline=None, max_examples=40)
    @given(
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
    )
    def test_adaptive_equals_torchs(
        self, shape: tuple[int, int], size: tuple[int, int]
    ) -> None:
        assert_same(
            lambda X: adaptive_avg_pool2d(X, size),
            lambda X: functional.adaptive_avg_pool2d(X, size),
            numbers(2, 3, *shape),
        )

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_the_module_equals_torchs(self, dtype: torch.dtype) -> None:
        X = numbers(2, 3, 7, 5).to(dtype)
        for size in (1, 3, (2, 4)):
            ours, theirs = AdaptiveAvgPool2d(size), nn.AdaptiveAvgPool2d(size)
            torch.testing.assert_close(ours(X), theirs(X))
            assert ours(X).dtype == dtype
            assert list(ours.state_dict()) == []

    def test_shares_of_five_for_three(self) -> None:
        expected = torch.tensor(
            [[1 / 2, 1 / 2, 0, 0, 0], [0, 1 / 3, 1 / 3, 1 / 3, 0], [0, 0, 0, 0.5, 0.5]],
            dtype=torch.float64,
        )
        torch.testing.assert_close(shares(5, 3), expected)

    def test_a_size_of_none_is_told(self) -> None:
        with pytest.raises(ValueError, match=r"^a size is \(3, None\): give a whole n"):
            AdaptiveAvgPool2d((3, None))  # type: ignore[arg-type]


def test_shifts_within_a_window_change_nothing() -> None:
    X: Tensor = torch.zeros(1, 8, 8)
    X[0, 4, 4] = 1
    moved = X.roll(1, 2)
    assert torch.equal(max_pool2d(X, 2), max_pool2d(moved, 2))
    assert not torch.equal(max_pool2d(X, 2), max_pool2d(X.roll(2, 2), 2))
