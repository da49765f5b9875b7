import os
import pickle
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

from dlnotes.regularize import Dropout, weight_decay_groups
from dlnotes.schedule import cosine, warm_up
from dlnotes.train import checkpoint
from dlnotes.train.accumulate import Accumulate
from dlnotes.train.batches import Batches
from dlnotes.train.carry import Carry
from dlnotes.train.checkpoint import Checkpoint, checksums, load, read
from dlnotes.train.early_stopping import EarlyStopping
from dlnotes.train.history import History
from dlnotes.train.hooks import clip_gradients, every, schedule_lr
from dlnotes.train.loop import train
from dlnotes.train.randomness import random_state

STEPS = 40


class PowerCutError(Exception):
    pass


def cut(at: int | None) -> Callable[[History], None]:
    """Return a hook that breaks the run off after a step."""

    def now(history: History) -> None:
        if history.step == at:
            raise PowerCutError

    return now


def own_loader(X: Tensor, y: Tensor) -> DataLoader:
    generator = torch.Generator().manual_seed(5)
    data = TensorDataset(X, y)
    return DataLoader(data, batch_size=5, shuffle=True, generator=generator)


def program(
    path: Path,
    *,
    cut_at: int | None = None,
    every_so_many: int = 4,
    loader: Callable[[Tensor, Tensor], Any] = own_loader,
    patience: int = 1000,
    steps: int = STEPS,
    look: Callable[[History], None] = lambda _: None,
) -> tuple[list[Tensor], History]:
    """Train with all that a run may remember, going on from what `path` keeps."""
    torch.manual_seed(3)
    X = torch.randn(23, 4)
    y = X.prod(dim=1, keepdim=True)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), Dropout(0.3), nn.Linear(8, 1))
    groups = weight_decay_groups(model, 0.01)
    groups[0]["lr"], groups[1]["lr"] = 0.01, 0.1
    optimizer = Adam(groups)
    schedule_lr(optimizer, warm_up(5, cosine(STEPS)))
    clip_gradients(optimizer, 1.0)
    stopping = EarlyStopping(model, lambda: mse_loss(model(X), y).item(), patience)
    kept = Checkpoint(path, [model, optimizer, stopping], every_so_many)
    history = train(
        model,
        mse_loss,
        optimizer,
        loader(X, y),
        steps,
        [every(3, stopping), look, cut(cut_at)],
        kept,
    )
    rates = torch.tensor([group["lr"] for group in optimizer.param_groups])
    losses = torch.tensor(stopping.losses)
    best = stopping.weights.values()
    return [*model.parameters(), *best, rates, losses], history


def assert_same(one: list[Tensor], other: list[Tensor]) -> None:
    assert len(one) == len(other)
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Tensor], History]:
    return program(tmp_path_factory.mktemp("whole") / "x.pt")


@dataclass
class Disk:
    """What is on the disk in each step of a run that is saved every so many."""

    every_so_many: int
    files: list[bytes] = field(default_factory=list)  # empty where there is none


