import re
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.language.vocabulary import UNKNOWN, Vocabulary, letters, words

token_lists = st.lists(st.text(max_size=3), min_size=1)


class TestTokenizers:
    @given(st.text())
    def test_letters_are_the_text(self, text: str) -> None:
        tokens = letters(text)
        assert "".join(tokens) == text
        assert all(len(token) == 1 for token in tokens)

    @pytest.mark.parametrize(
        ("text", "tokens"),
        [
            ("She said: don't!\n", ["She", "said", ":", "don't", "!"]),
            ("the dog’s 3 toys", ["the", "dog’s", "3", "toys"]),
            (
                "'tis 'so' well-known...",
                ["'", "tis", "'", "so", "'", "well", "-", "known", *"..."],
            ),
            ("  ", []),
            ("她买了一顶红帽子。", ["她买了一顶红帽子", "。"]),
        ],
    )
    def test_words(self, text: str, tokens: list[str]) -> None:
        assert words(text) == tokens

    @given(st.text())
    def test_words_leave_out_blanks_alone(self, text: str) -> None:
        assert "".join(words(text)) == re.sub(r"\s", "", text)


class TestVocabulary:
    @given(token_lists)
    def test_decoding_undoes_encoding(self, tokens: list[str]) -> None:
        vocabulary = Vocabulary(tokens)
        ids = vocabulary.encode(tokens)
        assert ids.dtype == torch.int64
        assert ids.shape == (len(tokens),)
        assert vocabulary.decode(ids) == tokens

    @given(token_lists)
    def test_frequent_tokens_first(self, tokens: list[str]) -> None:
        vocabulary = Vocabulary(tokens)
        counts = Counter(tokens)
        order = [(-counts[t], tokens.index(t)) for t in vocabulary.tokens]
        assert order == sorted(order)
        assert set(vocabulary.tokens) == set(tokens)
        assert len(vocabulary) == len(counts)

    @given(token_lists, st.integers(1, 4))
    def test_rare_tokens_are_unknown(self, tokens: list[str], n: int) -> None:
        vocabulary = Vocabulary(tokens, min_count=n, specials=[UNKNOWN])
        decoded = vocabulary.decode(vocabulary.encode(tokens))
        counts = Counter(tokens)
        assert decoded == [t if counts[t] >= n else "<unk>" for t in tokens]

    def test_specials_have_the_first_ids(self) -> None:
        vocabulary = Vocabulary("abbbcc", specials=["<pad>", "c", "<unk>"])
        assert vocabulary.tokens == ["<pad>", "c", "<unk>", "b", "a"]
        assert vocabulary.ids["<pad>"] == 0
        assert vocabulary.encode("xab").tolist() == [2, 4, 3]

    def test_nothing_to_encode(self) -> None:
        ids = Vocabulary("a").encode("")
        assert (ids.dtype, ids.tolist()) == (torch.int64, [])

    def test_from_any_iterable(self) -> None:
        vocabulary = Vocabulary(iter("ab"))
        assert vocabulary.encode(iter("ba")).tolist() == [1, 0]

    def test_repr(self) -> None:
        assert repr(Vocabulary(map(str, range(1234)))) == "Vocabulary(1,234 tokens)"

    def test_an_unknown_token_is_named(self) -> None:
        with pytest.raises(ValueError, match="unknown") as caught:
            Vocabulary(["one", "two"]).encode(["two", "one", "three", "four"])
        assert str(caught.value) == (
            "token 2 is 'three', unknown to the vocabulary: build it from more text, "
            'or with specials=("<unk>",)'
        )

    @pytest.mark.parametrize("i", [-1, 2])
    def test_an_id_that_is_none(self, i: int) -> None:
        message = f"^{i} is no id of 2 tokens: they count from 0$"
        with pytest.raises(ValueError, match=message):
            Vocabulary("ab").decode(torch.tensor([0, 1, i]))

    def test_a_string_for_the_specials(self) -> None:
        message = r"^specials is the string '<unk>': write \('<unk>',\)$"
        with pytest.raises(ValueError, match=message):
            Vocabulary("ab", specials="<unk>")

    @pytest.mark.parametrize(("tokens", "n"), [("", 1), ("aab", 3)])
    def test_no_tokens(self, tokens: str, n: int) -> None:
        message = f"^no token occurs {n} times or more$"
        with pytest.raises(ValueError, match=message):
            Vocabulary(tokens, min_count=n)
