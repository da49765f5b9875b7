"""Several processes on this machine, joined by gloo, train as one does."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.multiprocessing import spawn
from torch.nn.parallel import DistributedDataParallel

from dlnotes.distributed import MeanOverRanks, agree
from dlnotes.losses import cross_entropy, mse
from dlnotes.optim import Adam
from dlnotes.train.batches import Batches, rows, tokens
from dlnotes.train.checkpoint import Checkpoint
from dlnotes.train.history import History
from dlnotes.train.hooks import clip_gradients, every
from dlnotes.train.loop import train

RANKS = 2
STEPS = 12
PAD = 0
WAIT = timedelta(seconds=60)  # for another rank, then it is an error
Outcome = dict[str, Any]
Work = Callable[[Path], Outcome]


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def join(number: int, folder: Path) -> None:
    """Be one of the processes; leave what every work gave, or its error, in a file."""
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet"
    dist.init_process_group(
        "gloo", init_method=meet, rank=number, world_size=RANKS, timeout=WAIT
    )
    outcomes: dict[str, Outcome] = {}
    for name, work in WORKS.items():
        (folder / name).mkdir(exist_ok=True)
        try:
            outcomes[name] = work(folder / name)
        except Exception as error:  # told in the tests
            outcomes[name] = {"error": f"{type(error).__name__}: {error}"}
        dist.barrier()
    torch.save(outcomes, folder / f"{number}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], list[Outcome]]:
    """What both ranks did, by the name of the work."""
    folder = tmp_path_factory.mktemp("ranks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLOO_SOCKET_IFNAME", "lo")
        spawn(join, (folder,), nprocs=RANKS)
    left = [
        torch.load(folder / f"{number}.pt", weights_only=False)
        for number in range(RANKS)
    ]
    return lambda name: [found[name] for found in left]


class Masked(nn.Module):
    """Score the next letter at every place of a padded text."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 8)
        self.gru = nn.GRU(8, 8, batch_first=True)
        self.out = nn.Linear(8, 7)

    def forward(self, X: Tensor) -> Tensor:
        return self.out(self.gru(self.embed(X))[0]).transpose(1, 2)


def texts() -> tuple[Tensor, Tensor]:
    """Return rows of very different lengths, so that shards differ in tokens."""
    generator = torch.Generator().manual_seed(1)
    X = torch.randint(1, 7, (23, 9), generator=generator)
    lengths = torch.randint(1, 9, (23, 1), generator=generator)
    y = X.roll(-1, dims=1).masked_fill(torch.arange(9) >= lengths, PAD)
    return X, y


def trained(folder: Path, hooks: Any = (), loss_function: Any = None) -> Outcome:
    """Train alone, or as one of the ranks."""
    joined = dist.is_initialized()
    torch.manual_seed(3)
    model: nn.Module = Masked()
    shard = (rank(), RANKS) if joined else (0, 1)
    batches = Batches(*texts(), batch_size=5, seed=0, shard=shard)
    loss = partial(cross_entropy, ignore_index=PAD)
    if joined:
        model = DistributedDataParallel(model)
        loss_sum = loss_function or partial(loss, reduction="sum")
        loss = MeanOverRanks(loss_sum, tokens(PAD))
    optimizer = Adam(model.parameters(), lr=0.01)
    clip_gradients(optimizer, 0.5)
    history = train(model, loss, optimizer, batches, STEPS, hooks, count=tokens(PAD))
    return {
        "weights": [p.detach() for p in model.parameters()],
        "losses": history.losses,
        "step": history.step,
    }


def naive(folder: Path) -> Outcome:
    torch.manual_seed(3)
    model = DistributedDataParallel(Masked())
    batches = Batches(*texts(), batch_size=5, seed=0, shard=(rank(), RANKS))
    loss = partial(cross_entropy, ignore_index=PAD)
    optimizer = Adam(model.parameters(), lr=0.01)
    clip_gradients(optimizer, 0.5)
    train(model, loss, optimizer, batches, STEPS)
    return {"weights": [p.detach() for p in model.parameters()]}


class FailsOnOne:
    """Be a loss that is spoilt on rank 1 at the fifth step."""

    def __init__(self, how: str) -> None:
        self.how, self.calls = how, 0

    def __call__(self, prediction: Tensor, target: Tensor) -> Tensor:
        self.calls += 1
        loss = cross_entropy(prediction, target, "sum", ignore_index=PAD)
        if rank() == 1 and self.calls == 5:
            if self.how == "raise":
                raise LookupError("no such label")
            return loss * float(self.how)
        return loss


def spoilt(folder: Path, how: str) -> Outcome:
    return trained(folder, loss_function=FailsOnOne(how))


def stops(folder: Path, ranks: tuple[int, ...]) -> Outcome:
    def hook(history: History) -> bool:
        return rank() in ranks and history.step == 6

    return trained(folder, [every(2, agree(hook))])


def fails_on_one(folder: Path) -> Outcome:
    def hook(history: History) -> None:
        if rank() == 0 and history.step == 6:
            raise LookupError("lost")

    return trained(folder, [agree(hook)])


