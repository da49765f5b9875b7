"""The MkDocs hook: runs what is stale, adds run pages and downloads, keeps its work."""

import hashlib
import os
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from dlnotes.book.book import Book, find_book
from dlnotes.book.errors import BookError
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.markdown import (
    current_sources,
    held,
    hold_sources,
    release_sources,
)
from dlnotes.book.progress import Report
from dlnotes.book.publishing.downloads import notebooks, programs, write_notebooks
from dlnotes.book.publishing.finished import Finished
from dlnotes.book.publishing.rendered import Rendered, is_run
from dlnotes.book.publishing.run_facts import users, with_facts
from dlnotes.book.publishing.site import write_font

STYLES = "assets/stylesheets/runs.css"  # of the theme; published under its content

_rendered: dict[str, Rendered] = {}
_finished: dict[str, Finished] = {}
_users: dict[str, dict[str, list[str]]] = {}


def _book(config: MkDocsConfig) -> tuple[Book, str]:
    root = Path(config.config_file_path).parent
    return find_book(root), str(config.theme["language"])


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Tell the theme where the repository is."""
    config.repo_url = find_book(Path(config.config_file_path).parent).repository
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Run what is stale and write the font, unless `dlnotes build` has done so."""
    _rendered.clear()
    _finished.clear()
    _users.clear()
    try:
        book, _ = _book(config)
        if "DLNOTES_BUILD" not in os.environ:
            settings = Settings.of_environment()
            report = Report(book)
            with Runner(book) as runner:
                outcome = runner.update(list(book.snippets), settings, report)
            report.close(outcome)
            if outcome.failures:
                raise PluginError("a snippet failed; see above")
            write_font(book, settings)
        if not held(book.root):
            hold_sources(book)
    except BookError as error:
        raise PluginError(str(error)) from error


@event_priority(100)  # before mkdocs-jupyter looks for notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the notebooks of the runs, the programs and the package's source."""
    book, language = _book(config)
    sources = current_sources(book.root)
    folder = book.store / "pages" / language
    for path in write_notebooks(sources, language, folder):
        files.append(
            File(path, str(folder), config.site_dir, config.use_directory_urls)
        )
    try:
        for path, text in programs(book, sources, language):
            files.append(File.generated(config, path, content=text))
    except BookError as error:
        raise PluginError(str(error)) from error
    # A page is made from the notebook that has its path, so the one that readers
    # download, at the same address, comes from elsewhere.
    for path, text in notebooks(book, sources, language, config.site_url):
        file = File.generated(config, f"downloads/{path}", content=text)
        file.dest_uri = path
        files.append(file)
    return files


def on_pre_page(page: Page, config: MkDocsConfig, files: Files) -> Page:
    """Have the page converted only if it is not what it was."""
    book, language = _book(config)
    if language not in _rendered:
        sources = current_sources(book.root)
        _rendered[language] = Rendered(book, sources, language, config, files)
    _rendered[language].wrap(page)
    return page


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Say on the page of a run how it went, and link its styles."""
    if not is_run(page.file):
        return html
    book, language = _book(config)
    sources = current_sources(book.root)
    if language not in _users:
        _users[language] = users(book, language)
    name = page.file.name
    pages = _users[language].get(name, [])
    html = with_facts(html, name, pages, sources, language)
    styles, _ = _styles(config)
    return f'<link rel="stylesheet" href="../{styles}">\n{html}'


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> Environment:
    """Have templates filled and pages indexed only if they are not what they were."""
    book, language = _book(config)
    _finished[language] = Finished(book, language, config, env)
    return env


@event_priority(100)  # before the search looks at the page
def on_page_context(
    context: Any, page: Page, config: MkDocsConfig, nav: Navigation
) -> Any:
    """Look the finished page up."""
    _finished[_book(config)[1]].look_up(page, nav)
    return context


def on_post_build(config: MkDocsConfig) -> None:
    """Write the styles of run pages."""
    release_sources()
    name, styles = _styles(config)
    if styles:
        path = Path(config.site_dir) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(styles)


def on_build_error(error: Exception) -> None:
    """Let go of what the build was made from."""
    release_sources()


def _styles(config: MkDocsConfig) -> tuple[str, bytes]:
    """Return the path below the site of the styles of run pages, and those."""
    path = Path(config.theme.custom_dir or "") / STYLES
    styles = path.read_bytes() if path.is_file() else b""
    return f"assets/run-{hashlib.sha256(styles).hexdigest()[:12]}.css", styles
