from collections import Counter
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.language.bpe import WORD, BytePairs, Pair, learn_merges, merge

LEARNED = "low low low lower newest, newest! widest\n\n  一顶红帽子 一顶"
texts = st.text(alphabet="abc \n.'é红") | st.text()


def slowly(text: str, count: int) -> list[Pair]:
    """Count all pairs anew for every merge."""
    words = [list(word.encode()) for word in WORD.findall(text)]
    merges: list[Pair] = []
    while len(merges) < count:
        pairs = Counter(pair for word in words for pair in pairwise(word))
        if not pairs:
            break
        most = max(pairs.values())
        best = min(pair for pair, n in pairs.items() if n == most)
        merges.append(best)
        words = [merge(word, best, 255 + len(merges)) for word in words]
    return merges


class TestWords:
    @given(texts)
    def test_are_the_text(self, text: str) -> None:
        assert "".join(WORD.findall(text)) == text

    def test_begin_with_their_blank(self) -> None:
        text = "It's  so,\n\nwell ... (3)  "
        expected = [
            "It",
            "'",
            "s",
            " ",
            " so",
            ",",
            "\n",
            "\n",
            "well",
            " ...",
            " (",
            "3",
            ")",
            "  ",
        ]
        assert WORD.findall(text) == expected


class TestLearning:
    @given(texts, st.integers(0, 20))
    def test_equals_counting_anew(self, text: str, count: int) -> None:
        assert learn_merges(text, count) == slowly(text, count)

    def test_by_hand(self) -> None:
        """In "ab" × 3, "abc" × 2, "bc" × 1: ab 5, bc 3, and then (ab)c 2, bc 1."""
        text = "ab\nab\nab\nabc\nabc\nbc"
        assert learn_merges(text, 9) == [(97, 98), (256, 99), (98, 99)]

    def test_of_equally_frequent_pairs_the_smaller(self) -> None:
        assert learn_merges("cd\nab\nad", 2) == [(97, 98), (97, 100)]

    def test_no_pair_goes_beyond_a_word(self) -> None:
        tokens = BytePairs(learn_merges(LEARNED * 3, 10_000)).tokens
        longest = {word.encode() for word in WORD.findall(LEARNED * 3)}
        assert set(tokens[256:]) & longest == {w for w in longest if len(w) > 1}
        assert all(any(t in word for word in longest) for t in tokens[256:])

    @pytest.mark.parametrize("count", [0, -1])
    def test_no_merges(self, count: int) -> None:
        assert learn_merges(LEARNED, count) == []


class TestMerge:
    @pytest.mark.parametrize(
        ("ids", "merged"),
        [
            ([], []),
            ([1], [1]),
            ([1, 2], [9]),
            ([1, 1, 2, 1, 2, 2], [1, 9, 9, 2]),
            ([2, 1, 2, 1], [2, 9, 1]),
        ],
    )
    def test_each_pair(self, ids: list[int], merged: list[int]) -> None:
        assert merge(ids, (1, 2), 9) == merged

    def test_from_the_left(self) -> None:
        assert merge([1, 1, 1, 1, 1], (1, 1), 9) == [9, 9, 1]


class TestBytePairs:
    @given(texts, texts, st.integers(0, 30))
    def test_decoding_undoes_encoding(self, learned: str, text: str, n: int) -> None:
        pairs = BytePairs(learn_merges(learned, n))
        ids = pairs.encode(text)
        assert ids.dtype == torch.int64
        assert ids.ndim == 1
        assert pairs.decode(ids) == text

    @given(texts, st.integers(0, 30))
    def test_the_text_learned_from_is_written_as_it_was_merged(
        self, text: str, count: int
    ) -> None:
        merges = learn_merges(text, count)
        words = [list(word.encode()) for word in WORD.findall(text)]
        for new, pair in enumerate(merges, start=256):
            words = [merge(word, pair, new) for word in words]
        assert BytePairs(merges).encode(text).tolist() == [i for w in words for i in w]

    def test_what_was_learned_first_is_merged_first(self) -> None:
        pairs = BytePairs([(98, 99), (97, 98), (256, 100)])
        assert pairs.encode("abc").tolist() == [97, 256]
        assert pairs.encode("abcd ab").tolist() == [97, 258, 32, 257]

    def test_tokens_are_bytes(self) -> None:
        pairs = BytePairs([(104, 101), (256, 256)])
        assert pairs.tokens == [*(bytes([i]) for i in range(256)), b"he", b"hehe"]
        assert len(pairs) == 258
        assert repr(pairs) == "BytePairs(258 tokens)"

    def test_more_merges_make_fewer_tokens(self) -> None:
        merges = learn_merges(LEARNED, 30)
        lengths = [len(BytePairs(merges[:n]).encode(LEARNED)) for n in range(31)]
        assert lengths[0] == len(LEARNED.encode())
        assert all(a > b for a, b in pairwise(lengths))

    def test_bytes_that_make_no_character(self) -> None:
        red = list("红".encode())
        ids = torch.tensor([97, *red[:2], 98, *red])
        assert BytePairs([]).decode(ids) == "a�b红"

    @pytest.mark.parametrize("i", [-1, 257])
    def test_an_id_that_is_none(self, i: int) -> None:
        message = f"^{i} is no id of 257 tokens: they count from 0$"
        with pytest.raises(ValueError, match=message):
            BytePairs([(97, 98)]).decode(torch.tensor([0, 256, i]))

    @pytest.mark.parametrize("pair", [(97, 257), (257, 97), (-1, 97), (97, -1)])
    def test_a_merge_of_what_is_not_there_yet(self, pair: Pair) -> None:
        with pytest.raises(ValueError, match="merge") as caught:
            BytePairs([(97, 98), pair, (97, 99)])
        assert str(caught.value) == (
            f"merge 1 is of {pair}, but there are only 257 tokens before it: keep the "
            "order in which they were learned"
        )