@pytest.fixture(scope="module", params=[1, 4, 7])
def disk(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Disk:
    disk, path = Disk(request.param), tmp_path_factory.mktemp("disk") / "x.pt"

    def look(_: History) -> None:
        disk.files.append(path.read_bytes() if path.exists() else b"")

    program(path, every_so_many=disk.every_so_many, look=look)
    return disk


@pytest.mark.parametrize("cut_at", range(1, STEPS + 1))
def test_cut_off_anywhere_a_run_goes_on_to_the_same_bits(
    tmp_path: Path, whole: tuple[list[Tensor], History], disk: Disk, cut_at: int
) -> None:
    assert len(disk.files) == STEPS
    if file := disk.files[cut_at - 1]:
        (tmp_path / "x.pt").write_bytes(file)
    resumed, history = program(tmp_path / "x.pt", every_so_many=disk.every_so_many)
    assert vars(history) == vars(whole[1])
    assert_same(resumed, whole[0])


@pytest.mark.parametrize("cut_at", [1, 8, 9, STEPS])
def test_cutting_a_run_off_leaves_what_is_on_the_disk(
    tmp_path: Path, disk: Disk, cut_at: int
) -> None:
    path = tmp_path / "x.pt"
    with pytest.raises(PowerCutError):
        program(path, cut_at=cut_at, every_so_many=disk.every_so_many)
    assert disk.files[cut_at - 1] == (path.read_bytes() if path.exists() else b"")


def test_cut_off_twice(tmp_path: Path, whole: tuple[list[Tensor], History]) -> None:
    for cut_at in (9, 22):
        with pytest.raises(PowerCutError):
            program(tmp_path / "x.pt", cut_at=cut_at)
    assert_same(program(tmp_path / "x.pt")[0], whole[0])


@pytest.mark.parametrize("cut_at", [2, 5, 11])
def test_batches_of_the_package_go_on_too(tmp_path: Path, cut_at: int) -> None:
    def loader(X: Tensor, y: Tensor) -> Batches:
        return Batches(X, y, batch_size=5)

    expected, _ = program(tmp_path / "whole.pt", loader=loader)
    with pytest.raises(PowerCutError):
        program(tmp_path / "x.pt", cut_at=cut_at, loader=loader)
    assert_same(program(tmp_path / "x.pt", loader=loader)[0], expected)


@pytest.mark.parametrize("steps", [STEPS, 37])
def test_a_finished_run_takes_no_other_steps(tmp_path: Path, steps: int) -> None:
    expected, history = program(tmp_path / "x.pt", steps=steps)
    again, same = program(tmp_path / "x.pt", steps=steps)
    assert vars(same) == vars(history)
    assert_same(again, expected)


def test_a_run_goes_on_beyond_its_end(
    tmp_path: Path, whole: tuple[list[Tensor], History]
) -> None:
    program(tmp_path / "x.pt", steps=12)
    resumed, history = program(tmp_path / "x.pt")
    assert vars(history) == vars(whole[1])
    assert_same(resumed, whole[0])


def test_what_went_farther_is_left_there(tmp_path: Path) -> None:
    expected, _ = program(tmp_path / "x.pt", steps=12)
    again, history = program(tmp_path / "x.pt", steps=5)
    assert history.step == 12
    assert_same(again, expected)


def test_a_run_that_a_hook_stopped_stays_stopped(tmp_path: Path) -> None:
    expected, history = program(tmp_path / "x.pt", every_so_many=1000, patience=2)
    assert history.stopped
    assert history.step < STEPS
    again, same = program(tmp_path / "x.pt", every_so_many=1000, patience=2)
    assert vars(same) == vars(history)
    assert_same(again, expected)


def test_the_checkpoint_is_last(tmp_path: Path) -> None:
    """It keeps what the hooks of the same step have done."""
    model = nn.Linear(1, 1)
    stopping = EarlyStopping(model, lambda: 1.0, 1000)
    kept = Checkpoint(tmp_path / "x.pt", [model, stopping])
    batches = [(torch.ones(1, 1), torch.ones(1, 1))]
    train(model, mse_loss, SGD(model.parameters(), 0.1), batches, 3, [stopping], kept)
    assert read(tmp_path / "x.pt")["parts"][1]["losses"] == [1.0] * 3


class Noisy:
    """Batches that draw random numbers of a certain kind."""

    def __init__(self, batches: Batches, draw: Callable[[], object]) -> None:
        self.batches, self.draw = batches, draw

    def __iter__(self) -> Iterator[Any]:
        for batch in self.batches:
            self.draw()
            yield batch


SHARED: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "DataLoader": lambda X, y: DataLoader(TensorDataset(X, y), 5, shuffle=True),
    "torch": lambda X, y: Noisy(Batches(X, y, batch_size=5), lambda: torch.rand(1)),
    "numpy": lambda X, y: Noisy(Batches(X, y, batch_size=5), np.random.rand),
    "python": lambda X, y: Noisy(Batches(X, y, batch_size=5), random.random),
}


