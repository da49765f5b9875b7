import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.data import scenes
from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet, Splits
from dlnotes.data.scenes import SIDE, draw_pieces, draw_scenes, load_scenes, place


def test_sets_of_4000_1000_and_2000_canvases() -> None:
    sets = load_scenes()
    assert [len(y) for _, y in sets] == [4000, 1000, 2000]
    for X, y in sets:
        assert X.shape == (len(y), 784)
        assert (X.dtype, y.dtype) == (torch.float32, torch.int64)
        assert X.min() == 0
        assert 0.9 < X.max() <= 1
        assert y.unique().tolist() == list(range(10))


def test_they_are_the_same_each_time_and_others_at_another_offset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, again = load_scenes(), load_scenes()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a.X, b.X) for a, b in zip(first, again, strict=True))
    monkeypatch.setenv("DLNOTES_SEED_OFFSET", "1")
    assert not torch.equal(load_scenes().test.X, first.test.X)


def test_at_full_scale_it_is_fashion_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = Splits(*(ImageSet(torch.zeros(1, 784), torch.tensor([0])) for _ in "abc"))
    monkeypatch.setattr(scenes, "load_mnist", {"FashionMNIST": sets}.__getitem__)
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    assert load_scenes() is sets


def test_each_set_is_drawn_from_digits_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No test digit, whole or in pieces, is on a training canvas."""
    blank = ImageSet(torch.zeros(3, 64), torch.tensor([1, 2, 3]))
    white = ImageSet(torch.ones(3, 64), torch.tensor([4, 5, 6]))
    for k in range(3):
        parts = [white if i == k else blank for i in range(3)]
        monkeypatch.setattr(scenes, "load_digits", lambda parts=parts: Splits(*parts))
        drawn = [bool(part.X.any()) for part in load_scenes()]
        assert drawn == [i == k for i in range(3)]


def test_a_digit_alone_fills_its_box_and_a_rim_that_fades() -> None:
    """The rim is half a pixel of the tile: at most 20 / 8 / 2 on the canvas."""
    white = ImageSet(torch.ones(1, 64), torch.tensor([7]))
    made = draw_scenes(white, 300, seed=1, pieces=0)
    lines = torch.arange(SIDE) + 0.5
    for canvas, (size, top, left) in zip(
        made.canvases.images[:, 0], made.boxes, strict=True
    ):
        assert 16 <= size <= 20
        inside = [
            (lines > start + 1.3) & (lines < start + size - 1.3)
            for start in (top, left)
        ]
        assert torch.allclose(canvas[inside[0]][:, inside[1]], torch.tensor(1.0))
        near = [
            (lines > start - 1.3) & (lines < start + size + 1.3)
            for start in (top, left)
        ]
        assert canvas[~near[0]].sum() == 0
        assert canvas[:, ~near[1]].sum() == 0


def test_places_and_sizes_are_spread_evenly_and_fit_the_canvas() -> None:
    size, top, left = draw_scenes(load_digits().train, 4000, seed=3).boxes.unbind(1)
    for start in (top, left):
        u = start / (SIDE - size)
        assert u.min() >= 0
        assert u.max() <= 1
        counts = torch.histc(u, 4, 0, 1)
        assert (counts - 1000).abs().max() < 130  # ± 27, as a coin has
    assert torch.histc(size, 3, 16, 20).min() > 1200


def test_spread_0_puts_all_in_the_middle() -> None:
    made = draw_scenes(load_digits().val, 50, seed=0, spread=0.0)
    size, top, left = made.boxes.unbind(1)
    assert torch.allclose(top, (SIDE - size) / 2)
    assert torch.equal(top, left)


def test_clutter_changes_neither_digits_nor_boxes_and_adds_at_most_four_pieces() -> (
    None
):
    digits = load_digits().test
    plain = draw_scenes(digits, 200, seed=5, pieces=0)
    full = draw_scenes(digits, 200, seed=5)
    assert torch.equal(plain.boxes, full.boxes)
    assert torch.equal(plain.canvases.y, full.canvases.y)
    assert (full.canvases.X >= plain.canvases.X).all()
    added = full.canvases.X[full.canvases.X > plain.canvases.X]
    assert added.max() <= 0.8
    changed = (full.canvases.X > plain.canvases.X).sum(1)
    assert changed.max() <= 4 * 9 * 9  # 7 pixels, and a rim that fades
    assert changed.float().mean() > 50


def test_pieces_come_from_everywhere_in_a_digit() -> None:
    image = torch.arange(64.0)[None] / 64
    source = ImageSet(image, torch.tensor([0]))
    generator = torch.Generator().manual_seed(0)
    brightest = draw_pieces(source, 500, generator).flatten(1).amax(1)
    assert brightest.max() > 0.9  # the last row is in some
    assert brightest.min() < 27.5 / 64  # and some end with the fourth


@given(st.floats(8, 20), st.floats(0, 8), st.floats(0, 8))
def test_a_ramp_stays_the_ramp_when_it_is_enlarged(
    size: float, top: float, left: float
) -> None:
    """Bilinear weights of a linear ramp give the ramp, inside the tile."""
    tile = torch.arange(8.0).repeat(8, 1)[None]
    canvas = place(tile, *(torch.tensor([v]) for v in (size, top, left)))[0]
    c = torch.arange(SIDE)
    p = (c + 0.5 - left) * 8 / size - 0.5
    inside = (p >= 0) & (p <= 7)
    middle = canvas[round(top + size / 2)]
    assert torch.allclose(middle[inside], p[inside], atol=1e-4)
