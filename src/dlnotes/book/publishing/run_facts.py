"""What the page of a run says above its code: time, versions, memory, the chapters."""

import html
import re

from dlnotes.book.book import Book
from dlnotes.book.html.run_page import FACTS
from dlnotes.book.locales.languages import FIRST, LANGUAGES
from dlnotes.book.pages.inline import values
from dlnotes.book.pages.usage import directives
from dlnotes.book.storage.store import Run
from dlnotes.book.weaving.sources import Sources

TITLE = re.compile(r"(<h1[^>]*>.*?</h1>)(.*?)(<p><a [^>]*download)", re.DOTALL)


def users(book: Book, language: str) -> dict[str, list[str]]:
    """Return the pages of one language that show or quote each snippet, by its name."""
    found: dict[str, list[str]] = {}
    for path in book.pages(language):
        quoted = [value.name for value in values(path.read_text(encoding="utf-8"))]
        shown = [directive.target for directive in directives(path)]
        for name in dict.fromkeys(quoted + shown):
            found.setdefault(name, []).append(book.name(path))
    return found


def with_facts(
    content: str, name: str, pages: list[str], sources: Sources, language: str
) -> str:
    """Return the content of a run's page with the facts of the run at its head.

    Args:
        content: as `run_page.tidy` gives it.
        name: of the run.
        pages: those that show it, below the folder of their language.
        sources: of the run, the titles of the pages and the translations.
        language: that of the page.
    """
    about = sources.snippets[name].description

    def describe(match: re.Match[str]) -> str:
        return match[1] + _described(match[2], about, sources, language) + match[3]

    content = TITLE.sub(describe, content, count=1)
    facts = [_measured(sources.run(name), language), _used(pages, sources, language)]
    return content.replace(FACTS, "".join(facts), 1)


def _described(shown: str, about: str, sources: Sources, language: str) -> str:
    """Return a snippet's description in the page's language, or marked as another."""
    if language == FIRST or not about:
        return shown
    if translation := sources.catalogues[language].get(about):
        return f"<p>{html.escape(translation, quote=False)}</p>\n"
    return shown.replace("<p>", f'<p lang="{FIRST}">')


def _measured(run: Run, language: str) -> str:
    words, made = LANGUAGES[language].words, run.manifest["inputs"]
    versions = [f"Python {made['python']}"]
    for package, title in (("torch", "torch"), ("numpy", "NumPy")):
        versions += [f"{title} {made[package]}"]
    parts = [words.ran_in.format(seconds=run.seconds), ", ".join(versions)]
    if memory := run.manifest["memory"]:
        parts.append(words.peak_memory.format(size=memory / 2**20))
    return f'<p class="dl-run">{" · ".join(parts)}</p>'


def _used(pages: list[str], sources: Sources, language: str) -> str:
    words, chapters = LANGUAGES[language].words, sources.chapters.get(language, {})
    links = [
        f'<a href="../{page.removesuffix(".md")}.html">'
        f"{html.escape(chapters[page].title if page in chapters else page)}</a>"
        for page in pages
    ]
    listed = LANGUAGES[language].comma.join(links)
    text = words.used_in + listed if links else words.unused
    return f'<p class="dl-run">{text}</p>'
