"""Put one folder in the place of another."""

import shutil
import tempfile
from pathlib import Path


def replace(new: Path, old: Path) -> None:
    """Put one folder in the place of another, which goes; back if that fails."""
    if not old.exists():
        new.rename(old)
        return
    aside = Path(tempfile.mkdtemp(prefix=".site-", dir=old.parent))
    kept = old.rename(aside / "old")
    try:
        new.rename(old)
    except BaseException:
        kept.rename(old)
        aside.rmdir()
        raise
    shutil.rmtree(aside)
