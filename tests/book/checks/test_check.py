"""The check before a build: every mistake is told with its file and line."""

import inspect
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from dlnotes.book import checks
from dlnotes.book.checks.check import CHECKS, check
from dlnotes.book.checks.pages import OF_A_PAGE
from dlnotes.book.errors import BookError
from dlnotes.book.pages.usage import directives, pages_that_use
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.weaving.gather import gather

EN = """
    # Title {#title}

    It is [[one.answer]].

    @run one#all

    @source mini.shapes.area

    See [the section](#title).

    @setup
"""
ZH = """
    # 标题 {#title}

    它是 [[one.answer]]。

    @run one#all

    @source mini.shapes.area

    见[这一节](#title)。

    @setup
"""
SNIPPET = """
    # %% all
    answer = 42
    print(answer)
"""
MODULE = '''
    """Shapes."""


    def area(r):
        return 3 * r * r


    def _helper():
        return 1
'''
CATALOGUE = """
    msgid ""
    msgstr ""
    "Content-Type: text/plain; charset=UTF-8\\n"

    msgid "a label"
    msgstr "标签"
"""


@pytest.fixture
def book(small: Any) -> Any:
    """A small book without a mistake."""
    small.snippet(SNIPPET)
    small.module("shapes", MODULE)
    small.write("docs/zh.po", CATALOGUE)
    small.write("pyproject.toml", "[project.urls]\nRepository = 'https://b.example'\n")
    small.write("docs/en/part/page.md", EN)
    small.write("docs/zh/part/page.md", ZH)
    small.save()
    return small


def told(book: Any) -> list[str]:
    """Return what the check finds, after seeing that its text says so too."""
    checked = check(book.book, gather(book.book, book.settings))
    errors = [str(error) for error in checked.errors]
    lines = checked.text.splitlines()
    assert lines[: len(errors)] == errors
    count = len(errors)
    summary = f"{count} error{'' if count == 1 else 's'} in 2 pages"
    assert lines[-1] == (summary if count else "2 pages checked: nothing wrong")
    return errors


def edit(book: Any, path: str, old: str, new: str) -> None:
    file = book.root / path
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_book_without_a_mistake(book: Any) -> None:
    assert told(book) == []


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("{#title}", "", "1: heading without an explicit {#id}: Title"),
        ("[[one.answer]]", "[[one.anwser]]", "3: [[one.anwser]]: the run has no"),
        ("[[one.answer]]", "[[one.answer:q]]", "3: [[one.answer]]: format 'q'"),
        ("[[one.answer]]", "[[ one.answer ]]", "3: [[ one.answer ]] is not"),
        ("@run one#all", "@run one#none", "5: snippet one has no cell 'none'"),
        ("@run one#all", "@run two#all", "5: no snippet 'two' in snippets/"),
        ("@run one#all", "@rum one#all", "5: unknown directive @rum"),
        ("@run one#all", "@table one#all", "5: cell one#all has no table"),
        ("area", "aera", "7: mini.shapes has no symbol 'aera'; did you mean area?"),
        ("area", 'area mark="x"', '7: mark="x" matches no line of mini.shapes.area'),
        ("area", 'area mark="r"', '7: mark="r" matches lines 1, 2 of'),
        ("#title).", "#tilte).", "9: link #tilte: no heading there has {#tilte}"),
        ("#title).", "other.md).", "9: link other.md: no such file"),
        ("See", "See $\\nope$", "9: formula `\\nope`: Unknown command"),
        ("See", "See $x", "9: $ is no part of a formula; for a dollar write \\$"),
        ("It is", "It is a -- b", "3: -- instead of a dash"),
    ],
)
def test_mistakes_on_a_page(book: Any, old: str, new: str, error: str) -> None:
    edit(book, "docs/en/part/page.md", old, new)
    assert any(text.startswith(f"docs/en/part/page.md:{error}") for text in told(book))


def test_typography_of_the_chinese_page(book: Any) -> None:
    edit(book, "docs/zh/part/page.md", "它是 [[", "它是[[")
    (error,) = told(book)
    assert error.startswith("docs/zh/part/page.md:3: missing space between Han and")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            "{#title}",
            "{#titel}",
            "1: # {#titel}, but docs/en/part/page.md:1 has # {#title}",
        ),
        ("@run one#all", "@log one#all", "5: @log one#all"),
        ("[[one.answer]]", "[[one.answer:d]]", "values differ from"),
        ("@source", "$$\nx\n$$\n\n@source", "7: docs/en/part/page.md lacks $$ x $$"),
    ],
)
def test_languages_that_differ_are_shown_side_by_side(
    book: Any, old: str, new: str, error: str
) -> None:
    edit(book, "docs/zh/part/page.md", old, new)
    checked = check(book.book, gather(book.book, book.settings))
    texts = [str(found) for found in checked.errors]
    assert any(
        text.startswith("docs/zh/part/page.md:") and error in text for text in texts
    ), texts
    beside = checked.text.splitlines()[len(texts) : -1]
    assert any(line[48:51].strip() in ("|", "<", ">") for line in beside), beside


