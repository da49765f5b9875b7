"""GPT against PyTorch's blocks, and with its cache against reading anew."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.optim import AdamW

from compared import numbers
from dlnotes.attention.masks import causal_mask
from dlnotes.attention.score import attention
from dlnotes.decode.beam import beam_search
from dlnotes.decode.one_by_one import greedy, sample
from dlnotes.decode.step import take_rows
from dlnotes.gpt.model import GPT, start_small
from dlnotes.position import rotary_attention
from dlnotes.train.windows import fit_windows, score_windows

V, T, C, HEADS, LAYERS = 7, 12, 8, 2, 3
CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-9}


def model(T: int = T, dropout: float = 0.0, layers: int = LAYERS, **more: Any) -> GPT:
    """Return a GPT of 64 bits whose weights are large enough to tell."""
    torch.manual_seed(0)
    net = GPT(V, T, C, HEADS, layers, dropout, **more).double()
    for n, parameter in enumerate(net.parameters()):
        parameter.data = 0.5 * numbers(*parameter.shape, seed=n)
    return net


def text(B: int, T: int, seed: int = 0) -> Tensor:
    return torch.randint(V, (B, T), generator=torch.Generator().manual_seed(seed))


class Reference(nn.Module):
    """The same of PyTorch's modules, but for the embeddings."""

    def __init__(self, net: GPT) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            *(C, HEADS, 4 * C, 0.0),
            activation="gelu",
            batch_first=True,
            norm_first=True,
            dtype=torch.float64,
        )
        norm = nn.LayerNorm(C, dtype=torch.float64)
        self.encoder = nn.TransformerEncoder(
            layer, LAYERS, norm, enable_nested_tensor=False
        )
        own = net.state_dict()
        self.token = nn.Parameter(own["embedding.weight"].clone())
        self.place = nn.Parameter(own["position.weight"].clone())
        names = (name.replace("blocks.", "layers.") for name in own)
        state = dict(zip(names, own.values(), strict=True))
        self.encoder.load_state_dict(
            {
                name.replace("feed_forward.", ""): value
                for name, value in state.items()
                if name.split(".")[0] in ("layers", "norm")
            }
        )

    def forward(self, ids: Tensor) -> Tensor:
        steps = ids.shape[1]
        X = self.token[ids] + self.place[:steps]
        mask = ~causal_mask(steps)  # there true forbids
        found: Tensor = self.encoder(X, mask) @ self.token.T
        return found


@pytest.mark.parametrize("steps", [1, 5, T])
@pytest.mark.parametrize("training", [True, False])
def test_equals_pytorchs_blocks_with_gradients(steps: int, training: bool) -> None:
    ours = model().train(training)
    theirs = Reference(ours).train(training)
    ids, found = text(3, steps), []
    slopes = numbers(3, steps, V)
    for net in (ours, theirs):
        logits = net(ids)
        logits.backward(slopes)
        by_name = {
            name.split(".", 1)[1].replace("feed_forward.", ""): p.grad
            for name, p in net.named_parameters()
            if name.startswith(("blocks.", "encoder.layers."))
        }
        found.append(
            (logits, {k.replace("layers.", ""): v for k, v in by_name.items()})
        )
    torch.testing.assert_close(*found, **CLOSE)
    assert len(found[0][1]) == 12 * LAYERS
    pairs = [
        (ours.embedding.weight, theirs.token),
        (ours.position.weight, theirs.place),
        (ours.norm.weight, theirs.encoder.norm.weight),
        (ours.norm.bias, theirs.encoder.norm.bias),
    ]
    for mine, other in pairs:
        assert mine is not None
        assert mine.grad is not None
        torch.testing.assert_close(mine.grad, other.grad, **CLOSE)


