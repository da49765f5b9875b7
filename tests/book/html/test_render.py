"""The HTML and Markdown of code, captions, values, outputs and their origins."""

import pytest

from dlnotes.book.errors import BookError
from dlnotes.book.html.bound import bound
from dlnotes.book.html.quoted import in_prose, in_tex
from dlnotes.book.html.render import (
    caption,
    downloads,
    fence,
    marked,
    origin_of_cell,
    origin_of_symbol,
    provenance,
    table_of_runs,
    unbroken,
    value,
)
from dlnotes.book.html.results import clean_log, kind_of, outputs, select, translated
from dlnotes.book.pages.inline import inline, values
from dlnotes.book.storage.store import Run

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text>two &lt;words&gt;</text></svg>'


def run_of(values: dict | None = None, memory: int | None = 3 * 2**20) -> Run:
    manifest = {
        "name": "demo",
        "inputs": {"python": "3.11.2", "torch": "2.15.0", "numpy": "2.1.0"},
        "values": values or {},
        "seconds": 0.126,
        "memory": memory,
    }
    return Run(manifest, {"cells": []})


def printed(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data: str) -> dict:
    types = {"svg": "image/svg+xml", "html": "text/html", "plain": "text/plain"}
    return {
        "output_type": "display_data",
        "data": {types[kind]: text for kind, text in data.items()},
    }


def test_fences() -> None:
    head = '{ .python data-dl-copy="a#b" }'
    assert fence("x = 1", [], "a#b") == f"```{head}\nx = 1\n```"
    marked = '{ .python hl_lines="2 1" data-dl-copy="a#b" }'
    assert fence("x\ny", [2, 1], "a#b") == f"```{marked}\nx\ny\n```"
    assert fence('"""```"""', [], "a#b") == f'````{head}\n"""```"""\n````'
    assert fence("'`'", [], "a#b").startswith("```{")


def test_a_mark_is_a_text_and_no_pattern() -> None:
    assert marked("a.b\na*b\n", "a.", "here") == 1
    with pytest.raises(BookError, match=r'^mark="b" matches lines 1, 2 of here'):
        marked("a.b\na*b\n", "b", "here")
    with pytest.raises(BookError, match=r'^mark="c" matches no line of here'):
        marked("a.b", "c", "here")


def test_origins_lead_to_files_and_stay_out_of_the_search() -> None:
    symbol = origin_of_symbol("dlnotes.a.b", "dlnotes/a.py", "../")
    assert symbol == (
        '<p class="dl-origin" data-search-exclude>'
        '<a href="../source/dlnotes/a.py"><code>dlnotes.a.b</code></a></p>'
    )
    cell = origin_of_cell("demo", "")
    assert '<a href="runs/demo.py"><code>snippets/demo.py</code></a>' in cell


def test_where_an_output_comes_from() -> None:
    text = provenance(run_of(), "zh", "../")
    assert text.startswith('<p class="dl-provenance" data-search-exclude>运行自 ')
    assert " · 0.13 s · Python 3.11.2, torch 2.15.0, NumPy 2.1.0 · " in text
    assert text.endswith(downloads("demo", "zh", "../") + "</p>")


def test_downloads_are_four_links() -> None:
    links = downloads("demo", "en", "../").split(" · ")
    assert links == [
        '<a href="../runs/demo.html">run page</a>',
        '<a href="../runs/demo.py" download>.py</a>',
        '<a href="../runs/demo.ipynb" download>.ipynb</a>',
        '<a href="../runs/demo_standalone.py" download>one file, no dlnotes needed</a>',
    ]


def test_the_table_of_runs_leaves_out_a_memory_that_is_not_known() -> None:
    table = table_of_runs([run_of(), run_of(memory=None)], "en", "../")
    assert table.count("<tr>") == 3
    assert "<td class=number>3 MiB</td>" in table
    assert "<td class=number></td>" in table


