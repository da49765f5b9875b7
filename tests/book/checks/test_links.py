import pytest

from dlnotes.book.book import Book
from dlnotes.book.checks.links import dangling

OTHER = "# Other {#other}\n\n## Part {#part}\n\n```\n[x](nowhere.md)\n```\n"


@pytest.fixture
def docs(tmp_path):
    files = {
        "en/index.md": "# Home {#home}\n\n[how](how-built.md), [one](f/one.md#one)\n",
        "en/how-built.md": "# How {#how}\n",
        "en/f/other.md": OTHER,
        "en/runs/index.md": "# Runs {#runs}\n",
        "en/f/plot.svg": "<svg/>",
        "assets/logo.svg": "<svg/>",
    }
    for name, text in files.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "docs" / "en"


def faults(docs, body):
    """Check a page `f/one.md` with this body, which starts on line 3."""
    path = docs / "f/one.md"
    path.write_text(f"# One {{#one}}\n\n{body}\n", "utf-8")
    book = Book(docs.parent.parent)
    book.__dict__["snippets"] = {"perceptron": None}
    texts = {page: page.read_text("utf-8") for page in book.pages("en")}
    found = [str(error) for error in dangling(book, None, texts)]
    return [text.removeprefix("docs/en/f/one.md:") for text in found]


def test_good_links(docs):
    body = """[a](other.md), [b](other.md#part "Title"), [c](#one),
[d](../index.md#home), ![e](plot.svg), ![f](../assets/logo.svg), [g](../how-built.md), <https://x.org>,
[h](https://doi.org/10.1#x), [i](mailto:a@b.c), [j](../runs/perceptron.ipynb),
[k](../runs/perceptron.md#any), [o](../runs/index.md#runs),
[l][ref], `[m](nowhere.md)`, $[n](o.md)$.

| [p](other.md) |
|---|
| [q](./other.md) |

!!! note "[r](../f/other.md)"

    [s](one.md#one)

[ref]: other.md#other
"""
    assert faults(docs, body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("[a](two.md)", "3: link two.md: no such file"),
        ("a\nb\n[a](../other.md#x) c", "5: link ../other.md#x: no such file"),
        ("[a](other.md#nope)", "3: link other.md#nope: no heading there has {#nope}"),
        ("[a](#nope)", "3: link #nope: no heading there has {#nope}"),
        ("![a](no.svg)", "3: link no.svg: no such file"),
        ("[a](/en/f/other/)", "3: absolute link /en/f/other/; link to the .md file"),
        ("[a](//x.org)", "3: absolute link //x.org; link to the .md file"),
        ("[a](other.html#part)", "3: link other.html#part: link to the .md file"),
        ("[a](../f/other/)", "3: link ../f/other/: link to the .md file"),
        ("[a](..)", "3: link ..: link to the .md file"),
        ("[a](../../zh/f/one.md)", "3: link '../../zh/f/one.md' leads out of the"),
        ("[a]()", "3: empty link"),
        ("[a](../runs/linear.ipynb)", "3: link ../runs/linear.ipynb: no run is called"),
        ("[a](../runs/index.md#x)", "3: link ../runs/index.md#x: no heading there"),
        ("[x]: two.md", "3: link two.md: no such file"),
        ("@figure a#b As in [a](two.md).", "3: link two.md: no such file"),
    ],
)
def test_faults(docs, body, fault):
    (found,) = faults(docs, body)
    assert found.startswith(fault)


def test_all_faults_of_all_pages_are_found(docs):
    (docs / "zz.md").write_text("# Z {#z}\n\n[a](b.md) [c](f/one.md#d)\n", "utf-8")
    found = faults(docs, "[x](y.md)\n\n## Bad heading\n\n[z](other.md#w)")
    assert len(found) == 4


def test_anchors_with_escapes(docs):
    text = "# 题 {#题}\n\n[a](#%E9%A2%98) [b](#题)\n"
    (docs / "a.md").write_text(text, "utf-8")
    assert faults(docs, "") == []
