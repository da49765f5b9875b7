"""What the book cannot follow is refused: the file, the line, and what to write.

The cases lie in samples/refused.txt, each with its error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cases import Case, cases, refused
from dlnotes.book.errors import BookError

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook


@cases("closure", "refused")
def test_what_no_key_could_cover_is_refused(case: Case, small: SmallBook) -> None:
    case.write(small)
    with refused(case, small):
        small.inputs()


REFUSED = {
    "a child": ("import subprocess\nsubprocess.run(['ls'])", 3, "subprocess.run"),
    "a shell": ("import os\nos.system('true')", 3, "os.system"),
    "another program": ("from os import execvp\nexecvp('a', ['a'])", 3, "execvp"),
    "workers": ("import multiprocessing as m\nm.Pool(2)", 3, "m.Pool"),
    "exec": ("\nexec('x = 1')", 3, "exec"),
    "a script": ("import runpy\nrunpy.run_path('a.py')", 3, "runpy.run_path"),
    "a module run": ("import runpy\nrunpy.run_module('mini.a')", 3, "runpy.run_module"),
    "pickle": ("import pickle\npickle.loads(b'')", 3, "pickle.loads"),
    "a shelf": ("import shelve\nshelve.open('a')", 3, "shelve.open"),
    "joblib": ("import joblib\njoblib.load('a')", 3, "joblib.load"),
    "an array of objects": (
        "import numpy as np\nnp.load('a', allow_pickle=True)", 3, "allow_pickle"
    ),
    "any object of PyTorch's": (
        "import torch\ntorch.load('a', weights_only=False)", 3, "weights_only=False"
    ),
    "an image by PyTorch": (
        "from torchvision.io import read_image\nread_image('a')", 3, "read_image"
    ),
    "a database": ("import sqlite3 as s\ns.connect('a')", 3, "s.connect"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_brings_in_code_that_is_not_known_is_refused(
    small: SmallBook, what: str
) -> None:
    code, line, name = REFUSED[what]
    small.module("a", "X = 1\n")
    snippet = small.snippet(f"# %% all\n{code}\n")
    with pytest.raises(BookError) as found:
        small.inputs()
    assert (found.value.path, found.value.line) == (snippet, line)
    assert f"`{name}`" in found.value.message


def test_a_function_of_the_package_that_is_refused_has_its_own_line(
    small: SmallBook,
) -> None:
    path = small.module("a", "import os\n\n\ndef used():\n    os.popen('ls')\n")
    small.snippet("# %% all\nfrom mini.a import used\n")
    with pytest.raises(BookError, match="starts another process") as found:
        small.inputs()
    assert (found.value.path, found.value.line) == (path, 5)
