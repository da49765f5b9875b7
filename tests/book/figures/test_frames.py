"""Frames: several drawings become one, of which each can be seen again whole."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.book import Book
from dlnotes.book.figures.figure import as_frame, labels, to_svg, translate
from dlnotes.book.figures.frames import joined
from dlnotes.book.figures.svg import parse, references
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.html.results import outputs, translated
from dlnotes.book.html.run_page import tidy
from dlnotes.book.progress import Report
from dlnotes.book.storage.store import Run, Store
from dlnotes.plot import use_style

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["first step", "second step", "x = 3"]
SNIPPET = """
# %% frames
import matplotlib.pyplot as plt

for step in ("first step", "second step", "x = 3"):
    _, ax = plt.subplots(num=step, figsize=(2, 1))
    ax.set_xlabel("place")
    ax.plot(range(len(step)), "o")
plt.show()
plt.subplots(num="a name alone", figsize=(2, 1))
plt.show()

# %% mixed
plt.subplots(num="with a name", figsize=(2, 1))
_ = plt.subplots(figsize=(2, 1))
"""


def seen(svg: str, frame: int) -> list[str]:
    """Return what is drawn in a frame, in order, each id replaced by what it means."""
    root = parse(svg)
    defined = {e.attrib.pop("id"): e for e in root.iter() if "id" in e.attrib}
    return list(_seen(root, frame, defined))


def _seen(parent: Element, frame: int, defined: dict[str, Element]) -> Iterator[str]:
    for element in parent:
        spans = element.attrib.pop("data-dl-in", None)
        if element.tag == "defs":
            continue
        if spans is not None:
            numbers = [[*map(int, span.split("-"))] for span in spans.split()]
            if any(pair[0] <= frame <= pair[-1] for pair in numbers):
                yield from _seen(element, frame, defined)
            continue
        own = references(Element(element.tag, element.attrib))
        used = sorted(ElementTree.tostring(defined[name]) for name in own)
        rest = {k: v for k, v in element.attrib.items() if "#" not in v}
        yield f"{element.tag} {sorted(rest.items())} {element.text} {used}"
        yield from _seen(element, frame, defined)


def drawn(steps: int) -> list[str]:
    """Draw frames in which a curve grows, a marker moves, and labels come and go."""
    with matplotlib.rc_context():
        use_style()
        found = []
        for k in range(steps):
            figure, ax = plt.subplots()
            ax.plot(range(k + 1), "o-" if k % 2 else "s-")
            ax.fill_between([0, 1], [k, 1], hatch="/" if k % 2 else "x")
            ax.set(xlim=(0, steps), ylim=(0, steps), xlabel="place")
            ax.text(k, 1, f"at {k}")
            found.append(as_frame(to_svg(figure, "salt"), f"step {k}", steps))
            plt.close(figure)
    return found


def test_each_frame_is_seen_as_it_was_drawn() -> None:
    frames = drawn(5)
    whole = joined(frames)
    for number, frame in enumerate(frames):
        assert seen(whole, number) == seen(frame, 0)
    ids = re.findall(r'\bid="([^"]*)"', whole)
    assert len(ids) == len(set(ids))
    assert set(ids) == references(parse(whole))
    names = ElementTree.fromstring(whole).attrib["data-dl-frames"]
    assert json.loads(names) == [f"step {k}" for k in range(5)]


shapes = st.recursive(
    st.sampled_from(
        ["<text>a</text>", "<text>b</text>", '<path d="M0"/>', "<use href='#s-0'/>"]
    ),
    lambda inner: st.builds(
        lambda name, parts: f"<g clip-path='url(#s-{name})'>{''.join(parts)}</g>",
        st.integers(0, 1),
        st.lists(inner, max_size=4),
    ),
    max_leaves=8,
)
frames = st.builds(
    lambda ids, parts: (
        f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(parts)}<defs>'
        f'<path id="s-{ids[0]}" d="M1"/><path id="s-{ids[1]}" d="M2"/></defs></svg>'
    ),
    st.permutations([0, 1]),
    st.lists(shapes, max_size=6),
)


@given(st.lists(frames, min_size=2, max_size=5))
def test_whatever_is_drawn_is_seen_in_its_frame_alone(svgs: list[str]) -> None:
    """Ids included that mean one thing in one frame and another in the next."""
    whole = joined([as_frame(svg, "name", len(svgs)) for svg in svgs])
    for number, svg in enumerate(svgs):
        assert seen(whole, number) == seen(svg, 0)


def test_without_a_script_the_last_frame_is_seen() -> None:
    whole = ElementTree.fromstring(joined(drawn(3)))
    parts = [part for part in whole.iter() if "data-dl-in" in part.attrib]
    assert len(parts) > 3
    for part in parts:
        last = part.attrib["data-dl-in"].endswith("2")
        assert part.get("display") == (None if last else "none")
        assert part.get("class") == ("dl-last" if last else None)


def test_what_does_not_change_is_written_once() -> None:
    frames = drawn(6)
    whole = joined(frames)
    assert labels(whole) == [*labels(frames[0])[:-1], *(f"at {k}" for k in range(6))]
    ticks = frames[0].count("<use ")
    assert whole.count("<use ") < 6 * ticks / 2


def test_a_figure_without_frames_stays_and_part_of_one_waits() -> None:
    assert joined(["<svg><text>a</text></svg>"]) == "<svg><text>a</text></svg>"
    frames = drawn(2)
    assert joined(frames[:1]) == ""
    assert joined(frames) != ""


def test_the_name_of_a_frame_is_translated_or_missed() -> None:
    svg = as_frame('<svg xmlns="http://www.w3.org/2000/svg" />', "first step", 2)
    assert 'data-dl-frame="第一步"' in translate(svg, {"first step": "第一步"})[0]
    assert translate(svg, {}) == (svg, ["first step"])
    assert translate(as_frame(svg, "x = 3", 2), {})[1] == []


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small run with frames, read from where it is stored."""
    root: Path = tmp_path_factory.mktemp("frames")
    for folder in ("snippets", "src/mini", "docs/en", "docs/zh"):
        (root / folder).mkdir(parents=True)
    for file in ("mkdocs.yml", "src/mini/__init__.py"):
        (root / file).touch()
    (root / "snippets" / "one.py").write_text(SNIPPET.lstrip())
    book = Book(root, "mini")
    with Runner(book) as runner:
        outcome = runner.update(["one"], Settings(), Report(book))
    assert outcome.failures == []
    stored = Store(book.store).load("one", outcome.runs["one"].manifest["key"])
    assert stored is not None
    return stored


