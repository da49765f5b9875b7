"""What README and CONTRIBUTING name is there."""

import re
import tomllib
from pathlib import Path

import pytest

from dlnotes.book.arguments import parser
from dlnotes.book.book import Book
from dlnotes.book.checks.unshown import SHOWS
from dlnotes.book.html.quoted import in_prose
from dlnotes.book.language.catalogue import read_catalogue
from dlnotes.book.locales.languages import LANGUAGES
from dlnotes.book.pages.directive import parse_directive
from dlnotes.book.pages.inline import values
from dlnotes.book.storage.store import Run

ROOT = Path(__file__).parents[3]
GUIDES = ("README.md", "README.zh.md", "CONTRIBUTING.md")
EXAMPLE = "foundations/regularization.md"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def quoted(name: str) -> list[str]:
    """Return what stands in backticks or in blocks of commands."""
    page = text(name)
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    commands = [
        line.split("#")[0].strip() for block in blocks for line in block.split("\n")
    ]
    return [*re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page), *filter(None, commands)]


@pytest.mark.parametrize("name", GUIDES)
def test_paths_exist(name: str) -> None:
    starts = ("src/", "tests/", "snippets/", "docs/")
    paths = {
        word
        for code in quoted(name)
        for word in code.split()
        if word.startswith(starts) and "<" not in word
    }
    assert paths
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("name", GUIDES)
def test_targets_and_commands_exist(name: str) -> None:
    targets = set(re.findall(r"^(\w+):", text("Makefile"), re.MULTILINE))
    commands = parser().format_help()
    found = 0
    for code in quoted(name):
        words = code.replace(".venv/bin/", "").split()
        if len(words) > 1 and words[0] == "make":
            assert words[1] in targets, code
            found += 1
        if len(words) > 1 and words[0] == "dlnotes" and words[1] != "--help":
            assert f"\n    {words[1]} " in commands, code
            found += 1
    assert found > 3


def test_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["run", "--help"])
    known = set(re.findall(r"--\w+", capsys.readouterr().out))
    for name in ("README.md", "README.zh.md"):
        row = next(line for line in text(name).split("\n") if "`dlnotes run" in line)
        assert set(re.findall(r"--\w+", row)) == known - {"--help"}


@pytest.mark.parametrize("name", GUIDES)
def test_directives_and_values_resolve(
    name: str, book: Book, runs: dict[str, Run]
) -> None:
    for code in quoted(name):
        if "<" in code or "snippet.variable" in code:
            continue
        for value in values(code):
            assert in_prose(runs[value.name], value), code
        shows = code.startswith("@") and code.split()[0][1:] in SHOWS and " " in code
        if shows and (directive := parse_directive(code)):
            if directive.kind == "source":
                book.library.find(directive.target)
            else:
                book.snippets[directive.target].cell(directive.cell or "")


def test_the_example_of_a_chapter_is_that_of_the_book(book: Book) -> None:
    codes = quoted("CONTRIBUTING.md")
    shown = [code for code in codes if code.startswith(("@source ", "@run ", "[["))]
    assert len(shown) == 4  # one of them is the form, snippet.variable:format
    for language in ("en", "zh"):
        page = text(f"docs/{language}/{EXAMPLE}")
        assert sum(code in page for code in shown) == 3
    (label,) = re.findall("“(.*?)”", text("CONTRIBUTING.md"))
    assert label in read_catalogue(book.catalogue("zh"))
    terms = tomllib.loads(text("docs/terms.toml"))
    (concept,) = re.findall(r"`\[concepts\.(\w+)\]`", text("CONTRIBUTING.md"))
    assert terms["concepts"][concept]["chapter"] == EXAMPLE


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["index.md", "reference/misconceptions.md"])
def test_chapters_are_called_by_their_titles(
    book: Book, language: str, page: str
) -> None:
    folder = book.docs / language
    text = (folder / page).read_text(encoding="utf-8")
    links = re.findall(
        r"^(?:→ )?\[([^]]+)\]\((?:\.\./)?(foundations/[\w-]+\.md)", text, re.MULTILINE
    )
    assert len({chapter for _, chapter in links}) > 8
    for said, chapter in links:
        title = (folder / chapter).read_text(encoding="utf-8").partition("\n# ")[2]
        assert title.startswith(f"{said} {{#"), said
