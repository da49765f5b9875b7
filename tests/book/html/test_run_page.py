"""Run pages: the markup of chapters, named figures, the facts of the run, no more."""

import base64
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from dlnotes.book.freshness.notebook import notebook
from dlnotes.book.html.run_page import FACTS, copies, tidy
from dlnotes.book.publishing.run_facts import users, with_facts
from dlnotes.book.source.snippet import read_snippet
from dlnotes.book.weaving.sources import Chapter

SVG = '<svg class="dl-svg"><text>é</text></svg>'
TABLE = "<table><tbody><tr><td>1</td></tr></tbody></table>"
SNIPPET = '''"""Add `1` & 1, twice."""

# %% [markdown]
# ## Some text

# %% all
x = 1 + 1  # <two>
print(x)

# %% more
x
'''


def image(svg: str = SVG) -> str:
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="" src="data:image/svg+xml;base64,{data}">'


def output(inside: str, kind: str = "image/svg+xml") -> str:
    start = f'<div class="jp-RenderedX jp-OutputArea-output" data-mime-type="{kind}">'
    return f"<div>{start}\n{inside}\n</div></div>"


def test_styles_scripts_and_wrappers_go() -> None:
    page = (
        f"<style>{'a{}' * 9}</style><style media=print>b</style>"
        '<script src=""> </script>'
        '<script type="text/x-mathjax-config">MathJax</script>'
        '<script data-mkdocs-jupyter-mathjax="{&quot;url&quot;: &quot;a&quot;}">\n()'
        "</script>"
        '<script type="module">import("https://example.org/mermaid")</script>'
        f"<div class=jp-Notebook>{output('<pre>2</pre>', 'text/plain')}</div>"
    )
    assert tidy(page, "one", "en") == (
        '<figure class="dl-output dl-log" data-search-exclude><pre>2</pre></figure>'
    )


def test_figures_become_inline() -> None:
    html = tidy(output(image()), "one", "en")
    assert html == (
        '<figure class="dl-output dl-figure" data-search-exclude>'
        '<svg role="img" aria-label="figure 1 of one" '
        + SVG.removeprefix("<svg ")
        + "</figure>"
    )


def test_figures_are_counted_in_the_language_of_the_page() -> None:
    page = output(image()) + output(TABLE, "text/html") + output(image())
    assert [
        f'aria-label="{label}"' in tidy(page, "one", language)
        for language, label in (
            ("en", "figure 1 of one"),
            ("en", "figure 2 of one"),
            ("zh", "one 的第 2 幅图"),
        )
    ] == [True, True, True]


def test_tables_are_searched_and_logs_are_not() -> None:
    html = tidy(output(TABLE, "text/html"), "one", "en")
    assert html == f'<figure class="dl-output dl-table">{TABLE}</figure>'
    nested = output("<div><div>a</div></div>b", "text/html")
    assert "><div><div>a</div></div>b</figure>" in tidy(nested, "one", "en")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What mkdocs-jupyter makes of a small run."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "one.py").write_text(SNIPPET, encoding="utf-8")
    snippet = read_snippet(folder / "one.py")
    shown: dict[str, list[dict[str, Any]]] = {
        "all": [
            {"output_type": "stream", "name": "stdout", "text": "2 <b>\n"},
            {"output_type": "stream", "name": "stderr", "text": "late\n"},
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"image/svg+xml": SVG},
            },
        ],
        "more": [
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"text/html": TABLE},
            }
        ],
    }
    heading = (
        '# one\n\nAdd `1` & 1, twice.\n\n<a href="../runs/one.py" download>.py</a>'
    )
    made = notebook(snippet, shown.__getitem__, heading=heading)
    nbformat.validate(made)
    (folder / "one.ipynb").write_text(json.dumps(made), encoding="utf-8")
    from mkdocs_jupyter.convert import nb2html  # takes a second

    html: str = nb2html(str(folder / "one.ipynb"), custom_mathjax_url="")
    return html


def test_a_page_of_mkdocs_jupyter_is_set_as_a_chapter_is(page: str) -> None:
    html = tidy(page, "one", "en")
    assert len(page) > 500_000
    assert len(html) < 3_000
    assert html.index('<h1 id="one">one</h1>') < html.index(FACTS)
    assert html.count(FACTS) == 1
    assert "Some text</h2>" in html
    code = (
        '<div class="language-python highlight" data-dl-copy="one#all" id="cell-all">'
        '<pre><span></span><code><span class="n">x</span>'
    )
    assert code in html
    assert "# &lt;two&gt;</span>" in html
    assert "<pre>2 &lt;b&gt;\n</pre>" in html
    assert "late" in html
    assert 'aria-label="figure 1 of one" class="dl-svg"><text>é</text></svg>' in html
    assert f'dl-table">{TABLE}</figure>' in html
    for gone in ("jp-", "<style", "<script", "clipboard", "In [", "¶", "<img"):
        assert gone not in html


