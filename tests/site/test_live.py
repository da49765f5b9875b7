"""Serving in a browser: pages reload by themselves, and show why a build failed."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dlnotes.book.serving.live import Live, served

PAGE = """<!doctype html><html><head><meta charset=utf-8><title>t</title></head>
<body style="background: {paper}"><p>one</p><div style="height: 3000px"></div></body>
</html>"""
MESSAGE = (
    "snippets/x.py:3, cell a: ValueError: <b>&amp;</b>\n    at 1\nused by docs/en/a.md"
)


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """A site of one page."""
    live = Live(tmp_path / "site")
    (live.folder / "en").mkdir(parents=True)
    (live.folder / "en" / "index.html").write_text(PAGE.format(paper="white"))
    return live


def luminance(colour: str) -> float:
    """Return the relative luminance of `rgb(…)` (WCAG 2.2)."""
    numbers = colour.split("(")[1].rstrip(")").replace(",", " ").split()
    parts = [float(number) / 255 for number in numbers[:3]]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_message_lies_over_the_page_until_all_is_well(
    browser: Browser, live: Live, scheme: str, width: int
) -> None:
    page_file = live.folder / "en" / "index.html"
    page_file.write_text(PAGE.format(paper="white" if scheme == "light" else "black"))
    with served(live, "127.0.0.1", 0) as port:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/en/index.html")
        box = page.locator("#dl-live")
        expect(box).to_have_count(0)
        live.announce(MESSAGE)
        expect(box).to_be_visible()
        expect(box).to_have_attribute("role", "alertdialog")
        assert box.locator("pre").text_content() == MESSAGE
        assert box.locator("pre b").count() == 0
        styles = box.evaluate(
            """box => [box, box.querySelector("pre"), box.querySelector("p")].map(
                item => [getComputedStyle(item).color,
                         getComputedStyle(box).backgroundColor])"""
        )
        for ink, paper in styles:
            low, high = sorted((luminance(ink), luminance(paper)))
            assert (high + 0.05) / (low + 0.05) > 7
        assert box.evaluate("box => box.scrollWidth <= innerWidth")
        bounds = box.bounding_box()
        assert bounds
        assert (bounds["width"], bounds["height"]) == (width, 800)
        page.reload()
        expect(box).to_be_visible()
        box.get_by_role("button").click()
        expect(box).to_have_count(0)
        live.announce("another mistake")
        expect(box).to_contain_text("another mistake")
        live.announce("")
        expect(box).to_have_count(0)
        context.close()


def test_a_page_reloads_when_it_changes_and_stays_where_it_is(
    browser: Browser, live: Live
) -> None:
    page_file = live.folder / "en" / "index.html"
    with served(live, "127.0.0.1", 0) as port:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/en/index.html")
        expect(page.locator("p")).to_have_text("one")
        page.evaluate("scrollTo(0, 500); window.mine = true")
        live.announce("")  # of a build that changed other pages
        page.wait_for_timeout(300)
        assert page.evaluate("window.mine")
        page_file.write_text(PAGE.format(paper="white").replace("one", "two"))
        live.announce("")
        expect(page.locator("p")).to_have_text("two")
        assert page.evaluate("window.mine") is None
        page.wait_for_function("scrollY === 500")
        page.goto(f"http://127.0.0.1:{port}/en/new.html")
        (live.folder / "en" / "new.html").write_text(PAGE.format(paper="white"))
        live.announce("")
        expect(page.locator("p")).to_have_text("one")
        context.close()
