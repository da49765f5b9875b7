"""Fixtures: the site, built once and served, and a headless browser."""

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from dlnotes.book.book import Book
from dlnotes.book.freshness.keys import Settings
from dlnotes.book.freshness.runner import Runner
from dlnotes.book.progress import Report
from dlnotes.book.publishing.site import build
from dlnotes.book.publishing.stamp import is_current, state
from dlnotes.book.storage.store import Run

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--disable-features=SpareRendererForSitePerProcess",  # a process for each page
]


@pytest.fixture(scope="session")
def site(
    book: Book, runs: dict[str, Run], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The site, if it is what a build would make, or one built for all workers."""
    if is_current(book, state(book, Settings()), book.site):
        return book.site
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    target = shared / "built" / "site"
    target.parent.mkdir(exist_ok=True)
    with FileLock(shared / "built.lock"), Runner(book) as runner:
        assert build(book, runner, Settings(), Report(book), target=target)
    return target


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """Serve the site on this machine; the address ends with a slash."""
    handler = functools.partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; CI must have one."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        assert "CI" not in os.environ, "CI needs chromium"
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
