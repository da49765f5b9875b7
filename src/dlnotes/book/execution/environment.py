"""Give a snippet's process its environment: the same on every machine."""

import os
from pathlib import Path

ONE_THREAD = dict.fromkeys(
    [
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ],
    "1",
)
PASSED_ON = (
    *("HOME", "USER", "LOGNAME", "PATH", "XDG_CACHE_HOME"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES"),
    *("SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),  # Windows
    *("http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)


def data_folder() -> str | None:
    """Return the folder of the data sets that the reader has named, if any."""
    data = os.environ.get("DLNOTES_DATA")
    return os.path.abspath(os.path.expanduser(data)) if data else None


def environment(cache: Path, source: Path) -> dict[str, str]:
    """Return the environment of a snippet's process: one thread, fixed hashing.

    Of the reader's own variables it gets those that say what lies where, and the folder
    of the data sets; no other may change a result.

    Args:
        cache: a folder where matplotlib may keep its list of fonts.
        source: the folder that holds the book's package.
    """
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    fixed = {
        "PYTHONPATH": str(source),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(cache),
    }
    if data := data_folder():
        fixed["DLNOTES_DATA"] = data
    return kept | ONE_THREAD | fixed
