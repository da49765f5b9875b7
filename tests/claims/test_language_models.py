"""What the chapter on language models says in words."""

import math
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pydoc_data.topics import topics
from statistics import mean

import pytest
import torch
from torch import Tensor

from containers import held
from dlnotes.book.storage.store import Run
from dlnotes.data.text import letters_only, load_text
from dlnotes.language.bpe import BytePairs, learn_merges
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import bits_per_character, perplexity
from dlnotes.language.smoothing import AddK, JelinekMercer, KneserNey, NGramModel
from dlnotes.language.vocabulary import Vocabulary, letters, words

Runs = Callable[[str], Run]
FOLDS = (0, 1, 2)  # of the training text: what is held out instead


@cache
def fold(number: int) -> tuple[Tensor, Tensor]:
    """Hold out another seventh of the text: to train, and to validate."""
    text = load_text()
    ids = Vocabulary(letters(text.train)).encode(letters(text.train))
    part = len(ids) // 7
    start = (2 * number + 1) * part
    rest = torch.cat([ids[:start], ids[start + part :]])
    return rest, ids[start : start + part]


@cache
def counted(number: int) -> NGrams:
    return NGrams(fold(number)[0], 27, 8)


def measured(model: NGramModel, number: int) -> float:
    return perplexity(model.log_probabilities(fold(number)[1]))


def series(run: Run, name: str) -> list[float]:
    """Return the entries of a container by rising key."""
    return [value for _, value in sorted(held(run, name).items())]


class Discounts(KneserNey):
    """The same discounts, with ordinary counts in every order."""

    def count(self, n: int) -> Tensor:
        return self.grams.counts[n]


class TestTheText:
    def test_27_symbols_and_three_parts(self) -> None:
        text = load_text()
        assert set(text.train) == set(" abcdefghijklmnopqrstuvwxyz")
        sizes = [len(part) for part in text]
        assert 0.65 < sizes[0] / sum(sizes) < 0.8

    def test_a_fifth_of_the_letters_are_repetitions(self) -> None:
        all_of_them = [
            p for name in topics for p in map(letters_only, topics[name].split("\n\n"))
        ]
        total = sum(map(len, all_of_them))
        once = sum(map(len, set(all_of_them)))
        assert 0.17 < 1 - once / total < 0.24

    def test_classes_are_a_part_of_compound_statements(self) -> None:
        parts = [
            {p for p in map(letters_only, topics[name].split("\n\n")) if p}
            for name in ("class", "compound")
        ]
        assert len(parts[0] & parts[1]) > 0.9 * len(parts[0])


