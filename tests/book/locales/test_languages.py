"""Languages say the same; a third one is a value, a catalogue and a folder of pages."""

import re
from dataclasses import asdict, replace
from string import Formatter
from types import SimpleNamespace
from typing import Any

import pytest

from dlnotes.book import language_hook
from dlnotes.book.checks.check import check
from dlnotes.book.html.run_page import FACTS, tidy
from dlnotes.book.locales.english import ENGLISH
from dlnotes.book.locales.languages import FIRST, LANGUAGES
from dlnotes.book.publishing.downloads import notebooks, programs
from dlnotes.book.publishing.run_facts import with_facts
from dlnotes.book.storage.store import Run
from dlnotes.book.weaving.gather import gather
from dlnotes.book.weaving.sources import Sources
from dlnotes.book.weaving.weave import weave

FRENCH = replace(
    ENGLISH,
    code="fr",
    tag="fr-FR",
    name="French",
    endings=("s", "x"),
    typography={"no space before :": re.compile(r"(?<=\w):(?=\s)")},
    words=replace(
        ENGLISH.words,
        run_of="Exécution de",
        figure="figure {number} de {name}",
        used_in="Utilisé dans : ",
        setup_title="Exécuter le code de ce chapitre",
        program_origin="snippets/{name}.py en un seul fichier, sans dlnotes.",
        install="Le paquet du livre ; cet index en a un autre du même nom.",
        bases="Classes de base : ",
    ),
)
PAGE = "part/page.md"
PAGES = {
    "en": """
        ---
        concepts: [gradient]
        ---

        # Gradients {#title}

        A gradient and a network give [[one.answer]].

        @run one#all The end

        @setup
    """,
    "zh": """
        ---
        concepts: [gradient]
        ---

        # 梯度 {#title}

        一个梯度和一个网络给出 [[one.answer]]。

        @run one#all 终点

        @setup
    """,
    "fr": """
        ---
        concepts: [gradient]
        ---

        # Gradients {#title}

        Un gradient et deux réseaux donnent [[one.answer]].

        @run one#all La fin

        @setup
    """,
}
TERMS = """
    [concepts.gradient]
    en = ["gradient"]
    zh = ["梯度"]
    fr = ["gradient", "pente"]
    meaning_en = "A slope."
    meaning_zh = "坡度。"
    meaning_fr = "Une pente."
    chapter = "part/page.md"
    paired = true

    [terms.network]
    en = ["network"]
    zh = ["网络"]
    fr = ["réseau"]
    meaning_en = "Layers in a row."
    meaning_zh = "一串层。"
    meaning_fr = "Des couches en série."
    banned_fr = ["filet"]
    not_in_fr = ["réseau routier"]
    paired = true

    [instead]
    "réponse" = { write = "résultat" }
"""
SNIPPET = """
    # %% all
    answer = 42  # twice
"""
CATALOGUES = {"zh": {"twice": "两次", "loss": "损失"}, "fr": {"twice": "deux fois"}}
CATALOGUES["fr"]["loss"] = "perte"
LABELS = {"data": {"text/html": "<td>loss</td>"}, "output_type": "display_data"}
CODE_BLOCK = '<div class="highlight-ipynb">\n<pre>x</pre>\n</div>'
FIGURE = (
    '<div class="jp-OutputArea-output" data-mime-type="image/svg+xml">'
    '<img src="data:image/svg+xml;base64,PHN2ZyAvPg=="></div>'
)


