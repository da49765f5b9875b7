import builtins
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dlnotes.data.tatoeba import clean_chinese, read_tatoeba, split_words

LICENCE = "CC-BY 2.0 (France) Attribution: tatoeba.org #1 (A) & #2 (B)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DLNOTES_DATA", str(tmp_path))
    return tmp_path


def write(folder: Path, text: str, name: str = "cmn.txt") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_the_two_sentences_of_a_line_are_a_pair(folder: Path) -> None:
    write(folder, f"Tom's here.\t汤姆在这里。\t{LICENCE}\nHi.\t嗨。\n")
    found = read_tatoeba()
    assert found.pairs == [("tom 's here .", "汤姆在这里。"), ("hi .", "嗨。")]
    assert found.skipped == []


def test_traditional_characters_are_simplified(folder: Path) -> None:
    write(folder, "I see a bird.\t我看見一隻鳥。\nI see a bird.\t我看见一只鸟。\n")
    assert read_tatoeba().pairs == [("i see a bird .", "我看见一只鸟。")]


def test_one_english_sentence_may_have_several_translations(folder: Path) -> None:
    write(folder, "Hi.\t嗨。\nHi.\t你好。\nhi.\t嗨。\n")
    assert read_tatoeba().pairs == [("hi .", "嗨。"), ("hi .", "你好。")]


def test_bad_lines_are_skipped_counted_and_the_first_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        folder, "Hi.\t嗨。\nno tab 没有\n\tno English 没有\nNo Chinese\t \nRun.\t跑。"
    )
    found = read_tatoeba()
    path = folder / "cmn.txt"
    assert capsys.readouterr().err == (
        f"{path}: 3 of 5 lines skipped, the first is line 2: 'no tab 没有' is no pair\n"
    )
    assert found.pairs == [("hi .", "嗨。"), ("run .", "跑。")]
    assert [line.partition(":")[0] for line in found.skipped] == [
        "line 2",
        "line 3",
        "line 4",
    ]


def test_a_long_bad_line_is_cut(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, "Hi.\t嗨。\n" + "x" * 500)
    read_tatoeba()
    assert capsys.readouterr().err.endswith(f"line 2: '{'x' * 60}' is no pair\n")


def test_a_missing_file_is_named_with_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match=r"cmn-eng\.zip") as caught:
        read_tatoeba()
    assert str(caught.value).startswith(f"{folder / 'cmn.txt'} is missing: ")
    monkeypatch.delenv("DLNOTES_DATA")
    monkeypatch.setenv("HOME", str(folder))
    with pytest.raises(FileNotFoundError) as caught:
        read_tatoeba("other.txt")
    assert str(folder / ".cache/dlnotes/other.txt") in str(caught.value)


def test_a_file_that_is_not_utf8_is_named(folder: Path) -> None:
    (folder / "cmn.txt").write_bytes("Hi.\t嗨。".encode("gb18030"))
    with pytest.raises(ValueError, match=r"cmn\.txt is not UTF-8: byte 4 does not"):
        read_tatoeba()


@pytest.mark.parametrize("text", ["", "\n\n", "English only\n"])
def test_a_file_without_pairs_is_refused(folder: Path, text: str) -> None:
    write(folder, text)
    with pytest.raises(ValueError, match=r"cmn\.txt holds no pairs: a line must"):
        read_tatoeba()


def test_a_mark_of_the_order_of_bytes_is_no_letter(folder: Path) -> None:
    write(folder, "\ufeffHi.\t嗨。\r\nRun.\t跑。\r\n")
    assert read_tatoeba().pairs == [("hi .", "嗨。"), ("run .", "跑。")]


def test_without_zhconv_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "Hi.\t嗨。\n")
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> ModuleType:
        if name == "zhconv":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "zhconv", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install zhconv$"):
        read_tatoeba()


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("I don’t know.", ["i", "don", "'t", "know", "."]),
        ("Tom's 7:30 train!", ["tom", "'s", "7", ":", "30", "train", "!"]),
        ("A well-known café?", ["a", "well-known", "café", "?"]),
        ('"Yes," he said.', ['"', "yes", ",", '"', "he", "said", "."]),
    ],
)
def test_english_is_split_into_words_and_marks(sentence: str, words: list[str]) -> None:
    assert split_words(sentence) == words


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("你 好,  汤姆!", "你好，汤姆！"),
        ("几点了?", "几点了？"),
        ("我 7:30 去。", "我7:30去。"),
        ("花了10,000日元.", "花了10,000日元。"),
        ("Charles Lindbergh 飞过去了.", "Charles Lindbergh飞过去了。"),
        ("3.4％", "3.4％"),
    ],
)
def test_marks_become_full_width_and_blanks_go(raw: str, clean: str) -> None:
    assert clean_chinese(raw) == clean