class TestTokens:
    def test_the_vocabulary_is_ordered_by_frequency(self) -> None:
        tokens = Vocabulary(letters(load_text().train)).tokens
        assert tokens[:3] == [" ", "e", "t"]

    def test_few_words_are_everywhere_and_most_are_rare(self, book_run: Runs) -> None:
        values = book_run("language_models_tokens").values
        counts = Counter(words(load_text().train))
        frequent = sum(n for _, n in counts.most_common(5))
        assert values["count_kinds"] == len(counts)
        assert frequent / values["count_words"] == pytest.approx(1 / 6, abs=0.02)
        assert 0.3 < values["share_once"] < 0.5
        assert 0.05 < values["share_unknown"] < 0.12

    def test_the_zebra_is_not_in_the_training_text(self) -> None:
        assert "zebra" not in load_text().train
        assert "subclassing" in load_text().train

    def test_more_merges_make_longer_tokens(self, book_run: Runs) -> None:
        run = book_run("language_models_tokens")
        length = series(run, "length")
        assert length == sorted(length)
        assert length[0] == 1
        assert 3.5 < length[-1] < run.values["length_of_words"]
        way = held(run, "length")[1000] - 1
        assert 0.5 < way / (run.values["length_of_words"] - 1) < 0.75

    @pytest.mark.settles("perplexity-of-other-tokens")
    def test_perplexity_rises_with_the_merges_and_bits_fall_up_to_1000(
        self, book_run: Runs
    ) -> None:
        run = book_run("language_models_tokens")
        per_token, bits = held(run, "perplexity_of"), held(run, "bits")
        assert sorted(per_token) == sorted(bits) == [0, 100, 300, 1000, 2000]
        rising, falling = series(run, "perplexity_of"), series(run, "bits")
        assert rising == sorted(rising)
        assert min(falling) == bits[1000]
        assert max(falling) == bits[0]
        assert per_token[1000] > 20 * per_token[0]
        assert bits[1000] < 0.97 * bits[0]

    @pytest.mark.settles("perplexity-of-other-tokens")
    @pytest.mark.parametrize("number", FOLDS)
    def test_so_it_is_on_other_held_out_texts(self, number: int) -> None:
        """1,000 merges are ahead of none, and 2,000 not ahead of 1,000."""
        text = load_text().train
        part = len(text) // 7
        start = (2 * number + 1) * part
        rest, held_out = text[:start] + text[start + part :], text[start : start + part]
        merges = learn_merges(rest, 2000)
        bits, per_token = {}, {}
        for n in (0, 1000, 2000):
            pieces = BytePairs(merges[:n])
            grams = NGrams(pieces.encode(rest), len(pieces), 16)
            ids = pieces.encode(held_out)
            log_p = KneserNey(grams, 16).log_probabilities(ids)
            length = torch.tensor([len(pieces.tokens[i]) for i in ids.tolist()])
            stretch = (length.cumsum(0) - 1) // 500  # in which a token ends
            sums = torch.zeros(int(stretch.max()) + 1, dtype=torch.double)
            sums.index_add_(0, stretch, -log_p.double() / math.log(2))
            bits[n] = sums[:-1] / 500  # per character, by stretch
            per_token[n] = perplexity(log_p)
            if n == 1000:  # a longer order changes nothing that shows
                longer = KneserNey(NGrams(pieces.encode(rest), len(pieces), 24), 24)
                longer_p = longer.log_probabilities(ids)
                change = (longer_p - log_p).double().sum() / len(held_out)
                assert abs(change) < 0.0005  # nats per character
        assert per_token[0] < per_token[1000] < per_token[2000]
        gain = bits[0] - bits[1000]
        assert gain.mean() > 4 * gain.std() / len(gain) ** 0.5
        more = bits[1000] - bits[2000]
        assert more.mean() < 2 * more.std() / len(more) ** 0.5

    def test_a_longer_order_changes_little(self) -> None:
        text = load_text()
        vocabulary = Vocabulary(letters(text.train))
        grams = NGrams(vocabulary.encode(letters(text.train)), 27, 32)
        val = vocabulary.encode(letters(text.val))
        found = {
            n: bits_per_character(KneserNey(grams, n).log_probabilities(val), len(val))
            for n in (16, 32)
        }
        assert 0 < found[16] - found[32] < 0.01

    def test_unknown_words_make_it_easy(self, book_run: Runs) -> None:
        found = series(book_run("language_models_tokens"), "perplexity_words")
        assert found == sorted(found, reverse=True)
        assert found[0] > 100
        assert found[-1] < 2
        rows = held(book_run("language_models_tokens"), "rows")
        assert rows[-1][2] > 0.8  # unknown


