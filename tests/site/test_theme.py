"""The theme: its palette is the figures', and it asks no other site for anything."""

import re
from pathlib import Path

import pytest
import yaml

from dlnotes.book.figures.figure import DARK
from dlnotes.palette import COLOURS

ROOT = Path(__file__).parents[2]
THEME = ROOT / "docs" / "theme"
CSS = THEME / "assets" / "stylesheets" / "book.css"
TEXTS = sorted(
    path
    for path in [*(ROOT / "docs").glob("*.html"), *THEME.rglob("*")]
    if path.suffix in {".html", ".css", ".js", ".svg"} and "generated" not in path.parts
)
NAMESPACE = "http://www.w3.org/2000/svg"


def variables(scheme: str) -> dict[str, str]:
    """Return the custom properties of the block that sets a colour scheme."""
    css = re.sub(r"/\*.*?\*/", "", CSS.read_text(encoding="utf-8"), flags=re.DOTALL)
    selector = re.escape(f'[data-md-color-scheme="{scheme}"]')
    match = re.search(rf"{selector}\s*{{([^}}]*)}}", css)
    assert match, f"no rule for {scheme}"
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", match[1]))


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """Return #rrggbb of a share of one colour over another."""
    pairs = [
        (int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


class Loader(yaml.SafeLoader):
    """Reads a configuration; `!ENV` values are left out."""


Loader.add_constructor("!ENV", lambda loader, node: None)


def config(name: str) -> dict:
    """Return a configuration as it is written, without what it inherits."""
    return yaml.load((ROOT / name).read_text(encoding="utf-8"), Loader)


SCHEMES = [("default", COLOURS), ("slate", DARK)]


@pytest.mark.parametrize(("scheme", "palette"), SCHEMES)
def test_palette_is_that_of_the_figures(scheme: str, palette: tuple[str, ...]) -> None:
    found = variables(scheme)
    assert tuple(found[f"--dl-c{k}"] for k in range(len(palette))) == palette


@pytest.mark.parametrize(("scheme", "palette"), SCHEMES)
def test_colours_stand_out_from_the_paper(
    scheme: str, palette: tuple[str, ...]
) -> None:
    found = variables(scheme)
    paper, wash = found["--dl-paper"], found["--dl-wash"]
    assert all(contrast(colour, paper) >= 3 for colour in palette)
    for name in ("--dl-ink", "--dl-muted", "--dl-link", "--dl-seal"):
        assert contrast(found[name], paper) >= 4.5, name
    for name in [name for name in found if name.startswith("--md-code-hl-")]:
        assert contrast(found[name], wash) >= 4.5, name
    assert "color-mix(in srgb, var(--dl-amber) 16%, transparent)" in CSS.read_text()
    marked = mixed(found["--dl-amber"], wash, 0.16)
    assert contrast(found["--md-code-hl-comment-color"], marked) >= 4.5


def test_both_schemes_set_the_same_variables() -> None:
    assert variables("default").keys() == variables("slate").keys()


@pytest.mark.parametrize(
    "path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_nothing_comes_from_another_site(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace(NAMESPACE, "")
    assert not re.search(r"(?:https?:)?//[\w-]+\.[\w.-]+", text)


def test_root_page_is_relative_and_works_without_scripts() -> None:
    page = (ROOT / "docs" / "root.html").read_text(encoding="utf-8")
    body = page[page.index("<body") :]
    for language in ("en", "zh"):
        assert f'<a href="{language}/index.html" hreflang="{language}"' in body
    assert not re.search(r'(?:href|src)="/', page)
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.html")))
def test_pages_outside_the_theme_have_its_colours(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    light, dark = page.split("@media (prefers-color-scheme: dark)")
    for text, (scheme, _) in zip((light, dark), SCHEMES, strict=True):
        own = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", text))
        found = variables(scheme)
        assert own
        assert own == {name: found[f"--dl-{name}"] for name in own}


@pytest.mark.parametrize("name", ["mkdocs.yml", "mkdocs.zh.yml"])
def test_parts_and_buttons_have_a_name_in_each_language(name: str) -> None:
    base = config("mkdocs.yml")
    parts = {part for item in base["nav"] if isinstance(item, dict) for part in item}
    toggles = {option["toggle"]["name"] for option in base["theme"]["palette"]}
    labels = config(name)["extra"]["labels"]
    assert parts | toggles <= labels.keys()
    assert labels.keys() == base["extra"]["labels"].keys()
    assert labels["script"].keys() == base["extra"]["labels"]["script"].keys()


def test_inherited_lists_are_not_written_twice() -> None:
    def lists(tree: dict) -> list[str]:
        inner = [v for v in tree.values() if isinstance(v, dict)]
        here = [key for key, value in tree.items() if isinstance(value, list)]
        return here + [key for value in inner for key in lists(value)]

    assert not lists(config("mkdocs.zh.yml"))
