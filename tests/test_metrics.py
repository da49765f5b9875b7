from collections import Counter
from collections.abc import Callable
from math import exp, prod
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU
from sklearn import metrics

from dlnotes.metrics import accuracy, bleu, confusion_matrix, ngrams, smoothed


@pytest.mark.filterwarnings("ignore:A single label")
@settings(deadline=None, max_examples=50)
@given(N=st.integers(1, 40), K=st.integers(1, 6), seed=st.integers(0, 999))
def test_both_equal_scikit_learn(N: int, K: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(N, K, generator=generator)
    labels = torch.randint(K, (N,), generator=generator)
    predicted = scores.argmax(dim=1)
    assert accuracy(scores, labels) == metrics.accuracy_score(labels, predicted)
    counts = confusion_matrix(predicted, labels, K)
    peer = metrics.confusion_matrix(labels, predicted, labels=range(K))
    assert counts.tolist() == peer.tolist()
    assert counts.dtype == torch.int64
    assert counts.diag().sum() / counts.sum() == pytest.approx(accuracy(scores, labels))


def test_the_accuracy_is_a_number_that_logits_and_probabilities_share() -> None:
    logits = torch.tensor([[2.0, 1.0], [-3.0, -2.0], [0.5, 0.0]])
    labels = torch.tensor([0, 0, 1])
    found = accuracy(logits, labels)
    assert found == 1 / 3
    assert type(found) is float
    assert accuracy(torch.softmax(logits, dim=1), labels) == found


def test_large_sets_are_counted_in_double_precision() -> None:
    labels = torch.zeros(2**24 + 3, dtype=torch.int64)
    assert accuracy(torch.zeros(len(labels), 1), labels) == 1.0
    labels[0] = 1
    assert accuracy(torch.zeros(len(labels), 1), labels) == 1 - 1 / len(labels)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [((3,), (3,)), ((3, 2), (2,)), ((3, 2), (3, 1)), ((3, 2, 2), (3,)), ((3, 2), ())],
)
def test_shapes_that_do_not_fit_are_named(
    scores: tuple[int, ...], labels: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        accuracy(torch.zeros(scores), torch.zeros(labels, dtype=torch.int64))
    assert str(caught.value) == (
        f"scores {scores} and labels {labels}: they must be (N, K) and (N,)"
    )


def test_no_rows_have_no_accuracy_but_a_table_of_zeros() -> None:
    none = torch.zeros(0, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"^the accuracy of no rows is not defined$"):
        accuracy(torch.zeros(0, 3), none)
    assert confusion_matrix(none, none, 2).tolist() == [[0, 0], [0, 0]]


def test_rows_are_the_truth_and_columns_the_prediction() -> None:
    predicted, labels = torch.tensor([2, 2, 0]), torch.tensor([1, 1, 0])
    counts = confusion_matrix(predicted, labels, classes=4)
    assert counts.tolist() == [[1, 0, 0, 0], [0, 0, 2, 0], [0] * 4, [0] * 4]


@pytest.mark.parametrize("value", [-1, 3, 7])
def test_a_class_out_of_range_is_named(value: int) -> None:
    good, bad = torch.tensor([0, 2]), torch.tensor([1, value])
    tail = "is not a class: 3 classes are numbered 0 to 2"
    with pytest.raises(ValueError, match=f"^prediction {value} {tail}$"):
        confusion_matrix(bad, good, classes=3)
    with pytest.raises(ValueError, match=f"^label {value} {tail}$"):
        confusion_matrix(good, bad, classes=3)
    with pytest.raises(ValueError, match=f"^label {value} "):  # the first of two
        confusion_matrix(good, torch.tensor([value, 9]), classes=3)


def test_as_many_predictions_as_labels() -> None:
    three, two = torch.zeros(3, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"^\(3,\) predictions, \(2,\) labels$"):
        confusion_matrix(three, two, classes=2)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32])
def test_integers_of_every_size_are_counted_alike(dtype: torch.dtype) -> None:
    """With 21 classes the last cell is number 440, more than 8 bits can hold."""
    predicted = torch.tensor([20, 19, 3], dtype=dtype)
    labels = torch.tensor([20, 20, 3], dtype=dtype)
    counts = confusion_matrix(predicted, labels, classes=21)
    assert counts.nonzero().tolist() == [[3, 3], [20, 19], [20, 20]]
    assert counts.dtype == torch.int64