@pytest.fixture
def book(small: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A small book in three languages, without a mistake."""
    monkeypatch.setitem(LANGUAGES, FRENCH.code, FRENCH)
    small.write("pyproject.toml", "[project.urls]\nRepository = 'https://b.example'\n")
    small.write("docs/unshown.toml", "")
    small.write("docs/terms.toml", TERMS)
    small.write(
        "docs/quantities.toml",
        '[quantities]\nanswer = { en = ["give"], zh = ["给"], fr = ["donne"] }\n',
    )
    for language, text in PAGES.items():
        small.write(f"docs/{language}/{PAGE}", text)
    for language, catalogue in CATALOGUES.items():
        small.write(f"docs/{language}.po", po(catalogue))
    small.snippet(SNIPPET)
    small.save()
    return small


def po(catalogue: dict[str, str]) -> str:
    entries = [f'msgid "{old}"\nmsgstr "{new}"\n' for old, new in catalogue.items()]
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    return "\n".join([head, *entries])


def sources_of(book: Any) -> Sources:
    """Return what the book is woven from, where the run shows a table."""
    sources = gather(book.book, book.settings)
    cells = [{"id": "all", "outputs": [LABELS]}]
    run = Run(sources.runs["one"].manifest, {"cells": cells})
    return replace(sources, runs={"one": run})


def told(book: Any) -> list[str]:
    return [str(error) for error in check(book.book, sources_of(book)).errors]


def edit(book: Any, path: str, old: str, new: str) -> None:
    file = book.root / path
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_same_is_filled_in_in_each_language(code: str) -> None:
    def places(words: dict[str, Any]) -> dict[str, set[str]]:
        return {
            name: {field for _, field, _, _ in Formatter().parse(str(text)) if field}
            for name, text in words.items()
        }

    assert LANGUAGES[code].code == code
    first = asdict(LANGUAGES[FIRST].words)
    assert places(asdict(LANGUAGES[code].words)) == places(first)


def test_a_book_without_a_mistake(book: Any) -> None:
    checked = check(book.book, sources_of(book))
    assert checked.text == "3 pages checked: nothing wrong"


def test_it_is_compared_with_the_first_one(book: Any) -> None:
    edit(book, f"docs/fr/{PAGE}", "{#title}", "{#titre}")
    assert told(book)[0] == (
        f"docs/fr/{PAGE}:5: # {{#titre}}, but docs/en/{PAGE}:5 has # {{#title}}"
    )
    side_by_side = check(book.book, sources_of(book)).text.splitlines()[1:]
    assert any(
        re.search(r"\{#title\} +\| +5 # \{#titre\}", row) for row in side_by_side
    )


def test_a_page_without_a_twin(book: Any) -> None:
    (book.root / f"docs/fr/{PAGE}").unlink()
    assert told(book) == [f"docs/en/{PAGE}:1: has no twin docs/fr/{PAGE}"]


@pytest.mark.parametrize(
    ("old", "new", "errors"),
    [
        (
            "deux réseaux",
            "un modèle",
            ["the English says “network”, and this has none of réseau"],
        ),
        (
            "deux réseaux",
            "un filet, un réseau",
            ["filet is not used for network: write réseau"],
        ),
        ("deux réseaux", "un réseau infiltré", []),
        ("donnent", "a la réponse, donnent", ["réponse: write résultat"]),
        ("donnent", "donnent : voici:", ["no space before :: nt : voici: [[one.an"]),
        (
            "donnent",
            "font",
            [
                "[[one.answer]] is quoted as a answer, which neither its sentence nor "
                "the one before names (donne)"
            ],
        ),
    ],
)
def test_its_words(book: Any, old: str, new: str, errors: list[str]) -> None:
    edit(book, f"docs/fr/{PAGE}", old, new)
    assert told(book) == [f"docs/fr/{PAGE}:7: {error}" for error in errors]


@pytest.mark.parametrize("field", ["fr", "meaning_fr"])
def test_a_term_without_it(book: Any, field: str) -> None:
    path = book.root / "docs/terms.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(f"{field} ")]
    path.write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(Exception, match=rf"terms.toml:1: gradient lacks {field}$"):
        told(book)


def test_a_quantity_without_it(book: Any) -> None:
    edit(book, "docs/quantities.toml", ', fr = ["donne"]', "")
    with pytest.raises(Exception, match=r"quantities.toml: answer lacks words in fr$"):
        told(book)


def test_what_its_catalogue_lacks(book: Any) -> None:
    book.write("docs/fr.po", po({"other": "autre"}))
    assert told(book) == [
        "snippets/one.py:2: docs/fr.po has no translation for the comment 'twice' "
        "of one#all",
        "snippets/one.py:2: docs/fr.po has no translation for the label 'loss' "
        "of one#all",
    ]
    (book.root / "docs/fr.po").unlink()
    with pytest.raises(Exception, match=r"fr\.po: there is no such catalogue"):
        told(book)


def test_a_page_is_woven(book: Any) -> None:
    sources = sources_of(book)
    woven = weave(book.book.read(book.root / f"docs/fr/{PAGE}"), "fr", sources)
    assert "answer = 42  # deux fois\n" in woven
    assert "<td>perte</td>" in woven
    assert "Exécution de <code>one</code>" in woven
    assert '??? note "Exécuter le code de ce chapitre"' in woven
    assert "et deux réseaux donnent" in woven
    marked = weave("Les réseaux et un réseau routier.\n", "fr", sources, path="a/b.md")
    assert marked == (
        'Les <abbr tabindex="0" title="Des couches en série.">réseaux</abbr> '
        "et un réseau routier.\n"
    )


def test_the_glossary_has_its_names_beside_those_of_the_others(book: Any) -> None:
    sources = sources_of(book)
    french = weave("@glossary\n", "fr", sources, path="reference/glossary.md")
    assert (
        '<dfn>réseau</dfn> <span lang="en">network</span> <span lang="zh">网络</span>'
    ) in french
    english = weave("@glossary\n", "en", sources, path="reference/glossary.md")
    assert (
        '<dfn>network</dfn> <span lang="zh">网络</span> <span lang="fr">réseau</span>'
    ) in english


def test_the_page_of_a_run(book: Any) -> None:
    page = f'<div class="jp-RenderedMarkdown"><h1>one</h1></div>{CODE_BLOCK}{FIGURE}'
    html = tidy(page, "one", "fr")
    assert 'aria-label="figure 1 de one"' in html
    assert FACTS in html
    facts = with_facts(html, "one", [PAGE], sources_of(book), "fr")
    assert 'Utilisé dans : <a href="../part/page.html">Gradients</a>' in facts


def test_programs_and_notebooks(book: Any) -> None:
    sources = sources_of(book)
    offered = dict(programs(book.book, sources, "fr"))
    assert offered["runs/one.py"] == "# %% all\nanswer = 42  # deux fois\n"
    program = offered["runs/one_standalone.py"]
    assert "# snippets/one.py en un seul fichier, sans dlnotes.\n" in program
    ((_, notebook),) = notebooks(book.book, sources, "fr", None)
    assert "# Le paquet du livre" in notebook
    assert "<td>perte</td>" in notebook


def test_what_the_theme_says(book: Any) -> None:
    config: Any = SimpleNamespace(theme={"language": "fr"})
    page = '<html lang="fr"><p>Bases: <code>Module</code></p>'
    assert language_hook.on_post_page(page, config) == (
        '<html lang="fr-FR"><p>Classes de base : <code>Module</code></p>'
    )
    assert book.book.config("fr") == book.root / "mkdocs.fr.yml"