class TestCounting:
    def test_counts_by_hand_are_those_of_the_package(self, book_run: Runs) -> None:
        text = load_text().train
        pairs, singles = Counter(pairwise(text)), Counter(text[:-1])
        expected = pairs["q", "u"] / singles["q"]
        values = book_run("language_models").values
        assert values["probability_u"] == pytest.approx(expected)

    def test_the_longer_the_context_the_surer(self, book_run: Runs) -> None:
        found = held(book_run("language_models"), "probability_next")
        assert found[""] < found["t"] < found["str"]
        assert found["t"] < found["st"] < found["str"]
        assert found["str"] > 0.5
        after = Counter(re.findall("str(.)", load_text().train))
        assert after.most_common(1)[0][0] == "i"
        assert found["str"] == pytest.approx(after["i"] / after.total())

    def test_counts_give_the_training_text_the_highest_probability(self) -> None:
        ids, _ = fold(0)
        best = perplexity(AddK(counted(0), 3, 0).log_probabilities(ids))
        for k in (0.01, 1.0):
            other = AddK(counted(0), 3, k).log_probabilities(ids)
            assert perplexity(other) > best

    def test_the_better_it_looks_the_more_is_copied(self, vision_run: Runs) -> None:
        share = held(vision_run("language_models"), "share")
        assert sorted(share) == [2, 4, 6, 8]
        for shorter, longer in ((2, 6), (4, 6), (6, 8)):
            assert max(share[shorter]) < min(share[longer])
        assert max(share[2]) == 0
        assert min(share[8]) > 0.2
        assert mean(share[8]) == pytest.approx(
            held(vision_run("language_models"), "share_mean")[8]
        )

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_with_order_5_most_of_the_words_exist(self, seed: int) -> None:
        """Not so with order 3; with order 8 nearly all of them do."""
        text = load_text().train
        vocabulary = Vocabulary(letters(text))
        ids, existing = vocabulary.encode(letters(text)), set(text.split())
        share = {}
        for n in (3, 5, 8):
            torch.manual_seed(seed)
            model = AddK(NGrams(ids, 27, n), n, 0)
            rows = ids[torch.randint(len(ids) - 9, (20, 1)) + torch.arange(8)]
            for _ in range(40):
                drawn = torch.multinomial(model.probabilities(rows), 1)
                rows = torch.cat([rows, drawn], 1)
            written = ["".join(vocabulary.decode(row[8:])).split() for row in rows]
            found = [word for row in written for word in row[1:-1]]
            share[n] = mean(word in existing for word in found)
        assert share[3] < 0.6
        assert 0.7 < share[5] < share[8]
        assert share[8] > 0.95

    def test_new_text_is_copied_less_than_that_of_order_8(
        self, vision_run: Runs
    ) -> None:
        run = vision_run("language_models")
        share = held(run, "share")
        assert 0.1 < run.values["share_new"] < min(share[8]) / 1.5
        assert run.values["share_new"] > max(share[6])

    def test_at_most_places_seven_letters_have_one_way_on(self, book_run: Runs) -> None:
        assert 0.5 < book_run("language_models").values["share_forced"] < 0.7


class TestPerplexity:
    def test_of_perfect_uniform_and_mixed_models(self, book_run: Runs) -> None:
        found = held(book_run("language_models"), "perplexity_of")
        assert found["perfect"] == 1
        assert found["uniform"] == pytest.approx(27)
        assert found["two letters in doubt"] == pytest.approx(2)
        assert found["half sure, half uniform"] == pytest.approx(math.sqrt(27))
        assert 15 < found["by frequency"] < 20

    def test_uniform_is_v_on_any_text_and_worse_is_possible(self) -> None:
        for number in FOLDS:
            text = fold(number)[1]
            assert perplexity(torch.full(text.shape, -math.log(27))) == pytest.approx(
                27
            )
        assert perplexity(torch.full((5,), math.log(1 / 100))) > 27

    def test_bits_are_the_logarithm(self) -> None:
        log_p = torch.tensor([0.5, 0.125] * 4).log()
        assert perplexity(log_p) == pytest.approx(4)
        assert bits_per_character(log_p, 8) == pytest.approx(2)
        assert math.log2(27) == pytest.approx(4.75, abs=0.01)

    def test_one_zero_makes_it_infinite(self) -> None:
        assert perplexity(torch.tensor([0.5, 0.0]).log()) == math.inf