@pytest.mark.parametrize(("kept", "lost"), [("zh", "en"), ("en", "zh")])
def test_a_page_without_a_twin(book: Any, kept: str, lost: str) -> None:
    edit(book, f"docs/{lost}/part/page.md", "#title)", "page.md)")
    (book.root / f"docs/{lost}/part/page.md").rename(book.root / "page.md")
    texts = [
        str(error)
        for error in check(book.book, gather(book.book, book.settings)).errors
    ]
    assert f"docs/{kept}/part/page.md:1: has no twin docs/{lost}/part/page.md" in texts


def test_what_no_chapter_shows(book: Any) -> None:
    book.snippet(SNIPPET, "two")
    book.save("two")
    edit(
        book, "src/mini/shapes.py", "def _helper", "class Circle:\n    pass\n\n\ndef _h"
    )
    assert told(book) == [
        "snippets/two.py:1: no chapter shows snippet two: show it, or say why not in "
        "docs/unshown.toml",
        "src/mini/shapes.py:8: no chapter shows mini.shapes.Circle: show it, or say "
        "why not in docs/unshown.toml",
    ]


def test_a_list_excuses_what_is_not_shown(book: Any) -> None:
    book.snippet(SNIPPET, "two")
    book.save("two")
    edit(
        book, "src/mini/shapes.py", "def _helper", "class Circle:\n    pass\n\n\ndef _h"
    )
    book.write(
        "docs/unshown.toml",
        """
        [snippets]
        two = "a reason"

        [symbols]
        "mini.shapes.Circle" = "another"
        """,
    )
    assert told(book) == []


def test_an_excuse_for_what_is_not_there(book: Any) -> None:
    book.write("docs/unshown.toml", '\n[symbols]\n"mini.gone" = "why"\n')
    assert told(book) == [
        "docs/unshown.toml:2: the book has no snippet or public symbol mini.gone"
    ]


def test_a_list_of_excuses_that_is_not_toml(book: Any) -> None:
    book.write("docs/unshown.toml", "[symbols\n")
    with pytest.raises(BookError, match=r"^docs/unshown\.toml: this is not TOML: "):
        check(book.book, gather(book.book, book.settings))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("tv.io.decode_image('a.png')", "import torchvision as tv"),
        ("torch.from_file('a', size=2)", "import torch"),
        ("h5py.File('a')", "import h5py"),
    ],
)
def test_what_reads_files_past_python_is_refused(
    book: Any, code: str, name: str
) -> None:
    edit(book, "src/mini/shapes.py", "def _helper", f"X = {code}\n\n\ndef _helper")
    path = book.root / "src/mini/shapes.py"
    path.write_text(f"{name}\n{path.read_text()}")
    lines = path.read_text().splitlines()
    line = lines.index(f"X = {code}") + 1
    called = code.partition("(")[0]
    start = f"src/mini/shapes.py:{line}: `{called}` reads files where no run can know"
    assert [error for error in told(book) if error.startswith(start)]


def test_other_parts_of_those_packages_are_not(book: Any) -> None:
    code = "import io\nimport torch\nfrom torchvision.utils import make_grid"
    edit(book, "src/mini/shapes.py", "def _helper", f"{code}\n\n\ndef _helper")
    assert not [error for error in told(book) if "reads files" in error]


def test_a_class_is_shown_by_its_method(book: Any) -> None:
    edit(
        book,
        "src/mini/shapes.py",
        "def _helper():\n    return 1",
        "class Circle:\n    def area(self):\n        return 1",
    )
    for language in ("en", "zh"):
        path = f"docs/{language}/part/page.md"
        edit(book, path, "area", "area\n\n@source mini.shapes.Circle.area")
    assert told(book) == []


def test_one_mistake_hides_nothing_that_its_page_shows(book: Any) -> None:
    edit(book, "docs/en/part/page.md", "{#title}", "")
    assert not any("no chapter shows" in error for error in told(book))


def test_an_error_is_told_once(book: Any) -> None:
    edit(
        book, "docs/en/part/page.md", "It is", "[[one.no]] and [[one.no]] and $x. It is"
    )
    texts = told(book)
    assert len(texts) == len(set(texts))
    assert sum("[[one.no]]: the run" in text for text in texts) == 1


