"""What the page on how the book is built says in words."""

import warnings
from collections.abc import Callable

import matplotlib.pyplot as plt
import pytest

from dlnotes.book.book import Book
from dlnotes.book.html.results import translated
from dlnotes.book.language.catalogue import read_catalogue
from dlnotes.book.storage.store import Run


@pytest.mark.settles("cjk-labels")
def test_matplotlibs_own_font_has_no_chinese_characters() -> None:
    with plt.rc_context({"font.family": "DejaVu Sans"}):
        fig, ax = plt.subplots()
        ax.set_xlabel("损失")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fig.canvas.draw()
        plt.close(fig)
    missing = [str(w.message) for w in caught if "Glyph" in str(w.message)]
    assert len(missing) >= 2
    assert all("DejaVu Sans" in message for message in missing)


@pytest.mark.settles("cjk-labels")
def test_the_figure_of_the_page_has_its_labels_as_text_and_in_chinese(
    book: Book, book_run: Callable[[str], Run]
) -> None:
    (output,) = book_run("how_built").outputs("picture")
    chinese, missing = translated(output, read_catalogue(book.catalogue("zh")))
    assert missing == []
    assert "<text" in str(output)
    assert any("\u4e00" <= char <= "\u9fff" for char in str(chinese))
