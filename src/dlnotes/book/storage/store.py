"""Finished runs on disk: whole or not at all, and never believed without a check."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dlnotes.book.storage.atomic import newest_first, write_atomically

KEPT = 3  # runs per snippet and settings: switching branches and back runs nothing
UNUSED = 30 * 86_400  # seconds that runs are kept of snippets that the book has not
SETTINGS = ("scale", "seed_offset")


@dataclass(frozen=True)
class Run:
    """A finished run.

    Args:
        manifest: name, key, inputs, files, packages, missing, values, seconds, cells,
            memory.
        notebook: the executed notebook, as nbformat 4 JSON.
    """

    manifest: dict[str, Any]
    notebook: dict[str, Any]

    @cached_property
    def digest(self) -> str:
        """A digest of the manifest, which holds that of the notebook."""
        text = json.dumps(self.manifest, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def values(self) -> dict[str, bool | int | float | str]:
        """The variables that prose may quote."""
        values: dict[str, bool | int | float | str] = self.manifest["values"]
        return values

    @property
    def seconds(self) -> float:
        """How long the snippet's own code took."""
        seconds: float = self.manifest["seconds"]
        return seconds

    def outputs(self, cell: str) -> list[dict[str, Any]]:
        """Return the notebook outputs of a cell."""
        for item in self.notebook["cells"]:
            if item["id"] == cell:
                outputs: list[dict[str, Any]] = item["outputs"]
                return outputs
        raise KeyError(cell)

    def log(self, cell: str) -> str:
        """Return what a cell printed on standard output."""
        return "".join(
            output["text"]
            for output in self.outputs(cell)
            if output.get("name") == "stdout"
        )


class Store:
    """Runs below a folder: `NAME/KEY.json` beside notebooks named by their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def lock(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the store for one process; another one says so, and waits."""
        from filelock import FileLock, Timeout

        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "lock")
        try:
            held = lock.acquire(timeout=0)
        except Timeout:
            waiting()
            held = lock.acquire()
        with held:
            yield

    def _manifest(self, name: str, key: str) -> Path:
        return self.folder / "runs" / name / f"{key}.json"

    def _notebook(self, sha256: str) -> Path:
        return self.folder / "notebooks" / f"{sha256}.ipynb"

    def save(self, manifest: dict[str, Any], notebook: dict[str, Any]) -> None:
        """Store a run; the manifest comes last, and only then does the run exist."""
        data = _dump(notebook)
        sha256 = hashlib.sha256(data).hexdigest()
        write_atomically(self._notebook(sha256), data)
        body = {**manifest, "notebook": sha256}
        seal = hashlib.sha256(_dump(body)).hexdigest()
        path = self._manifest(manifest["name"], manifest["key"])
        write_atomically(path, _dump({**body, "seal": seal}))
        self._forget_old(path.parent)

    def load(self, name: str, key: str) -> Run | None:
        """Return a run, None where there is none or any byte of it has changed."""
        manifest = _read_manifest(self._manifest(name, key))
        if manifest is None or (manifest["name"], manifest["key"]) != (name, key):
            return None
        try:
            data = self._notebook(manifest["notebook"]).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != manifest["notebook"]:
            return None
        with suppress(OSError):  # the runs used last are those that are kept
            os.utime(self._manifest(name, key))
        return Run(manifest, json.loads(data))

    def manifests(self, name: str) -> list[Path]:
        """Return the files of a snippet's manifests, sound or not."""
        return sorted((self.folder / "runs" / name).glob("*.json"))

    def has(self, name: str, key: str) -> bool:
        """Say whether there is a file for a run, sound or not."""
        return self._manifest(name, key).exists()

    def stored(self, name: str, settings: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Yield a snippet's sound manifests with these settings, last used first."""
        for _, path in newest_first(self.folder / "runs" / name, "*.json"):
            manifest = _read_manifest(path)
            if manifest is None or not settings.items() <= manifest["inputs"].items():
                continue
            if (manifest["name"], manifest["key"]) == (name, path.stem):
                yield manifest

    def _forget_old(self, folder: Path) -> None:
        kept: Counter[tuple[str | None, ...]] = Counter()
        for _, path in newest_first(folder, "*.json"):
            manifest = _read_manifest(path) or {"inputs": {}}
            settings = tuple(manifest["inputs"].get(name) for name in SETTINGS)
            kept[settings] += 1
            if kept[settings] > KEPT:
                path.unlink(missing_ok=True)

    def collect(self, names: set[str]) -> None:
        """Delete what no run needs: call it under the lock.

        Args:
            names: the book's snippets. Others may be of another branch, and their runs
                are kept for some time after they were last used.
        """
        oldest = time.time() - UNUSED
        for folder in (self.folder / "runs").glob("*/"):
            for path in folder.iterdir():
                is_kept = folder.name in names or path.stat().st_mtime > oldest
                if path.suffix != ".json" or not is_kept:
                    path.unlink()
            if not any(folder.iterdir()):
                folder.rmdir()
        manifests = map(_read_manifest, (self.folder / "runs").glob("*/*.json"))
        used = {manifest["notebook"] for manifest in manifests if manifest}
        for path in (self.folder / "notebooks").glob("*"):
            if path.stem not in used:
                path.unlink()


def _dump(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode("utf-8", "replace") + b"\n"


def _read_manifest(path: Path) -> dict[str, Any] | None:
    try:
        data = path.read_bytes()
        manifest: dict[str, Any] = json.loads(data)
        seal = manifest.pop("seal")
        body = data.replace(f' "seal": "{seal}",\n'.encode(), b"")
        return manifest if hashlib.sha256(body).hexdigest() == seal else None
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None