class TestHeldOut:
    @pytest.mark.settles("perplexity-held-out")
    def test_it_falls_on_the_training_text_and_turns_up_elsewhere(
        self, book_run: Runs
    ) -> None:
        run = book_run("language_models_smoothing")
        train = series(run, "perplexity_train")
        add = held(run, "perplexity_add")
        assert train == sorted(train, reverse=True)
        assert train[-1] < 2
        assert sorted(add) == [*range(1, 9)]
        assert min(add, key=add.__getitem__) == run.values["order_add"] == 5
        assert [add[n] for n in range(5, 9)] == sorted(add[n] for n in range(5, 9))

    @pytest.mark.settles("perplexity-held-out")
    @pytest.mark.parametrize("number", FOLDS)
    def test_so_it_does_on_other_held_out_texts(self, number: int) -> None:
        ids, _ = fold(number)
        orders = range(3, 9)
        models = {n: AddK(counted(number), n, 0) for n in orders}
        train = [perplexity(models[n].log_probabilities(ids)) for n in orders]
        assert train == sorted(train, reverse=True)
        assert all(measured(models[n], number) == math.inf for n in orders)
        add = [
            min(
                measured(AddK(counted(number), n, k), number) for k in (0.01, 0.03, 0.1)
            )
            for n in orders
        ]
        assert add.index(min(add)) in (1, 2)
        assert add[-1] > 1.4 * min(add)
        assert measured(AddK(counted(number), 5, 1), number) > 1.2 * add[2]

    def test_long_contexts_remember_the_text(self) -> None:
        train, _ = fold(0)
        model = AddK(NGrams(train, 27, 32), 32, 0)
        assert 1 < perplexity(model.log_probabilities(train)) < 1.02

    def test_never_seen_from_order_2_on(self, book_run: Runs) -> None:
        share = held(book_run("language_models_smoothing"), "share_zero")
        assert share[1] == 0
        assert 0 < share[2] < share[3] < share[4] < share[5] < share[8]
        count = held(book_run("language_models_smoothing"), "count_zero")
        assert 0 < count[2] < 10

    def test_contexts_of_seven_letters_that_were_never_seen(
        self, book_run: Runs
    ) -> None:
        text = load_text()
        seen = {text.train[i : i + 7] for i in range(len(text.train) - 6)}
        new = sum(text.val[i : i + 7] not in seen for i in range(len(text.val) - 7))
        share = held(book_run("language_models_smoothing"), "share_zero")[7]
        assert new / len(text.val) == pytest.approx(share, abs=0.001)

    def test_nearly_every_pair_to_validate_was_seen(self) -> None:
        text = load_text()
        pairs, seen = {*pairwise(text.val)}, {*pairwise(text.train)}
        assert len(pairs & seen) > 0.98 * len(pairs)

    def test_of_order_2_no_k_makes_a_difference(self, book_run: Runs) -> None:
        found = held(book_run("language_models_smoothing"), "tried")[2]
        assert len({f"{value:.2f}" for value in found.values()}) == 1


