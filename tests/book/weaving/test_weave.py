"""Weaving: what each directive, value and formula of a chapter becomes."""

import copy
import re
import textwrap
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown import Markdown

from dlnotes.book.errors import BookError
from dlnotes.book.freshness.notebook import executed_notebook
from dlnotes.book.source.library import Library
from dlnotes.book.source.snippet import Snippet, read_snippet
from dlnotes.book.storage.store import Run
from dlnotes.book.weaving.sources import Sources, StaleError
from dlnotes.book.weaving.weave import Weaver, weave

ROOT = Path(__file__).parents[3]
ENDLESS = 200_000

MODULE = '''
"""Shapes."""

from functools import cache

PI = 3.14  # roughly


@cache
def area(r):
    """Return an area."""
    # a comment about area
    square = r * r  # (B, T)
    return PI * square


class Circle:
    """A circle."""

    def area(self):
        return area(self.r)
'''

SNIPPET = '''
"""Demonstrate."""

# %% imports
from mini.shapes import area

# %% train
for step in range(2):  # two steps
    print("step", step)

# %% draw
plot()

# %% rows
table()

# %% all
table()
plot()
print("end")

# %% untranslated
x = 1  # not in the catalogue
plot()
table()
'''


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def rich(**data: str) -> dict:
    names = {"svg": "image/svg+xml", "html": "text/html", "plain": "text/plain"}
    data = {names[key]: value for key, value in data.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def figure(label: str = "learning rate") -> dict:
    return rich(
        svg='<svg xmlns="http://www.w3.org/2000/svg" class="dl-svg">'
        '<defs><path id="d1-0" d="M0 0"/></defs><use href="#d1-0"/>'
        f"<text>{label}</text></svg>"
    )


def table(head: str = "rate", cell: str = "a &lt; b") -> dict:
    return rich(
        html=f"<table><thead><tr><th>{head}</th></tr></thead>"
        f"<tbody><tr><td>{cell}</td></tr></tbody></table>",
        plain="rate\na < b",
    )


OUTPUTS = {
    "imports": [],
    "train": [stream("step 0\n"), stream("careful", "stderr"), stream("step 1\n")],
    "draw": [figure()],
    "rows": [table()],
    "all": [table(), figure(), stream("end\n")],
    "untranslated": [figure("no entry"), table("none either", "nor here")],
}
VALUES = {
    "w": -1.2345,
    "tiny": 1.5e-7,
    "huge": -2.5e12,
    "n": 1234567,
    "half": 0.5,
    "yes": True,
    "word": "50% <b> & x_1",
    "code": "1e5",
    "infinite": float("-inf"),
    "nothing": float("nan"),
    "grim": "a\x1b[31m\x02wzxhzdk:0\x03\x00b",
}
CATALOGUE = {
    "two steps": "两步",
    "roughly": "大约",
    "a comment about area": "关于面积的注释",
    "learning rate": "学习率",
    "rate": "率 & 比",
}


def snippet(folder: Path, name: str = "demo", text: str = SNIPPET) -> Snippet:
    path = folder / f"{name}.py"
    path.write_text(text.lstrip("\n"), encoding="utf-8")
    return read_snippet(path)


def run_of(
    of: Snippet, outputs: dict[str, list[dict]], values: dict | None = None
) -> Run:
    cells = [{"name": cell.name, "outputs": outputs[cell.name]} for cell in of.code]
    versions = {"python": "3.11.0", "torch": "2.15.0", "numpy": "2.0.0"}
    manifest = {
        "name": of.name,
        "inputs": versions,
        "values": VALUES if values is None else values,
        "seconds": 1.25,
        "memory": 2**20,
    }
    return Run(manifest, executed_notebook(of, cells))


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """A package, one snippet that ran, and one that is stale."""
    folder = tmp_path_factory.mktemp("book") / "mini"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "shapes.py").write_text(MODULE.lstrip("\n"), encoding="utf-8")
    demo, late = snippet(folder.parent), snippet(folder.parent, "late")
    return Sources(
        library=Library(folder),
        snippets={"demo": demo, "late": late},
        runs={"demo": run_of(demo, OUTPUTS)},
        stale={"late": "mini.shapes.area changed"},
        catalogues={"zh": CATALOGUE},
    )


def sources_with(sources: Sources, output: dict) -> Sources:
    """The sources, where the cell `draw` shows something else."""
    run = run_of(sources.snippets["demo"], OUTPUTS | {"draw": [output]})
    return Sources(
        sources.library, sources.snippets, {"demo": run}, {}, sources.catalogues
    )