def test_kinds_of_outputs() -> None:
    assert kind_of(printed("x")) == "log"
    assert kind_of(printed("x", "stderr")) == "warning"
    assert kind_of(shown(svg=SVG, plain="<Figure>")) == "figure"
    assert kind_of(shown(html="<table></table>", plain="x")) == "table"
    assert kind_of(shown(plain="x")) == "log"


def test_what_is_printed_in_a_row_is_one_log() -> None:
    items = [
        printed("a\n"),
        printed("careful\n", "stderr"),
        printed("b\n"),
        shown(plain="c"),
        shown(svg=SVG),
        printed("d\n"),
        printed("e\n"),
    ]
    kept = select(items, ("log", "figure"))
    texts = [item.get("text") or item["data"].get("text/plain") for item in kept]
    assert texts == ["a\nb\n", "c", None, "d\ne\n"]
    assert items[0]["text"] == "a\n"
    assert select(items, ("table",)) == []


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("\n\n", ""),
        ("a\r\nb\r\n", "a\nb"),
        ("10%\r20%\r\n", "20%"),
        ("10%\r\x1b[K20%\x1b[0m\n", "20%"),
        ("long line\rshort\n", "short"),
        ("kept\r\n\rgone\rlast", "kept\nlast"),
        ("a\x1b(Bb\x1bMc", "aBbc"),
        ("tab\tstays", "tab\tstays"),
        ("\ufffe\uffff\x9b", ""),
    ],
)
def test_logs_without_control_characters(text: str, clean: str) -> None:
    assert clean_log(text) == clean


def test_the_caption_stands_under_the_last_figure() -> None:
    items = [shown(svg=SVG), shown(svg=SVG), printed("x\n")]
    html = outputs(items, "A <em>b</em> &amp; c", "f1")
    first, second, log = html.split("</figure>")[:3]
    assert "<figcaption>" not in first
    assert second.endswith("<figcaption>A <em>b</em> &amp; c</figcaption>")
    assert log.endswith("<pre>x</pre>")
    assert html.count('role="img" aria-label="A b &amp; c"') == 2
    assert outputs([], "caption", "f1") == ""


def test_quotes_in_a_caption_do_not_end_its_label() -> None:
    html = outputs([shown(svg=SVG)], 'Say "x" &lt;y&gt;', "f1")
    assert 'aria-label="Say &quot;x&quot; &lt;y&gt;"' in html


def test_labels_are_translated_as_text_and_not_as_html() -> None:
    catalogue = {"two <words>": '两个 <词> & "', "a & b": "甲 & <乙>"}
    figure, missing = translated(shown(svg=SVG, plain="<Figure>"), catalogue)
    assert missing == []
    assert '<text>两个 &lt;词&gt; &amp; "</text>' in figure["data"]["image/svg+xml"]
    assert figure["data"]["text/plain"] == "<Figure>"
    cells = "<table><tr><th class=number>a &amp; b</th><td>η</td></tr></table>"
    table, missing = translated(shown(html=cells), catalogue)
    assert missing == []
    assert table["data"]["text/html"] == (
        "<table><tr><th class=number>甲 &amp; &lt;乙&gt;</th><td>η</td></tr></table>"
    )


def test_translating_leaves_the_output_as_it_was() -> None:
    item = shown(html="<table><tr><td>word</td></tr></table>", svg="")
    before = repr(item)
    assert translated(item, {})[1] == ["word"]
    assert translated(printed("word"), {}) == (printed("word"), [])
    assert repr(item) == before


def test_a_value_says_where_it_was_measured() -> None:
    (quoted,) = values("[[demo.x]]")
    assert value("a<b", quoted, "zh") == (
        '<data class="dl-value" title="测量自 demo.py">a&lt;b</data>'
    )


