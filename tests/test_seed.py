"""Every seed of the book comes from one place, and can be moved from there."""

import ast
import re
from collections.abc import Iterator

import pytest

from dlnotes.book.book import Book
from dlnotes.seed import shifted

SEEDED = ("default_rng", "RandomState", "manual_seed")
TORCH = re.compile(
    r"^(?:import|from) (?:torch|dlnotes\.(?!basics|drawing|plot|seed|table))",
    re.MULTILINE,
)
EQUAL_TO_A_REFERENCE = {"generalization"}  # the same seeds, ours and scikit-learn's


def test_a_seed_is_itself_on_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLNOTES_SEED_OFFSET", raising=False)
    assert shifted(7) == 7


def test_offsets_move_seeds_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = set()
    for offset in range(3):
        monkeypatch.setenv("DLNOTES_SEED_OFFSET", str(offset))
        seeds |= {shifted(seed) for seed in range(1000)}
    assert len(seeds) == 3000


def seeds(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what generators are seeded with."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in SEEDED:
            yield from call.args
        yield from (word.value for word in call.keywords if word.arg == "random_state")


def test_no_snippet_seeds_a_generator_past_the_one_place(book: Book) -> None:
    found = [
        f"{name}: {ast.unparse(seed)}"
        for name, snippet in book.snippets.items()
        for seed in seeds(snippet.tree)
        if "shifted(" not in ast.unparse(seed) and name not in EQUAL_TO_A_REFERENCE
    ]
    assert found == []


def test_a_snippet_that_imports_pytorch_seeds_it_and_takes_one_thread(
    book: Book,
) -> None:
    """Whatever of the package is not in `basics` computes with PyTorch."""
    without = [
        name
        for name, snippet in book.snippets.items()
        if TORCH.search(snippet.source) and "seed_everything(" not in snippet.source
    ]
    assert without == []
