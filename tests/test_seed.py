import pytest

from dlnotes.seed import shifted


def test_a_seed_is_itself_on_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLNOTES_SEED_OFFSET", raising=False)
    assert shifted(7) == 7


def test_offsets_move_seeds_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = set()
    for offset in range(3):
        monkeypatch.setenv("DLNOTES_SEED_OFFSET", str(offset))
        seeds |= {shifted(seed) for seed in range(1000)}
    assert len(seeds) == 3000