@given(st.integers(1, T - 1), st.integers(0, 99))
def test_what_comes_later_changes_nothing_before(t: int, seed: int) -> None:
    net, ids = model(), text(2, T, seed)
    changed = ids.clone()
    changed[:, t:] = (ids[:, t:] + 1 + text(2, T - t, seed) % (V - 1)) % V
    assert (changed[:, t:] != ids[:, t:]).all()
    before, after = net(ids), net(changed)
    torch.testing.assert_close(before[:, :t], after[:, :t], **CLOSE)
    assert ((before[:, t:] - after[:, t:]).abs().amax(dim=2) > 1e-6).all()


@pytest.mark.parametrize("t", [0, 4, T - 1])
def test_no_gradient_comes_from_later_positions(t: int) -> None:
    net = model()
    net(text(2, T))[:, t].sum().backward()
    slopes = net.position.weight.grad
    assert slopes is not None
    assert (slopes[: t + 1].abs().amax(1) > 1e-9).all()
    assert (slopes[t + 1 :] == 0).all()


class TestCache:
    def test_each_of_50_steps_equals_reading_all_anew(self) -> None:
        net, ids = model(T=50), text(4, 50)
        whole = net(ids).log_softmax(-1)
        state, other = None, None
        for t in range(50):
            log_p, state = net.step(ids[:, t], state)
            again, other = net.reread(ids[:, t], other)
            assert log_p.shape == (4, V)
            torch.testing.assert_close(log_p, whole[:, t], **CLOSE)
            torch.testing.assert_close(again, whole[:, t], **CLOSE)
        torch.testing.assert_close(other, ids)

    @given(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    def test_pieces_of_any_length_make_the_whole(self, lengths: list[int]) -> None:
        net, ids = model(T=25), text(2, sum(lengths))
        ends = [sum(lengths[:n]) for n in range(len(lengths) + 1)]
        state, found = None, []
        for first, end in pairwise(ends):
            logits, state = net.extend(ids[:, first:end], state)
            found.append(logits)
        torch.testing.assert_close(torch.cat(found, 1), net(ids), **CLOSE)

    def test_gradients_go_through_the_cache(self) -> None:
        net, ids, found = model(), text(2, 6), []
        for cached in (True, False):
            net.zero_grad()
            if cached:
                _, state = net.extend(ids[:, :4], None)
                last = net.extend(ids[:, 4:], state)[0][:, -1]
            else:
                last = net(ids)[:, -1]
            last.square().sum().backward()
            found.append([p.grad for p in net.parameters()])
        torch.testing.assert_close(*found, **CLOSE)

    def test_the_state_has_its_rows_first(self) -> None:
        net, ids = model(), text(3, 5)
        _, state = net.extend(ids, None)
        assert state is not None
        assert [[part.shape for part in cache] for cache in state] == [
            [(3, HEADS, 5, C // HEADS)] * 2
        ] * LAYERS
        rows = torch.tensor([2, 0, 0])
        token = torch.tensor([1, 4, 5])
        log_p, _ = net.step(token, take_rows(state, rows))
        expected = net(torch.cat([ids[rows], token[:, None]], 1))[:, -1].log_softmax(1)
        torch.testing.assert_close(log_p, expected, **CLOSE)

    def test_a_step_computes_nothing_again(self) -> None:
        net, seen = model(), []
        for block in net.blocks:
            block.feed_forward.register_forward_hook(
                lambda _, given, __: seen.append(given[0].shape[1])
            )
        _, state = net.extend(text(2, 5), None)
        net.step(torch.tensor([1, 2]), state)
        assert seen == [5] * LAYERS + [1] * LAYERS

    @pytest.mark.parametrize("width", [1, 3])
    def test_decoding_finds_the_same_as_reading_anew(self, width: int) -> None:
        net, prompt = model(), text(3, 4)
        state, start = net.read_prompt(prompt)
        found = [
            beam_search(step, state, start, 0, width, 8)
            for step, state in ((net.step, state), (net.reread, prompt[:, :-1]))
        ]
        assert torch.equal(found[0].tokens, found[1].tokens)
        torch.testing.assert_close(found[0].log_p, found[1].log_p, rtol=0, atol=1e-5)

    def test_samples_are_the_same(self) -> None:
        net, prompt = model().eval(), text(3, 4)
        state, start = net.read_prompt(prompt)
        torch.manual_seed(1)
        cached = sample(net.step, state, start, -1, 8)
        torch.manual_seed(1)
        anew = sample(net.reread, prompt[:, :-1], start, -1, 8)
        assert torch.equal(cached.tokens, anew.tokens)


class TestPrompt:
    def test_it_goes_on_from_the_last_token(self) -> None:
        net, prompt = model(), text(3, 5)
        state, start = net.read_prompt(prompt)
        assert torch.equal(start, prompt[:, -1])
        log_p, _ = net.step(start, state)
        torch.testing.assert_close(log_p, net(prompt)[:, -1].log_softmax(1), **CLOSE)
        assert state is not None
        assert not state[0][0].requires_grad

    def test_a_single_token_has_no_state_before_it(self) -> None:
        state, start = model().read_prompt(torch.tensor([[3], [1]]))
        assert state is None
        assert start.tolist() == [3, 1]

    @pytest.mark.parametrize("shape", [(3,), (3, 0), (1, 2, 3)])
    def test_a_prompt_that_is_none(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match=r"have shape \(.*\): \(N, T\) with"):
            model().read_prompt(torch.zeros(shape).long())


class TestEndOfContext:
    def test_the_cache_ends_there(self) -> None:
        net, ids = model(), text(2, T)
        _, state = net.extend(ids[:, :-1], None)
        _, state = net.step(ids[:, -1], state)
        message = (
            f"^token {T + 1} of a context of {T}: the positions end there. Decode by "
            f"`reread`, which reads the last {T} tokens anew, or stop before$"
        )
        with pytest.raises(ValueError, match=message):
            net.step(ids[:, 0], state)
        with pytest.raises(ValueError, match=message):
            net.extend(text(2, T + 1), None)
        with pytest.raises(ValueError, match=f"token {T + 2} of a context of {T}"):
            net.extend(text(2, 2), state)

    def test_the_longest_prompt(self) -> None:
        net = model()
        state, start = net.read_prompt(text(2, T))
        net.step(start, state)
        state, start = net.read_prompt(text(2, T + 1))
        with pytest.raises(ValueError, match="the positions end there"):
            net.step(start, state)

    def test_more_tokens_at_once_are_refused(self) -> None:
        assert model()(text(1, T)).shape == (1, T, V)
        with pytest.raises(ValueError, match=f"{T + 1} steps, and {T} learned"):
            model()(text(1, T + 1))

    def test_rereading_slides(self) -> None:
        net, ids = model(), text(2, 3 * T)
        state = None
        for t in range(3 * T):
            log_p, state = net.reread(ids[:, t], state)
            window = ids[:, max(t + 1 - T, 0) : t + 1]
            assert torch.equal(state, window)
            expected = net(window)[:, -1].log_softmax(1)
            torch.testing.assert_close(log_p, expected, **CLOSE)

    def test_rereading_goes_on_from_a_long_text(self) -> None:
        net, ids = model(), text(2, 2 * T)
        found = greedy(net.reread, ids[:, :-1], ids[:, -1], -1, T + 3)
        assert found.tokens.shape == (2, T + 3)
        expected = net(ids[:, -T:])[:, -1].argmax(1)
        assert torch.equal(found.tokens[:, 0], expected)


class TestParts:
    def test_the_output_is_the_table_of_the_embeddings(self) -> None:
        net = GPT(65, 64, 128, 4, 4)
        block = 12 * 128**2 + 13 * 128
        total = 65 * 128 + 64 * 128 + 4 * block + 2 * 128
        assert sum(p.numel() for p in net.parameters()) == total

    def test_first_weights_are_small_and_what_is_added_smaller(self) -> None:
        torch.manual_seed(0)
        net = GPT(300, 200, 64, 4, 8)
        seen = 0
        for name, p in net.named_parameters():
            if name.endswith("bias"):
                assert (p == 0).all()
            elif "norm" in name:
                assert (p == 1).all()
            else:
                added = name.endswith(("out_proj.weight", "linear2.weight"))
                std = 0.02 / 4 if added else 0.02  # 4 = √(2 · 8)
                assert p.std().item() == pytest.approx(std, rel=0.05)
                assert abs(p.mean().item()) < std / 20
                seen += added
        assert seen == 2 * 8

    def test_a_sum_of_many_blocks_does_not_grow(self) -> None:
        """At first all tokens are about equally likely, however many blocks."""
        for layers in (1, 12):
            torch.manual_seed(0)
            logits = GPT(V, T, 32, 4, layers)(text(8, T))
            assert logits.std().item() < 0.3

    def test_biases_that_were_there_are_gone(self) -> None:
        layer = nn.Linear(3, 2)
        start_small(layer, 1)
        assert (layer.bias == 0).all()

    def test_dropout_acts_on_embeddings_while_training(self) -> None:
        """Without blocks, what is normalized has zeros of dropout in it."""
        net = model(dropout=0.5, layers=0)
        given: list[Tensor] = []
        net.norm.register_forward_hook(lambda _, X, __: given.append(X[0]))
        net(text(4, T))
        net.extend(text(4, T), None)
        net.eval()(text(4, T))
        shares = [(X == 0).double().mean().item() for X in given]
        assert shares == pytest.approx([0.5, 0.5, 0], abs=0.1)

    def test_dropout_acts_in_the_blocks(self) -> None:
        net = model(dropout=0.3)
        assert {b.dropout.p for b in net.blocks} == {0.3}
        assert {b.self_attn.dropout for b in net.blocks} == {0.3}
        ids = text(2, T)
        assert not torch.equal(net(ids), net(ids))
        assert torch.equal(net.eval()(ids), net(ids))
        torch.testing.assert_close(net(ids), model()(ids), **CLOSE)

    def test_blocks_have_the_norm_first_and_four_times_the_channels(self) -> None:
        for block in model().blocks:
            assert block.norm_first
            assert block.feed_forward.linear1.weight.shape == (4 * C, C)
            assert block.self_attn.heads == HEADS

    def test_the_formula_gives_the_same_and_its_weights(self) -> None:
        ids = text(2, T)
        written = model(attention=attention)
        torch.testing.assert_close(written(ids), model()(ids), **CLOSE)
        maps: list[Tensor] = []
        written.blocks[0].register_forward_hook(lambda *a: maps.append(a[2][1]))
        written(ids)
        assert maps[0].shape == (2, HEADS, T, T)
        assert (maps[0].triu(1) == 0).all()

    def test_rotary_attention_can_be_cached_too(self) -> None:
        net, ids = model(attention=rotary_attention), text(2, T)
        assert not torch.allclose(net(ids), model()(ids))
        _, state = net.extend(ids[:, :5], None)
        logits, _ = net.extend(ids[:, 5:], state)
        torch.testing.assert_close(logits, net(ids)[:, 5:], **CLOSE)

    def test_heads_share_the_channels(self) -> None:
        with pytest.raises(ValueError, match="8 channels cannot be shared by 3 heads"):
            GPT(V, T, 8, 3, 1)


def test_a_short_text_is_learned_by_heart() -> None:
    """Each letter follows from the two before it, and not from one."""
    ids = torch.tensor([0, 0, 1, 0, 2, 1, 1, 2, 2]).repeat(40)
    torch.manual_seed(0)
    net = GPT(3, 16, 32, 4, 2)
    assert score_windows(net, ids, 16, 8)[8:].mean() < -1
    optimizer = AdamW(net.parameters(), lr=0.01)
    fit_windows(net, ids, optimizer, 120, batch_size=8, T=16)
    assert score_windows(net, ids, 16, 8)[8:].mean() > -0.1
    state, start = net.read_prompt(ids[None, :6])
    found = greedy(net.step, state, start, -1, 10)
    assert torch.equal(found.tokens[0], ids[6:16])
    found = greedy(net.reread, ids[None, :5], ids[5:6], -1, 50)
    assert torch.equal(found.tokens[0], ids[6:56])
