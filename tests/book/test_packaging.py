"""What the package says of itself, and what it asks to be installed."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

from dlnotes.book.source.requirements import BASE, NEEDS, SITE

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
PLACES = (
    *("pyproject.toml", "mkdocs.yml", "mkdocs.zh.yml", "Makefile", ".ci", ".github"),
    *("README.md", "README.zh.md", "CONTRIBUTING.md", "docs", "src", "snippets"),
)
packages_distributions = cache(metadata.packages_distributions)  # takes a second
BROUGHT = {"cycler": "matplotlib"}  # its own companion, which it asks for itself


def distribution(requirement: str) -> str:
    """Return the normalized name that a requirement begins with."""
    match = re.match(r"[\w.-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def test_the_package_may_not_be_uploaded() -> None:
    """The name on the package index belongs to another project."""
    assert "Private :: Do Not Upload" in PROJECT["classifiers"]


def test_each_python_version_from_the_oldest_one_on_is_named() -> None:
    oldest = PROJECT["requires-python"].removeprefix(">=")
    start = "Programming Language :: Python :: 3."
    versions = [
        f"3.{name.removeprefix(start)}"
        for name in PROJECT["classifiers"]
        if name.startswith(start)
    ]
    assert versions == ["3.11", "3.12", "3.13"]
    assert versions[0] == oldest == SETTINGS["tool"]["mypy"]["python_version"]
    assert SETTINGS["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"


def test_the_metadata_name_authors_licence_and_both_languages() -> None:
    assert PROJECT["authors"] == [{"name": "The dlnotes authors"}]
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["authors"][0]["name"] in licence
    assert PROJECT["license"] == "MIT"
    assert all((ROOT / name).is_file() for name in PROJECT["license-files"])
    spoken = [name for name in PROJECT["classifiers"] if "Natural Language" in name]
    assert [name.split(" :: ")[1] for name in spoken] == [
        "English",
        "Chinese (Simplified)",
    ]
    assert not [name for name in PROJECT["classifiers"] if "License ::" in name]


def test_the_repository_has_one_address_in_one_place() -> None:
    (address,) = PROJECT["urls"].values()
    host = address.split("/")[2]
    paths = [ROOT / name for name in PLACES]
    files = [file for path in paths for file in (path, *path.rglob("*.*"))]
    named = [
        file for file in files if file.is_file() and host.encode() in file.read_bytes()
    ]
    assert named == [ROOT / "pyproject.toml"]


def test_the_package_tells_that_it_is_typed() -> None:
    assert (ROOT / "src" / "dlnotes" / "py.typed").is_file()
    assert "py.typed" in SETTINGS["tool"]["setuptools"]["package-data"]["dlnotes"]
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_numpy_promotes_types_by_its_second_version() -> None:
    """`forward_difference` keeps the precision of a scalar float32 only then."""
    assert "numpy>=2" in PROJECT["dependencies"]


def test_the_command_knows_what_is_asked_to_be_installed() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(BASE) == {distribution(text) for text in PROJECT["dependencies"]}
    assert set(SITE) == {distribution(text) for text in extras["site"]}
    found = packages_distributions()
    for name, module in {**BASE, **SITE}.items():
        assert name in [distribution(text) for text in found[module]]
    for names in NEEDS.values():
        assert set(names) <= {*BASE, *SITE}


def test_what_the_package_imports_it_asks_to_be_installed() -> None:
    found = packages_distributions()
    extras = PROJECT["optional-dependencies"]
    declared = {*BASE, *SITE, *map(distribution, extras["tatoeba"])}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for top in {name.split(".")[0] for name in names}:
                if top in sys.stdlib_module_names or top == "dlnotes":
                    continue
                ask = {distribution(text) for text in found[top]}
                ask |= {BROUGHT.get(top, "")}
                assert ask & declared, f"{path} imports {top}, of {ask}"


def test_the_book_outside_the_engine_imports_nothing_of_the_site() -> None:
    """What a reader imports from the package needs no extra."""
    site = set(SITE.values())
    engine = ROOT / "src" / "dlnotes" / "book"
    for path in sorted((ROOT / "src").rglob("*.py")):
        if path.is_relative_to(engine):
            continue
        text = path.read_text(encoding="utf-8")
        tops = set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE))
        assert not tops & site, path


# Without libraries

BLOCK = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            raise ImportError("this process must not need " + name)
sys.meta_path.insert(0, Refuse())
from dlnotes.book.cli import main
sys.exit(main(sys.argv[1:]))
"""


def command(
    line: str, blocked: list[str], folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process that cannot import some modules."""
    code = BLOCK.format(names=set(blocked))
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *line.split()],
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "line", ["--help", "status perceptron", "export perceptron", "build --help"]
)
def test_commands_that_need_no_library(line: str) -> None:
    libraries = {*packages_distributions()} - {"dlnotes"} - sys.stdlib_module_names
    bare = command(line, sorted(libraries))
    assert (bare.returncode, bare.stderr) == (0, "")
    assert bare.stdout == command(line, []).stdout


@pytest.mark.parametrize("name", ["check", "build", "serve"])
def test_a_command_of_the_site_without_its_libraries(name: str) -> None:
    done = command(name, [*SITE.values()])
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"dlnotes: {name} needs libraries that are not installed "
        f"({', '.join(SITE)}): run `pip install -e '.[site]'` in {ROOT}\n"
    )


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_each_library_that_is_missing_is_named(name: str) -> None:
    for lacking in (NEEDS[name][0], NEEDS[name][-1]):
        done = command(name, [{**BASE, **SITE}[lacking]])
        assert done.returncode == 2
        assert f"not installed ({lacking}): run" in done.stderr
        assert done.stderr.count("\n") == 1


def test_snippets_run_without_the_libraries_of_the_site() -> None:
    done = command("run perceptron", [*SITE.values()])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", ["--help", "status perceptron", "export perceptron"])
def test_commands_of_a_python_with_nothing_installed(line: str) -> None:
    """`-S` leaves the folder of installed packages out."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-S", "-m", "dlnotes.book", *line.split()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
