"""The built pages in a browser: both languages, both themes, wide and narrow."""

import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

WIDTHS = {"wide": (1280, 900), "phone": (390, 844)}
CHAPTERS = ("perceptron", "backpropagation", "linear-regression")
PAGES = [
    "index.html",
    "how-built.html",
    "runs/index.html",
    "runs/linear_regression.html",
    *(f"foundations/{name}.html" for name in CHAPTERS),
]


class Watched:
    """A page that remembers its console errors and its foreign requests."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.troubles: list[str] = []
        page.on("console", lambda m: m.type == "error" and self.troubles.append(m.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on(
            "request",
            lambda r: (
                r.url.startswith((home, "data:", "blob:"))
                or self.troubles.append(f"asked {r.url}")
            ),
        )

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the test itself went elsewhere
            self.troubles.append(f"failed {request.url}: {request.failure}")


Window = Callable[..., Watched]


@pytest.fixture(scope="module")
def window(browser: Browser, served: str) -> Window:
    """Return a window by size, theme and home, opened once: a new one costs seconds.

    A test that leaves something in the browser's storage opens its own context.
    """

    @functools.cache
    def opened(size: str, scheme: str, home: str) -> Watched:
        width, height = WIDTHS[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        return Watched(context.new_page(), home)

    def window(
        size: str = "wide", scheme: str = "light", home: str = served
    ) -> Watched:
        watched = opened(size, scheme, home)
        watched.troubles.clear()
        watched.page.emulate_media(color_scheme=scheme)
        return watched

    return window


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", WIDTHS)
def test_pages_load_quietly_and_fit(
    window: Window, served: str, language: str, size: str
) -> None:
    """In both themes: the second is switched to while the page is shown."""
    watched = window(size)
    page = watched.page
    for name in PAGES:
        page.emulate_media(color_scheme="light")
        page.goto(f"{served}{language}/{name}")
        expect(page.locator("h1").first).to_be_visible()
        for scheme, palette in (("light", "default"), ("dark", "slate")):
            page.emulate_media(color_scheme=scheme)
            body = page.locator(f"body[data-md-color-scheme={palette}]")
            expect(body).to_have_count(1)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name}, {scheme}: {wide} px wider than the window"
        assert watched.troubles == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ink_of_figures_follows_the_theme(
    window: Window, served: str, scheme: str
) -> None:
    watched = window(scheme=scheme)
    watched.page.goto(f"{served}en/foundations/perceptron.html")
    inks = watched.page.evaluate(
        """() => {
            const text = document.querySelector('.dl-svg text');
            const rgb = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
            const sum = ([r, g, b]) => r + g + b;
            return [sum(rgb(getComputedStyle(text).fill)),
                    sum(rgb(getComputedStyle(document.body).backgroundColor))];
        }"""
    )
    ink, paper = inks
    assert (
        (ink < 250 and paper > 650)
        if scheme == "light"
        else (ink > 500 and paper < 200)
    )


def test_the_theme_can_be_chosen_and_is_remembered(
    browser: Browser, served: str
) -> None:
    page = browser.new_page(color_scheme="light")
    page.goto(f"{served}en/index.html")
    scheme = "document.body.getAttribute('data-md-color-scheme')"
    assert page.evaluate(scheme) == "default"
    for _ in range(3):
        page.locator("form[data-md-component=palette] label:visible").first.click()
        if page.evaluate(scheme) == "slate":
            break
    assert page.evaluate(scheme) == "slate"
    page.goto(f"{served}en/how-built.html")
    assert page.evaluate(scheme) == "slate"
    page.context.close()


def test_figures_on_chinese_pages_speak_chinese(window: Window, served: str) -> None:
    watched = window()
    watched.page.goto(f"{served}zh/foundations/linear-regression.html")
    labels = watched.page.locator(".dl-svg text").all_text_contents()
    assert sum(bool(re.search("[一-鿿]", label)) for label in labels) > 10


@pytest.mark.parametrize("language", ["en", "zh"])
def test_formulas_are_mathml_in_the_subset_font(
    window: Window, served: str, language: str
) -> None:
    watched = window()
    page = watched.page
    page.goto(f"{served}{language}/foundations/backpropagation.html")
    page.evaluate("document.fonts.ready")
    boxes = page.evaluate(
        """[...document.querySelectorAll('math')].map(
             math => math.getBoundingClientRect().width)"""
    )
    assert len(boxes) > 20
    assert min(boxes) > 0
    loaded = "[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)"
    assert any("STIX" in family for family in page.evaluate(loaded))


@pytest.mark.parametrize(
    ("language", "query", "page_found"),
    [
        ("en", "Novikoff", "perceptron"),
        ("en", "chain rule", "backpropagation"),
        ("zh", "线性可分", "perceptron"),
        ("zh", "正规方程", "linear-regression"),
    ],
)
def test_search_finds_words(
    window: Window, served: str, language: str, query: str, page_found: str
) -> None:
    watched = window()
    _search(watched.page, f"{served}{language}/index.html", query, page_found)
    assert watched.troubles == []


def _search(page: Page, address: str, query: str, page_found: str) -> None:
    page.goto(address)
    field = page.locator("input.md-search__input")
    field.click()
    ready = page.locator(".md-search-result__meta")
    expect(ready).not_to_contain_text(
        re.compile("Initializ|正在初始化"), timeout=30_000
    )
    field.fill(query)
    field.press("End")  # an input method ends with a key; filling in does not
    results = page.locator(".md-search-result__link")
    results.first.wait_for(timeout=30_000)
    found = [link.get_attribute("href") or "" for link in results.all()]
    assert any(page_found in href for href in found), found


@pytest.mark.parametrize(("here", "there"), [("en", "zh"), ("zh", "en")])
@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("foundations/perceptron.html", "h2[id]"),
        ("runs/perceptron.html", "[id^=cell-]"),
    ],
    ids=["chapter", "run"],
)
def test_the_switch_keeps_page_and_heading(
    window: Window,
    served: str,
    path: str,
    places: str,
    here: str,
    there: str,
    size: str,
) -> None:
    watched = window(size)
    page = watched.page
    page.goto(f"{served}{here}/{path}")
    ident = page.evaluate(
        """places => {
            const place = document.querySelectorAll(`.md-content ${places}`)[3];
            place.scrollIntoView();
            return place.id;
        }""",
        places,
    )
    page.wait_for_timeout(300)
    page.locator(f"a[hreflang={there}]:visible").first.click()
    page.wait_for_url(f"**/{there}/{path}#{ident}")
    expect(page.locator(f"#{ident}")).to_be_in_viewport()


def test_a_term_of_the_glossary_has_an_address(window: Window, served: str) -> None:
    watched = window("wide")
    page = watched.page
    page.goto(f"{served}en/reference/glossary.html")
    term = page.locator("dt#learning-rate")
    term.hover()
    term.locator("a.headerlink").click()
    assert page.url.endswith("/glossary.html#learning-rate")


def test_the_root_page_sends_the_reader_to_their_language(
    browser: Browser, served: str
) -> None:
    for locale, language in (("zh-CN", "zh"), ("en-GB", "en"), ("fr-FR", "en")):
        context = browser.new_context(locale=locale)
        page = context.new_page()
        page.goto(served)
        page.wait_for_url(f"**/{language}/**")
        said = page.locator("html").get_attribute("lang")
        assert said == {"zh": "zh-Hans"}.get(language, language)
        context.close()


def test_code_can_be_copied_and_solutions_unfold(window: Window, served: str) -> None:
    watched = window()
    page = watched.page
    page.goto(f"{served}en/foundations/perceptron.html")
    assert page.locator(".highlight .dl-copies button").count() > 6
    output = page.locator("figure.dl-output")
    solution = page.locator("details.success", has=output).first
    assert not solution.locator("figure.dl-output").first.is_visible()
    solution.locator("summary").click()
    expect(solution.locator("figure.dl-output").first).to_be_visible()


def test_the_site_works_from_a_folder(window: Window, site: Path) -> None:
    home = site.as_uri() + "/"
    watched = window(home=home)
    watched.page.goto(f"{home}en/foundations/perceptron.html")
    watched.page.locator("a[hreflang=zh]:visible").first.click()
    watched.page.wait_for_url("**/zh/foundations/perceptron.html*")
    _search(watched.page, f"{home}en/index.html", "Novikoff", "perceptron")
    assert watched.troubles == []
