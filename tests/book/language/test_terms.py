"""The words of the book: read, claimed, used, explained."""

from pathlib import Path

import pytest

from dlnotes.book.book import Book
from dlnotes.book.checks.parity import prose_pairs
from dlnotes.book.errors import BookError
from dlnotes.book.language.hover import Marker
from dlnotes.book.language.terminology import unnamed, unpaired
from dlnotes.book.language.terms import Term, read_terms, unclaimed
from dlnotes.book.language.wording import Rendering, banned, of_terms, read_instead
from dlnotes.book.pages.page import scan
from dlnotes.book.source.library import Library
from dlnotes.book.weaving.reference import concepts, glossary
from dlnotes.book.weaving.sources import Chapter, Sources
from dlnotes.book.weaving.weave import weave

TERMS = """
[concepts.gradient]
en = ["gradient"]
zh = ["梯度"]
meaning_en = "The vector of all partial derivatives."
meaning_zh = "所有偏导数组成的向量。"
chapter = "part/gradients.md"
paired = true

[concepts.gradient-descent]
en = ["gradient descent"]
zh = ["梯度下降"]
meaning_en = "Steps against the gradient; \\"downhill\\"."
meaning_zh = "逆着梯度走。"
chapter = "part/descent.md"
paired = true

[terms.pooling]
en = ["pooling"]
zh = ["池化"]
meaning_en = "Taking the maximum of a window."
meaning_zh = "取一个窗口的最大值。"
banned_zh = ["汇聚层"]
paired = true

[terms.loss]
en = ["loss", "MSE"]
zh = ["损失"]
meaning_en = "How wrong it is."
meaning_zh = "错得多厉害。"

[terms.epoch]
en = ["epoch"]
zh = ["轮"]
meaning_en = "One pass over the data."
meaning_zh = "把数据过一遍。"
banned_zh = ["周期"]
not_in_zh = ["轮流", "轮到", "周期函数"]
paired = true

[instead]
"分数" = { write = "得分", not_in = ["F1 分数"] }
"""


@pytest.fixture
def terms(tmp_path: Path) -> list[Term]:
    path = tmp_path / "terms.toml"
    path.write_text(TERMS, encoding="utf-8")
    return read_terms(path)


def abbr(meaning: str, word: str) -> str:
    return f'<abbr tabindex="0" title="{meaning}">{word}</abbr>'


def refused(tmp_path: Path, text: str) -> BookError:
    path = tmp_path / "terms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BookError) as caught:
        read_terms(path)
    assert caught.value.path == path
    return caught.value


class TestReading:
    def test_the_terms_are_in_the_order_of_the_file(self, terms: list[Term]) -> None:
        assert [term.ident for term in terms] == [
            "gradient",
            "gradient-descent",
            "pooling",
            "loss",
            "epoch",
        ]
        assert [term.is_concept for term in terms] == [True, True, *[False] * 3]
        assert [term.line for term in terms[:2]] == [2, 10]

    def test_without_a_file_there_are_none(self, tmp_path: Path) -> None:
        assert read_terms(tmp_path / "none.toml") == []

    def test_what_is_no_toml(self, tmp_path: Path) -> None:
        assert "this is not TOML" in refused(tmp_path, "[concepts").message

    @pytest.mark.parametrize("field", ["en", "zh", "meaning_en", "meaning_zh"])
    def test_a_field_that_is_missing(self, tmp_path: Path, field: str) -> None:
        lines = [
            line
            for number, line in enumerate(TERMS.splitlines())
            if number < 17 or not line.startswith(f"{field} ")
        ]
        error = refused(tmp_path, "\n".join(lines))
        assert error.message == f"pooling lacks {field}"
        assert error.line == 18

    def test_a_field_that_does_not_exist(self, tmp_path: Path) -> None:
        error = refused(tmp_path, TERMS.replace("not_in_zh", "meening"))
        assert (
            "epoch: meening = ['轮流', '轮到', '周期函数'] is no field" in error.message
        )

    def test_a_field_of_another_kind(self, tmp_path: Path) -> None:
        error = refused(tmp_path, TERMS.replace('zh = ["损失"]', 'zh = "损失"'))
        assert "loss: zh = '损失' is no field" in error.message

    def test_a_concept_needs_a_chapter(self, tmp_path: Path) -> None:
        text = TERMS.replace('chapter = "part/descent.md"\n', "")
        error = refused(tmp_path, text)
        assert error.message == "gradient-descent lacks the chapter that claims it"
        assert error.line == 10

    def test_a_word_of_two_terms(self, tmp_path: Path) -> None:
        error = refused(tmp_path, TERMS.replace('"MSE"', '"Pooling"'))
        assert error.message == "'Pooling' is a word of pooling already"

    def test_a_table_that_does_not_exist(self, tmp_path: Path) -> None:
        error = refused(tmp_path, TERMS + "[words.x]\n")
        assert error.message == "unknown table 'words': concepts, terms or instead"


