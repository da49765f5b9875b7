"""Compile templates once per process, and list those that MkDocs may copy."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, TemplateNotFound
from jinja2.bccache import Bucket
from jinja2.meta import find_referenced_templates
from nbconvert.exporters import templateexporter


class _Memory(BytecodeCache):
    """Keeps compiled templates while the process lives."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if known := self._known.get(bucket.key):
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


memory = _Memory()


def compile_all(env: Environment, *names: str) -> None:
    """Compile some templates and all that they include or extend, where they exist."""
    env.bytecode_cache = memory
    todo, seen = [*names], set(names)
    while todo:
        try:
            source, _, _ = env.loader.get_source(env, name := todo.pop())  # type: ignore[union-attr]
            env.get_template(name)
        except TemplateNotFound:
            continue
        found = {*find_referenced_templates(env.parse(source))} - {None, *seen}
        todo += [name for name in found if name]
        seen |= {*todo}


def pass_hidden_folders() -> None:
    """List templates without those in hidden folders, of which MkDocs takes none.

    It looks through them for files to copy, and Material has thousands of icons there.
    """

    def list_templates(self: FileSystemLoader) -> list[str]:
        found = set()
        for root in map(Path, self.searchpath):
            for place, folders, names in os.walk(root, followlinks=self.followlinks):
                folders[:] = [name for name in folders if not name.startswith(".")]
                found |= {
                    Path(place, name).relative_to(root).as_posix() for name in names
                }
        return sorted(found)

    FileSystemLoader.list_templates = list_templates  # type: ignore[method-assign]


@contextmanager
def compiled_once() -> Iterator[None]:
    """Have nbconvert, which forgets them, take templates that are compiled already."""
    module: Any = templateexporter
    environment = module.Environment
    module.Environment = partial(environment, bytecode_cache=memory)
    try:
        yield
    finally:
        module.Environment = environment
