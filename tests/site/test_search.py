"""The search finds the chapter that explains what a reader looks for."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

# A query, the chapter that explains it, and the place where it has to be at least.
QUERIES = {
    "en": [
        ("vanishing gradient", "stability", 1),
        ("learning rate too large", "gradients", 1),
        ("softmax overflow", "activations", 1),
        ("why not mse for classification", "losses", 2),
        ("adam", "optimization", 1),
        ("xor", "perceptron", 1),
        ("normal equation", "linear-regression", 1),
        ("cross entropy", "losses", 1),
        ("hidden layer", "multilayer-perceptron", 1),
        ("gradient check", "backpropagation", 1),
        ("early stopping", "regularization", 1),
        ("gradient", "gradients", 2),
        ("regularisation", "regularization", 1),
        ("hyperparameter", "generalization", 1),
    ],
    "zh": [
        ("过拟合", "generalization", 1),
        ("梯度消失", "stability", 1),
        ("正规方程", "linear-regression", 1),
        ("权重衰减", "regularization", 1),
        ("学习率", "gradients", 1),
        ("交叉熵", "losses", 1),
        ("momentum", "optimization", 1),
        ("underfitting", "generalization", 1),
        ("异或", "perceptron", 1),
        ("丢弃法", "regularization", 1),
        ("双曲正切", "activations", 1),
        ("梯度", "gradients", 1),
        ("梯度检验", "backpropagation", 1),
        ("什么是多层感知机", "multilayer-perceptron", 1),
    ],
}


def found(page: Page, query: str) -> list[str]:
    """Return the pages that the search finds, in order; no key is pressed."""
    results = page.locator(".md-search-result__meta")
    placeholder = re.compile("Type to start searching|键入以开始搜索")
    page.locator("input.md-search__input").fill("")
    expect(results).to_have_text(placeholder, timeout=30_000)
    page.keyboard.insert_text(query)
    expect(results).not_to_have_text(placeholder)
    links = page.locator(".md-search-result__item").evaluate_all(
        "items => items.map(item => item.querySelector('a').href)"
    )
    return [re.sub(r"[?#].*", "", href) for href in links]


@pytest.fixture(scope="module", params=["en", "zh"])
def searching(
    request: pytest.FixtureRequest, browser: Browser, served: str
) -> tuple[str, Page]:
    """The front page of a language with its search open."""
    page = browser.new_page()
    page.goto(f"{served}{request.param}/index.html")
    page.locator("input.md-search__input").click()
    return request.param, page


def test_the_chapter_that_explains_it_comes_first(searching: tuple[str, Page]) -> None:
    language, page = searching
    missed = {}
    for query, chapter, place in QUERIES[language]:
        pages = [href.rpartition("/")[2] for href in found(page, query)]
        if f"{chapter}.html" not in pages[:place]:
            missed[query] = pages[:3]
    assert missed == {}


def test_pages_of_runs_are_not_found(searching: tuple[str, Page]) -> None:
    _, page = searching
    for query in ("perceptron", "linear_regression_closed_form"):
        assert [href for href in found(page, query) if "/runs/" in href] == []


def test_the_names_that_were_looked_for_are_shown(
    searching: tuple[str, Page],
) -> None:
    language, page = searching
    query = {"en": "exclusive or", "zh": "异或"}[language]
    found(page, query)
    shown = page.locator(".md-search-result .md-tag:visible")
    assert query in shown.all_text_contents()
    assert all(tag.locator("mark").count() for tag in shown.all())
