"""Docstrings are read alone, in `help()`, on the API page and in a hover."""

import ast
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "src" / "dlnotes" / "basics"
MODULES = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
# words that need another docstring above this one
LEANING = re.compile(r"\bthe same\b|\blikewise\b|\bas `?\w+`? does\b|^\w+ its\b")
Documented = ast.FunctionDef | ast.ClassDef


def public(tree: ast.Module) -> dict[str, str]:
    """Return the docstrings of the public classes, functions and methods."""
    found = {}
    for node in tree.body:
        if isinstance(node, Documented) and node.name[0] != "_":
            found[node.name] = ast.get_docstring(node) or ""
            for part in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(part, Documented) and part.name[0] != "_":
                    found[f"{node.name}.{part.name}"] = ast.get_docstring(part) or ""
    return found


def leaning(docstring: str) -> bool:
    first, *rest = docstring.split("\n")
    starts_well = first[:1].isupper() and first.endswith((".", ":"))
    separate = not rest or rest[0] == ""
    return not (starts_well and separate) or bool(LEANING.search(docstring))


def returned(docstring: str) -> list[str]:
    """Return what the API page takes for values: one a line that is not indented."""
    _, _, section = docstring.partition("\nReturns:\n")
    lines = section.split("\n\n")[0].splitlines()
    return [line.strip() for line in lines if not line.startswith("        ")]


@pytest.mark.parametrize("module", MODULES)
def test_docstrings_stand_alone(module: str) -> None:
    found = public(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8")))
    assert len(found) >= 4
    assert [name for name, docstring in found.items() if leaning(docstring)] == []


@pytest.mark.parametrize("module", MODULES)
def test_the_api_page_shows_one_result_and_takes_no_word_for_a_type(
    module: str,
) -> None:
    found = public(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8")))
    several = {name: returned(docstring) for name, docstring in found.items()}
    assert {n: values for n, values in several.items() if len(values) > 1} == {}
    assert [n for n, values in several.items() if values and ":" in values[0]] == []


def test_results_are_counted_as_the_api_page_does() -> None:
    text = "Do it.\n\nReturns:\n    one thing of\n    two lines: no.\n\nSource: me."
    assert returned(text) == ["one thing of", "two lines: no."]
    assert returned(text.replace("    two", "        two")) == ["one thing of"]
    assert returned("Do it.") == []


@pytest.mark.parametrize(
    "docstring",
    [
        "",
        "Estimate the same with a step up and a step down: error of order h².",
        "Return its two partial derivatives: x, and y³ − y.",
        "Return the absolute error, as `mse` does.",
        "Return the loss\nof a batch.",
    ],
)
def test_a_docstring_that_leans_is_found(docstring: str) -> None:
    assert leaning(docstring)
