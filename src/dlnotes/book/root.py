"""What lies above the languages of the site."""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from dlnotes.book.book import Book
from dlnotes.book.locales.languages import FIRST, LANGUAGES
from dlnotes.book.storage.atomic import write_atomically


def write_root(book: Book, folder: Path) -> None:
    """Write the page that leads to a language, and the one for what is not found.

    The second is shown at any address, so that it has to know where the site begins:
    by default at the root of its host, else where `SITE_URL_EN` says.
    """
    shutil.copyfile(book.docs / "root.html", folder / "index.html")
    (folder / ".nojekyll").touch()
    page = book.docs / "not_found.html"
    if page.exists():
        path = urlsplit(os.environ.get(f"SITE_URL_{FIRST.upper()}", "")).path
        begin = path.rstrip("/").removesuffix(FIRST) or "/"
        text = page.read_text(encoding="utf-8")
        text = text.replace('<base href="/">', f'<base href="{begin}">')
        parts = [folder / language for language in LANGUAGES]
        for place in (folder, *filter(Path.is_dir, parts)):
            write_atomically(place / "404.html", text.encode())
