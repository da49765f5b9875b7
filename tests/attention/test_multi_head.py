"""Our multi-head attention against PyTorch's: outputs, weights, gradients."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from as_pytorchs import MultiheadAttention
from compared import numbers
from dlnotes.attention.fused import fused_attention
from dlnotes.attention.masks import causal_mask, padding_mask
from dlnotes.attention.multi_head import (
    MultiHeadAttention,
    join_heads,
    split_heads,
)
from dlnotes.attention.score import attention
from dlnotes.regularize import dropout

B, T, S, C, HEADS = 3, 4, 5, 8, 2
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-9}
PRECISION = pytest.mark.parametrize("dtype", TOLERANCE)
TOKENS = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])
PADDING = padding_mask(TOKENS, 0)
SETTINGS: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"kdim": 6},
    {"vdim": 7},
    {"kdim": 6, "vdim": 7, "bias": False},
]


def both(
    dtype: torch.dtype = torch.float64, **settings: Any
) -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    """Return both modules with the same weights, all of them random."""
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(C, HEADS, batch_first=True, **settings)
    ours = MultiHeadAttention(C, HEADS, **settings)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(std=C**-0.5)
    ours.load_state_dict(theirs.state_dict())
    return ours.to(dtype), theirs.to(dtype)


def inputs(kdim: int = C, vdim: int = C, **_: Any) -> list[Tensor]:
    sizes = ((T, C), (S, kdim), (S, vdim))
    return [numbers(B, *size, seed=n) for n, size in enumerate(sizes)]


def answers(module: nn.Module, X: list[Tensor], **given: Any) -> list[Tensor]:
    """Return output and weights, and the gradients of both in everything."""
    dtype = next(module.parameters()).dtype
    leaves = [x.to(dtype).requires_grad_() for x in X]
    if isinstance(module, nn.MultiheadAttention):
        given["average_attn_weights"] = False
    results = module(*(leaves if len(X) == 3 else leaves * 3), **given)
    slopes = [numbers(*Y.shape, seed=9).to(dtype) for Y in results]
    every = [*leaves, *module.parameters()]
    return [*results, *torch.autograd.grad(results, every, slopes)]


def allowed(mask: Tensor) -> Tensor:
    """Return a mask for PyTorch's module: true forbids, one for each head."""
    return (~mask).expand(B, -1, -1).repeat_interleave(HEADS, dim=0)


