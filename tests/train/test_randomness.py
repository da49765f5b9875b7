import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from dlnotes.train.randomness import random_state, set_random_state, undisturbed
from dlnotes.train.seed import seed_everything

DRAWS: dict[str, Callable[[], object]] = {
    "python": random.random,
    "python, normal": lambda: random.gauss(0, 1),
    "numpy": np.random.rand,
    "numpy, normal": np.random.randn,
    "torch": lambda: torch.rand(1).item(),
    "torch, normal": lambda: torch.randn(3).tolist(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_every_generator_is_put_back_where_it_was(name: str) -> None:
    seed_everything(0)
    draw = DRAWS[name]
    draw()  # a normal number may leave a second one behind
    state = random_state()
    drawn = [draw() for _ in range(3)]
    assert random_state() != state
    set_random_state(state)
    assert random_state() == state
    assert [draw() for _ in range(3)] == drawn


def test_a_state_is_a_copy() -> None:
    state = random_state()
    for draw in DRAWS.values():
        draw()
    assert state != random_state()


class FakeGpus:
    """Generators of GPUs that are not there, each a tensor of bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
        self.states = [
            torch.full((16,), 10 + device, dtype=torch.uint8) for device in range(count)
        ]
        cuda = torch.cuda
        monkeypatch.setattr(cuda, "is_initialized", lambda: True)
        monkeypatch.setattr(cuda, "device_count", lambda: len(self.states))
        monkeypatch.setattr(cuda, "get_rng_state_all", lambda: list(self.states))
        monkeypatch.setattr(cuda, "set_rng_state", self.set)

    def set(self, state: torch.Tensor, device: int) -> None:
        self.states[device] = state

    def values(self) -> list[int]:
        return [int(state[0]) for state in self.states]


class TestGpus:
    def test_each_is_put_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        gpus = FakeGpus(monkeypatch, 2)
        state = random_state()
        assert state["cuda"] == [bytes([10] * 16), bytes([11] * 16)]
        gpus.states = [torch.zeros(16, dtype=torch.uint8)] * 2
        assert random_state() != state
        set_random_state(state)
        assert gpus.values() == [10, 11]

    @pytest.mark.parametrize(("there", "now"), [(2, 1), (1, 2), (0, 1)])
    def test_of_another_number_those_that_both_have(
        self, monkeypatch: pytest.MonkeyPatch, there: int, now: int
    ) -> None:
        FakeGpus(monkeypatch, there)
        state = random_state()
        gpus = FakeGpus(monkeypatch, now)
        gpus.states = [torch.zeros(16, dtype=torch.uint8) for _ in range(now)]
        set_random_state(state)
        assert gpus.values() == [10 + i if i < there else 0 for i in range(now)]

    def test_one_that_nothing_has_used_is_not_woken(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        FakeGpus(monkeypatch, 1)
        monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
        assert random_state()["cuda"] == []

    def test_that_of_a_mac(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kept = [torch.full((4,), 7, dtype=torch.uint8)]
        monkeypatch.setattr(torch.mps, "is_available", lambda: True)
        monkeypatch.setattr(torch.mps, "get_rng_state", lambda: kept[0])
        monkeypatch.setattr(torch.mps, "set_rng_state", lambda s: kept.append(s))
        state = random_state()
        assert state["mps"] == [bytes([7] * 4)]
        set_random_state(state)
        assert torch.equal(kept[1], kept[0])
        set_random_state(state | {"mps": []})
        assert len(kept) == 2

    def test_that_of_a_mac_is_left_out_elsewhere(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(torch.mps, "is_available", lambda: False)
        monkeypatch.setattr(torch.mps, "set_rng_state", pytest.fail)
        state = random_state()
        assert state["mps"] == []
        set_random_state(state | {"mps": [bytes(4)]})


class TestUndisturbed:
    def test_a_stream_without_chance_comes_as_it_is(self) -> None:
        assert list(undisturbed(iter([1, 2, 3]))) == [1, 2, 3]

    def test_what_is_drawn_between_is_not_its_doing(self) -> None:
        seen = []
        for item in undisturbed(iter(range(3))):
            for draw in DRAWS.values():
                draw()
            seen.append(item)
        assert seen == [0, 1, 2]

    def test_a_generator_of_its_own_is_free(self) -> None:
        own = torch.Generator().manual_seed(0)
        stream = (torch.rand(1, generator=own).item() for _ in range(3))
        assert len(set(undisturbed(stream))) == 3

    @pytest.mark.parametrize("name", DRAWS)
    @pytest.mark.parametrize("at", [0, 2])
    def test_one_that_draws_is_refused(self, name: str, at: int) -> None:
        def stream() -> Iterator[int]:
            for i in range(4):
                if i == at:
                    DRAWS[name]()
                yield i

        seen = []
        with pytest.raises(ValueError, match="the random numbers that all share"):
            seen.extend(iter(undisturbed(stream())))
        watched = undisturbed(stream())
        assert [next(watched) for _ in range(at)] == list(range(at))
