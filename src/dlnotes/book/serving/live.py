"""Serve a folder to its author: pages reload when they change, or say what is wrong."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ASK = "/-/live"
WAIT = 20.0  # seconds after which a page that waits is answered anyhow
EMPTY = b"<!doctype html><meta charset=utf-8><title>dlnotes</title><body></body>"
SCRIPT = Path(__file__).with_name("live.js")


class Live:
    """What is served, and what is wrong with what would be.

    Args:
        folder: its files are served as they are at each moment.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._changed = threading.Condition()
        self._version = 0
        self.message = ""

    def announce(self, message: str) -> None:
        """Have pages reload that have changed, and show what is wrong, if anything."""
        with self._changed:
            self._version += 1
            self.message = message
            self._changed.notify_all()

    def answer(self, page: str, version: int) -> dict[str, Any]:
        """Wait until there is something newer than a version; say what is new."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version, WAIT)
            found = {"version": self._version, "message": self.message}
        return {**found, "digest": self.digest(page)}

    def file(self, page: str) -> Path:
        """Return the file that an address stands for."""
        path = self.folder / unquote(page).lstrip("/")
        inside = path.resolve().is_relative_to(self.folder.resolve())
        if not inside:
            return self.folder / "none"
        return path / "index.html" if path.is_dir() else path

    def digest(self, page: str) -> str:
        """Return a digest of a page and of the styles and scripts of its language."""
        path = self.file(page)
        language = Path(unquote(page).lstrip("/")).parts[:1]
        assets = self.folder.joinpath(*language, "assets")
        shared = sorted([*assets.rglob("*.css"), *assets.rglob("*.js")])
        found = hashlib.sha256()
        for item in [path, *shared]:
            try:
                found.update(item.read_bytes())
            except OSError:  # not there, or just being replaced
                found.update(b"\0")
        return found.hexdigest()

    def page(self, address: str) -> bytes | None:
        """Return a page with the script that keeps it up to date; None for a file."""
        path = self.file(address)
        if path.is_file() and path.suffix != ".html":
            return None
        digest = self.digest(address)  # first: what changes now, is told next
        html = path.read_bytes() if path.is_file() else EMPTY
        about = json.dumps({"ask": ASK, "digest": digest})
        script = SCRIPT.read_text(encoding="utf-8").replace('"ABOUT"', about)
        at = html.rfind(b"</body>")
        at = len(html) if at < 0 else at
        return html[:at] + f"<script>{script}</script>".encode() + html[at:]


class Handler(SimpleHTTPRequestHandler):
    """Answers for a `Live`."""

    def __init__(self, *arguments: Any, live: Live) -> None:
        self.live = live
        super().__init__(*arguments, directory=str(live.folder))

    def do_GET(self) -> None:
        """Send a page, a file, or what is new."""
        parts = urlsplit(self.path)
        if parts.path == ASK:
            asked = parse_qs(parts.query)
            found = self.live.answer(asked["page"][0], int(asked["version"][0]))
            self._send(json.dumps(found).encode(), "application/json")
            return
        is_there = self.live.file(parts.path).is_file()
        page = self.live.page(parts.path) if self._is_page(parts.path) else None
        if page is None:
            super().do_GET()
            return
        status = HTTPStatus.OK if is_there else HTTPStatus.NOT_FOUND
        self._send(page, "text/html; charset=utf-8", status)

    def _is_page(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        folder = (self.live.folder / unquote(path).lstrip("/")).is_dir()
        return name.endswith(".html") or not name or (not folder and "." not in name)

    def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        """Have nothing kept by the browser: the next build may change it."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal tells of builds."""


@contextmanager
def served(live: Live, host: str, port: int) -> Iterator[int]:
    """Serve until the end of the context; return the port."""
    handler = partial(Handler, live=live)
    with ThreadingHTTPServer((host, port), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
