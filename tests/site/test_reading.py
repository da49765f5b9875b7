"""What a reader meets on a page: terms by keyboard, Chinese typography, paper."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a dark screen."""
    context = browser.new_context(color_scheme="dark")
    yield context.new_page()
    context.close()


def brightness(page: Page, selector: str, what: str) -> float:
    """Return how bright a colour of an element is, from 0 to 1."""
    colour = page.locator(selector).first.evaluate(
        "(element, what) => getComputedStyle(element)[what]", what
    )
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 765


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_term_is_explained_when_the_keyboard_reaches_it(
    page: Page, served: str, language: str
) -> None:
    page.goto(f"{served}{language}/foundations/backpropagation.html")
    term = page.locator("article abbr").first
    meaning = term.get_attribute("title")
    assert meaning
    page.evaluate("document.querySelector('article abbr').scrollIntoView()")
    before = page.locator("article :is(a[href], button, abbr)")
    at = before.evaluate_all("all => all.findIndex(e => e.matches('abbr'))")
    before.nth(at - 1).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "ABBR"
    tooltip = page.locator(".md-tooltip2--active", has_text=meaning)
    expect(tooltip).to_be_visible()
    assert term.get_attribute("aria-describedby") == tooltip.get_attribute("id")


def test_no_definition_hangs_under_a_part_of_another_word(site: Path) -> None:
    wrong = re.compile(
        r"<abbr[^>]*>轮</abbr>[流到番换廓]|多层<abbr[^>]*>感知机"
        r"|(?<![一两几每])次<abbr[^>]*>梯度|[一两几每]<abbr[^>]*>次梯度"
    )
    for path in sorted((site / "zh" / "foundations").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        assert [match[0] for match in wrong.finditer(text)] == [], path.name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_dark_screen_prints_dark_on_white(
    page: Page, served: str, language: str
) -> None:
    page.goto(f"{served}{language}/foundations/backpropagation.html")
    assert brightness(page, "article p", "color") > 0.7
    page.emulate_media(media="print")
    assert page.get_attribute("body", "data-md-color-scheme") == "slate"
    assert brightness(page, "article p", "color") < 0.3
    assert brightness(page, "article h2", "color") < 0.3
    assert brightness(page, ".dl-svg text", "fill") < 0.3
    assert brightness(page, "article > .highlight pre > code", "color") < 0.3
    assert brightness(page, "body", "backgroundColor") > 0.9


def test_paper_has_no_buttons_and_no_heading_alone(page: Page, served: str) -> None:
    page.goto(f"{served}en/foundations/backpropagation.html")
    page.locator(".dl-copies:visible").first.wait_for()
    page.emulate_media(media="print")
    assert page.locator(":is(.dl-copies, .headerlink):visible").count() == 0
    breaks = page.locator("article :is(h1, h2, h3)").evaluate_all(
        "all => all.map(heading => getComputedStyle(heading).breakAfter)"
    )
    assert set(breaks) == {"avoid"}


@pytest.mark.parametrize(("width", "align"), [(1280, "justify"), (390, "start")])
def test_long_lines_of_chinese_are_justified_and_references_are_not(
    page: Page, served: str, width: int, align: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{served}zh/foundations/regularization.html")
    aligned = "all => all.map(e => getComputedStyle(e).textAlign)"
    for selector in ("article > p:not([class])", "details > p:not([class])"):
        found = page.locator(f".md-content {selector}").evaluate_all(aligned)
        assert set(found) == {align}, selector
    references = page.locator("#references ~ ul li").evaluate_all(aligned)
    assert set(references) == {"start"}


def width_of(page: Page, family: str, text: str) -> float:
    """Return how many em a text is wide in a font stack of the book."""
    width: float = page.evaluate(
        """([family, text]) => {
            const span = document.createElement('span')
            span.style.cssText = `font: 100px var(${family}); position: absolute`
            span.textContent = text
            document.querySelector('article').append(span)
            const { width } = span.getBoundingClientRect()
            span.remove()
            return width / 100
        }""",
        [family, text],
    )
    return width


@pytest.mark.parametrize("family", ["--dl-serif", "--dl-sans"])
def test_quotation_marks_between_han_are_as_wide_as_han(
    page: Page, served: str, family: str
) -> None:
    page.goto(f"{served}zh/reference/misconceptions.html")
    assert width_of(page, family, "字“字”字") == pytest.approx(5, abs=0.01)
    first = width_of(page, family, "“字")
    assert first == pytest.approx(1.5, abs=0.01), "an opening mark is half as wide"


def test_an_arrow_stays_with_its_link(site: Path) -> None:
    for language in ("en", "zh"):
        page = site / language / "reference" / "misconceptions.html"
        text = page.read_text(encoding="utf-8")
        assert len(re.findall("→\N{NO-BREAK SPACE}<a ", text)) > 30
        assert "→ <a " not in text