class TestSmoothing:
    def test_each_k_has_worse_ones_on_both_sides(self, book_run: Runs) -> None:
        run = book_run("language_models_smoothing")
        k_best = held(run, "k_best")
        assert sorted(k_best) == [*range(2, 9)]
        for n, found in held(run, "tried").items():
            assert min(found) < k_best[n] < max(found)
            assert found[k_best[n]] == max(found.values())

    def test_short_contexts_have_been_seen(self) -> None:
        text = load_text().train
        assert "conjectur" not in text
        assert "structure" in text
        assert "architecture" in text
        assert text.count("return") > text.count("tur") / 2 > 100
        for shorter, letter in (("ctur", "e"), ("tur", "n")):
            after = Counter(re.findall(f"{shorter}(.)", text))
            assert after.most_common(1)[0][0] == letter

    def test_order_and_weight_of_the_interpolation_are_bracketed(
        self, book_run: Runs
    ) -> None:
        run = book_run("language_models_smoothing")
        values = run.values
        assert (values["order_mixed"], values["weight_mixed"]) == (7, 0.5)
        mixed = held(run, "mixed")
        weights = (0.3, 0.4, 0.5, 0.6, 0.7)
        best = {n: min(mixed[n, w] for w in weights) for n in (6, 7, 8)}
        for n in (6, 7, 8):
            assert best[n] < min(mixed[n, 0.3], mixed[n, 0.7])
        assert values["perplexity_mixed"] == best[7] < min(best[6], best[8])
        assert mixed[7, 0.5] < min(mixed[7, 0.4], mixed[7, 0.6])

    def test_kneser_ney_flattens(self, book_run: Runs) -> None:
        run = book_run("language_models_smoothing")
        kn = held(run, "perplexity_kn")
        found = series(run, "perplexity_kn")
        assert found == sorted(found, reverse=True)
        assert kn[8] > 0.98 * kn[6]
        assert 0.97 * kn[8] < run.values["perplexity_16"] < kn[8]

    def test_discounts_alone_turn_up(self, book_run: Runs) -> None:
        run = book_run("language_models_smoothing")
        found = held(run, "perplexity_discounts")
        assert min(found, key=found.__getitem__) == 5
        assert [found[n] for n in range(5, 9)] == sorted(found[n] for n in range(5, 9))
        assert found[8] > 1.1 * found[5]
        assert found[5] > 1.05 * run.values["perplexity_mixed"]

    @pytest.mark.parametrize("number", FOLDS)
    def test_so_they_do_on_other_held_out_texts_with_any_discount(
        self, number: int
    ) -> None:
        grams = counted(number)
        orders = range(4, 9)
        found = [measured(Discounts(grams, n), number) for n in orders]
        assert found.index(min(found)) == 1
        assert found[-1] > 1.1 * found[1]
        mixed = min(
            measured(JelinekMercer(grams, n, w), number)
            for n in (6, 7, 8)
            for w in (0.4, 0.5, 0.6)
        )
        for D in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
            for n in orders:
                model = Discounts(grams, n)
                model.D = [D] * n
                assert measured(model, number) > mixed

    def test_the_first_letters_of_words_are_in_doubt(self, book_run: Runs) -> None:
        values = book_run("language_models_smoothing").values
        assert values["bits_first"] > 2 * values["bits_inside"]
        assert values["probability_u"] > 0.95

    def test_an_and_runtime_go_on_in_an_unexpected_way(self) -> None:
        text = load_text()
        vocabulary = Vocabulary(letters(text.train))
        grams = NGrams(vocabulary.encode(letters(text.train)), 27, 8)
        val = vocabulary.encode(letters(text.val))
        doubt = -KneserNey(grams, 8).log_probabilities(val)[1070:1132]
        shown = text.val[1070:1132]
        assert shown.startswith("a context manager is an object that defines")
        highest = doubt.argsort(descending=True)[:2].tolist()
        expected = [shown.index("n object"), shown.index("untime")]
        assert sorted(highest) == expected

    @pytest.mark.parametrize("number", FOLDS)
    def test_kneser_ney_is_ahead_of_interpolation_and_that_of_add_k(
        self, number: int
    ) -> None:
        grams = counted(number)
        add = min(measured(AddK(grams, 5, k), number) for k in (0.01, 0.03, 0.1))
        mixed = min(
            measured(JelinekMercer(grams, n, w), number)
            for n in (6, 7, 8)
            for w in (0.4, 0.5, 0.6)
        )
        kn = {n: measured(KneserNey(grams, n), number) for n in (6, 7, 8)}
        assert kn[8] < mixed < add
        assert 0.97 * kn[6] < kn[8] < 1.005 * kn[6]

    def test_so_they_are_in_the_test(self, book_run: Runs) -> None:
        run = book_run("language_models_smoothing")
        found = held(run, "perplexity_test")
        assert found["by frequency"] > found["add-k"] > found["interpolation"]
        assert found["interpolation"] > found["Kneser–Ney"]
        gap, error = held(run, "gap_mean"), held(run, "gap_error")
        for name in ("add-k", "interpolation"):
            assert gap[name] > 4 * error[name]
        assert gap["interpolation"] < 0.05

    def test_probabilities_sum_to_1(self, book_run: Runs) -> None:
        values = book_run("language_models_smoothing").values
        for name in ("sum_low", "sum_high"):
            assert values[name] == pytest.approx(1, abs=1e-12)