def test_a_stale_run_is_told_and_is_no_error(book: Any) -> None:
    book.snippet(SNIPPET.replace("42", "43"))
    checked = check(book.book, gather(book.book, book.settings))
    assert checked.errors == []
    assert checked.text == (
        "not checked, since their runs are stale (`dlnotes run`): one\n"
        "2 pages checked: nothing wrong"
    )


def test_comments_and_labels_that_no_chinese_page_shows_are_translated_too(
    book: Any,
) -> None:
    book.snippet(
        SNIPPET.replace(
            "    # %% all", "    # %% start\n    x = 1  # a word\n\n\n    # %% all"
        )
    )
    book.save()
    assert told(book) == [
        "snippets/one.py:2: docs/zh.po has no translation for the comment 'a word' "
        "of one#start"
    ]


def test_comments_of_the_package_that_a_chinese_page_shows(book: Any) -> None:
    book.module("shapes", "def area(r):\n    # a word\n    return 3 * r * r\n")
    book.module("other", "def size(r):\n    # another\n    return r\n")
    book.write("docs/unshown.toml", '[symbols]\n"mini.other.size" = "small"\n')
    book.save()
    assert told(book) == [
        "src/mini/shapes.py:2: docs/zh.po has no translation for the comment "
        "'a word' of mini.shapes.area"
    ]


def test_labels_of_stored_outputs(book: Any) -> None:
    snippet: Snippet = book.read()
    html = "<table><tr><th>a label</th><th>no entry</th></tr></table>"
    outputs = [{"output_type": "display_data", "data": {"text/html": html}}]
    manifest = book.status().run.manifest
    cells = [{"cell_type": "code", "id": "all", "outputs": outputs}]
    book.store.save(manifest, {"cells": cells})
    assert snippet.cells[0].first == 2
    for language in ("en", "zh"):
        edit(book, f"docs/{language}/part/page.md", "@run", "@code")
    assert told(book) == [
        "snippets/one.py:2: docs/zh.po has no translation for the label 'no entry' "
        "of one#all"
    ]


def test_a_page_that_is_not_utf_8(book: Any) -> None:
    (book.root / "docs/en/part/page.md").write_bytes(b"# T {#t}\n\n\xff\n")
    with pytest.raises(BookError, match=r"^docs/en/part/page\.md:3: .* not UTF-8$"):
        check(book.book, gather(book.book, book.settings))


def test_a_broken_catalogue(book: Any) -> None:
    book.write("docs/zh.po", "nonsense\n")
    with pytest.raises(BookError, match=r"zh\.po:1: this is no line of a gettext file"):
        check(book.book, gather(book.book, book.settings))


def test_pages_that_use_a_snippet(book: Any) -> None:
    book.write("docs/en/quotes.md", "It is [[one.answer]].\n")
    book.write("docs/en/broken.md", "# No id\n\n@bogus\n\n@log one#all\n\n```\n")
    book.write("docs/en/other.md", "Nothing.\n")
    names = [path.name for path in pages_that_use(book.book, "one")]
    assert names == ["broken.md", "page.md", "quotes.md", "page.md"]
    (shown,) = directives(book.root / "docs/en/broken.md")
    assert (shown.kind, shown.target) == ("log", "one")


def test_a_chapter_says_how_to_run_its_code(book: Any) -> None:
    for language in ("en", "zh"):
        edit(book, f"docs/{language}/part/page.md", "@setup", "")
    assert told(book) == [
        f"docs/{language}/part/page.md:1: the chapter shows code: write @setup on a "
        "line before its first section"
        for language in ("en", "zh")
    ]


def test_the_repository_has_an_address(book: Any) -> None:
    (book.root / "pyproject.toml").unlink()
    assert told(book) == [
        f"docs/{language}/part/page.md:11: @setup needs the address of the repository: "
        "set Repository below [project.urls] in pyproject.toml"
        for language in ("en", "zh")
    ]


def test_every_check_of_the_room_is_run() -> None:
    modules = [
        import_module(f"{checks.__name__}.{found.name}")
        for found in iter_modules(checks.__path__)
    ]
    functions = {
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    for listed, last in ((CHECKS, "texts"), (OF_A_PAGE, "page")):
        shape = ["book", "sources", last]
        found = {function for function in functions if parameters(function) == shape}
        assert len(found) >= 5
        assert found == {*listed}


def parameters(function: Any) -> list[str]:
    return [name.lstrip("_") for name in inspect.signature(function).parameters]
