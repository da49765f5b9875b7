from math import sqrt
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from compared import assert_same, numbers
from dlnotes.attention.masks import causal_mask
from dlnotes.attention.score import (
    Additive,
    additive,
    attend,
    attention,
    dot_product,
    scaled_dot_product,
    score_sums,
)
from dlnotes.attention.softmax import masked_softmax

B, T, S, d = 2, 3, 4, 5
Q, K, V = numbers(B, T, d), numbers(B, S, d, seed=1), numbers(B, S, 6, seed=2)


def pairs(score: Any) -> Any:
    """Return a function that scores each query with each key by itself."""

    def scores(Q: Tensor, K: Tensor, *weights: Tensor) -> Tensor:
        rows = [
            torch.stack(
                [torch.stack([score(q, k, *weights) for k in keys]) for q in row]
            )
            for row, keys in zip(Q, K, strict=True)
        ]
        return torch.stack(rows)

    return scores


def test_dot_products_are_those_of_each_pair() -> None:
    assert_same(dot_product, pairs(lambda q, k: q @ k), Q, K)
    assert_same(scaled_dot_product, pairs(lambda q, k: q @ k / sqrt(5)), Q, K)
    assert dot_product(Q[0], K[0]).shape == (T, S)


def test_additive_is_the_formula_of_each_pair() -> None:
    W_q, W_k, w_v = numbers(7, d, seed=3), numbers(7, 6, seed=4), numbers(7, seed=5)

    def one(q: Tensor, k: Tensor, W_q: Tensor, W_k: Tensor, w_v: Tensor) -> Tensor:
        return w_v @ (W_q @ q + W_k @ k).tanh()

    keys = numbers(B, S, 6, seed=6)
    assert_same(additive, pairs(one), Q, keys, W_q, W_k, w_v)
    assert additive(Q[0], keys[0], W_q, W_k, w_v).shape == (T, S)
    found = score_sums(Q @ W_q.T, keys @ W_k.T, w_v)
    torch.testing.assert_close(found, additive(Q, keys, W_q, W_k, w_v))


def test_the_module_owns_the_weights_of_additive() -> None:
    module = Additive(5, 6, 7).double()
    shapes = {name: tuple(p.shape) for name, p in module.named_parameters()}
    assert shapes == {
        "W_q.weight": (7, 5),
        "W_k.weight": (7, 6),
        "w_v.weight": (1, 7),
    }
    W_q, W_k, w_v = (p.detach() for p in module.parameters())
    keys = numbers(B, S, 6)
    expected = additive(Q, keys, W_q, W_k, w_v[0])
    torch.testing.assert_close(module(Q, keys), expected)
    torch.testing.assert_close(module.score(Q, keys @ W_k.T), expected)


def test_the_scale_keeps_the_variance() -> None:
    for d in (16, 64, 256):
        q, k = numbers(20_000, 1, d), numbers(20_000, 1, d, seed=1)
        raw, scaled = dot_product(q, k).var(), scaled_dot_product(q, k).var()
        assert raw.item() == pytest.approx(d, rel=0.05)
        assert scaled.item() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("score", [dot_product, scaled_dot_product])
def test_sizes_of_queries_and_keys_must_be_equal(score: Any) -> None:
    words = "^queries have 5 numbers and keys 6: a dot product needs as many, so proj"
    with pytest.raises(ValueError, match=words):
        score(Q, V)


def test_attend_is_the_mean_by_the_softmax() -> None:
    scores, mask = numbers(B, T, S, seed=3), causal_mask(S)[:T]

    def by_hand(scores: Tensor, V: Tensor) -> Tensor:
        weights = masked_softmax(scores, mask)
        return torch.einsum("bts,bsd->btd", weights, V)

    assert_same(lambda *X: attend(*X, mask)[0], by_hand, scores, V)
    torch.testing.assert_close(attend(scores, V, mask)[1], masked_softmax(scores, mask))
    torch.testing.assert_close(attend(scores, V)[1], scores.softmax(-1))


def test_attention_is_the_formula_of_the_paper() -> None:
    def by_hand(Q: Tensor, K: Tensor, V: Tensor) -> Tensor:
        e = (torch.einsum("btd,bsd->bts", Q, K) / sqrt(5)).exp()
        return e / e.sum(-1, keepdim=True) @ V

    assert_same(lambda *X: attention(*X)[0], by_hand, Q, K, V)
    output, weights = attention(Q, K, V)
    torch.testing.assert_close(weights @ V, output)
    assert output.shape == (B, T, 6)
    assert weights.shape == (B, T, S)


def test_a_dropped_weight_leaves_the_others_larger() -> None:
    torch.manual_seed(0)
    ones = torch.eye(1_000).double()
    scores = torch.zeros(4, 1_000).double()
    output, weights = attend(scores, ones, p=0.25)
    assert torch.equal(weights, scores.softmax(-1))  # as they were
    kept = output[output != 0] * 1_000
    torch.testing.assert_close(kept, torch.full_like(kept, 4 / 3))
    assert len(kept) / 4_000 == pytest.approx(0.75, abs=0.03)
    torch.manual_seed(0)
    other, _ = attention(ones[:4] * 0, ones, ones, None, 0.25)
    assert torch.equal(other, output)


def test_a_row_without_keys_is_zero_and_so_are_its_gradients() -> None:
    leaves = [x.clone().requires_grad_() for x in (Q, K, V)]
    mask = torch.ones(B, T, S, dtype=torch.bool)
    mask[0, 1] = False
    output, weights = attention(*leaves, mask)
    assert (output[0, 1] == 0).all()
    assert (weights[0, 1] == 0).all()
    gradients = torch.autograd.grad(output.square().sum() + weights.sum(), leaves)
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert (gradients[0][0, 1] == 0).all()
    assert (gradients[0][0, 0] != 0).all()


@given(st.permutations(range(S)))
def test_the_order_of_the_keys_does_not_matter(order: list[int]) -> None:
    output, weights = attention(Q, K, V)
    found, turned = attention(Q, K[:, order], V[:, order])
    torch.testing.assert_close(found, output)
    torch.testing.assert_close(turned, weights[..., order])


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4))
def test_the_mean_lies_among_the_values(T: int, S: int, d: int) -> None:
    K, V = numbers(S, d, seed=1), numbers(S, 2, seed=2)
    output, weights = attention(numbers(T, d), K, V)
    assert (output >= V.amin(0) - 1e-12).all()
    assert (output <= V.amax(0) + 1e-12).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(T).double())
