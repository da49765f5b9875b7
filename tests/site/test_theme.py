"""The theme: its palette is the figures', and it asks no other site for anything."""

import re
from pathlib import Path

import pytest

from dlnotes.book.figures import DARK, LIGHT

ROOT = Path(__file__).parents[2]
THEME = ROOT / "docs" / "theme"
CSS = THEME / "assets" / "stylesheets" / "book.css"
TEXTS = sorted(
    path
    for path in [ROOT / "docs" / "root.html", *THEME.rglob("*")]
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


SCHEMES = [("default", LIGHT), ("slate", DARK)]


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


def test_root_page_has_the_colours_of_the_book() -> None:
    page = (ROOT / "docs" / "root.html").read_text(encoding="utf-8")
    for scheme, _ in SCHEMES:
        found = variables(scheme)
        for name in ("paper", "ink", "muted", "rule", "seal"):
            assert f"--{name}: {found[f'--dl-{name}']}" in page