# The facts of the run


ABOUT = "Add `1` & 1, twice."


def sources(**catalogue: str) -> Any:
    inputs = {"python": "3.11.7", "torch": "2.15", "numpy": "2.3"}
    manifest = {"inputs": inputs, "memory": 3 * 2**20}
    run = SimpleNamespace(seconds=1.25, manifest=manifest)
    return SimpleNamespace(
        run={"one": run}.__getitem__,
        snippets={"one": SimpleNamespace(description=ABOUT)},
        catalogues={"zh": catalogue},
        chapters={"zh": {"a/b.md": Chapter("一 < 二", frozenset())}},
    )


def test_the_facts_stand_above_the_code_with_the_way_back(page: str) -> None:
    html = tidy(page, "one", "en")
    shown = with_facts(html, "one", ["a/b.md", "c.md"], sources(), "en")
    assert FACTS not in shown
    assert (
        '<p class="dl-run">Ran in 1.25 s · Python 3.11.7, torch 2.15, NumPy 2.3 · '
        "peak memory 3 MiB</p>"
        '<p class="dl-run">Used in: <a href="../a/b.html">a/b.md</a>, '
        '<a href="../c.html">c.md</a></p>'
    ) in shown
    assert shown.index("dl-run") < shown.index("cell-all")
    assert 'lang="en"' not in shown
    assert "No chapter uses" in with_facts(html, "one", [], sources(), "en")


def test_the_buttons_copy_a_cell_with_those_before_it(page: str) -> None:
    cells = [
        {"cell_type": "markdown", "id": "_title", "source": "# one"},
        {"cell_type": "code", "id": "all", "source": "if 1 < 2:\n    x = 1  # 一"},
        {"cell_type": "code", "id": "more", "source": "x"},
    ]
    html = copies(json.dumps({"cells": cells}).encode(), "one")
    (held,) = re.findall(r'id="dl-copied">(.*?)</script>', html)
    assert json.loads(held) == {
        "one": {"all": "if 1 < 2:\n    x = 1  # 一\n\n", "more": "x\n"}
    }
    names = re.findall(r'data-dl-copy="([^"]*)"', tidy(page, "one", "zh"))
    assert names == ["one#all", "one#more"]


def test_on_chinese_pages_english_is_marked_or_translated(page: str) -> None:
    html = tidy(page, "one", "zh")
    shown = with_facts(html, "one", ["a/b.md"], sources(), "zh")
    assert "运行用时 1.25 秒 · Python 3.11.7" in shown
    assert 'href="../a/b.html">一 &lt; 二</a></p>' in shown
    assert '<p lang="en">Add <code>1</code> &amp; 1, twice.</p>' in shown
    assert shown.count('lang="en"') == 1
    known = {"Add `1` & 1, twice.": "把 1 & 1 相加"}
    shown = with_facts(html, "one", [], sources(**known), "zh")
    assert "<p>把 1 &amp; 1 相加</p>" in shown
    assert "twice" not in shown
    assert "没有章节用到" in shown


def test_memory_that_is_not_known_is_left_out(page: str) -> None:
    found = sources()
    found.run("one").manifest["memory"] = None
    shown = with_facts(tidy(page, "one", "en"), "one", [], found, "en")
    assert "NumPy 2.3</p>" in shown


def test_the_users_of_a_run_show_it_or_quote_it(small: Any) -> None:
    small.write("docs/en/index.md", "Text [[one.answer]].\n")
    small.write("docs/en/a/b.md", "@run one#all\n\n@figure two#all Text.\n")
    small.write("docs/en/a/c.md", "@source mini.one.two\n")
    assert users(small.book, "en") == {
        "one": ["a/b.md", "index.md"],
        "two": ["a/b.md"],
        "mini.one.two": ["a/c.md"],
    }
    assert users(small.book, "zh") == {}


def test_the_styles_of_run_pages_are_small() -> None:
    folder = Path(__file__).parents[3] / "docs" / "theme" / "assets" / "stylesheets"
    assert 0 < (folder / "runs.css").stat().st_size < 40_000
