"""Which pages are woven again after a change, and which are not."""

from typing import Any

import pytest

from dlnotes.book.errors import BookError
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.weaving import woven as weaving
from dlnotes.book.weaving.gather import gather
from dlnotes.book.weaving.sources import StaleError
from dlnotes.book.weaving.woven import woven

CATALOGUE = """
    msgid ""
    msgstr ""
    "Content-Type: text/plain; charset=UTF-8\\n"
"""
NAMES_ONE = "# Title {#title}\n\nIt is [[one.answer]].\n\n@run one#all\n"
NAMES_NONE = "# Other {#other}\n\nNothing of $x$ was run.\n"
SHOWS_ALL = "# Runs {#runs}\n\n@runs\n"


@pytest.fixture
def book(small: Any) -> Any:
    """A small book with two runs."""
    small.write("docs/zh.po", CATALOGUE)
    for name in ("one", "two"):
        small.snippet("# %% all\nanswer = 42\nprint(answer)\n", name)
        small.save(name)
    return small


@pytest.fixture
def weave(book: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Bring three pages up to date; return the texts of those that were woven."""
    done: list[str] = []
    make = weaving._weave

    def counted(*arguments: Any) -> Any:
        done.append(arguments[3])
        return make(*arguments)

    monkeypatch.setattr(weaving, "_weave", counted)

    def bring(*texts: str) -> list[str]:
        done.clear()
        sources = gather(book.book, Settings())
        for text in texts:
            woven(book.book, sources, "en", f"{text[2:6]}.md", text)
        return [text for text in texts if f"{text[2:6]}.md" in done]

    return bring


def test_a_page_is_woven_again_when_a_snippet_that_it_names_changes(
    book: Any, weave: Any
) -> None:
    pages = NAMES_ONE, NAMES_NONE, SHOWS_ALL
    assert weave(*pages) == [*pages]
    assert weave(*pages) == []
    book.snippet("# %% all\nanswer = 43\nprint(answer)\n", "two")
    book.save("two")
    assert weave(*pages) == [SHOWS_ALL]
    book.snippet("# %% all\nanswer = 43\nprint(answer)\n", "one")
    book.save("one")
    assert weave(*pages) == [NAMES_ONE, SHOWS_ALL]


def test_a_change_that_any_page_may_show_weaves_them_all(book: Any, weave: Any) -> None:
    pages = NAMES_ONE, NAMES_NONE
    weave(*pages)
    book.write("docs/zh.po", CATALOGUE + '\nmsgid "one"\nmsgstr "一"\n')
    assert weave(*pages) == [*pages]


def test_a_page_is_woven_again_when_code_that_it_names_changes(
    book: Any, weave: Any
) -> None:
    book.module("shapes", "def area():\n    return 1\n")
    book.module("other", "def size():\n    return 1\n")
    book.save("one")
    book.save("two")
    code = "# Code {#code}\n\n@source mini.shapes.area\n"
    pages = code, NAMES_NONE
    weave(*pages)
    book.module("other", "def size():\n    return 2\n")
    assert weave(*pages) == []
    book.module("shapes", "def area():\n    return 2\n")
    assert weave(*pages) == [code]
    (book.root / "src/mini/shapes.py").unlink()
    book.module("shapes.__init__", "def area():\n    return 2\n")
    assert weave(*pages) == [code]


def errors(book: Any, text: str) -> list[BookError]:
    found = woven(book.book, gather(book.book, Settings()), "en", "index.md", text)
    return found.errors


def test_a_run_that_becomes_stale_is_an_error_at_once(book: Any) -> None:
    assert errors(book, NAMES_ONE) == []
    book.snippet("# %% all\nanswer = 43\nprint(answer)\n", "one")
    for _ in range(2):  # once found, and once kept
        found = errors(book, NAMES_ONE)
        assert {type(error) for error in found} == {StaleError}
    book.snippet("# %% all\nanswer = 42\nprint(answer)\n", "one")
    assert errors(book, NAMES_ONE) == []


def test_an_unknown_name_is_compared_with_all_snippets(book: Any) -> None:
    text = "# Typo {#typo}\n\n[[onee.answer]]\n"
    for above in ("", "---\ntitle: T\n---\n"):  # front matter does not count
        book.write("docs/en/index.md", above + text)
        (error,) = errors(book, text)
        line = 3 + above.count("\n")
        assert str(error).startswith(f"docs/en/index.md:{line}: no snippet 'onee'")
        assert "did you mean" in str(error)
        assert "one" in str(error).partition("did you mean")[2]