@pytest.mark.parametrize("name", SHARED)
def test_batches_from_the_shared_generators_are_refused_at_once(
    tmp_path: Path, name: str
) -> None:
    """Not only when a run shall go on: then it would be too late."""
    message = (
        r"^the batches draw from the random numbers that all share, "
        r"so that a run could not go on from a checkpoint with the batches "
        r"it would have had: give the loader a generator of its own, as in "
        r"DataLoader\(\.\.\., generator=torch\.Generator\(\)\.manual_seed\(0\)\), "
        r"and draw with it whatever changes them$"
    )
    with pytest.raises(ValueError, match=message):
        program(tmp_path / "x.pt", loader=SHARED[name])
    assert not (tmp_path / "x.pt").exists()


@pytest.mark.parametrize("name", SHARED)
def test_and_when_a_run_goes_on(tmp_path: Path, name: str) -> None:
    with pytest.raises(PowerCutError):
        program(tmp_path / "x.pt", cut_at=11)
    before = (tmp_path / "x.pt").read_bytes()
    with pytest.raises(ValueError, match="the random numbers that all share"):
        program(tmp_path / "x.pt", loader=SHARED[name])
    assert (tmp_path / "x.pt").read_bytes() == before


def test_without_a_checkpoint_any_loader_will_do() -> None:
    for loader in SHARED.values():
        X = torch.randn(23, 4)
        model = nn.Linear(4, 1)
        optimizer = SGD(model.parameters(), lr=0.01)
        batches = loader(X, X[:, :1])
        assert train(model, mse_loss, optimizer, batches, 7).step == 7


