"""Know the modules that a process has looked for and not found."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class Missing(MetaPathFinder):
    """The last of the finders: it is asked for what none before it has found."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        sys.meta_path.append(self)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> None:
        """Note a module that does not lie in a package, and do not find it."""
        if path is None:
            self._names.add(name)

    def names(self) -> list[str]:
        """Return the names of what has not been found since, either."""
        return sorted(self._names - sys.modules.keys())