class TestCounts:
    def test_a_count_loses_a_little_in_the_other_half(self, vision_run: Runs) -> None:
        run = vision_run("language_models_counts")
        there = held(run, "count_there")
        for seed in range(3):
            means = [there[r][seed] for r in range(1, 7)]
            assert all(c < r for r, c in enumerate(means, start=1))
            assert means == sorted(means)
            lost = [1 - c / r for r, c in enumerate(means, start=1)]
            assert lost[5] < 0.6 * lost[0]
            assert 1 < (6 - means[5]) / (1 - means[0]) < 6

    def test_in_the_news_the_gap_is_fixed(self, vision_run: Runs) -> None:
        news = held(vision_run("language_models_counts"), "NEWS")
        gaps = [r - c for r, c in enumerate(news, start=1)]
        assert all(0.745 < gap < 0.805 for gap in gaps[1:])

    def test_the_formula_fits_what_was_seen_once(self, vision_run: Runs) -> None:
        run = vision_run("language_models_counts")
        gaps, D = held(run, "gap_counts"), run.values["discount_mean"]
        assert 0.9 < D / gaps[1] < 1.2
        assert all(gaps[r] > D for r in range(2, 7))

    def test_two_words_as_frequent_and_as_different_as_francisco(
        self, book_run: Runs
    ) -> None:
        run = book_run("language_models_counts")
        few, many = held(run, "occurs")
        assert 0.8 < few / many < 1.25
        before = held(run, "number_before")
        assert before[0] < 0.1 * before[1]
        found = words(load_text().train)
        pairs = Counter(pairwise(found))
        assert (few, many) == (found.count("current"), found.count("but"))
        assert pairs["the", "current"] > 0.9 * few
        new = held(run, "number_new")
        assert new[0] < 3 < 10 < new[1]


class TestLeaks:
    def test_copies_pretend_more_than_better_smoothing(self, book_run: Runs) -> None:
        run = book_run("language_models_leak")
        everything = held(run, "perplexity_all")
        gain = math.log(everything["without copies"] / everything["with copies"])
        smoothing = held(book_run("language_models_smoothing"), "gap_mean")
        assert 1.7 < gain / smoothing["add-k"] < 2.4
        assert 0.4 < run.values["share_known"] < 0.6

    def test_on_new_paragraphs_both_are_alike(self, book_run: Runs) -> None:
        new = held(book_run("language_models_leak"), "perplexity_new")
        assert 0.94 < new["with copies"] / new["without copies"] < 1


class TestExercises:
    def test_vowels_follow_consonants(self, book_run: Runs) -> None:
        values = book_run("language_models_exercises").values
        assert values["share_after_vowel"] < 0.5 * values["share_vowels"]
        assert values["share_after_consonant"] > 1.2 * values["share_vowels"]

    def test_kneser_ney_by_hand(self, book_run: Runs) -> None:
        values = book_run("language_models_exercises").values
        assert values["by_hand"] == pytest.approx(values["p"])

    def test_two_merges_make_a_character(self, book_run: Runs) -> None:
        made = held(book_run("language_models_exercises"), "made")
        assert {"种", "瓜", "得", "豆"} <= {*made}
        assert made[0] not in {"种", "瓜", "得", "豆"}

    def test_each_doubling_of_the_text_helps(self, book_run: Runs) -> None:
        found = series(book_run("language_models_exercises"), "perplexity_by_size")
        assert found == sorted(found)  # of all, half, a quarter, … of the text
        for more, less in pairwise(found):
            assert 0.8 < more / less < 0.95
        assert 0.86 < mean(more / less for more, less in pairwise(found)) < 0.92
