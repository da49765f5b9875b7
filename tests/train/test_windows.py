"""Training on windows of a text, and scores from windows that overlap."""

import re
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD

from dlnotes.language.batches import RandomWindows
from dlnotes.schedule import cosine, warm_up
from dlnotes.train import windows
from dlnotes.train.history import History
from dlnotes.train.windows import fit_windows, score_windows

V = 5


class Sums(nn.Module):
    """Predict from all tokens of the window so far."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.table, self.output = nn.Embedding(V, 8), nn.Linear(8, V)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        X = self.dropout(self.table(ids))
        logits: Tensor = self.output(X + 0.1 * X.cumsum(1))
        return logits


def ids(n: int = 203) -> Tensor:
    """Draw a text in which the next token is most often the one after."""
    generator = torch.Generator().manual_seed(0)
    steps = 1 + (torch.rand(n, generator=generator) < 0.1).long()
    return steps.cumsum(0) % V


def model(dropout: float = 0.0) -> Sums:
    torch.manual_seed(0)
    return Sums(dropout)


def weights(model: nn.Module) -> Tensor:
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def test_it_is_a_plain_loop_over_random_windows() -> None:
    ours, theirs = model(), model()
    for net in (ours, theirs):
        net.output.weight.data *= 8  # so that there is something to clip
    optimizer = SGD(ours.parameters(), lr=2.0)
    history = fit_windows(ours, ids(), optimizer, 25, batch_size=4, T=10)
    torch.manual_seed(0)
    batches = RandomWindows(ids(), 4, 10)
    optimizer, rate = SGD(theirs.parameters(), lr=2.0), warm_up(2, cosine(23))
    losses: list[float] = []
    clipped = []
    while len(losses) < 25:
        for X, y in batches:
            if len(losses) == 25:
                break
            loss = cross_entropy(theirs(X).transpose(1, 2), y)
            optimizer.zero_grad()
            loss.backward()
            clipped.append(clip_grad_norm_(theirs.parameters(), 1).item() > 1)
            optimizer.param_groups[0]["lr"] = 2 * rate(len(losses))
            optimizer.step()
            losses.append(loss.item())
    assert history.losses == pytest.approx(losses, abs=1e-5)
    torch.testing.assert_close(weights(ours), weights(theirs), rtol=1e-4, atol=1e-5)
    assert any(clipped)
    assert not all(clipped)
    assert set(history.counts) == {40, 30}  # 19 windows, four at a time


def test_it_learns() -> None:
    net = model()
    before = score_windows(net, ids(500), 20, 20).mean()
    optimizer = SGD(net.parameters(), lr=2.0)
    history = fit_windows(net, ids(2300), optimizer, 150)
    after = score_windows(net, ids(500), 20, 20).mean()
    assert before < -1.4
    assert after > -0.5  # the noise of the text is worth 0.33
    assert history.counts[:2] == [32 * 64, 2 * 64]  # 34 windows of 64 tokens


def by_hand(net: nn.Module, text: Tensor, T: int, stride: int) -> list[float]:
    """Score token by token, in the first window that comes so far."""
    N = len(text)
    last = max(N - 1 - T, 0)
    begins = [n for n in range(0, N, stride) if n < last] + [last]
    found = []
    for n in range(1, N):  # predicted from the tokens from `begin` to n - 1
        begin = next(b for b in begins if b <= n - 1 < b + T)
        with torch.no_grad():
            logits = net(text[None, begin:n])[0, -1]
        found.append(logits.log_softmax(0)[text[n]].item())
    return found


class TestScore:
    @given(st.integers(2, 40), st.integers(1, 12), st.data())
    def test_each_token_counts_once_and_in_its_first_window(
        self, N: int, T: int, data: st.DataObject
    ) -> None:
        stride = data.draw(st.integers(1, T))
        net, text = model(), ids(N)
        found = score_windows(net, text, T, stride)
        expected = by_hand(net, text, T, stride)
        assert found.tolist() == pytest.approx(expected, abs=1e-5)

    def test_a_stride_of_1_has_the_longest_context(self) -> None:
        net, text = model(), ids(30)
        found = score_windows(net, text, 6, 1)
        for n in range(1, 30):
            logits = net(text[None, max(n - 6, 0) : n])[0, -1]
            expected = logits.log_softmax(0)[text[n]].item()
            assert found[n - 1].item() == pytest.approx(expected, abs=1e-5)

    def test_a_stride_of_t_reads_each_token_once(self) -> None:
        net, text = model(), ids(31)
        found = score_windows(net, text, 10, 10)
        for n in (0, 10, 20):
            X, y = text[None, n : n + 10], text[None, n + 1 : n + 11]
            expected = -cross_entropy(net(X)[0], y[0], reduction="none")
            torch.testing.assert_close(found[n : n + 10], expected)

    def test_a_short_text_is_one_window(self) -> None:
        net, text = model(), ids(7)
        expected = -cross_entropy(net(text[None, :-1])[0], text[1:], reduction="none")
        for T in (6, 7, 100):
            torch.testing.assert_close(score_windows(net, text, T, 5), expected)

    def test_in_parts_it_is_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = score_windows(model(), ids(), 8, 3)
        monkeypatch.setattr(windows, "WINDOWS", 4)
        torch.testing.assert_close(score_windows(model(), ids(), 8, 3), whole)
        assert whole.shape == (202,)
        assert not whole.requires_grad

    def test_the_model_evaluates_meanwhile(self) -> None:
        net = model(0.5)
        found = score_windows(net, ids(), 8, 8)
        assert net.training
        torch.testing.assert_close(score_windows(model(), ids(), 8, 8), found)
        assert torch.equal(score_windows(net.eval(), ids(), 8, 8), found)
        assert not net.training

    @pytest.mark.parametrize(("T", "stride"), [(4, 0), (4, 5), (0, 0), (4, -1)])
    def test_windows_that_would_leave_tokens_out(self, T: int, stride: int) -> None:
        message = f"^stride is {stride} and T is {T}: windows of T tokens leave out"
        with pytest.raises(ValueError, match=message):
            score_windows(model(), ids(), T, stride)
        assert len(score_windows(model(), ids(), 4, 4)) == 202

    @pytest.mark.parametrize("text", [torch.arange(1), torch.zeros(4, 2).long()])
    def test_a_text_that_is_none(self, text: Tensor) -> None:
        shape = re.escape(str(tuple(text.shape)))
        with pytest.raises(ValueError, match=rf"^ids are {shape}: a text \(N,\) of at"):
            score_windows(model(), text, 4, 4)


class PowerCutError(Exception):
    pass


def test_at_full_scale_a_killed_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Cut in the middle of the third pass, it ends as it would have ended."""
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    monkeypatch.setattr(windows, "best_device", lambda: torch.device("cpu"))

    def program(cut: int = -1) -> tuple[Tensor, History]:
        net = model(0.2)
        optimizer = SGD(net.parameters(), lr=0.5, momentum=0.9)

        def stop(*_: object) -> None:
            if optimizer.param_groups[0]["scheduled_steps"] == cut:
                raise PowerCutError

        optimizer.register_step_post_hook(stop)
        history = fit_windows(net, ids(), optimizer, 25, batch_size=4, T=10)
        return weights(net), history

    whole, history = program()
    monkeypatch.setenv("DLNOTES_UNFINISHED", str(tmp_path))
    with pytest.raises(PowerCutError):
        program(cut=13)
    assert len(list(tmp_path.iterdir())) == 1
    resumed, again = program()
    assert torch.equal(resumed, whole)
    assert again.losses == history.losses


def test_without_the_full_scale_no_file_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DLNOTES_UNFINISHED", str(tmp_path))
    net = model()
    fit_windows(net, ids(), SGD(net.parameters(), lr=0.1), 6, batch_size=4, T=10)
    assert list(tmp_path.iterdir()) == []


def test_at_full_scale_it_goes_to_the_best_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(windows, "best_device", lambda: torch.device("meta"))
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    net = model()
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        fit_windows(net, ids(), SGD(net.parameters(), lr=0.1), 1, batch_size=4, T=10)
    assert next(net.parameters()).device.type == "meta"
