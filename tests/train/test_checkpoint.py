import os
import pickle
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim import Adam

from dlnotes.train import checkpoint
from dlnotes.train.checkpoint import Checkpoint, load
from dlnotes.train.early_stopping import EarlyStopping
from dlnotes.train.history import History
from dlnotes.train.hooks import every
from dlnotes.train.loop import Batches, train


class PowerCutError(Exception):
    pass


def program(
    path: Path, steps: int, *, cut_at: int | None = None
) -> tuple[list[Tensor], History]:
    """Train a net with dropout and Adam, resuming what `path` keeps."""
    torch.manual_seed(3)
    X = torch.randn(23, 4)
    y = X.prod(dim=1, keepdim=True)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1))
    optimizer = Adam(model.parameters(), lr=0.01)
    stopping = EarlyStopping(model, lambda: mse_loss(model(X), y).item(), 1000)
    kept = Checkpoint(path, [model, optimizer, stopping])

    def cut(history: History) -> None:
        if history.step == cut_at:
            raise PowerCutError

    hooks = [every(6, stopping), every(4, kept.save), cut]
    batches = Batches(X, y, 5)
    history = train(model, mse_loss, optimizer, batches, steps, hooks, kept.resume())
    return [*model.parameters(), *stopping.weights.values()], history


@pytest.mark.parametrize("cut_at", [3, 4, 5, 10, 11, 13, 24])
def test_a_run_cut_off_resumes_to_the_same_bits(tmp_path: Path, cut_at: int) -> None:
    whole, history = program(tmp_path / "whole.pt", 30)
    with pytest.raises(PowerCutError):
        program(tmp_path / "cut.pt", 30, cut_at=cut_at)
    resumed, again = program(tmp_path / "cut.pt", 30)
    assert vars(again) == vars(history)
    for ours, theirs in zip(resumed, whole, strict=True):
        assert torch.equal(ours, theirs)


def test_a_finished_run_takes_no_step_more(tmp_path: Path) -> None:
    whole, history = program(tmp_path / "x.pt", 20)
    again, same = program(tmp_path / "x.pt", 20)
    assert vars(same) == vars(history)
    assert all(torch.equal(a, b) for a, b in zip(again, whole, strict=True))


def test_without_a_file_the_history_is_new(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    state = torch.get_rng_state()
    history = Checkpoint(tmp_path / "none.pt", [model]).resume()
    assert history.step == 0
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", ["save", "fsync", "replace"])
def test_a_crash_while_writing_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "x.pt"
    kept = Checkpoint(path, [nn.Linear(1, 1)])
    kept.save(History())
    before = path.read_bytes()

    def crash(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(torch if name == "save" else os, name, crash)
    with pytest.raises(OSError, match="disk full"):
        kept.save(History())
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_a_truncated_file_is_named(tmp_path: Path, part: float) -> None:
    path = tmp_path / "x.pt"
    kept = Checkpoint(path, [nn.Linear(30, 30)])
    kept.save(History())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(ValueError, match=r"x\.pt is damaged; delete it"):
        kept.resume()


def test_an_altered_weight_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    model = nn.Linear(30, 30)
    kept = Checkpoint(path, [model])
    kept.save(History())
    data = path.read_bytes()
    weight = model.weight.detach().numpy().tobytes()
    at = data.index(weight) + 17
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(ValueError, match=r"x\.pt is damaged; delete it"):
        kept.resume()


def test_a_text_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_text("hello")
    with pytest.raises(ValueError, match=r"x\.pt is damaged; delete it"):
        load(path, 1)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path, trace = tmp_path / "x.pt", tmp_path / "trace"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(trace),)

    torch.save({"parts": Evil()}, path)
    with pytest.raises(ValueError, match="holds more than tensors and plain values"):
        load(path, 1)
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ValueError, match="damaged"):
        load(path, 1)
    assert not trace.exists()


def test_another_number_of_parts_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    Checkpoint(path, [nn.Linear(1, 1)]).save(History())
    with pytest.raises(ValueError, match="keeps 1 parts, this program has 2"):
        Checkpoint(path, [nn.Linear(1, 1), nn.Linear(1, 1)]).resume()


def test_another_model_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    Checkpoint(path, [nn.Linear(1, 1)]).save(History())
    with pytest.raises(RuntimeError, match="size mismatch for weight"):
        Checkpoint(path, [nn.Linear(2, 1)]).resume()


def test_what_is_loaded_is_read_with_weights_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Checkpoint(tmp_path / "x.pt", []).save(History())
    seen = {}
    real = torch.load
    monkeypatch.setattr(
        checkpoint.torch, "load", lambda path, **o: seen.update(o) or real(path, **o)
    )
    load(tmp_path / "x.pt", 0)
    assert seen == {"weights_only": True}
