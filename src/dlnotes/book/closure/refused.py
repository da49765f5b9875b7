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
SHOWN = "may show docstrings or line numbers, and no run is stale when those change"
PLACE = "would be that of the program in one file"
HOOK = "tells a class of others when they are made: call what is to happen"
NAMES = {
    PROCESS: """
        multiprocessing subprocess
        os.exec os.popen os.posix_spawn os.spawn os.system
    """,
    TEXT: "builtins.exec runpy",
    ANY_CLASS: "cloudpickle dill joblib.load pickle.Unpickler pickle.load shelve",
    ANY_NAME: """
        builtins.__import__ builtins.eval builtins.globals builtins.locals
        gc.get_objects gc.get_refer importlib inspect pkgutil pydoc
        sys._current_frames sys._getframe sys.modules typing.get_type_hints
    """,
    UNSEEN: """
        torch.UntypedStorage.from_file torch.from_file torch.jit.load torch.ops.image
        torchvision.io cv2 h5py netCDF4 pyarrow safetensors sqlite3
    """,
    SHOWN: """
        builtins.help cProfile dis doctest inspect.getdoc inspect.getsource
        inspect.getsourcelines linecache profile pstats trace traceback tracemalloc
        warnings.warn warnings.warn_explicit
    """,
}
REFUSED = {name: why for why, names in NAMES.items() for name in names.split()}
# Beginnings of names: `os.execv`, `pickle.loads`, `gc.get_referrers`.
BEGINNINGS = re.compile(r"(exec|spawn|load|get_refer)[a-z]+$")
ALLOWED = (
    *("importlib.metadata", "importlib.resources", "importlib.util.find_spec"),
    *("inspect.Parameter", "inspect.Signature", "inspect.cleandoc"),
    "inspect.signature",
)
AS_VALUE = {"builtins", "sys"}
OWN_NAMES = {"builtins.vars", "builtins.dir"}  # without an argument
PARTS = {
    ANY_CLASS: "allow_pickle",
    ANY_NAME: """
        __builtins__ __globals__ __import__ __loader__ __spec__ __subclasses__
        f_globals f_locals import_module
    """,
    SHOWN: """
        __doc__ co_firstlineno co_lines co_linetable co_lnotab co_positions
        f_lineno tb_lineno
    """,
}
WORDS = {word: why for why, words in PARTS.items() for word in words.split()}
PLACES = {"__file__", "__name__", "__path__", "__package__"}
HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__"}
HOOKS |= {"__prepare__", "__mro_entries__"}


def why_not(name: str) -> str | None:
    """Return why a run may not use what an absolute name stands for, if it may not."""
    parts = name.split(".")
    starts = [".".join(parts[:size]) for size in range(1, len(parts) + 1)]
    if any(start in ALLOWED for start in starts):
        return None
    starts += [BEGINNINGS.sub(r"\1", start) for start in starts]
    return next((REFUSED[name] for name in reversed(starts) if name in REFUSED), None)
