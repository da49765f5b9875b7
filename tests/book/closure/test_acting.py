"""Which statements of a module only bind names, form by form and name by name.

What is said to act counts for everybody who imports the module. One form missed there
is a stale result; one that is quiet and held to act costs runs that need not be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dlnotes.book.closure.acting import Acting

if TYPE_CHECKING:
    from tests.book.conftest import SmallBook

PARTS = """
from enum import Enum

NUMBER = 1
TABLE = {}
PAIR = 1, 2
ALIAS = NUMBER


class Part:
    limit = 2


class Kind(Enum):
    A = 1


def part():
    pass


class Looks:
    def __get__(self, instance, owner):
        return part()


LOOKS = Looks()
"""
IMPORTS = """
import abc
import collections
import contextlib
import dataclasses
import functools
import re
import string
import threading
import typing
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from mini.parts import ALIAS, LOOKS, NUMBER, PAIR, TABLE, Kind, Part, part

"""
QUIET = [
    "pass",
    "'a text'",
    "X = -1",
    "X: int = 1",
    "X, Y = 1, 'a'",
    "X = [1, (Part, part)]",
    "X = {1, 2}",
    "X = {'a': Part, 'b': NUMBER}",
    "X = 2 * 3",
    "X = lambda: part()",
    "X = string.digits",
    *(f"X = {name}[Part]" for name in ("dict", "frozenset", "list", "set")),
    *(f"X = {name}[Part]" for name in ("tuple", "type", "Iterator", "NDArray")),
    *(f"X = {name}[Part]" for name in ("collections.deque", "typing.Optional")),
    "X = Callable[[int], Part]",
    "X = Part | None",
    "X = torch.Tensor | np.ndarray",
    "X = re.compile('a')",
    "X = typing.TypeVar('X', bound=Part)",
    "X = typing.NewType('X', int)",
    "def x(a: Part = NUMBER, *, b: int = 2) -> dict[str, Part]: part()",
    "async def x(): part()",
    *(
        f"@{name}\ndef x(): part()"
        for name in (
            *("contextlib.contextmanager", "functools.cache", "typing.overload"),
            *("functools.lru_cache(maxsize=None)", "functools.singledispatch"),
            *("functools.wraps(part)", "torch.enable_grad()", "torch.no_grad()"),
            *("torch.inference_mode()", "typing.final"),
        )
    ),
    *(
        f"class X:\n    @{name}\n    def x(self): part()"
        for name in (
            *("abc.abstractmethod", "classmethod", "property", "staticmethod"),
            "functools.cached_property",
        )
    ),
    "@dataclasses.dataclass(frozen=True)\nclass X:\n"
    "    a: int = 1\n    b: list[int] = dataclasses.field(default_factory=list)",
    "@typing.runtime_checkable\nclass X(typing.Protocol):\n    def x(self): ...",
    "class X:\n    '''A text.'''\n    a = NUMBER\n    b: int\n    c = Part",
    *(
        f"class X({base}):\n    a = 1\n    def x(self): part()"
        for base in (
            *("Part", "ValueError", "abc.ABC", "dict[str, int]", "Mapping[str, Part]"),
            *("contextlib.ContextDecorator", "threading.local", "typing.NamedTuple"),
            *("torch.Tensor", "torch.autograd.Function", "torch.nn.Module"),
            *("torch.distributions.Normal", "torch.optim.Adam"),
            *("collections.UserDict", "torch.utils.data.Dataset"),
        )
    ),
    "if __name__ == '__main__':\n    part()",
]
ACTING = [
    "part()",
    "X = part()",
    "X, Y = 1, part()",
    "X, Y = PAIR",
    "(X, Y), Z = PAIR, 1",
    "X, *Y = 1, 2",
    "X = Y = 1",
    "X: int = part()",
    "X += 1",
    "del X",
    "X = -NUMBER",
    "X = NUMBER + 1",
    "X = {NUMBER}",
    "X = {NUMBER: 1}",
    "X = {'a': part()}",
    "X = {**TABLE}",
    "X = [*PAIR]",
    "X = TABLE['a']",
    "X = string.digits[NUMBER]",
    "X = Part.limit",
    "X = Kind['A']",
    "X = NUMBER | 2",
    "X = PAIR | None",
    "X = LOOKS | None",
    "X = NUMBER == 1",
    "X = not LOOKS",
    "X = LOOKS or 1",
    "X = f'{LOOKS}'",
    "X = part if LOOKS else 1",
    "X = [a for a in PAIR]",
    "X.a = 1",
    "X['a'] = 1",
    "for x in PAIR: pass",
    "if NUMBER: pass",
    "try:\n    part\nexcept Exception: pass",
    "with torch.no_grad():\n    pass",
    "assert LOOKS",
    "raise ValueError",
    "@part\ndef x(): pass",
    "@functools.wraps(ALIAS)\ndef x(): pass",
    "@functools.wraps(LOOKS)\ndef x(): pass",
    "def x(a=part()): pass",
    "def x(a: Part.limit): pass",
    "X = re.compile(part())",
    "class X(Kind):\n    A = 1",
    "class X(part): pass",
    "class X(LOOKS): pass",
    "class X(dict[Part.limit, int]): pass",
    "class X(string.Formatter): pass",
    "class X(torch.utils.checkpoint.Other): pass",
    "class X(Part, slots=True): pass",
    "class X(metaclass=abc.ABCMeta): pass",
    "class X:\n    part()",
    "class X:\n    a = part()",
    "class X:\n    a = LOOKS",
    "class X:\n    a = b = 1",
    "class X:\n    Part = 1\n    a: Part = 1",
    "class X:\n    for a in PAIR: pass",
    "class X:\n    @part\n    def x(self): pass",
    "@dataclasses.dataclass\nclass X:\n    a: int = part()",
]


def acts(small: SmallBook, statement: str) -> bool:
    """Return whether a statement acts, behind the imports of a module."""
    small.module("parts", PARTS)
    small.module("a", IMPORTS + statement + "\n")
    library = small.book.library
    module = library.module("mini.a")
    assert module
    last = module.tree.body[-1]
    return Acting(library).acts(module, last)


@pytest.mark.parametrize("statement", QUIET)
def test_it_only_binds_names(small: SmallBook, statement: str) -> None:
    assert not acts(small, statement)


@pytest.mark.parametrize("statement", ACTING)
def test_it_may_do_more(small: SmallBook, statement: str) -> None:
    assert acts(small, statement)
