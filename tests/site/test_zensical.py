"""The successor of MkDocs for Material builds the same chapters from the same files."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dlnotes.book.book import Book
from dlnotes.book.storage.cache import folder_digest, installed
from proofs import Proofs

SHOWN = {
    "code": re.compile(r"<pre[^>]*>(?:<span></span>)?<code>(.*?)</code></pre>", re.S),
    "figure": re.compile(r"<svg [^>]*dl-svg.*?</svg>", re.S),
    "log": re.compile(r'dl-log"[^>]*><pre>(.*?)</pre>', re.S),
    "table": re.compile(r'dl-table"[^>]*>(<table>.*?</table>)', re.S),
    "value": re.compile(r'<data class="dl-value"[^>]*>(.*?)</data>'),
    "formula": re.compile(r"<math.*?</math>", re.S),
}


@pytest.fixture(scope="module")
def copy(book: Book, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the book with its runs; `site` has made sure that they are fresh."""
    root = tmp_path_factory.mktemp("zensical") / "book"
    ignore = shutil.ignore_patterns(".venv", ".git", "site", ".*cache*", ".hypothesis")
    shutil.copytree(book.root, root, ignore=ignore)
    return root


def article(path: Path) -> str:
    """Return the page without what the builder puts around it."""
    (text,) = re.findall(r"<article.*?</article>", path.read_text(), re.S)
    return text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_chapters_show_the_same_code_figures_and_numbers(
    book: Book, site: Path, request: pytest.FixtureRequest, language: str
) -> None:
    chapters = sorted((site / language / "foundations").glob("*.html"))
    configs = [path.read_text() for path in sorted(book.root.glob("mkdocs*.yml"))]

    def prove() -> None:
        compare(chapters, request.getfixturevalue("copy"), book.config(language).name)

    assert chapters
    Proofs(book.store / "proofs", Path(__file__)).once(
        prove,
        *map(article, chapters),
        *configs,
        *map(folder_digest, (book.docs, book.library.folder)),
        installed(),
    )


def compare(chapters: list[Path], copy: Path, config: str) -> None:
    """Build a language of the copy, and compare its chapters with ours."""
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "-f", config],
        cwd=copy,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for path in chapters:
        language = path.parents[1].name
        other = copy / "site" / language / "foundations" / path.name
        texts = article(path), article(other)
        for kind, pattern in SHOWN.items():
            ours, theirs = map(pattern.findall, texts)
            assert len(ours) > 0, f"{path.name} has no {kind}"
            assert ours == theirs, f"{kind} of {path.name}"
