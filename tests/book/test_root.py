"""What lies above the languages knows where the site begins."""

from pathlib import Path

import pytest

from dlnotes.book.book import find_book
from dlnotes.book.root import write_root


@pytest.mark.parametrize(
    ("url", "begin"),
    [
        (None, "/"),
        ("https://x.org/en/", "/"),
        ("https://x.org/notes/en/", "/notes/"),
        ("https://x.org/a/notes/en", "/a/notes/"),
    ],
)
def test_what_is_not_found_knows_where_the_site_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str | None, begin: str
) -> None:
    if url is None:
        monkeypatch.delenv("SITE_URL_EN", raising=False)
    else:
        monkeypatch.setenv("SITE_URL_EN", url)
    write_root(find_book(Path(__file__)), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        *("index.html", "404.html", ".nojekyll")
    }
    assert f'<base href="{begin}">' in (tmp_path / "404.html").read_text()
