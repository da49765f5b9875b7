import re
from pathlib import Path
from pydoc_data.topics import topics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.data.text import (
    TextSplits,
    letters_only,
    load_text,
    read_text,
    split_text,
    unique_paragraphs,
)


@pytest.fixture(scope="module")
def splits() -> TextSplits:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DLNOTES_SCALE", raising=False)
        return load_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DLNOTES_DATA", str(tmp_path))
    return tmp_path


def paragraphs(topic: str) -> list[str]:
    return [letters_only(text) for text in topics[topic].split("\n\n")]


class TestTopics:
    def test_sizes_are_about_what_the_docstring_says(self, splits: TextSplits) -> None:
        total = sum(map(len, splits))
        assert 270_000 < total < 340_000
        shares = [len(part) / total for part in splits]
        assert shares == pytest.approx([0.71, 0.11, 0.18], abs=0.05)

    def test_letters_and_single_blanks_alone(self, splits: TextSplits) -> None:
        for part in splits:
            assert set(part) == {*"abcdefghijklmnopqrstuvwxyz "}
            assert "  " not in part
            assert part == part.strip()

    def test_each_topic_is_in_one_part(self, splits: TextSplits) -> None:
        names = sorted(topics)
        seen: set[str] = set()
        expected: dict[int, list[str]] = {n: [] for n in range(8)}
        for i, name in enumerate(names):
            for paragraph in paragraphs(name):
                if paragraph and paragraph not in seen:
                    expected[i % 8].append(paragraph)
                    seen.add(paragraph)
        assert splits.test == " ".join(expected[5])
        assert splits.val == " ".join(expected[6])
        assert len(splits.train) == len(
            " ".join(p for n in (0, 1, 2, 3, 4, 7) for p in expected[n])
        )

    def test_paragraphs_come_in_the_order_of_the_topics(
        self, splits: TextSplits
    ) -> None:
        first = [p for p in paragraphs(min(topics)) if p]
        assert splits.train.startswith(" ".join(dict.fromkeys(first)))

    def test_nothing_to_test_was_trained_on(self, splits: TextSplits) -> None:
        """Of 100 characters in a row hardly any are in two parts."""
        n = 100
        for part, others in ((splits.test, splits[:2]), (splits.val, splits[:1])):
            pieces = [part[i : i + n] for i in range(0, len(part) - n, n)]
            leaked = [p for p in pieces if any(p in text for text in others)]
            assert len(leaked) < 0.01 * len(pieces)

    def test_a_fifth_of_the_reference_is_there_twice(self, splits: TextSplits) -> None:
        everything = [p for name in topics for p in paragraphs(name) if p]
        length = len(" ".join(everything))
        kept = sum(map(len, splits))
        assert 0.15 < 1 - kept / length < 0.4

    def test_the_same_each_time(self, splits: TextSplits) -> None:
        assert load_text() == splits

    def test_repr(self) -> None:
        splits = TextSplits("a" * 1234, "bb", "c")
        assert repr(splits) == "TextSplits(1,234 + 2 + 1 characters)"


class TestParagraphs:
    def test_each_comes_once_in_the_first_text_that_has_it(self) -> None:
        texts = [
            "One.\n\nTwo!\n\none",
            "three\n\n  two\n",
            "4\n\n\n\n--",
            "Three\n\nfour",
        ]
        assert unique_paragraphs(texts) == [["one", "two"], ["three"], [], ["four"]]

    def test_letters(self) -> None:
        assert letters_only("  It's\n3 o'Clock: go!") == "it s o clock go"
        assert letters_only("1 + 2\n") == ""

    @given(st.text())
    def test_letters_of_letters_are_the_same(self, text: str) -> None:
        once = letters_only(text)
        assert letters_only(once) == once
        assert re.fullmatch("([a-z]+( [a-z]+)*)?", once)


class TestSplit:
    @given(st.text(min_size=10))
    def test_the_parts_are_the_text(self, text: str) -> None:
        train, val, test = split_text(text)
        assert train + val + test == text
        assert len(train) == int(0.8 * len(text) + 1e-9)
        assert len(train + val) == len(text) * 9 // 10
        assert val
        assert test

    def test_the_test_is_nanogpts(self) -> None:
        text = "".join(map(chr, range(200, 337)))
        assert split_text(text).test == text[int(len(text) * 0.9) :]

    def test_too_short(self) -> None:
        message = "^a text of 9 characters has no tenth: 10 are needed$"
        with pytest.raises(ValueError, match=message):
            split_text("a" * 9)


class TestFiles:
    def test_at_full_scale_it_is_tiny_shakespeare(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = "First Citizen:\nBefore we proceed any further, hear me speak.\n"
        (folder / "tinyshakespeare.txt").write_text(text, encoding="utf-8")
        monkeypatch.setenv("DLNOTES_SCALE", "full")
        assert load_text() == split_text(text)
        assert "".join(load_text()) == text

    def test_all_symbols_are_kept(self, folder: Path) -> None:
        text = "Ein Löffel,\n\n一把勺子 🥄\t!\n"
        (folder / "a.txt").write_text(text, encoding="utf-8")
        assert read_text("a.txt") == text

    def test_windows_ends_of_lines_and_its_mark_of_utf8(self, folder: Path) -> None:
        (folder / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
        assert read_text("a.txt") == "one\ntwo\n"

    def test_a_path_from_the_root_on(self, folder: Path, tmp_path: Path) -> None:
        path = tmp_path / "elsewhere.txt"
        path.write_text("here", encoding="utf-8")
        assert read_text(str(path)) == "here"

    def test_a_missing_file(self, folder: Path) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            read_text("war.txt")
        assert str(caught.value) == (
            f"{folder / 'war.txt'} is missing: put a text there, as a file in UTF-8, "
            "or name another folder in the variable DLNOTES_DATA"
        )

    @pytest.mark.parametrize("chosen", [None, ""])
    def test_without_a_choice_the_files_lie_in_the_cache(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("DLNOTES_DATA", raising=False)
        if chosen is not None:
            monkeypatch.setenv("DLNOTES_DATA", chosen)
        path = tmp_path / ".cache" / "dlnotes" / "war.txt"
        with pytest.raises(FileNotFoundError, match=f"^{re.escape(str(path))} is miss"):
            read_text("war.txt")

    def test_a_file_that_is_not_utf8(self, folder: Path) -> None:
        (folder / "a.txt").write_bytes("Löffel".encode("latin-1"))
        with pytest.raises(ValueError, match="UTF-8") as caught:
            read_text("a.txt")
        assert str(caught.value) == (
            f"{folder / 'a.txt'} is not in UTF-8: byte 1 is 0xf6; "
            "save the text as UTF-8"
        )

    @pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf"])
    def test_an_empty_file(self, folder: Path, data: bytes) -> None:
        (folder / "a.txt").write_bytes(data)
        message = f"^{re.escape(str(folder / 'a.txt'))} is empty: a text is needed$"
        with pytest.raises(ValueError, match=message):
            read_text("a.txt")