@PRECISION
class TestEqualsPyTorchs:
    @pytest.mark.parametrize("settings", SETTINGS)
    def test_across(self, dtype: torch.dtype, settings: dict[str, Any]) -> None:
        ours, theirs = both(dtype, **settings)
        X = inputs(**settings)
        self.equal(dtype, answers(ours, X), answers(theirs, X))

    @pytest.mark.parametrize("settings", SETTINGS)
    def test_across_with_padding(
        self, dtype: torch.dtype, settings: dict[str, Any]
    ) -> None:
        ours, theirs = both(dtype, **settings)
        X = inputs(**settings)
        found = answers(ours, X, mask=PADDING)
        self.equal(dtype, found, answers(theirs, X, key_padding_mask=TOKENS == 0))

    def test_of_itself(self, dtype: torch.dtype) -> None:
        ours, theirs = both(dtype)
        X = [numbers(B, T, C)]
        self.equal(dtype, answers(ours, X), answers(theirs, X))

    def test_of_itself_looking_back(self, dtype: torch.dtype) -> None:
        ours, theirs = both(dtype)
        X = [numbers(B, S, C)]
        mask = causal_mask(S)
        self.equal(
            dtype, answers(ours, X, mask=mask), answers(theirs, X, attn_mask=~mask)
        )
        both_masks = PADDING & mask
        theirs_too = answers(theirs, X, attn_mask=~mask, key_padding_mask=TOKENS == 0)
        self.equal(dtype, answers(ours, X, mask=both_masks), theirs_too)
        self.equal(
            dtype,
            answers(ours, X, mask=both_masks),
            answers(theirs, X, attn_mask=allowed(both_masks)),
        )

    def test_with_a_mask_to_each_head(self, dtype: torch.dtype) -> None:
        ours, theirs = both(dtype)
        mask = numbers(B, HEADS, T, S) > -0.5
        mask[..., 0] = True
        found = answers(ours, inputs(), mask=mask)
        expected = answers(theirs, inputs(), attn_mask=~mask.flatten(0, 1))
        self.equal(dtype, found, expected)
        assert not torch.equal(found[1][:, 0] == 0, found[1][:, 1] == 0)

    @staticmethod
    def equal(dtype: torch.dtype, *results: list[Tensor]) -> None:
        bound = TOLERANCE[dtype]
        # a gradient adds up many numbers: in single precision it is compared
        # in proportion to the largest of them
        for mine, other in zip(*results, strict=True):
            scale = max(1.0, other.abs().max().item())
            assert (mine - other).abs().max().item() <= bound * scale


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_called_as_pytorchs_it_answers_as_pytorchs(
    batch_first: bool, average: bool
) -> None:
    X = inputs() if batch_first else [x.transpose(0, 1) for x in inputs()]
    forbidden = numbers(B * HEADS, T, S) > 0.5
    forbidden[..., 0] = False
    results = []
    for kind in (MultiheadAttention, nn.MultiheadAttention):
        module = kind(C, HEADS, batch_first=batch_first).double()
        module.load_state_dict(both()[0].state_dict())
        for mask in (None, forbidden, forbidden[0]):
            for padding in (None, TOKENS == 0):
                given = {"attn_mask": mask, "key_padding_mask": padding}
                results.append(module(*X, **given, average_attn_weights=average))
    torch.testing.assert_close(results[:6], results[6:], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("settings", SETTINGS)
def test_draws_the_weights_that_pytorch_draws(settings: dict[str, Any]) -> None:
    drawn = []
    for module in (MultiHeadAttention, nn.MultiheadAttention):
        torch.manual_seed(3)
        drawn.append(module(C, HEADS, **settings).state_dict())
    assert list(drawn[0]) == list(drawn[1])
    torch.testing.assert_close(*drawn, rtol=0, atol=0)


@pytest.mark.parametrize("kind", [attention, fused_attention])
class TestARowWithoutKeys:
    def mask(self) -> Tensor:
        mask = PADDING.expand(B, T, S).clone()
        mask[1, 2] = False
        mask[2] = False
        return mask

    def test_is_zero_before_the_projection(self, kind: Any) -> None:
        module, _ = both()
        module.attention = kind
        Y, weights = module(*inputs(), self.mask())
        bias = module.out_proj.bias
        for row in (Y[1, 2], *Y[2]):
            torch.testing.assert_close(row, bias)
        assert not torch.isclose(Y[0], bias).any()
        if weights is not None:
            assert (weights[1, :, 2] == 0).all()
            assert (weights[2] == 0).all()
            total = weights[0].sum(-1)
            torch.testing.assert_close(total, torch.ones_like(total))

    @pytest.mark.filterwarnings("ignore:Anomaly Detection:UserWarning")
    def test_gives_no_nan_and_no_gradient(self, kind: Any) -> None:
        module, _ = both()
        module.attention = kind
        X = [x.requires_grad_() for x in inputs()]
        with torch.autograd.detect_anomaly(check_nan=kind is attention):
            module(*X, self.mask())[0].sin().sum().backward()
        for x in [*X, *module.parameters()]:
            assert x.grad is not None
            assert x.grad.isfinite().all()
        query, key, value = (x.grad for x in X)
        for gradient in (query[1, 2], query[2], key[2], value[2], value[1, 2:]):
            assert (gradient == 0).all()
        assert (query[0] != 0).all()
        assert (value[1, :2] != 0).all()


@pytest.mark.parametrize("kind", [attention, fused_attention])
def test_what_is_masked_changes_neither_values_nor_gradients(kind: Any) -> None:
    module, _ = both()
    module.attention = kind
    hidden = ~PADDING[:, 0, :, None]
    results = []
    for filling in (0.0, 50.0):
        X = inputs()
        X[1:] = [x.masked_fill(hidden, filling) for x in X[1:]]
        X = [x.requires_grad_() for x in X]
        Y, _ = module(*X, PADDING)
        gradients = torch.autograd.grad(Y.sin().sum(), [*X, *module.parameters()])
        results.append([Y, *gradients])
        for gradient in gradients[1:3]:
            assert (gradient.masked_select(hidden) == 0).all()
            assert (gradient[0] != 0).all()  # the weight of a single key is 1
    torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9)