class TestClaims:
    @pytest.fixture
    def book(self, tmp_path: Path) -> Book:
        for language in ("en", "zh"):
            folder = tmp_path / "docs" / language / "part"
            folder.mkdir(parents=True)
            for page, ident in (
                ("gradients", "gradient"),
                ("descent", "gradient-descent"),
            ):
                text = f"---\ntitle: T\nconcepts: [{ident}]\n---\n\n# T {{#t}}\n"
                (folder / f"{page}.md").write_text(text, encoding="utf-8")
        return Book(tmp_path)

    def edit(self, book: Book, old: str, new: str, page: str = "gradients") -> None:
        path = book.docs / "zh" / "part" / f"{page}.md"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def found(self, book: Book, terms: list[Term]) -> list[str]:
        return [str(error) for error in unclaimed(book, terms)]

    def test_all_is_well(self, book: Book, terms: list[Term]) -> None:
        assert self.found(book, terms) == []

    def test_a_claim_that_is_removed(self, book: Book, terms: list[Term]) -> None:
        self.edit(book, "[gradient]", "[]")
        assert self.found(book, terms) == [
            "docs/zh/part/gradients.md:3: the front matter does not claim the "
            "concept gradient"
        ]

    def test_a_claim_without_a_concept(self, book: Book, terms: list[Term]) -> None:
        self.edit(book, "[gradient]", "[gradient, pooling]")
        assert self.found(book, terms) == [
            "docs/zh/part/gradients.md:3: docs/terms.toml has no concept pooling"
        ]

    def test_a_concept_of_another_chapter(self, book: Book, terms: list[Term]) -> None:
        self.edit(book, "[gradient]", "[gradient, gradient-descent]")
        assert self.found(book, terms) == [
            "docs/zh/part/gradients.md:3: gradient-descent belongs to part/descent.md"
        ]

    def test_a_chapter_that_is_missing(self, book: Book, terms: list[Term]) -> None:
        (book.docs / "en" / "part" / "descent.md").unlink()
        assert self.found(book, terms) == [
            "docs/terms.toml:10: gradient-descent: there is no page part/descent.md"
        ]


class TestBanned:
    @pytest.fixture
    def renderings(self, terms: list[Term], tmp_path: Path) -> list[Rendering]:
        return [*of_terms(terms, "zh"), *read_instead(tmp_path / "terms.toml")]

    def found(self, text: str, renderings: list[Rendering]) -> list[str]:
        return [str(error) for error in banned(text, renderings, "zh.md")]

    def test_it_is_found_with_its_line(self, renderings: list[Rendering]) -> None:
        text = "# 标题 {#a}\n\n一行，\n用了汇聚层。\n"
        assert self.found(text, renderings) == [
            "zh.md:4: 汇聚层 is not used for pooling: write 池化"
        ]

    def test_a_word_without_an_entry(self, renderings: list[Rendering]) -> None:
        assert self.found("最高的分数。", renderings) == ["zh.md:1: 分数: write 得分"]

    @pytest.mark.parametrize("text", ["F1 分数高。", "正弦是周期函数。"])
    def test_in_a_longer_word_it_may_be_right(
        self, renderings: list[Rendering], text: str
    ) -> None:
        assert self.found(text, renderings) == []

    @pytest.mark.parametrize(
        "text", ["不叫“汇聚层”。", "不叫「汇聚层」。", "`汇聚层`", "$\\text{汇聚层}$"]
    )
    def test_spoken_about_it_is_allowed(
        self, renderings: list[Rendering], text: str
    ) -> None:
        assert self.found(text, renderings) == []

    @pytest.mark.parametrize(
        "text", ["# 汇聚层 {#a}", "| 甲 |\n|---|\n| 汇聚层 |", "@figure a#b 汇聚层"]
    )
    def test_headings_tables_and_captions_count(
        self, renderings: list[Rendering], text: str
    ) -> None:
        assert len(self.found(text, renderings)) == 1

    @pytest.mark.parametrize(
        "entry", ['"x"', "{ right = 1 }", '{ write = "y", z = 1 }']
    )
    def test_an_entry_of_another_form(self, tmp_path: Path, entry: str) -> None:
        path = tmp_path / "terms.toml"
        path.write_text(f'[instead]\n"甲" = {entry}\n', encoding="utf-8")
        with pytest.raises(BookError) as caught:
            read_instead(path)
        assert caught.value.path == path
        assert 'instead: write "甲" = { write = "…"' in caught.value.message

    def test_without_a_file_there_are_none(self, tmp_path: Path) -> None:
        assert read_instead(tmp_path / "none.toml") == []


