"""Know the uses of Python that no syntax tree can follow."""

import ast
from collections.abc import Iterable
from functools import cache

# What can find any name of the module it stands in.
OWN_MODULE = {
    f"builtins.{name}" for name in ("eval", "exec", "globals", "locals", "vars", "dir")
}
# What can find any name of any module, with all that lies below it.
ANY_MODULE = (
    "builtins.__import__",
    "gc.get_objects",
    "gc.get_referents",
    "gc.get_referrers",
    "importlib",
    "inspect",
    "pickle.Unpickler",
    "pickle.load",
    "pickle.loads",
    "pkgutil",
    "runpy",
    "sys._current_frames",
    "sys._getframe",
    "sys.modules",
    "typing.get_type_hints",
)
NO_MODULE = (
    "importlib.metadata",
    "importlib.resources",
    "inspect.Parameter",
    "inspect.Signature",
    "inspect.cleandoc",
    "inspect.getdoc",
    "inspect.getsource",
    "inspect.getsourcelines",
    "inspect.signature",
)
ANY_MODULE_WORDS = {
    "__builtins__",
    "__globals__",
    "__import__",
    "__loader__",
    "__spec__",
    "__subclasses__",
    "f_globals",
    "import_module",
}
WHOLE_AS_VALUE = {"builtins", "importlib", "sys"}
# What sees comments, docstrings or line numbers.
SOURCE = (
    "builtins.help",
    "doctest",
    "inspect",
    "linecache",
    "pydoc",
    "traceback",
    "warnings.warn",
    "warnings.warn_explicit",
)
SOURCE_WORDS = {
    "__doc__",
    "co_firstlineno",
    "co_lines",
    "co_linetable",
    "co_lnotab",
    "co_positions",
    "f_lineno",
    "tb_lineno",
}
# What can give a module names that its text does not show.
WRITERS = {"__dict__", "exec", "globals", "locals", "modules", "setattr", "vars"}


def _starts(name: str, prefixes: Iterable[str]) -> bool:
    return any(name == item or name.startswith(f"{item}.") for item in prefixes)


def uses_own_module(name: str) -> bool:
    """Say whether what an absolute name stands for may use any name around it."""
    return name in OWN_MODULE


@cache
def uses_any_module(name: str) -> bool:
    """Say whether what an absolute name stands for may find any module."""
    if ANY_MODULE_WORDS & set(name.split(".")) or name in WHOLE_AS_VALUE:
        return True
    return _starts(name, ANY_MODULE) and not _starts(name, NO_MODULE)


@cache
def reads_source(name: str) -> bool:
    """Say whether what an absolute name stands for may see more than code."""
    return bool(SOURCE_WORDS & set(name.split("."))) or _starts(name, SOURCE)


def words(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names, attributes and short texts in some code."""
    found: set[str] = set()
    for top in nodes:
        for node in ast.walk(top):
            match node:
                case ast.Name(id=text) | ast.Attribute(attr=text):
                    found.add(text)
                case ast.Constant(value=str(text)) if len(text) < 30:
                    found.add(text)
    return found