def svgs(run: Run, cell: str) -> list[str]:
    return [output["data"]["image/svg+xml"] for output in run.outputs(cell)]


def test_named_figures_shown_together_are_the_frames_of_one(run: Run) -> None:
    *frames, alone = svgs(run, "frames")
    names = [parse(svg).get("data-dl-frame") for svg in frames]
    assert names == NAMES
    assert joined(frames) != ""
    for single in (alone, *svgs(run, "mixed")):
        assert "data-dl-" not in single


def test_frames_are_one_figure_with_one_caption(run: Run) -> None:
    html = outputs(run.outputs("frames"), "A caption.", "f1")
    first, second = re.findall("<figure.*?</figure>", html)
    assert "data-dl-frames=" in first
    assert "figcaption" not in first
    assert "A caption." in second
    ids = re.findall(r'\bid="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def test_frames_speak_chinese_and_what_they_cannot_say_is_named(run: Run) -> None:
    known = {"first step": "第一步", "place": "位置"}
    pairs = [translated(output, known) for output in run.outputs("frames")[:3]]
    assert [missing for _, missing in pairs] == [[], ["second step"], []]
    html = outputs([output for output, _ in pairs], "", "f1")
    names = re.search('data-dl-frames="([^"]*)"', html)
    assert names
    assert "第一步" in names[1]
    assert "位置" in html
    assert "place" not in html


def test_a_run_page_shows_frames_as_one_figure(run: Run) -> None:
    page = "".join(
        '<div class="jp-RenderedSVG jp-OutputArea-output" '
        f'data-mime-type="image/svg+xml">{svg}</div>'
        for svg in svgs(run, "frames")
    )
    html = tidy(page, "one", "en")
    assert html.count("<figure") == 2
    assert html.count("data-dl-frames=") == 1
    assert 'aria-label="figure 2 of one"' in html
