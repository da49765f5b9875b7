"""Say of each snippet whether its stored run is fresh, and if not, why."""

from dataclasses import dataclass
from typing import Any

from dlnotes.book.book import Book
from dlnotes.book.errors import BookError
from dlnotes.book.freshness.keys import Settings, inputs, key, local, version
from dlnotes.book.sandbox.opened import file_digest
from dlnotes.book.source.requirements import is_there
from dlnotes.book.source.snippet import Snippet, read_snippet
from dlnotes.book.storage.store import Run, Store


@dataclass(frozen=True)
class Status:
    """A snippet, what it depends on now, and its run if that is fresh.

    Args:
        reasons: why there is no fresh run; empty when there is one.
        last: how many seconds the stored run nearest to it took, None if it never ran.
    """

    snippet: Snippet
    inputs: dict[str, str]
    run: Run | None
    reasons: tuple[str, ...]
    last: float | None = None

    @property
    def key(self) -> str:
        """The key of the run that these inputs ask for."""
        return key(self.inputs)


def status(book: Book, store: Store, snippet: Snippet, settings: Settings) -> Status:
    """Look a snippet's run up by what it depends on now."""
    wanted = inputs(book, snippet, settings)
    name = snippet.name
    run = store.load(name, key(wanted))
    if run is not None:
        reasons = moved(run.manifest, book)
        return Status(snippet, wanted, None if reasons else run, reasons, run.seconds)
    stored = store.stored(name, settings.inputs())
    nearest = min(
        stored, key=lambda item: len(changes(item["inputs"], wanted)), default=None
    )
    if store.has(name, key(wanted)):
        reasons = ("its stored run is damaged",)
    elif nearest:
        reasons = changes(nearest["inputs"], wanted)
    else:
        reasons = ("it has not run yet",)
    last = nearest["seconds"] if nearest else None
    return Status(snippet, wanted, None, reasons, last)


def has_changed(item: Status, book: Book, settings: Settings) -> bool:
    """Say whether the code of a run is no longer what its key was made from."""
    now = Book(book.root, book.package)
    try:
        found = inputs(now, read_snippet(item.snippet.path), settings)
    except (BookError, OSError):  # half saved, or gone
        return True
    return found != item.inputs


def changes(old: dict[str, str], new: dict[str, str]) -> tuple[str, ...]:
    """Name what differs between the inputs of two runs."""
    found = []
    for name in [*new, *(name for name in old if name not in new)]:
        before, after = old.get(name), new.get(name)
        is_own = name.startswith(("cell ", "order of ", "name "))
        if before == after:
            continue
        if before is None:
            found.append(f"{name} is {'new' if is_own else 'reached now'}")
        elif after is None:
            found.append(f"{name} is {'gone' if is_own else 'no longer reached'}")
        elif _is_digest(before) and _is_digest(after):
            found.append(f"{name} changed")
        else:
            found.append(f"{name}: {before} -> {after}")
    return tuple(found)


def moved(manifest: dict[str, Any], book: Book) -> tuple[str, ...]:
    """Name the files, packages and modules that are not what they were in a run."""
    found = []
    for path, before in manifest["files"].items():
        now = file_digest(local(path, book))
        if now != before:
            what = (
                "is gone" if now is None else "is new" if before is None else "changed"
            )
            found.append(f"file {path} {what}")
    for name, before in manifest["packages"].items():
        if version(name) != before:
            found.append(f"{name}: {before} -> {version(name)}")
    for name in manifest.get("missing", ()):
        if is_there(name):
            found.append(f"module {name} is new")
    return tuple(found)


def _is_digest(text: str) -> bool:
    return len(text) == 16 and set(text) <= set("0123456789abcdef")