def extensions() -> dict:
    """The Markdown extensions that the book is built with, but its own."""

    class Loader(yaml.SafeLoader):
        """Reads mkdocs.yml without its environment variables."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    found = config["markdown_extensions"]
    assert found.pop("dlnotes.book.markdown") == {"language": "en"}
    return found


def convert(text: str, language: str, sources: Sources, path: str = "a/b.md") -> str:
    """Weave and convert a page as the extension does."""
    configs = extensions()
    markdown = Markdown(extensions=list(configs), extension_configs=configs)
    store = markdown.htmlStash.store
    weaver = Weaver(sources, language, path, f"docs/{language}/{path}", store)

    class Weave:
        def run(self, lines: list[str]) -> list[str]:
            return weaver.weave("\n".join(lines)).split("\n")

    markdown.preprocessors.register(Weave(), "dlnotes", 27)  # type: ignore[arg-type]
    converted = markdown.convert(textwrap.dedent(text).lstrip("\n"))
    assert weaver.errors == []
    return converted


class Nested(HTMLParser):
    """Checks that tags close in the order in which they open."""

    VOID = frozenset({"br", "img", "input", "hr", "col", "link", "mspace", "path"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.inside: list[tuple[str, ...]] = []
        self.ids: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.inside.append((*self.open, tag))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def errors_of(text: str, language: str, sources: Sources) -> list[str]:
    file = f"docs/{language}/part/page.md"
    weaver = Weaver(sources, language, "part/page.md", file, str)
    weaver.weave(text)
    return [str(error) for error in weaver.errors]


def error_of(text: str, sources: Sources, language: str = "en") -> str:
    (error,) = errors_of(text, language, sources)
    return error


# Code


def test_source_becomes_code_and_a_link_to_its_file(sources: Sources) -> None:
    woven = weave("@source mini.shapes.area\n", "en", sources, path="part/page.md")
    assert woven == (
        '\n```{ .python data-dl-copy="mini.shapes.area" }\n@cache\ndef area(r):\n'
        '    """Return an area."""\n    # a comment about area\n'
        "    square = r * r  # (B, T)\n    return PI * square\n```\n\n"
        '<p class="dl-origin" data-search-exclude>'
        '<a href="../source/mini/shapes.py"><code>mini.shapes.area</code></a></p>\n\n'
        '\n\n<script type="application/json" id="dl-copied">{"mini.shapes.area": '
        '{"": "from functools import cache\\n\\nfrom mini.shapes import PI\\n\\n'
        '@cache\\ndef area(r):\\n    \\"\\"\\"Return an area.\\"\\"\\"\\n'
        "    # a comment about area\\n    square = r * r  # (B, T)\\n"
        '    return PI * square\\n\\n"}}</script>\n\n'
    )


@pytest.mark.parametrize(
    ("path", "up"), [("page.md", ""), ("a/b.md", "../"), ("a/b/c.md", "../../")]
)
def test_links_lead_up_from_where_the_page_lies(
    sources: Sources, path: str, up: str
) -> None:
    text = "@source mini.shapes.PI\n\n@code demo#train\n\n@run demo#rows\n"
    woven = weave(text, "en", sources, path=path)
    assert re.findall(r'href="([^"]*)"', woven) == [
        f"{up}source/mini/shapes.py",
        f"{up}runs/demo.py",
        f"{up}runs/demo.html",
        f"{up}runs/demo.py",
        f"{up}runs/demo.ipynb",
        f"{up}runs/demo_standalone.py",
    ]


def test_source_of_a_method_is_unindented(sources: Sources) -> None:
    woven = weave("@source mini.shapes.Circle.area\n", "en", sources)
    assert "}\ndef area(self):\n    return area(self.r)\n```" in woven


def test_code_shows_the_cell_and_not_what_it_printed(sources: Sources) -> None:
    woven = weave("@code demo#train\n", "en", sources)
    assert 'for step in range(2):  # two steps\n    print("step", step)' in woven
    assert "figure" not in woven
    assert "<code>snippets/demo.py</code>" in woven


def test_comments_are_chinese_on_a_chinese_page_and_the_rest_is_the_same(
    sources: Sources,
) -> None:
    text = "@source mini.shapes.area\n\n@code demo#train\n"
    en, zh = (weave(text, language, sources) for language in ("en", "zh"))
    en = en.replace("# a comment about area", "# 关于面积的注释")
    assert zh == en.replace("# two steps", "# 两步")


def test_code_that_holds_fences_is_fenced_by_more(
    sources: Sources, tmp_path: Path
) -> None:
    ticks = snippet(tmp_path, "ticks", "# %% all\nx = '''\n````\n'''\n")
    here = Sources(sources.library, {"ticks": ticks}, {}, {}, {})
    woven = weave("@code ticks#all\n", "en", here)
    assert woven.startswith('\n`````{ .python data-dl-copy="ticks#all" }\n')
    assert "}\nx = '''\n````\n'''\n`````\n" in woven


def test_mark_highlights_the_one_line_that_holds_the_text(sources: Sources) -> None:
    text = '@source mini.shapes.area mark="PI *" mark="square ="\n'
    assert '```{ .python hl_lines="6 5" ' in weave(text, "en", sources)


def test_mark_may_quote_a_comment_in_both_languages(sources: Sources) -> None:
    text = '@code demo#train mark="two steps"\n'
    for language in ("en", "zh"):
        assert 'hl_lines="1"' in weave(text, language, sources)


@pytest.mark.parametrize(
    ("mark", "found"), [("softmax", "no line"), ("area", "lines 2, 3, 4")]
)
def test_mark_must_match_one_line(sources: Sources, mark: str, found: str) -> None:
    error = error_of(f'Text.\n\n@source mini.shapes.area mark="{mark}"\n', sources)
    assert error == (
        f'docs/en/part/page.md:3: mark="{mark}" matches {found} of mini.shapes.area; '
        "it must match one"
    )


# Outputs


def test_run_shows_code_then_outputs_then_where_they_come_from(
    sources: Sources,
) -> None:
    woven = weave("@run demo#train\n", "en", sources, path="a/b.md")
    code, _, rest = woven.partition("```\n\n")
    assert code.startswith('\n```{ .python data-dl-copy="demo#train" }\nfor step')
    provenance, _, after = rest.partition("\n\n")
    assert after.startswith(
        '\n\n<script type="application/json" id="dl-copied">{"demo"'
    )
    log, _, provenance = provenance.partition("</figure>")
    assert log == (
        '<figure class="dl-output dl-log" data-search-exclude><pre>step 0\nstep 1</pre>'
    )
    assert provenance == (
        '<p class="dl-provenance" data-search-exclude>Run of <code>demo</code> · '
        "1.25 s · Python 3.11.0, torch 2.15.0, NumPy 2.0.0 · "
        '<a href="../runs/demo.html">run page</a> · '
        '<a href="../runs/demo.py" download>.py</a> · '
        '<a href="../runs/demo.ipynb" download>.ipynb</a> · '
        '<a href="../runs/demo_standalone.py" download>'
        "one file, no dlnotes needed</a></p>"
    )


def test_later_outputs_of_a_run_only_link_to_its_page(sources: Sources) -> None:
    woven = weave("@log demo#train\n\n@run demo#train\n", "en", sources, path="a.md")
    assert woven.count("Python 3.11.0, torch 2.15.0") == 1
    assert (
        woven.count(
            '<p class="dl-provenance" data-search-exclude>'
            '<a href="runs/demo.html">Run of demo</a></p>'
        )
        == 1
    )


def test_run_of_a_silent_cell_shows_its_code_and_the_run(sources: Sources) -> None:
    woven = weave("@run demo#imports\n", "en", sources)
    assert "<figure" not in woven
    assert '<p class="dl-provenance"' in woven


def test_outputs_keep_their_order_and_the_caption_stands_under_the_figure(
    sources: Sources,
) -> None:
    woven = weave("@run demo#all What it drew.\n", "en", sources)
    kinds = re.findall(r"<figure class=\"dl-output (\S+)\"", woven)
    assert kinds == ["dl-table", "dl-figure", "dl-log"]
    assert woven.count("What it drew.</figcaption>") == 1
    assert "</svg><figcaption>What it drew.</figcaption></figure>" in woven
    assert 'role="img" aria-label="What it drew."' in woven


@pytest.mark.parametrize("kind", ["log", "figure", "table"])
def test_each_directive_shows_one_kind_of_output(sources: Sources, kind: str) -> None:
    woven = weave(f"@{kind} demo#all A caption\n", "en", sources)
    assert re.findall(r"dl-output (\S+)\"", woven) == [f"dl-{kind}"]
    assert "<figcaption>A caption</figcaption></figure>" in woven
    assert "```" not in woven


@pytest.mark.parametrize(
    ("kind", "cell"), [("table", "train"), ("figure", "rows"), ("log", "draw")]
)
def test_an_output_that_the_cell_lacks_is_an_error(
    sources: Sources, kind: str, cell: str
) -> None:
    error = error_of(f"\n@{kind} demo#{cell} Caption\n", sources)
    assert error == f"docs/en/part/page.md:2: cell demo#{cell} has no {kind}"


def test_tables_and_labels_are_translated(sources: Sources) -> None:
    woven = weave("@run demo#all 图。\n", "zh", sources)
    assert "<text>学习率</text>" in woven
    assert "<th>率 &amp; 比</th>" in woven
    assert "<td>a &lt; b</td>" in woven
    assert "运行自 <code>demo</code>" in woven
    assert "单文件，无需 dlnotes</a>" in woven


def test_a_figure_may_stand_twice_on_a_page(sources: Sources) -> None:
    text = "@figure demo#draw One\n\n@run demo#all Two\n\n@figure demo#draw Three\n"
    woven = weave(text, "en", sources)
    ids = re.findall(r' id="(f[^"]*)"', woven)
    assert len(ids) == len(set(ids)) == 3
    assert re.findall(r'<use href="#([^"]*)"', woven) == ids


def test_runs_lists_every_run(sources: Sources) -> None:
    here = Sources(
        sources.library,
        {"demo": sources.snippets["demo"]},
        sources.runs,
        {},
        sources.catalogues,
    )
    woven = weave("@runs\n", "zh", here, path="runs/index.md")
    assert "<td><code>demo</code></td><td class=number>1.25</td>" in woven
    assert "<td class=number>1 MiB</td>" in woven
    assert "<th>内存峰值</th>" in woven
    assert 'href="../runs/demo.ipynb" download' in woven


# Captions


def test_captions_hold_code_maths_emphasis_values_and_links(sources: Sources) -> None:
    text = (
        "@figure demo#draw The *rate* $\\eta<1$, `a<b` and [[demo.w:.1f]] for \\$5,"
        " see [there](../x/y.md#z), [out](https://a.org/b.md)\n"
    )
    woven = weave(text, "en", sources)
    caption = re.search(r"<figcaption>(.*?)</figcaption>", woven)
    assert caption
    assert caption[1] == (
        'The <em>rate</em> <span class="dl-nobreak"><math><mi>η</mi><mo>&lt;</mo>'
        "<mn>1</mn></math>,</span> <code>a&lt;b</code> and "
        '<data class="dl-value" title="measured by demo.py">−1.2</data> for $5, see '
        '<a href="../x/y.html#z">there</a>, <a href="https://a.org/b.md">out</a>'
    )
    assert (
        'aria-label="The rate η&lt;1, a&lt;b and −1.2 for $5, see there, out"' in woven
    )


@pytest.mark.parametrize(
    "caption", ["1. not a list", "- nor this", "# no heading", "> no quote", "---"]
)
def test_a_caption_is_one_line_of_text_whatever_it_starts_with(
    sources: Sources, caption: str
) -> None:
    woven = weave(f"@figure demo#draw {caption}\n", "en", sources)
    shown = caption.replace(">", "&gt;")
    assert f"<figcaption>{shown}</figcaption>" in woven


def test_a_caption_that_is_the_first_formula_of_a_page(sources: Sources) -> None:
    html = convert("@figure demo#draw $x$ and [[demo.half]]\n", "en", sources)
    label = re.search('aria-label="([^"]*)"', html)
    assert label
    assert label[1] == "x and 0.5"
    assert "wzxhzdk" not in html


def test_errors_in_captions_carry_the_line_of_the_directive(sources: Sources) -> None:
    text = "\n\n@figure demo#draw Rate [[demo.rate]]\n"
    assert error_of(text, sources).startswith(
        "docs/en/part/page.md:3: [[demo.rate]]: the run has no"
    )


# What cannot be shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "@source mini.shapes.aera",
            "mini.shapes has no symbol 'aera'; did you mean area?",
        ),
        ("@source mini.shapes", "mini.shapes is a module, not a symbol"),
        ("@source mini.sapes.area", "mini has no symbol 'sapes'"),
        ("@source numpy.sum", "numpy.sum is not in the package"),
        (
            "@run demo#trian",
            "snippet demo has no cell 'trian'; it has imports, train, draw, rows, all,"
            " untranslated",
        ),
        ("@code demo#nope", "snippet demo has no cell 'nope'"),
        ("@run dmo#train", "no snippet 'dmo' in snippets/; did you mean demo?"),
        ("[[dmo.w]]", "no snippet 'dmo' in snippets/; did you mean demo?"),
        ("[[xyz.w]]", "no snippet 'xyz' in snippets/"),
        (
            "[[demo.hlaf]]",
            "[[demo.hlaf]]: the run has no number, truth value or text so named; "
            "did you mean half?",
        ),
        (
            "[[demo.word:.2f]]",
            "[[demo.word]]: format '.2f' does not fit the str '50% <b> & x_1': ",
        ),
        ("$a = [[demo.w:q]]$", "[[demo.w]]: format 'q' does not fit the float"),
        ("[[demo.n:c]]", "[[demo.n]]: format 'c' does not fit the int 1234567: "),
        ("@bogus demo#train", "unknown directive @bogus; the known ones are @source"),
        (r"$\nope$", r"formula `\nope`: Unknown command"),
        ("$a = [[demo.wow]]$", "[[demo.wow]]: the run has no"),
    ],
)
def test_errors_say_where_and_what_else_there_is(
    sources: Sources, text: str, message: str
) -> None:
    for language in ("en", "zh"):
        error = error_of(f"# Title {{#t}}\n\n{text}\n", sources, language)
        assert error.startswith(f"docs/{language}/part/page.md:3: {message}"), error


@pytest.mark.parametrize("text", ["@run late#train", "[[late.w]]", "$[[late.w]]$"])
def test_a_stale_run_is_not_shown(sources: Sources, text: str) -> None:
    weaver = Weaver(sources, "en", "page.md", "docs/en/page.md", str)
    assert weaver.weave(text + "\n") == text + "\n"
    (error,) = weaver.errors
    assert isinstance(error, StaleError)
    assert str(error) == (
        "docs/en/page.md:1: the run of late is stale: mini.shapes.area changed; "
        "run `dlnotes run late`"
    )


def test_code_of_a_stale_snippet_can_be_shown(sources: Sources) -> None:
    assert "for step" in weave("@code late#train\n", "en", sources)


def test_lines_of_errors_within_long_blocks(sources: Sources) -> None:
    text = textwrap.dedent(
        r"""
        One [[demo.w]]
        two $x +
        [[demo.no3]]$ and [[demo.w]]
        four [[demo.no5]], $\no5$.

        - item
          [[demo.no8]]

        | a |
        |---|
        | [[demo.no12]] |

        $$
        x \\
        +
        [[demo.no17]]
        $$

        !!! note "Title [[demo.no20]]"
            [[demo.no21]]

        ## Heading [[demo.no23]] {#h}
        """
    )
    found = errors_of(text, "en", sources)
    lines = [int(re.search(r"page\.md:(\d+): ", error)[1]) for error in found]  # type: ignore[index]
    assert lines == [4, 5, 5, 8, 12, 17, 20, 21, 23]


def test_an_error_in_another_file_names_that_file_too(
    sources: Sources, tmp_path: Path
) -> None:
    (tmp_path / "mini").mkdir()
    (tmp_path / "mini" / "bad.py").write_text("x = 1\ndef f(:\n")
    broken = Sources(Library(tmp_path / "mini"), {}, {}, {}, {})
    error = error_of("\n\n@source mini.bad.f\n", broken)
    assert error.startswith("docs/en/part/page.md:3: ")
    assert "bad.py:2: not valid Python" in error


def test_weave_raises_the_first_error(sources: Sources) -> None:
    with pytest.raises(BookError, match=r"^docs/zh/page.md:1: .*demo.one"):
        weave("[[demo.one]] [[demo.two]]\n", "zh", sources)


# Values


def shown(text: str, sources: Sources) -> str:
    woven = weave(text + "\n", "en", sources)
    return "".join(re.findall(r"<data [^>]*>(.*?)</data>", woven))


@pytest.mark.parametrize(
    ("quoted", "text"),
    [
        ("w:.2f", "−1.23"),
        ("half", "0.5"),
        ("half:+.1f", "+0.5"),
        ("half:.0%", "50%"),
        ("w:.0%", "−123%"),
        ("n:,", "1,234,567"),
        ("n:>12,", "1,234,567"),
        ("tiny:.1e", "1.5\xa0×\xa010⁻⁷"),
        ("tiny:.2E", "1.50\xa0×\xa010⁻⁷"),
        ("tiny", "1.5\xa0×\xa010⁻⁷"),
        ("huge:.2g", "−2.5\xa0×\xa010¹²"),
        ("half:.0e", "5\xa0×\xa010⁻¹"),
        ("n:x", "12d687"),
        ("yes", "True"),
        ("word", "50% &lt;b&gt; &amp; x_1"),
        ("code", "1e5"),
        ("infinite", "−∞"),
        ("nothing", "nan"),
        ("grim", "awzxhzdk:0b"),
    ],
)
def test_values_in_prose(sources: Sources, quoted: str, text: str) -> None:
    assert shown(f"It is [[demo.{quoted}]].", sources) == text


@pytest.mark.parametrize(
    ("quoted", "mathml"),
    [
        ("w:.2f", '<mo lspace="0" rspace="0">−</mo><mn>1.23</mn>'),
        ("half:.0%", "<mn>50</mn><mi>%</mi>"),
        ("n:,", "<mn>1</mn>{comma}<mn>234</mn>{comma}<mn>567</mn>"),
        ("n:_", "<mn>1</mn><mi>_</mi><mn>234</mn><mi>_</mi><mn>567</mn>"),
        ("tiny:.1e", "<mn>1.5</mn>{times}<msup><mn>10</mn><mrow>{minus}<mn>7</mn>"),
        ("huge:.1e", "<mn>2.5</mn>{times}<msup><mn>10</mn><mn>12</mn></msup>"),
        ("half:+.1f", "+</mo><mn>0.5</mn>"),
        ("half:>6.1f", "<mn>0.5</mn>"),
        ("yes", "<mtext>True</mtext>"),
        ("word", "<mtext>50% &lt;b&gt; &amp; x_1</mtext>"),
        ("code", "<mtext>1e5</mtext>"),
        ("infinite", "−</mo><mi>∞</mi>"),
        ("nothing", "<mtext>nan</mtext>"),
    ],
)
def test_values_in_formulas(sources: Sources, quoted: str, mathml: str) -> None:
    signs = {
        "comma": '<mo rspace="0">,</mo>',
        "times": '<mo lspace="0.2222em" rspace="0.2222em">×</mo>',
        "minus": '<mo lspace="0" rspace="0">−</mo>',
    }
    for text in (f"$[[demo.{quoted}]]$\n", f"$$\n[[demo.{quoted}]]\n$$\n"):
        woven = weave(text, "en", sources)
        normal = re.sub(r"\s+", " ", woven).replace("\xa0", " ")
        assert mathml.format(**signs) in normal, normal


def test_values_and_dollars_that_are_none(sources: Sources) -> None:
    text = "It costs \\$5, in code `\\$5 [[demo.w]] $x$`.\n\n```\n$x$ [[demo.w]]\n```\n"
    assert weave(text, "en", sources) == text.replace("\\$5,", "$5,")


def test_formulas_become_mathml_and_keep_their_punctuation(sources: Sources) -> None:
    woven = weave("Let $x<1$, ($y$).\n", "en", sources)
    assert woven == (
        'Let <span class="dl-nobreak"><math><mi>x</mi><mo>&lt;</mo><mn>1</mn></math>,'
        '</span> (<span class="dl-nobreak"><math><mi>y</mi></math>).</span>\n'
    )


def test_an_equation_is_a_block_of_its_own(sources: Sources) -> None:
    html = convert("Text\n$$\nx\n$$\nmore.\n", "en", sources)
    assert re.fullmatch(
        r'<p>Text</p>\n<div class="dl-equation"><math display="block">.*</math></div>'
        r"\n<p>more.</p>",
        html,
    )


# Chinese


def test_lines_of_chinese_are_joined_and_rows_of_tables_are_not(
    sources: Sources,
) -> None:
    rows = "| 甲 | 乙 |\n|---|---|\n| 丙 | 丁 |\n"
    text = f"中文\n另一行，\nLatin\n词\n\n- 项目\n  继续\n\n{rows}"
    assert weave(text, "zh", sources) == text.replace("中文\n", "中文").replace(
        "，\n", "，"
    ).replace("项目\n  ", "项目")
    assert weave(text, "en", sources) == text


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("设 $x$，\n那么", True),
        ("设 $x$，\n$y$", True),
        ("设 $x$）。\nLatin", True),
        ("设 [[demo.w]]，\n那么", True),
        ("那么，\n$x$ 是", True),
        ("那么，\n[[demo.w]] 是", True),
        ("设 $x$\n那么", False),
        ("那么\n$x$ 是", False),
        ("设 $x$,\nthen", False),
        ("设 $x$：\n: 定义", False),
        ("> 设 $x$，\n> 那么", False),
    ],
)
def test_lines_beside_formulas_are_joined_as_beside_words(
    sources: Sources, text: str, joined: bool
) -> None:
    assert ("\n" in weave(text, "zh", sources)) is not joined
    assert "\n" in weave(text, "en", sources)


def test_joining_leaves_nothing_behind(sources: Sources) -> None:
    woven = weave("设 $x$），\n那么 $y$。\n", "zh", sources)
    assert re.sub(r"<math>.*?</math>", "M", woven) == (
        '设 <span class="dl-nobreak">M），</span>那么 '
        '<span class="dl-nobreak">M。</span>\n'
    )


def test_english_lines_stay_apart_after_curly_quotes(sources: Sources) -> None:
    woven = weave("We call this “$x$”\nand go on.\n", "en", sources)
    assert "”</span>\nand" in woven


# Hostile output


def log_of(sources: Sources, text: str) -> str:
    here = sources_with(sources, stream(text))
    html = convert("Before.\n\n@log demo#draw\n\nAfter.\n", "en", here)
    Nested(html)
    assert html.count("<p>Before.</p>") == html.count("<p>After.</p>") == 1
    (log,) = re.findall(r"<pre>(.*?)</pre>", html, re.DOTALL)
    return log


@pytest.mark.parametrize(
    ("printed", "log"),
    [
        ("<script>alert(1)</script>\n", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("</pre></figure><b>", "&lt;/pre&gt;&lt;/figure&gt;&lt;b&gt;"),
        ("\x1b[31mred\x1b[0m \x1b[1;38;5;9mx\x1b[K\n", "red x"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("a\x00b\x07c\x08d\x0be\x0cf\x7fg\x85h\x1b", "abcdefgh"),
        ("\x02wzxhzdk:0\x03 \x02klzzwxh:1\x03", "wzxhzdk:0 klzzwxh:1"),
        ("1%\r50%\r100%\ndone\r\nnext\r\r\n", "100%\ndone\nnext"),
        ("η = 0.1 损失 🙂 e\u0301\n", "η = 0.1 损失 🙂 e\u0301"),
        ("a\tb\n\n\n  c   d\n\n", "a\tb\n\n\n  c   d"),
        ("**b** [a](b) $x$ [[demo.w]] `c`\n@run x#y\n# h\n",) * 2,
        ("&amp; &lt; \\$5", "&amp;amp; &amp;lt; \\$5"),
        ("", ""),
    ],
)
def test_logs_show_what_was_printed_and_nothing_acts(
    sources: Sources, printed: str, log: str
) -> None:
    assert log_of(sources, printed) == log.removesuffix("\n")


def test_a_log_of_200_kb_is_shown_whole(sources: Sources) -> None:
    line = "<&> 损失 \x1b[31mx\x1b[0m\r0123456789\n"
    printed = line * (ENDLESS // len(line))
    assert log_of(sources, printed) == "\n".join(["0123456789"] * printed.count("\n"))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_any_text_can_be_printed(sources: Sources, printed: str) -> None:
    here = sources_with(sources, stream(printed))
    woven = weave("@log demo#draw\n", "en", here)
    (log,) = re.findall(r"<pre>(.*?)</pre>", woven, re.DOTALL)
    assert not re.search("[<>\x00-\x08\x0b-\x1f\x7f-\x9f]", log)


def test_cells_of_tables_hold_no_control_characters(sources: Sources) -> None:
    here = sources_with(sources, table("rate", "\x02wzxhzdk:0\x03\x00&lt;script&gt;"))
    html = convert("Text.\n\n@table demo#draw\n", "en", here)
    assert "<td>wzxhzdk:0&lt;script&gt;</td>" in html


def test_a_last_expression_is_a_log(sources: Sources) -> None:
    here = sources_with(sources, rich(plain="<Model>"))
    assert "<pre>&lt;Model&gt;</pre>" in weave("@log demo#draw\n", "en", here)


# Inside other blocks, through the Markdown that builds the book


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("box", ['!!! note "标题 $x$"', '??? success "Solution"'])
def test_directives_inside_boxes_are_blocks(
    sources: Sources, language: str, box: str
) -> None:
    html = convert(
        f"""
        {box}

            Words $x$.

            @source mini.shapes.area mark="PI *"

            @run demo#all Drawn $x$.

            @figure demo#draw Caption.

            $$
            y
            $$

        After.
        """,
        language,
        sources,
    )
    nested = Nested(html)
    outer = "details" if box.startswith("?") else "div"
    figures = [path for path in nested.inside if path[-1] == "figure"]
    assert figures == [(outer, "figure")] * 4
    assert (outer, "figure", "table") in nested.inside
    assert (outer, "figure", "pre") in nested.inside
    assert (outer, "div") in nested.inside
    assert sum(path == (outer, "div", "math") for path in nested.inside) == 1
    assert "&lt;figure" not in html
    assert "<p></p>" not in html
    assert not re.search(r"<p>\s*<(figure|div|p|table)\b", html)
    assert "\n<p>After.</p>\n<script" in html
    assert html.count('<span class="hll">') == 1
    assert "```" not in html
    assert len(nested.ids) == len(set(nested.ids))


def test_directives_inside_a_list_are_blocks_of_its_item(sources: Sources) -> None:
    html = convert(
        """
        1. First

            @run demo#train

        2. Second
        """,
        "en",
        sources,
    )
    nested = Nested(html)
    assert ("ol", "li", "figure") in nested.inside
    assert html.count("<ol>") == 1
    assert html.count("<li>") == 2


def test_directives_need_no_blank_lines_to_be_blocks(sources: Sources) -> None:
    html = convert("Before\n@log demo#train\nafter.\n", "en", sources)
    Nested(html)
    assert html.startswith('<p>Before</p>\n<figure class="dl-output dl-log"')
    assert html.endswith("</p>\n<p>after.</p>")


def test_formulas_and_values_in_headings_tables_and_links(sources: Sources) -> None:
    html = convert(
        """
        # The $x$ of [[demo.half]] {#it}

        | $|x|$ | b |
        |---|---|
        | [[demo.n:,]] | **$y$** |

        [see $z$](https://example.org)
        """,
        "en",
        sources,
    )
    Nested(html)
    assert html.startswith('<h1 id="it">The <math><mi>x</mi></math> of <data ')
    assert html.count("<td>") == 2
    assert "<strong><math><mi>y</mi></math></strong>" in html
    assert '<a href="https://example.org">see <math><mi>z</mi></math></a>' in html


# Purity

PAGE = """---
title: x
---

# 题 $x$ {#t}

设 $x$，
那么 [[demo.w:.1f]]。

@source mini.shapes.area

!!! note "注"

    @run demo#all 图 $y$，[[demo.half]]。

$$
z
$$

<div markdown>
raw
</div>

| [[demo.n]] |
|---|
| 乙 |
"""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_extension_weaves_what_the_function_weaves(
    sources: Sources, language: str
) -> None:
    markdown = Markdown()
    store = markdown.htmlStash.store
    weaver = Weaver(sources, language, "a/b.md", "b.md", store)
    woven = weaver.weave(PAGE)
    assert weaver.errors == []
    held = markdown.htmlStash.rawHtmlBlocks
    restored = re.sub("\x02wzxhzdk:(\\d+)\x03", lambda m: held[int(m[1])], woven)
    assert restored == weave(PAGE, language, sources, path="a/b.md")
    assert not any("\x02" in html for html in held)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_weaving_twice_gives_the_same_and_changes_no_source(
    sources: Sources, language: str
) -> None:
    before = copy.deepcopy(
        {name: (run.manifest, run.notebook) for name, run in sources.runs.items()}
    )
    catalogues = copy.deepcopy(sources.catalogues)
    assert weave(PAGE, language, sources) == weave(PAGE, language, sources)
    after = {name: (run.manifest, run.notebook) for name, run in sources.runs.items()}
    assert repr(after) == repr(before)
    assert sources.catalogues == catalogues


def test_text_without_directives_stays_as_it_is(sources: Sources) -> None:
    text = "---\na: b\n---\n\n*Text* [a](b.md).\n\n<!-- @run -->\n\n```python\nx\n```\n"
    assert weave(text, "en", sources) == text


@given(st.text(alphabet="ab $*`[]()\\\n#|-@!{}<>:.中，。", max_size=60))
def test_any_text_can_be_woven(sources: Sources, text: str) -> None:
    for language in ("en", "zh"):
        weaver = Weaver(sources, language, "page.md", "page.md", str)
        woven = weaver.weave(text)
        assert not re.search("[\ue000-\ue002]", woven)
        assert all(1 <= (error.line or 0) for error in weaver.errors)
