"""Know the uses of Python that no syntax tree can follow."""

import ast
import re
from collections.abc import Iterable
from functools import cache

# What brings in code or files that the key of a run cannot know, and how.
PROCESS = "starts another process, and what that runs and reads is not known"
TEXT = "runs code that is read in a run: import it"
ANY_CLASS = "may make objects of any class: store arrays, numbers and text"
REFUSED = {
    **dict.fromkeys(
        ("multiprocessing", "os.popen", "os.system", "subprocess"), PROCESS
    ),
    **dict.fromkeys(("os.exec", "os.posix_spawn", "os.spawn"), PROCESS),
    **dict.fromkeys(("builtins.exec", "runpy"), TEXT),
    **dict.fromkeys(("cloudpickle", "dill", "joblib.load", "shelve"), ANY_CLASS),
    **dict.fromkeys(("pickle.Unpickler", "pickle.load"), ANY_CLASS),
}
REFUSED_WORDS = {"allow_pickle": ANY_CLASS}
# What can find any name of the module it stands in.
OWN_MODULE = {
    f"builtins.{name}" for name in ("eval", "globals", "locals", "vars", "dir")
}
# What can find any name of any module, with all that lies below it.
ANY_MODULE = (
    "builtins.__import__",
    "gc.get_objects",
    "gc.get_referents",
    "gc.get_referrers",
    "importlib",
    "inspect",
    "pkgutil",
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
    "cProfile",
    "dis",
    "doctest",
    "inspect",
    "linecache",
    "profile",
    "pstats",
    "pydoc",
    "trace",
    "traceback",
    "tracemalloc",
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


@cache
def refused(name: str) -> str | None:
    """Return why a run may not use what an absolute name stands for, if it may not."""
    parts = name.split(".")
    starts = [".".join(parts[:size]) for size in range(1, len(parts) + 1)]
    starts += [re.sub("(exec|spawn|load)[a-z]+$", r"\1", start) for start in starts]
    found = [REFUSED[start] for start in starts if start in REFUSED]
    return found[0] if found else None


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
    """Return the names, attributes, keywords and short texts in some code."""
    found: set[str] = set()
    for top in nodes:
        for node in ast.walk(top):
            match node:
                case ast.Name(id=text) | ast.Attribute(attr=text):
                    found.add(text)
                case ast.keyword(arg=str(text)):
                    found.add(text)
                case ast.Constant(value=str(text)) if len(text) < 30:
                    found.add(text)
    return found