def test_the_parts_are_the_whole() -> None:
    module, _ = both(kdim=6, vdim=7)
    query, key, value = inputs(6, 7)
    expected = module(query, key, value, PADDING)
    Q, (K, V) = module.queries(query), module.keys_values(key, value)
    assert Q.shape == (B, HEADS, T, C // HEADS)
    assert K.shape == V.shape == (B, HEADS, S, C // HEADS)
    torch.testing.assert_close(module.project(query, key, value), (Q, K, V))
    torch.testing.assert_close(module.attend(Q, K, V, PADDING), expected)
    output, weights = attention(Q, K, V, PADDING[:, None])
    torch.testing.assert_close((module.join(output), weights), expected)


def test_a_head_is_attention_in_its_part_of_the_channels() -> None:
    X = numbers(B, T, C)
    heads = split_heads(X, 4)
    assert heads.shape == (B, 4, T, 2)
    for h in range(4):
        assert torch.equal(heads[:, h], X[..., 2 * h : 2 * h + 2])
    assert torch.equal(join_heads(heads), X)
    assert split_heads(X[0], 4).shape == (4, T, 2)
    assert torch.equal(join_heads(split_heads(X[0], 4)), X[0])
    module, _ = both()
    Q, K, V = module.project(X, X, X)
    Y, weights = module(X, X, X)
    for h in range(HEADS):
        alone, its = attention(Q[:, h], K[:, h], V[:, h])
        torch.testing.assert_close(weights[:, h], its)
        d = C // HEADS
        part = torch.zeros(B, T, C, dtype=X.dtype)
        part[..., h * d : (h + 1) * d] = alone
        Y = Y - part @ module.out_proj.weight.T
    torch.testing.assert_close(Y, module.out_proj.bias.expand_as(Y))


class TestDropout:
    def test_drops_weights_while_training(self) -> None:
        module, _ = both(dropout=0.4)
        Q, K, V = module.project(*inputs())
        torch.manual_seed(1)
        Y, weights = module(*inputs(), PADDING)
        torch.manual_seed(1)
        expected = attention(Q, K, V, PADDING[:, None])[1]
        dropped = dropout(expected, 0.4) @ V
        torch.testing.assert_close(Y, module.join(dropped))
        torch.testing.assert_close(weights, expected)

    @pytest.mark.parametrize("kind", [attention, fused_attention])
    def test_not_in_evaluation(self, kind: Any) -> None:
        module, theirs = both(dropout=0.4)
        module.attention = kind
        X = inputs()
        trained = module(*X)[0]
        expected = theirs.eval()(*X)[0]
        assert not torch.allclose(trained, expected)
        torch.testing.assert_close(module.eval()(*X)[0], expected)

    def test_is_asked_only_of_a_function_that_needs_it(self) -> None:
        def plain(Q: Tensor, K: Tensor, V: Tensor, mask: Tensor | None) -> Any:
            return attention(Q, K, V, mask)

        X = inputs()
        module = MultiHeadAttention(C, HEADS, attention=plain).double()
        module(*X)
        module.dropout = 0.1
        module.eval()(*X)
        with pytest.raises(TypeError, match="5 were given"):
            module.train()(*X)


class TestRefusals:
    @pytest.mark.parametrize(("channels", "heads"), [(8, 3), (8, 0), (0, 1), (8, -2)])
    def test_heads(self, channels: int, heads: int) -> None:
        words = f"^{channels} channels cannot be shared by {heads} heads: choose a num"
        with pytest.raises(ValueError, match=words):
            MultiHeadAttention(channels, heads)

    def test_one_channel_and_one_head_are_enough(self) -> None:
        X = torch.ones(1, 1, 1)
        assert MultiHeadAttention(1, 1)(X, X, X)[0].shape == (1, 1, 1)

    def test_dropout(self) -> None:
        with pytest.raises(ValueError, match=r"p is 1\.0: a probability below 1"):
            MultiHeadAttention(C, HEADS, dropout=1.0)

    @pytest.mark.parametrize(
        ("at", "shape", "words"),
        [
            (0, (T, C), r"query has shape \(4, 8\): rows, steps and 8 channels"),
            (0, (B, T, 7), r"query has shape \(3, 4, 7\): rows, steps and 8 "),
            (1, (B, S, 8), r"key has shape \(3, 5, 8\): rows, steps and 6 channels"),
            (2, (B, S, 8), r"value has shape \(3, 5, 8\): rows, steps and 7 "),
            (2, (1, B, S, 7), r"value has shape \(1, 3, 5, 7\): rows, steps and 7"),
        ],
    )
    def test_shapes(self, at: int, shape: tuple[int, ...], words: str) -> None:
        X = inputs(6, 7)
        X[at] = numbers(*shape)
        module, _ = both(kdim=6, vdim=7)
        with pytest.raises(ValueError, match=f"^the {words}.*needed$"):
            module(*X)

    @pytest.mark.parametrize(
        ("at", "shape", "words"),
        [
            (0, (2, T, C), r"\(2, 4\) for the query, \(3, 5\) for the key and \(3, 5"),
            (1, (B, 6, C), r"\(3, 4\) for the query, \(3, 6\) for the key and \(3, 5"),
            (2, (2, S, C), r"\(3, 4\) for the query, \(3, 5\) for the key and \(2, 5"),
        ],
    )
    def test_rows_and_steps(self, at: int, shape: tuple[int, ...], words: str) -> None:
        X = inputs()
        X[at] = numbers(*shape)
        with pytest.raises(ValueError, match=rf"^rows and steps are {words}\) for the"):
            both()[0](*X)

    def test_masks(self) -> None:
        module, _ = both()
        with pytest.raises(TypeError, match=r"mask is torch.int64: make it torch.bool"):
            module(*inputs(), TOKENS[:, None])
        words = r"mask has shape \(3, 1, 1, 4\), the scores \(3, 2, 4, 5\)"
        with pytest.raises(ValueError, match=words):
            module(*inputs(), PADDING[..., :4])


@pytest.mark.parametrize("kind", [attention, fused_attention])
def test_learns_to_copy_what_a_query_names(kind: Any) -> None:
    """Each query is the key of one step: the answer is that step's value."""
    torch.manual_seed(0)
    keys, values = torch.randn(8, 5, C), torch.randn(8, 5, C)
    chosen = torch.randint(5, (8, 3))
    rows = torch.arange(8)[:, None]
    query, target = keys[rows, chosen], values[rows, chosen]
    module = MultiHeadAttention(C, HEADS, attention=kind)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    for _ in range(300):
        optimizer.zero_grad()
        loss = (module(query, keys, values)[0] - target).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02