class Whimsical(nn.Module):
    """A model that draws from every shared generator."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, X: Tensor) -> Tensor:
        noise = random.random() + np.random.rand() + np.random.randn()
        return self.layer(X) + noise + torch.randn(1)


def test_the_random_numbers_of_the_model_go_on_whatever_their_kind(
    tmp_path: Path,
) -> None:
    def run(path: Path, cut_at: int | None = None) -> list[Tensor]:
        torch.manual_seed(0)
        np.random.seed(0)
        random.seed(0)
        model = Whimsical()
        X = torch.randn(23, 4)
        optimizer = SGD(model.parameters(), lr=0.01)
        batches = Batches(X, X[:, :1], batch_size=5)
        kept = Checkpoint(path, [model, optimizer], every=2)
        train(model, mse_loss, optimizer, batches, 20, [cut(cut_at)], kept)
        return list(model.parameters())

    expected = run(tmp_path / "whole.pt")
    with pytest.raises(PowerCutError):
        run(tmp_path / "x.pt", cut_at=11)
    assert_same(run(tmp_path / "x.pt"), expected)


@pytest.mark.parametrize("cut_at", [3, 4, 7, 8])
def test_half_a_large_batch_goes_on(tmp_path: Path, cut_at: int) -> None:
    def run(path: Path, cut_at: int | None = None) -> list[Tensor]:
        torch.manual_seed(0)
        X = torch.randn(23, 4)
        model = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5), nn.Linear(3, 1))
        optimizer = Accumulate(Adam(model.parameters(), lr=0.01), pieces=3)
        batches = Batches(X, X[:, :1], batch_size=5)
        kept = Checkpoint(path, [model, optimizer], every=1)
        train(model, mse_loss, optimizer, batches, 12, [cut(cut_at)], kept)
        return list(model.parameters())

    expected = run(tmp_path / "whole.pt")
    with pytest.raises(PowerCutError):
        run(tmp_path / "x.pt", cut_at=cut_at)
    assert_same(run(tmp_path / "x.pt"), expected)


class LSTMModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.out = nn.Linear(3, 1)

    def forward(self, X: Tensor, state: Any) -> tuple[Tensor, Any]:
        H, state = self.lstm(X, state)
        return self.out(H), state


@pytest.mark.parametrize("cut_at", [4, 5, 9])
def test_a_carried_state_goes_on(tmp_path: Path, cut_at: int) -> None:
    def run(path: Path, cut_at: int | None = None) -> list[Tensor]:
        torch.manual_seed(0)
        X = torch.randn(4, 24, 2)
        y = X.cumsum(1)[..., :1]
        batches = [(X[:, i : i + 4], y[:, i : i + 4]) for i in range(0, 24, 4)]
        model = Carry(LSTMModel())
        optimizer = Adam(model.parameters(), lr=0.01)
        kept = Checkpoint(path, [model, optimizer], every=3)
        hooks = [every(len(batches), model.reset), cut(cut_at)]
        train(model, mse_loss, optimizer, batches, 18, hooks, kept)
        return list(model.parameters())

    expected = run(tmp_path / "whole.pt")
    with pytest.raises(PowerCutError):
        run(tmp_path / "x.pt", cut_at=cut_at)
    assert_same(run(tmp_path / "x.pt"), expected)


@pytest.mark.parametrize("cut_at", [2, 5, 11])
def test_torchs_schedulers_go_on(tmp_path: Path, cut_at: int) -> None:
    def run(path: Path, cut_at: int | None = None) -> list[Tensor]:
        torch.manual_seed(0)
        X = torch.randn(23, 4)
        model = nn.Linear(4, 1)
        optimizer = SGD(model.parameters(), lr=0.01, momentum=0.9)
        scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=20)
        batches = Batches(X, X[:, :1], batch_size=5)
        kept = Checkpoint(path, [model, optimizer, scheduler], every=2)
        hooks = [lambda history: scheduler.step(), cut(cut_at)]
        train(model, mse_loss, optimizer, batches, 18, hooks, kept)
        return list(model.parameters())

    expected = run(tmp_path / "whole.pt")
    with pytest.raises(PowerCutError):
        run(tmp_path / "x.pt", cut_at=cut_at)
    assert_same(run(tmp_path / "x.pt"), expected)


def nothing() -> Iterator[int]:
    return repeat(0)


def test_without_a_file_the_history_is_new(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    state = random_state()
    given = [(0, ()), (1, ())]
    stream, history = Checkpoint(tmp_path / "none.pt", [model]).resume(iter(given))
    assert history.step == 0
    assert list(stream) == given
    assert random_state() == state


def test_the_batches_of_the_steps_taken_are_left_out(tmp_path: Path) -> None:
    given = [(0, (torch.tensor(i),)) for i in range(10)]
    kept = Checkpoint(tmp_path / "x.pt", [])
    stream, history = kept.resume(iter(given))
    for _ in range(3):
        next(stream)
        history.record(1.0, 0, 1)
    kept.save(history)
    stream, again = Checkpoint(tmp_path / "x.pt", []).resume(iter(given))
    assert next(stream) == given[3]
    assert vars(again) == vars(history)


OTHER = {
    "seed": {"seed": 1},
    "size": {"batch_size": 6},
    "data": {"shift": 1.0},
    "labels": {"label": 1.0},
}


@pytest.mark.parametrize("name", OTHER)
def test_a_run_does_not_go_on_with_other_batches(tmp_path: Path, name: str) -> None:
    def run(
        seed: int = 0, batch_size: int = 5, shift: float = 0.0, label: float = 0.0
    ) -> History:
        torch.manual_seed(3)
        model = nn.Linear(2, 1)
        X = torch.arange(26.0).view(13, 2) / 26 + shift
        batches = Batches(X, X[:, :1] + label, batch_size=batch_size, seed=seed)
        kept = Checkpoint(tmp_path / "x.pt", [model])
        optimizer = SGD(model.parameters(), lr=0.1)
        return train(model, mse_loss, optimizer, batches, 4, checkpoint=kept)

    run()
    before = (tmp_path / "x.pt").read_bytes()
    with pytest.raises(ValueError, match=r"x\.pt has had other batches: build them"):
        run(**OTHER[name])
    assert (tmp_path / "x.pt").read_bytes() == before
    assert run().step == 4


def test_nor_with_batches_that_have_been_gone_through(tmp_path: Path) -> None:
    """As when a cell of a notebook runs again: their generator is elsewhere."""
    X = torch.arange(26.0).view(13, 2) / 26
    model, batches = nn.Linear(2, 1), Batches(X, X[:, :1], batch_size=5, seed=0)
    optimizer, kept = SGD(model.parameters(), lr=0.1), tmp_path / "x.pt"
    train(model, mse_loss, optimizer, batches, 4, checkpoint=Checkpoint(kept, [model]))
    with pytest.raises(ValueError, match="has had other batches: build them anew"):
        train(
            model, mse_loss, optimizer, batches, 8, checkpoint=Checkpoint(kept, [model])
        )


def test_batches_of_every_type_are_known_again() -> None:
    values = torch.tensor([1.0, 2.0])
    types = [torch.bool, torch.uint8, torch.int64, torch.bfloat16, torch.float64]
    batch = [values.to(dtype) for dtype in types]
    assert checksums(batch) == checksums([x.clone() for x in batch])
    assert checksums([torch.tensor(3), values]) == checksums((torch.tensor(3), values))
    assert checksums([values.view(1, 2).T]) == checksums([values])
    assert checksums([]) == []
    assert checksums([values, ()]) != checksums([values.flip(0)])
    assert len({x for dtype in types for x in checksums([values.to(dtype)])}) > 3


@pytest.mark.parametrize("where", ["rate", "loss"])
def test_numbers_of_numpys_are_refused_while_nothing_is_lost(
    tmp_path: Path, where: str
) -> None:
    """They could be written, and not be read again."""
    model, number = nn.Linear(1, 1), np.float64(0.1)
    optimizer = SGD(model.parameters(), lr=number if where == "rate" else 0.1)
    stopping = EarlyStopping(model, lambda: number, 3)
    stopping(History())
    part = {"rate": optimizer, "loss": stopping}[where]
    message = r"holds .*numpy.*, which could not be read again: .*float\(x\) for a num"
    with pytest.raises(ValueError, match=message):
        Checkpoint(tmp_path / "x.pt", [model, part]).save(History())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "x.pt"
    with pytest.raises(FileNotFoundError, match=r"^make a folder first for .*runs"):
        Checkpoint(path, [])


@pytest.mark.parametrize(
    ("every_so_many", "steps"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4]), (3, [3]), (9, [])]
)
def test_it_writes_after_every_so_many_steps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    every_so_many: int,
    steps: list[int],
) -> None:
    kept, seen = Checkpoint(tmp_path / "x.pt", [], every_so_many), []
    monkeypatch.setattr(kept, "save", lambda history: seen.append(history.step))
    history = History()
    for _ in range(5):
        history.record(1.0, 0, 1)
        kept(history)
    assert seen == steps
    history.stopped = True
    kept(history)
    assert seen[-1] == 5


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


def test_it_is_written_on_the_disk_on_which_it_will_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another, it could not be put in its place in one go."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    Checkpoint(tmp_path / "x.pt", []).save(History())
    assert [path.name for path in tmp_path.iterdir()] == ["x.pt"]


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_a_truncated_file_is_named(tmp_path: Path, part: float) -> None:
    path = tmp_path / "x.pt"
    kept = Checkpoint(path, [nn.Linear(30, 30)])
    kept.save(History())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(ValueError, match=r"x\.pt is damaged; delete it"):
        kept.resume(nothing())


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
        kept.resume(nothing())


def test_a_text_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_text("hello")
    with pytest.raises(ValueError, match=r"x\.pt is damaged; delete it"):
        read(path)


@pytest.mark.parametrize(
    "content",
    [
        nn.Linear(1, 1).state_dict(),
        [torch.ones(2)],
        {"parts": [], "history": {}},
        torch.ones(3),
    ],
    ids=["weights", "list", "older", "tensor"],
)
def test_another_file_of_torchs_is_no_checkpoint(
    tmp_path: Path, content: object
) -> None:
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(ValueError, match=r"x\.pt is no checkpoint of a training run$"):
        read(tmp_path / "x.pt")


def test_nor_is_another_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("letter.txt", "hello")
    with pytest.raises(ValueError, match=r"x\.pt is no checkpoint of a training run$"):
        read(tmp_path / "x.pt")


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path, trace = tmp_path / "x.pt", tmp_path / "trace"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(trace),)

    torch.save({"parts": Evil()}, path)
    with pytest.raises(ValueError, match="holds more than tensors and plain values"):
        read(path)
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ValueError, match="damaged"):
        read(path)
    assert not trace.exists()


def test_other_parts_are_told_before_any_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    model = nn.Linear(1, 1)
    Checkpoint(path, [model, SGD(model.parameters(), 0.1)]).save(History())
    other = nn.Linear(1, 1)
    before = [p.detach().clone() for p in other.parameters()]
    for parts, has in [
        ([other, Adam(other.parameters())], "Linear, Adam"),
        ([other], "Linear"),
        ([], "nothing"),
    ]:
        message = rf"x\.pt keeps Linear, SGD, this program has {has}$"
        with pytest.raises(ValueError, match=message):
            Checkpoint(path, parts).resume(nothing())
    assert_same(before, [p.detach() for p in other.parameters()])


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (nn.Linear(2, 1), "size mismatch for weight"),
        (nn.Linear(1, 1, bias=False), "Unexpected key"),
    ],
)
def test_another_model_is_told(tmp_path: Path, other: nn.Module, why: str) -> None:
    path = tmp_path / "x.pt"
    Checkpoint(path, [nn.Linear(1, 1)]).save(History())
    with pytest.raises(ValueError, match=rf"x\.pt keeps another Linear: (.|\n)*{why}"):
        Checkpoint(path, [other]).resume(nothing())


def test_an_optimizer_of_other_groups_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    model = nn.Linear(1, 1)
    Checkpoint(path, [SGD(model.parameters(), 0.1)]).save(History())
    groups = [{"params": [p]} for p in model.parameters()]
    with pytest.raises(ValueError, match=r"x\.pt keeps another SGD: loaded state dict"):
        Checkpoint(path, [SGD(groups, 0.1)]).resume(nothing())


def test_what_is_loaded_is_read_with_weights_only_onto_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Checkpoint(tmp_path / "x.pt", []).save(History())
    seen = {}
    real = torch.load
    monkeypatch.setattr(
        checkpoint.torch, "load", lambda path, **o: seen.update(o) or real(path, **o)
    )
    load(tmp_path / "x.pt", [])
    assert seen == {"weights_only": True, "map_location": "cpu"}


def test_a_file_from_a_gpu_opens_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file says of its tensors that they were on the second GPU."""
    path, model = tmp_path / "x.pt", nn.Linear(3, 2)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    monkeypatch.setattr(torch.serialization, "location_tag", lambda _: "cuda:1")
    monkeypatch.setattr(checkpoint, "random_state", lambda: FROM_GPUS)
    Checkpoint(path, [model, optimizer]).save(History())
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match="CUDA"):
        torch.load(path, weights_only=True)

    other = nn.Linear(3, 2)
    resumed = SGD(other.parameters(), lr=0.1, momentum=0.9)
    Checkpoint(path, [other, resumed]).resume(nothing())
    assert_same(list(other.parameters()), list(model.parameters()))
    assert_same(
        [state["momentum_buffer"] for state in resumed.state.values()],
        [state["momentum_buffer"] for state in optimizer.state.values()],
    )


FROM_GPUS = random_state() | {"cuda": [b"\1" * 16, b"\2" * 16]}