def test_nothing_is_computed_in_double_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not every device has it."""
    monkeypatch.setattr(torch.Tensor, "double", pytest.fail)
    assert accuracy(torch.eye(3), torch.tensor([0, 1, 1])) == 2 / 3


Corpus = tuple[list[list[str]], list[list[list[str]]]]


def peer(
    hypotheses: list[list[str]], references: list[list[list[str]]], how: str
) -> float:
    """BLEU by sacrebleu, which wants text, and the references by their number."""
    most = max(len(several) for several in references)
    streams = [
        [" ".join(s[n]) if n < len(s) else None for s in references]
        for n in range(most)
    ]
    scorer = BLEU(tokenize="none", smooth_method=how, force=True)
    return float(scorer.corpus_score([" ".join(h) for h in hypotheses], streams).score)


def draw_corpus(seed: int) -> Corpus:
    """Draw sentences, 0 to 12 tokens long, and what resembles them."""
    rng = Random(seed)
    letters = "abcdefgh"[: rng.randint(1, 8)]
    noise, count = rng.random(), rng.randint(1, 12)
    hypotheses, references = [], []
    for _ in range(count):
        tokens = [rng.choice(letters) for _ in range(rng.randint(0, 12))]
        several = []
        for _ in range(rng.randint(1, 3)):
            changed = [rng.choice("xyz") if rng.random() < noise else t for t in tokens]
            several.append(
                changed[: rng.randint(1, 12)] + ["."] * rng.randint(0, 2) or ["."]
            )
        hypotheses.append(tokens)
        references.append([reference or ["."] for reference in several])
    return hypotheses, references


@pytest.mark.parametrize("how", ["exp", "none"])
def test_bleu_equals_sacrebleu_on_two_hundred_corpora(how: str) -> None:
    scores = []
    for seed in range(200):
        hypotheses, references = draw_corpus(seed)
        found = bleu(hypotheses, references, how)
        assert found == pytest.approx(peer(hypotheses, references, how), abs=1e-9)
        scores.append(found)
    assert len({round(score, 6) for score in scores}) > (100 if how == "exp" else 50)
    assert min(scores) == 0 < 60 < max(scores)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_bleu_equals_sacrebleu_on_sentences_of_few_letters(data: st.DataObject) -> None:
    sentence = st.lists(st.sampled_from("ab."), max_size=9)
    reference = st.lists(st.sampled_from("ab."), min_size=1, max_size=9)
    count = data.draw(st.integers(1, 4))
    hypotheses = data.draw(st.lists(sentence, min_size=count, max_size=count))
    several = st.lists(reference, min_size=1, max_size=3)
    references = data.draw(st.lists(several, min_size=count, max_size=count))
    for how in ("exp", "none"):
        found = bleu(hypotheses, references, how)
        assert found == pytest.approx(peer(hypotheses, references, how), abs=1e-9)


# the scores that sacrebleu's own tests expect of these sentences
DOGS = (
    [
        "The dog bit the man .",
        "It wasn't surprising .",
        "The man had just bitten him .",
    ],
    [
        ["The dog bit the man .", "The dog had bit the man ."],
        ["It was not unexpected .", "No one was surprised ."],
        ["The man bit him first .", "The man had bitten the dog ."],
    ],
)


@pytest.mark.parametrize("how", ["exp", "none"])
def test_bleu_of_the_example_of_sacrebleu(how: str) -> None:
    hypotheses = [text.split() for text in DOGS[0]]
    references = [[text.split() for text in several] for several in DOGS[1]]
    assert bleu(hypotheses, references, how) == pytest.approx(48.530827, abs=1e-6)
    assert bleu([[], [], []], references, how) == 0
    counted = smoothed([9, 7, 5, 3], [10, 8, 6, 4], how)
    assert prod(counted) ** 0.25 == pytest.approx(0.8375922397, abs=1e-10)
    assert bleu([["this", "is", "a", "cat"]], [[["okay", "thanks"]]], how) == 0


def test_a_sentence_equal_to_one_of_its_references_has_100() -> None:
    tokens = ["the", "man", "had", "just", "bitten", "him"]
    assert bleu([tokens], [[["no"], tokens]]) == pytest.approx(100)
    assert bleu([tokens], [[["no"], tokens]], "none") == pytest.approx(100)
    assert bleu([[3, 1, 4, 1]], [[[3, 1, 4, 1]]]) == pytest.approx(100)


def test_short_sentences_pay_and_long_ones_do_not() -> None:
    tokens = list("abcdefgh")
    assert bleu([tokens[:4]], [[tokens]]) == pytest.approx(100 * exp(1 - 8 / 4))
    longer = bleu([tokens], [[tokens[:4]]])
    assert longer == pytest.approx(100 * (4 / 8 * 3 / 7 * 2 / 6 * 1 / 5) ** 0.25)


def test_the_nearest_reference_counts_and_of_two_the_shorter() -> None:
    tokens = list("abcdef")
    near, far = list("abcdex"), list("abcdefghijkl")
    assert bleu([tokens], [[far, near]]) == pytest.approx(100)
    equal = bleu([tokens], [[list("abcdefgh"), list("wxyz")]])
    assert equal == pytest.approx(100)  # lengths 8 and 4 are as near: 4, no penalty


def test_a_token_counts_as_often_as_in_one_reference() -> None:
    the = ["the"] * 7
    references = [["the", "cat", "is", "on", "the", "mat"], ["the", "the", "cat"]]
    matched = (
        ngrams(the, 1) & (ngrams(references[0], 1) | ngrams(references[1], 1))
    ).total()
    assert matched == 2
    found = bleu([the], [references])
    assert found == pytest.approx(100 * (2 / 7 * 1 / 6 * 1 / 10 * 1 / 16) ** 0.25)


def test_ngrams_are_counted_with_their_order() -> None:
    assert ngrams("abab", 2) == Counter({("a", "b"): 2, ("b", "a"): 1})
    assert ngrams("ab", 3) == Counter()
    assert ngrams([1, 2, 1], 1) == Counter({(1,): 2, (2,): 1})


def test_smoothing_halves_one_count_for_each_order_without_a_match() -> None:
    assert smoothed([2, 1, 0, 0], [4, 3, 2, 1], "exp") == [2 / 4, 1 / 3, 1 / 4, 1 / 4]
    assert smoothed([2, 0, 1, 0], [4, 3, 2, 1], "exp") == [2 / 4, 1 / 6, 1 / 2, 1 / 4]
    assert smoothed([2, 1, 0, 0], [4, 3, 2, 1], "none") == [2 / 4, 1 / 3, 0, 0]
    assert smoothed([0, 0, 0, 0], [4, 3, 2, 1], "exp") == [0, 0, 0, 0]
    assert smoothed([2, 1, 0, 0], [2, 1, 0, 0], "exp") == [1, 1, 0, 0]


def test_bleu_is_of_the_corpus_and_not_a_mean_of_sentences() -> None:
    hypotheses, references = draw_corpus(7)
    parts = [bleu([h], [r]) for h, r in zip(hypotheses, references, strict=True)]
    whole = bleu(hypotheses, references)
    assert abs(sum(parts) / len(parts) - whole) > 1
    order = list(range(len(hypotheses)))[::-1]
    turned = bleu([hypotheses[n] for n in order], [references[n] for n in order])
    assert turned == pytest.approx(whole, abs=1e-12)


REFUSED: dict[str, Callable[[], float]] = {
    r"^0 hypotheses and references for 0: there must be as many, and one at least$": (
        lambda: bleu([], [])
    ),
    r"^1 hypotheses and references for 2: ": lambda: bleu([["a"]], [[["a"]], [["b"]]]),
    r"^2 hypotheses and references for 0: ": lambda: bleu([["a"], ["b"]], []),
    r"^sentence 1 has no reference$": lambda: bleu([["a"], ["b"]], [[["a"]], []]),
    r"^sentence 0: 'a b' is text: split it into tokens, ": (
        lambda: bleu(["a b"], [[["a", "b"]]])
    ),
    r"^sentence 0: 'b a' is text: .*, and give the references of a sentence as a ": (
        lambda: bleu([["a", "b"]], [["b a"]])
    ),
    r"^sentence 1: 'b c' is text": lambda: bleu([["a"], ["b"]], [[["a"]], "b c"]),
    r"^smoothing 'add-k': choose 'exp' or 'none'$": (
        lambda: bleu([["a"]], [[["a"]]], "add-k")
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_has_no_bleu_is_refused_in_words(message: str) -> None:
    with pytest.raises(ValueError, match=message):
        REFUSED[message]()