def in_doubles(folder: Path) -> Outcome:
    """Fail on one rank with a loss in float64."""
    failing = FailsOnOne("raise")
    return trained(folder, loss_function=lambda p, t: failing(p.double(), t))


def resumed(
    folder: Path,
    runs: tuple[int, ...],
    name: str = "run-{rank}.pt",
    every_so_many: tuple[int, ...] = (3, 3),
) -> Outcome:
    """Train with a file for each rank, as many steps as each run has."""
    for steps in runs:
        torch.manual_seed(3 + rank())  # dropout differs from rank to rank
        inner = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.3), nn.Linear(4, 1))
        model = DistributedDataParallel(inner)
        X = torch.linspace(0, 1, 20).view(10, 2)
        batches = Batches(X, X[:, :1], batch_size=4, seed=0, shard=(rank(), RANKS))
        loss = MeanOverRanks(partial(mse, reduction="sum"), rows)
        optimizer = Adam(inner.parameters(), lr=0.05)
        path = folder / name.format(rank=rank())
        parts = [inner, optimizer]
        checkpoint = Checkpoint(path, parts, every_so_many[rank()])
        train(model, loss, optimizer, batches, steps, checkpoint=checkpoint)
    return {"weights": [p.detach() for p in inner.parameters()]}


WORKS: dict[str, Work] = {
    "trained": trained,
    "naive": naive,
    **{how: partial(spoilt, how=how) for how in ("nan", "inf", "raise")},
    "stops on one": partial(stops, ranks=(1,)),
    "stops on both": partial(stops, ranks=(0, 1)),
    "fails on one": fails_on_one,
    "whole": partial(resumed, runs=(STEPS,)),
    "cut": partial(resumed, runs=(7, STEPS)),
    "one file": partial(resumed, runs=(STEPS,), name="run.pt"),
    "unequal": partial(resumed, runs=(7, STEPS), every_so_many=(3, 4)),
    "in doubles": in_doubles,
}
Outcomes = Callable[[str], list[Outcome]]


def test_two_processes_end_with_the_parameters_that_one_has(
    outcomes: Outcomes, tmp_path: Path
) -> None:
    alone = trained(tmp_path)
    first, second = outcomes("trained")
    for outcome in (first, second):
        torch.testing.assert_close(outcome["losses"], alone["losses"])
        torch.testing.assert_close(outcome["weights"], alone["weights"])
    for one, other in zip(first["weights"], second["weights"], strict=True):
        assert torch.equal(one, other)
    assert first["losses"] == second["losses"]


def test_a_plain_mean_would_not(outcomes: Outcomes, tmp_path: Path) -> None:
    """Each rank's own mean makes a token of a short shard count more."""
    alone = trained(tmp_path)
    for outcome in outcomes("naive"):
        pairs = zip(outcome["weights"], alone["weights"], strict=True)
        assert max((a - b).abs().max() for a, b in pairs) > 1e-3


@pytest.mark.parametrize("how", ["nan", "inf", "raise"])
def test_a_loss_that_fails_on_one_rank_leaves_none_waiting(
    outcomes: Outcomes, how: str
) -> None:
    fine, bad = outcomes(how)
    told = r"^FloatingPointError: the loss is (nan|inf) at step 5: "
    assert re.match(told, fine["error"])
    assert re.match("LookupError" if how == "raise" else told, bad["error"])


@pytest.mark.parametrize("ranks", ["one", "both"])
def test_a_hook_that_stops_one_rank_stops_all(outcomes: Outcomes, ranks: str) -> None:
    assert [outcome["step"] for outcome in outcomes(f"stops on {ranks}")] == [6, 6]


def test_a_hook_that_fails_on_one_rank_leaves_none_waiting(outcomes: Outcomes) -> None:
    bad, fine = outcomes("fails on one")
    assert bad["error"] == "LookupError: lost"
    assert fine["error"].startswith("RuntimeError: ")
    assert fine["error"].endswith("failed on another rank")


def test_each_rank_goes_on_from_a_file_of_its_own(outcomes: Outcomes) -> None:
    ends = []
    for whole, cut in zip(outcomes("whole"), outcomes("cut"), strict=True):
        for a, b in zip(whole["weights"], cut["weights"], strict=True):
            assert torch.equal(a, b)
        ends.append(whole["weights"])
    for one, other in zip(*ends, strict=True):
        assert torch.equal(one, other)  # as the gradients are shared


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "one file",
            r"^ValueError: ranks share .*run\.pt: give each a file of its own$",
        ),
        ("unequal", r"^ValueError: the ranks' checkpoints are of steps \(6, 4\): "),
    ],
)
def test_files_that_do_not_fit_together_are_refused_on_every_rank(
    outcomes: Outcomes, name: str, told: str
) -> None:
    assert all(re.match(told, outcome["error"]) for outcome in outcomes(name))


def test_losses_of_every_precision_may_fail_on_one_rank(outcomes: Outcomes) -> None:
    fine, bad = outcomes("in doubles")
    assert fine["error"].startswith("FloatingPointError: the loss is nan at step 5: ")
    assert bad["error"] == "LookupError: no such label"
