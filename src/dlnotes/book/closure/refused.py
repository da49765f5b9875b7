"""Know what a run may not use, since the key of the run could not cover it."""

import re

PROCESS = "starts another process, and what that runs and reads is not known"
TEXT = "runs code that is read in a run: import it"
ANY_CLASS = "may make objects of any class: store arrays, numbers and text"
ANY_NAME = "may use any name of a module: name what is used"
UNSEEN = (
    "reads files where no run can know of it, so that a changed file would change "
    "nothing: open it by `open` or `PIL.Image.open`"
)
PLACE = "would be that of the program in one file"
HOOK = "tells a class of others when they are made: call what is to happen"
REFUSED = {
    **dict.fromkeys(
        ("multiprocessing", "os.popen", "os.system", "subprocess"), PROCESS
    ),
    **dict.fromkeys(("os.exec", "os.posix_spawn", "os.spawn"), PROCESS),
    **dict.fromkeys(("builtins.exec", "runpy"), TEXT),
    **dict.fromkeys(("cloudpickle", "dill", "joblib.load", "shelve"), ANY_CLASS),
    **dict.fromkeys(("pickle.Unpickler", "pickle.load"), ANY_CLASS),
    **dict.fromkeys(("builtins.eval", "builtins.globals"), ANY_NAME),
    **dict.fromkeys(("builtins.locals", "builtins.__import__"), ANY_NAME),
    **dict.fromkeys(("gc.get_objects", "gc.get_refer", "importlib"), ANY_NAME),
    **dict.fromkeys(("inspect", "pkgutil", "sys.modules"), ANY_NAME),
    **dict.fromkeys(("sys._current_frames", "sys._getframe"), ANY_NAME),
    "typing.get_type_hints": ANY_NAME,
    **dict.fromkeys(("torchvision.io", "torch.ops.image", "torch.from_file"), UNSEEN),
    **dict.fromkeys(("torch.UntypedStorage.from_file", "torch.jit.load"), UNSEEN),
    **dict.fromkeys(("cv2", "h5py", "netCDF4", "pyarrow"), UNSEEN),
    **dict.fromkeys(("safetensors", "sqlite3"), UNSEEN),
}
# Beginnings of names: `os.execv`, `pickle.loads`, `gc.get_referrers`.
BEGINNINGS = re.compile(r"(exec|spawn|load|get_refer)[a-z]+$")
ALLOWED = (
    *("importlib.metadata", "importlib.resources", "importlib.util.find_spec"),
    *("inspect.Parameter", "inspect.Signature", "inspect.cleandoc", "inspect.getdoc"),
    *("inspect.getsource", "inspect.getsourcelines", "inspect.signature"),
)
AS_VALUE = {"builtins", "sys"}
OWN_NAMES = {"builtins.vars", "builtins.dir"}  # without an argument
WORDS = {
    "allow_pickle": ANY_CLASS,
    **dict.fromkeys(("__builtins__", "__globals__", "__import__"), ANY_NAME),
    **dict.fromkeys(("__loader__", "__spec__", "__subclasses__"), ANY_NAME),
    **dict.fromkeys(("f_globals", "f_locals", "import_module"), ANY_NAME),
}
PLACES = {"__file__", "__name__", "__path__", "__package__", "__spec__", "__doc__"}
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
HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__"}
HOOKS |= {"__prepare__", "__mro_entries__"}


def why_not(name: str) -> str | None:
    """Return why a run may not use what an absolute name stands for, if it may not."""
    parts = name.split(".")
    starts = [".".join(parts[:size]) for size in range(1, len(parts) + 1)]
    if any(start in ALLOWED for start in starts):
        return None
    starts += [BEGINNINGS.sub(r"\1", start) for start in starts]
    return next((REFUSED[start] for start in starts if start in REFUSED), None)


def sees_text(name: str) -> bool:
    """Say whether an absolute name stands for what reads the text of code."""
    return any(f"{name}.".startswith(f"{start}.") for start in SOURCE)