class TestNamed:
    def found(self, terms: list[Term], text: str, language: str) -> list[str]:
        path = Path(f"{language}.md")
        assert not [*unnamed("x.md", path, "", terms, language)]
        found = unnamed("part/descent.md", path, text, terms, language)
        return [str(error) for error in found]

    @pytest.mark.parametrize(
        "text", ["**Gradient descents** help.", "# Gradient descent {#a}"]
    )
    def test_the_page_says_the_name(self, terms: list[Term], text: str) -> None:
        assert self.found(terms, text, "en") == []

    def test_it_does_not(self, terms: list[Term]) -> None:
        text = "# T {#t}\n\n`梯度下降`\n\n## 下山 {#gradient-descent}\n"
        assert self.found(terms, text, "zh") == [
            "zh.md:5: this never says “梯度下降”, the name of gradient-descent in "
            "docs/terms.toml: say it, or name it otherwise there"
        ]

    def test_part_of_a_longer_word_is_not_the_name(self, tmp_path: Path) -> None:
        path = tmp_path / "terms.toml"
        home = 'chapter = "part/descent.md"\nbanned_zh = ["周期"]'
        path.write_text(TERMS.replace('banned_zh = ["周期"]', home), encoding="utf-8")
        found = self.found(read_terms(path), "梯度下降，轮流作。", "zh")
        assert [error[:24] for error in found] == ["zh.md:1: this never says "[:24]]
        assert self.found(read_terms(path), "梯度下降，一轮。", "zh") == []


class TestPaired:
    def found(self, terms: list[Term], en: str, zh: str) -> list[str]:
        pairs = prose_pairs(scan(en)[0], scan(zh)[0])
        return [str(error) for error in unpaired(pairs, terms, "zh", "zh.md")]

    def test_both_say_it(self, terms: list[Term]) -> None:
        assert self.found(terms, "Pooling and gradients.", "池化和梯度。") == []

    def test_one_does_not(self, terms: list[Term]) -> None:
        en = "# A {#a}\n\nFirst.\n\nWith pooling, and pooling.\n"
        zh = "# 甲 {#a}\n\n首先。\n\n用汇总。\n"
        assert self.found(terms, en, zh) == [
            "zh.md:5: the English says “pooling”, and this has none of 池化"
        ]

    def test_a_longer_word_does_not_say_it(self, terms: list[Term]) -> None:
        assert self.found(terms, "An epoch.", "一轮。") == []
        assert len(self.found(terms, "An epoch.", "轮流。")) == 1

    def test_the_longer_term_is_meant(self, terms: list[Term]) -> None:
        assert self.found(terms, "Gradient descent.", "梯度下降。") == []
        assert len(self.found(terms, "Gradient descent.", "梯度。")) == 1

    def test_part_of_a_word_is_no_term(self, terms: list[Term]) -> None:
        assert self.found(terms, "Spooling, pooling-like.", "别的。") == []

    def test_terms_that_are_not_paired_are_free(self, terms: list[Term]) -> None:
        assert self.found(terms, "The loss.", "它。") == []

    def test_code_and_links_targets_do_not_count(self, terms: list[Term]) -> None:
        assert self.found(terms, "`pooling` [x](pooling.md)", "别的。") == []

    def test_references_keep_their_titles(self, terms: list[Term]) -> None:
        heading = "# A {#references}\n\n"
        assert self.found(terms, f"{heading}On pooling.", f"{heading}On it.") == []


