"""The copy buttons in a browser: what lands in the clipboard, what readers meet."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from dlnotes.book.book import Book, find_book

ROOT = Path(__file__).parents[2]
HELD = re.compile(r'<script type="application/json" id="dl-copied">(.*?)</script>')
CHAPTERS = [
    path.stem
    for path in find_book(ROOT).pages("en")
    if path.parent.name == "foundations"
]


@pytest.fixture(scope="module")
def page(browser: Browser, served: str) -> Page:
    context = browser.new_context(base_url=served)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def copied(page: Page, button: Locator) -> str:
    """Press a button, by keyboard, and read the clipboard."""
    page.evaluate("navigator.clipboard.writeText('')")
    button.press("Enter")
    page.wait_for_function("async () => await navigator.clipboard.readText()")
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_clipboard_gets_what_python_expects(
    page: Page, site: Path, book: Book, chapter: str, language: str
) -> None:
    """The programs that a page holds are run by tests/book/test_copied.py."""
    name = f"{language}/foundations/{chapter}.html"
    (held,) = HELD.findall((site / name).read_text(encoding="utf-8"))
    programs = json.loads(held)
    page.goto(name)
    blocks = page.locator("[data-dl-copy]")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    count = blocks.count()
    for number in {0, count // 2, count - 1}:
        block = blocks.nth(number)
        program, _, cell = (block.get_attribute("data-dl-copy") or "").partition("#")
        cells = list(programs[program])
        until = cells[: cells.index(cell) + 1]
        needs, alone = block.locator(".dl-copies button").all()
        expected = "\n".join(programs[program][name] for name in until)
        assert copied(page, needs) == expected
        if language == "en":
            source = (
                book.snippets[program].cell(cell).source
                if cell
                else book.library.find(program).source
            )
            assert copied(page, alone) == f"{source}\n"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_of_a_console_the_commands_are_copied(
    page: Page, book: Book, language: str
) -> None:
    page.goto(f"{language}/index.html")
    button = page.locator(".language-console .dl-copies button")
    assert copied(page, button) == (
        f"git clone {book.repository} dlnotes\ncd dlnotes\nmake site\n"
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_buttons_and_search_have_names_and_code_is_no_landmark(
    page: Page, language: str
) -> None:
    page.goto(f"{language}/foundations/backpropagation.html")
    buttons = page.locator(".dl-copies button")
    buttons.first.focus()
    assert all(text.strip() for text in buttons.all_text_contents())
    assert page.locator(".highlight nav").count() == 0
    assert page.locator("[role=dialog].md-search").get_attribute("aria-label")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_buttons_can_be_read(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto("en/foundations/backpropagation.html")
    ratios = page.locator(".dl-copies button").evaluate_all(
        """buttons => {
            const light = colour => {
                const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / 255)
                    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                return 0.2126 * r + 0.7152 * g + 0.0722 * b
            }
            return buttons.map(button => {
                const pair = [getComputedStyle(button).color,
                              getComputedStyle(button.parentElement).backgroundColor]
                const [low, high] = pair.map(light).sort((a, b) => a - b)
                return (high + 0.05) / (low + 0.05)
            })
        }"""
    )
    assert len(ratios) > 40
    assert min(ratios) >= 4.5


@pytest.mark.parametrize(
    "name", ["runs/backpropagation", "foundations/backpropagation"]
)
def test_logs_can_be_read_on_a_phone(page: Page, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"en/{name}.html")
    sizes = page.locator(":is(.dl-log, .jp-RenderedText) pre").evaluate_all(
        "logs => logs.map(log => parseFloat(getComputedStyle(log).fontSize))"
    )
    assert len(sizes) > 3
    assert min(sizes) >= 12


def test_the_repository_is_linked_and_nobody_is_asked_about_it(
    page: Page, book: Book
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("en/index.html")
    page.wait_for_load_state("networkidle")
    links = page.locator(f'a[href="{book.repository}"]')
    assert links.count() == 2  # in the header and in the footer
    assert not [url for url in asked if url.startswith(book.repository)]
    assert page.locator("[data-md-component=source]").count() == 0
