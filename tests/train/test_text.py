from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD

from dlnotes.language.model import LanguageModel
from dlnotes.nested import map_tensors
from dlnotes.recurrent.gru import GRU
from dlnotes.recurrent.lstm import LSTM
from dlnotes.schedule import cosine, warm_up
from dlnotes.train import text
from dlnotes.train.history import History
from dlnotes.train.text import fit_text, score_text

V = 5


def ids(n: int = 203) -> Tensor:
    """Draw a text in which the next token is most often the one after."""
    generator = torch.Generator().manual_seed(0)
    steps = 1 + (torch.rand(n, generator=generator) < 0.1).long()
    return steps.cumsum(0) % V


def model(kind: type[Any] = GRU) -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(V, 3, kind(3, 8))


def weights(model: nn.Module) -> Tensor:
    return torch.cat([value.flatten() for value in model.state_dict().values()])


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_it_is_a_plain_loop_that_carries_the_state(kind: type) -> None:
    ours, theirs = model(kind), model(kind)
    for net in (ours, theirs):
        net.output.weight.data *= 8  # so that there is something to clip
    history = fit_text(
        ours, ids(), SGD(ours.parameters(), lr=2.0), 25, batch_size=4, T=10
    )
    X = ids()[:200].reshape(4, 50)
    y = ids()[1:201].reshape(4, 50)
    optimizer, rate, state = (
        SGD(theirs.parameters(), lr=2.0),
        warm_up(2, cosine(23)),
        None,
    )
    losses, clipped = [], []
    for step in range(25):
        place = slice(step % 5 * 10, step % 5 * 10 + 10)
        if step % 5 == 0:
            state = None  # the streams begin anew
        logits, state = theirs(X[:, place], state)
        state = map_tensors(Tensor.detach, state)
        loss = cross_entropy(logits.reshape(-1, V), y[:, place].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        clipped.append(clip_grad_norm_(theirs.parameters(), 1).item() > 1)
        optimizer.param_groups[0]["lr"] = 2 * rate(step)
        optimizer.step()
        losses.append(loss.item())
    assert history.losses == pytest.approx(losses, abs=1e-5)
    torch.testing.assert_close(weights(ours), weights(theirs), rtol=1e-4, atol=1e-5)
    assert any(clipped)
    assert not all(clipped)
    assert history.counts == [40] * 25


def test_it_learns() -> None:
    net = model()
    before = score_text(net, ids(500)).mean()
    fit_text(net, ids(2000), SGD(net.parameters(), lr=2.0), 150, batch_size=8, T=20)
    after = score_text(net, ids(500)).mean()
    assert before < -1.4
    assert after > -0.5  # the noise of the text is worth 0.33


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_the_score_is_that_of_the_whole_text(
    monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    monkeypatch.setattr(text, "AT_ONCE", 7)
    net = model(kind)
    with torch.no_grad():
        logits, _ = net(ids()[None, :-1])
    expected = -cross_entropy(logits[0], ids()[1:], reduction="none")
    found = score_text(net, ids())
    assert not found.requires_grad
    torch.testing.assert_close(found, expected)


def test_a_score_is_taken_in_evaluation_mode_and_leaves_the_mode() -> None:
    torch.manual_seed(0)
    net = LanguageModel(V, 3, GRU(3, 8, num_layers=2, dropout=0.5))
    found = score_text(net, ids())
    assert net.training
    assert torch.equal(score_text(net, ids()), found)
    assert torch.equal(score_text(net.eval(), ids()), found)
    assert not net.training


class PowerCutError(Exception):
    pass


def test_at_full_scale_a_killed_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Cut in the middle of the third pass, it ends as it would have ended."""
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    monkeypatch.setattr(text, "best_device", lambda: torch.device("cpu"))

    def program(cut: int = -1) -> tuple[Tensor, History]:
        net = model(LSTM)
        optimizer = SGD(net.parameters(), lr=0.5, momentum=0.9)

        def stop(*_: object) -> None:
            if optimizer.param_groups[0]["scheduled_steps"] == cut:
                raise PowerCutError

        optimizer.register_step_post_hook(stop)
        history = fit_text(net, ids(), optimizer, 25, batch_size=4, T=10)
        return weights(net), history

    whole, history = program()
    monkeypatch.setenv("DLNOTES_UNFINISHED", str(tmp_path))
    with pytest.raises(PowerCutError):
        program(cut=13)
    assert len(list(tmp_path.iterdir())) == 1
    resumed, again = program()
    assert torch.equal(resumed, whole)
    assert again.losses == history.losses


def test_at_full_scale_it_goes_to_the_best_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text, "best_device", lambda: torch.device("meta"))
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    net = model()
    with pytest.raises(RuntimeError, match="meta"):
        fit_text(net, ids(), SGD(net.parameters(), lr=0.1), 1, batch_size=4, T=10)
    assert next(net.parameters()).device.type == "meta"
