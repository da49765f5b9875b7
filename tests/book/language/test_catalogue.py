"""The catalogue of translations is read whole or refused with file and line."""

import pytest

from dlnotes.book.errors import BookError
from dlnotes.book.language.catalogue import read_catalogue

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
ENTRY = '\n#: snippets/line.py\nmsgid "loss"\nmsgstr "损失"\n'


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "zh.po"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_catalogue(path)

    return read


def test_messages_and_translations(read):
    more = '\nmsgid "a \\"b\\" < c"\nmsgstr ""\n"第一，"\n"第二"\n'
    assert read(HEADER + ENTRY + more) == {"loss": "损失", 'a "b" < c': "第一，第二"}
    assert read(ENTRY) == {"loss": "损失"}
    assert read(HEADER) == {}


def test_entries_that_are_no_longer_used_do_not_count(read):
    assert read(HEADER + ENTRY + '\n#~ msgid "loss"\n#~ msgstr "旧"\n') == {
        "loss": "损失"
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + ENTRY + ENTRY, r"zh.po:9: 'loss' stands on line 5 too"),
        (HEADER + '\nmsgid "loss"\nmsgstr ""\n', r"zh.po:5: 'loss' has no translation"),
        (HEADER + '\nmsgid "loss"\n', r"zh.po:5: 'loss' has no translation"),
        (
            HEADER + '\n#, fuzzy\nmsgid "loss"\nmsgstr "损失"\n',
            r"zh.po:5: 'loss' is marked fuzzy",
        ),
        (HEADER + ENTRY + "\nloss\n", r"zh.po:9: this is no line of a gettext"),
        (HEADER + '\nmsgid "loss\nmsgstr "损失"\n', r"zh.po:5: this is no line"),
        (HEADER + '\nmsgid "a "b""\nmsgstr "c"\n', r"zh.po:5: this is no line"),
        (HEADER + '\nmsgid "a"\nmsgid "b"\nmsgstr "c"\n', r"zh.po:6: gettext expects"),
        (HEADER + '\nmsgstr "c"\n', r"zh.po:5: gettext expects"),
        (b'msgid "a"\nmsgstr "\xff"\n', r"zh.po: the catalogue is not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(read, text, message):
    with pytest.raises(BookError, match=message):
        read(text)


def test_a_missing_file_is_no_empty_catalogue(tmp_path):
    with pytest.raises(BookError, match="there is no such catalogue"):
        read_catalogue(tmp_path / "zh.po")