@pytest.mark.parametrize(
    ("found", "spec", "prose", "tex"),
    [
        (-0.5, "", "−0.5", "-0.5"),
        (-0.0, ".1f", "−0.0", "-0.0"),
        (0.5, " .1f", "0.5", "0.5"),
        (12345.678, ",.2f", "12,345.68", "12{,}345.68"),
        (-1e-10, ".0e", "−1\xa0×\xa010⁻¹⁰", r"-1 \times 10^{-10}"),
        (1e100, ".3g", "1\xa0×\xa010¹⁰⁰", r"1 \times 10^{100}"),
        (1.0, ".1e", "1.0\xa0×\xa010⁰", r"1.0 \times 10^{0}"),
        (0.256, ".1%", "25.6%", r"25.6\%"),
        (7, "03d", "007", "007"),
        (False, "", "False", r"\text{False}"),
        (True, "d", "1", "1"),
        (255, "#x", "0xff", r"\text{0xff}"),
        (485, "x", "1e5", r"\text{1e5}"),
        (float("inf"), ".2f", "∞", r"\infty"),
        (float("-inf"), "F", "−∞", r"-\infty"),
        (float("nan"), ".2f", "nan", r"\text{nan}"),
        ("-5", "", "-5", r"\text{-5}"),
        ("2e-3", "", "2e-3", r"\text{2e-3}"),
        ("a_{b}", "", "a_{b}", r"\text{a{\_}{\{}b{\}}}"),
        ("x\x1b[0m\ny", "", "x\ny", "\\text{x\ny}"),
        ("", "", "", r"\text{}"),
    ],
)
def test_values_as_text_and_as_tex(
    found: object, spec: str, prose: str, tex: str
) -> None:
    run = run_of({"x": found})
    (quoted,) = values(f"[[demo.x:{spec}]]")
    assert in_prose(run, quoted) == prose
    assert in_tex(run, quoted) == tex


@pytest.mark.parametrize(("found", "spec"), [("a", ".1f"), (10**400, ".1f"), (1, "?")])
def test_a_format_that_does_not_fit(found: object, spec: str) -> None:
    (quoted,) = values(f"[[demo.x:{spec}]]")
    for write in (in_prose, in_tex):
        with pytest.raises(BookError, match=r"^\[\[demo\.x\]\]: format '.*' does not"):
            write(run_of({"x": found}), quoted)


def test_captions_weave_what_they_are_told_to() -> None:
    html = caption(
        "*a* $x$, [[demo.y]] `$z$` \\$1 \\* <b>",
        lambda piece, closing: (
            f"<{piece.kind}{closing}>" if piece.kind in ("math", "value") else None
        ),
    )
    assert html == "<em>a</em> <math,> <value> <code>$z$</code> $1 * <b>"
    assert caption("", lambda piece, closing: None) == ""


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("$x$", [("$x$", "")]),
        ("$x$, y", [("$x$", ","), (" y", "")]),
        ("($x$).\nz", [("(", ""), ("$x$", ")."), ("\nz", "")]),
        ("设 $x$），那么", [("设 ", ""), ("$x$", "），"), ("那么", "")]),
        ("$x$$y$", [("$x$$y$", "")]),
        ("$x$ , `a`, b", [("$x$", ""), (" , ", ""), ("`a`", ""), (", b", "")]),
        ("[$x$](a.md)", [("[", ""), ("$x$", ""), ("](a.md)", "")]),
        ("**$x$**.", [("**", ""), ("$x$", ""), ("**.", "")]),
        ("$x$, $y$.", [("$x$", ","), (" ", ""), ("$y$", "."), ("", "")]),
    ],
)
def test_formulas_take_their_punctuation_along(
    text: str, pairs: list[tuple[str, str]]
) -> None:
    found = list(bound(text))
    assert [(piece.raw, closing) for piece, closing in found] == pairs
    assert "".join(piece.raw + closing for piece, closing in found) == text
    assert [piece.start for piece, _ in found] == [p.start for p in inline(text)]


def test_punctuation_stays_with_its_formula() -> None:
    assert unbroken("<math/>", "") == "<math/>"
    assert unbroken("<math/>", ".") == '<span class="dl-nobreak"><math/>.</span>'
