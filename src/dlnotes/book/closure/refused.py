"""Know what a run may not use, since the key of the run could not cover it."""

import re

PROCESS = "starts another process, and what that runs and reads is not known"
TEXT = "runs code that is read in a run: import it"
ANY_CLASS = "may make objects of any class: store arrays, numbers and text"
ANY_NAME = "may use any name of a module: name what is used"
COMPUTED = "sets a name that is not written here: assign to it, or use a dictionary"
INSTALLED = "tells what is installed, and no run is stale when that changes"
UNSEEN = (
    "reads files where no run can know of it, so that a changed file would change "
    "nothing: open it by `open` or `PIL.Image.open`"
)
SHOWN = (
    "may show docstrings or line numbers, and no run is stale when those change: "
    "print what is to be shown"
)
PLACE = "would be that of the program in one file"
HOOK = "runs where no name tells of it: call what is to happen"
NAMES = {
    PROCESS: """
        asyncio.create_subprocess_exec asyncio.create_subprocess_shell
        concurrent.futures.ProcessPoolExecutor concurrent.futures.process
        joblib.Parallel multiprocessing os.exec os.fork os.forkpty os.popen
        os.posix_spawn os.spawn os.system pty subprocess torch.multiprocessing
    """,
    TEXT: """
        builtins.compile builtins.exec code codeop runpy
        timeit.Timer timeit.repeat timeit.timeit torch.hub.load
    """,
    INSTALLED: "importlib.metadata",
    ANY_CLASS: """
        _pickle cloudpickle dill joblib.load marshal pickle.Unpickler pickle.load shelve
        yaml
    """,
    ANY_NAME: """
        builtins.__import__ builtins.eval builtins.globals builtins.locals
        gc.get_objects gc.get_refer importlib inspect logging.config pkgutil pydoc
        site sys._current_frames sys._getframe sys.meta_path sys.modules sys.path
        sys.path_hooks typing.get_type_hints unittest xml.sax.make_parser
    """,
    UNSEEN: """
        PIL.ImageFont ctypes cv2 h5py lxml netCDF4 numpy.ctypeslib pyarrow readline
        safetensors scipy.io.mminfo scipy.io.mmread sqlite3 tokenize torch._C
        torch.from_file torch.ops.image torch.package torchvision.io
    """,
    SHOWN: """
        IPython builtins.help cProfile dis doctest faulthandler
        functools.WRAPPER_ASSIGNMENTS
        inspect.getdoc inspect.getsource inspect.getsourcelines linecache logging
        numpy.info profile pstats rich.console rich.inspect rich.traceback
        sys.__excepthook__ sys.excepthook sys.setprofile sys.settrace
        torch.autograd.anomaly_mode torch.autograd.detect_anomaly
        torch.autograd.set_detect_anomaly torch.export torch.jit trace traceback
        tracemalloc warnings.formatwarning warnings.showwarning warnings.warn
        warnings.warn_explicit
    """,
}
REFUSED = {name: why for why, names in NAMES.items() for name in names.split()}
# Beginnings of names: `os.execv`, `pickle.loads`, `gc.get_referrers`.
BEGINNINGS = re.compile(r"(exec|spawn|load|get_refer)[a-z]+$")
ALLOWED = (
    *("importlib.resources", "inspect.Parameter", "inspect.Signature"),
    *("inspect.cleandoc", "inspect.signature"),
    *("yaml.YAMLError", "yaml.dump", "yaml.safe_dump", "yaml.safe_load"),
)
AS_VALUE = {"builtins", "os", "sys"}
OWN_NAMES = {"vars", "dir"}  # without an argument
PARTS = {
    ANY_CLASS: "allow_pickle",
    ANY_NAME: """
        __builtins__ __dict__ __globals__ __import__ __loader__ __spec__
        __subclasses__ eval_str f_globals f_locals import_module
    """,
    SHOWN: """
        __code__ __doc__ co_firstlineno co_lines co_linetable co_lnotab co_positions
        f_lineno lineno print_stack tb_lineno
    """,
    TEXT: "load_library",
    UNSEEN: "dir_fd from_file",
}
WORDS = {word: why for why, words in PARTS.items() for word in words.split()}
PLACES = {"__annotations__", "__file__", "__name__", "__package__", "__path__"}
HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__"}
HOOKS |= {"__prepare__", "__mro_entries__", "__subclasshook__"}
# The same wherever they are found: `typing.sys`, `asyncio.subprocess`.
ROOTS = {"builtins", "multiprocessing", "os", "subprocess", "sys"}


def why_not(name: str) -> str | None:
    """Return why a run may not use what an absolute name stands for, if it may not."""
    parts = name.split(".")
    firsts = [0, *(at for at, part in enumerate(parts) if part in ROOTS)]
    starts = [
        ".".join(parts[first:end])
        for first in firsts
        for end in range(first + 1, len(parts) + 1)
    ]
    if any(start in ALLOWED for start in starts):
        return None
    starts += [BEGINNINGS.sub(r"\1", start) for start in starts]
    return next((REFUSED[name] for name in reversed(starts) if name in REFUSED), None)