class TestHover:
    def mark(self, terms: list[Term], text: str, language: str = "en") -> str:
        return Marker(terms, language, "part/gradients.md").mark(text)

    def test_the_first_use_is_marked_and_no_other(self, terms: list[Term]) -> None:
        marker = Marker(terms, "en", "part/x.md")
        pooling = abbr("Taking the maximum of a window.", "pooling")
        assert marker.mark("Losses and pooling, then pooling.") == (
            f"{abbr('How wrong it is.', 'Losses')} and {pooling}, then pooling."
        )
        assert marker.mark("pooling again") == "pooling again"

    def test_quotation_marks_in_a_meaning(self, terms: list[Term]) -> None:
        meaning = "Steps against the gradient; &quot;downhill&quot;."
        marked = self.mark(terms, "gradient descent")
        assert marked == abbr(meaning, "gradient descent")

    def test_chinese_words_need_no_spaces(self, terms: list[Term]) -> None:
        pooling = abbr("取一个窗口的最大值。", "池化")
        assert self.mark(terms, "先做池化再看", "zh") == f"先做{pooling}再看"

    def test_inside_a_longer_word_nothing_is_marked(self, terms: list[Term]) -> None:
        assert self.mark(terms, "轮流来，还没轮到它", "zh") == "轮流来，还没轮到它"
        marked = self.mark(terms, "轮流来，一轮", "zh")
        assert marked == f"轮流来，一{abbr('把数据过一遍。', '轮')}"

    def test_a_page_does_not_mark_its_own_terms(self, terms: list[Term]) -> None:
        assert self.mark(terms, "the gradient") == "the gradient"

    def test_other_forms_of_a_term_count_as_its_use(self, terms: list[Term]) -> None:
        marker = Marker(terms, "en", "part/x.md")
        marker.mark("the MSE")
        assert marker.mark("the loss") == "the loss"

    @pytest.mark.parametrize(
        "text",
        ["`pooling`", "$pooling$", "[pooling](a.md)", "[a](pooling.md)", "<b pooling>"],
    )
    def test_code_formulas_and_links_are_left_alone(
        self, terms: list[Term], text: str
    ) -> None:
        assert self.mark(terms, text) == text

    def test_a_term_in_bold_is_marked(self, terms: list[Term]) -> None:
        assert "**<abbr" in self.mark(terms, "**pooling**")

    def test_without_terms_the_text_stays(self) -> None:
        assert self.mark([], "pooling") == "pooling"


class TestPages:
    @pytest.fixture
    def sources(self, terms: list[Term], tmp_path: Path) -> Sources:
        chapter = Chapter("About <descent>", frozenset({"gradient-descent"}))
        other = Chapter("Gradients", frozenset())
        pages = {"part/descent.md": chapter, "part/gradients.md": other}
        return Sources(
            Library(tmp_path),
            {},
            {},
            {},
            {},
            tuple(terms),
            {"en": pages, "zh": pages},
        )

    def test_the_glossary_is_sorted_and_links_to_headings(
        self, sources: Sources
    ) -> None:
        html = glossary(sources, "en", "../")
        ids = [part.partition('"')[0] for part in html.split('<dt id="')[1:]]
        assert ids == ["epoch", "gradient", "gradient-descent", "loss", "pooling"]
        assert (
            'href="../part/descent.html#gradient-descent">About &lt;descent&gt;<'
            in html
        )
        assert 'href="../part/gradients.html">Gradients<' in html
        assert '<dfn>pooling</dfn> <span lang="zh">池化</span>' in html

    def test_other_names_are_shown_and_other_spellings_are_not(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "terms.toml"
        names = 'en = ["XOR", "x-or"]\nzh = ["XOR", "异或"]'
        meanings = 'meaning_en = "One of two."\nmeaning_zh = "二者之一。"'
        path.write_text(f"[terms.xor]\n{names}\n{meanings}\n", encoding="utf-8")
        sources = Sources(
            Library(tmp_path), {}, {}, {}, {}, tuple(read_terms(path)), {}
        )
        assert '<dfn>XOR</dfn> <span lang="zh">异或</span>' in glossary(
            sources, "en", ""
        )
        assert "<dfn>XOR、异或</dfn><a " in glossary(sources, "zh", "")

    def test_the_chinese_one_is_sorted_by_pinyin(self, sources: Sources) -> None:
        html = glossary(sources, "zh", "")
        ids = [part.partition('"')[0] for part in html.split('<dt id="')[1:]]
        assert ids == ["pooling", "epoch", "loss", "gradient", "gradient-descent"]
        assert '<dfn>池化</dfn> <span lang="en">pooling</span>' in html

    def test_concepts_stand_under_their_chapters(self, sources: Sources) -> None:
        html = concepts(sources, "en", "../")
        assert html == (
            '<dl class="dl-concepts">'
            '<dt><a href="../part/gradients.html">Gradients</a></dt>'
            '<dd><a href="../part/gradients.html">gradient</a></dd>'
            '<dt><a href="../part/descent.html">About &lt;descent&gt;</a></dt>'
            '<dd><a href="../part/descent.html#gradient-descent">gradient descent</a>'
            "</dd></dl>"
        )

    def test_the_directives_stand_for_them(self, sources: Sources) -> None:
        for kind in ("glossary", "concepts"):
            woven = weave(f"@{kind}\n", "en", sources, path="reference/x.md")
            assert f'<dl class="dl-{kind}">' in woven

    def test_a_chapter_is_woven_with_its_terms_marked(self, sources: Sources) -> None:
        text = "# Pooling {#a}\n\nThe pooling.\n"
        assert '<abbr tabindex="0" title="Taking' in weave(
            text, "en", sources, path="part/a.md"
        )
        assert "<abbr" not in weave(text, "en", sources, path="reference/a.md")
        heading = weave(text, "en", sources, path="part/a.md").splitlines()[0]
        assert "<abbr" not in heading
