"""The MkDocs hook: runs what is stale, and adds run pages and downloads to the site."""

import logging
import os
from pathlib import Path
from typing import Any

import jieba
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from dlnotes.book.book import find_book
from dlnotes.book.downloads import notebooks, programs, write_notebooks
from dlnotes.book.errors import BookError
from dlnotes.book.keys import Settings
from dlnotes.book.markdown import current_sources
from dlnotes.book.progress import Report
from dlnotes.book.run_page import tidy
from dlnotes.book.runner import Runner
from dlnotes.book.site import write_font

_styles: dict[str, str] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Tell the theme where the repository is."""
    config.repo_url = find_book(Path(config.config_file_path).parent).repository
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Run what is stale and write the font, unless `dlnotes build` has done so."""
    _styles.clear()
    jieba.setLogLevel(logging.WARNING)  # it reports its dictionary on every build
    if "DLNOTES_BUILD" in os.environ:
        return
    try:
        book = find_book(Path(config.config_file_path).parent)
        settings = Settings.of_environment()
        report = Report(book)
        with Runner(book) as runner:
            outcome = runner.update(list(book.snippets), settings, report)
        report.close(outcome)
        write_font(book, settings)
    except BookError as error:
        raise PluginError(str(error)) from error
    if outcome.failures:
        raise PluginError("a snippet failed; see above")


@event_priority(100)  # before mkdocs-jupyter looks for notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the notebooks of the runs, the programs and the package's source."""
    root = Path(config.config_file_path).parent
    language = str(config.theme["language"])
    book, sources = find_book(root), current_sources(root)
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


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Tidy the run pages."""
    if not page.file.src_uri.startswith("runs/"):
        return output
    html, styles = tidy(output, "../" * page.url.count("/"))
    _styles.update(styles)
    return html


def on_post_build(config: MkDocsConfig, **_: Any) -> None:
    """Write the shared styles."""
    for name, style in _styles.items():
        path = Path(config.site_dir) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(style, encoding="utf-8")
