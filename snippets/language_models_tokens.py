"""Cut a text into letters, words, and what lies between."""

# %% imports
from collections import Counter

import matplotlib.pyplot as plt

from dlnotes.data.text import load_text
from dlnotes.language.bpe import BytePairs, learn_merges
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import bits_per_character, perplexity
from dlnotes.language.smoothing import KneserNey
from dlnotes.language.vocabulary import UNKNOWN, Vocabulary, letters, words
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

use_style()
seed_everything(0)
text = load_text()

# %% words
tokens = words(text.train)
counts = Counter(tokens)
count_words, count_kinds = len(tokens), len(counts)
once = sum(n == 1 for n in counts.values())
share_once = once / count_kinds
print(f"{count_words:,} words, {count_kinds:,} different, {once:,} once")
print(counts.most_common(5))

# %% unknown
vocabulary = Vocabulary(tokens, min_count=2, specials=(UNKNOWN,))
ids = vocabulary.encode(words(text.val))
share_unknown = (ids == vocabulary.ids[UNKNOWN]).double().mean().item()
print(vocabulary, f"{share_unknown:.1%} of the words of text.val unknown")
print(" ".join(vocabulary.decode(vocabulary.encode(words("a zebra is")))))

# %% merges
merges = learn_merges(text.train, 2000)
pairs = BytePairs(merges)
for n in (0, 1, 2, 4, 11, 50, 200, 800):
    left, right = (pairs.tokens[i].decode() for i in merges[n])
    print(f"merge {n + 1:4}: {left!r} + {right!r}")

# %% split
for word in (" class", " classes", " subclassing", " zebra", " 斑马"):
    for n in (0, 100, 1000):
        pieces = BytePairs(merges[:n])
        cut = [pieces.tokens[i] for i in pieces.encode(word)]
        shown = "|".join(t.decode(errors="replace") for t in cut)
        print(f"{n:4} merges, {len(cut):2} tokens: {shown}")

# %% lengths
SIZES = (0, 100, 300, 1000, 2000)  # merges
length = {}
for n in SIZES:
    pieces = BytePairs(merges[:n])
    length[n] = len(text.val) / len(pieces.encode(text.val))
length_of_words = len(text.val) / len(words(text.val))
print(length, length_of_words)

# %% lengths-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
ax.plot([256 + n for n in SIZES], length.values(), "o-", label="byte pairs")
ax.plot(len(Vocabulary(letters(text.train))), 1, "s", label="single letters")
ax.plot(count_kinds, length_of_words, "^", label="words")
ax.set(xlabel="vocabulary V", ylabel="characters per token", xscale="log")
ax.set(ylim=(0, None))
ax.legend()
show()

# %% compared
perplexity_of, bits = {}, {}
for n in SIZES:
    pieces = BytePairs(merges[:n])
    grams = NGrams(pieces.encode(text.train), len(pieces), order=16)
    log_p = KneserNey(grams, order=16).log_probabilities(
        pieces.encode(text.val)
    )
    perplexity_of[n] = perplexity(log_p)
    bits[n] = bits_per_character(log_p, len(text.val))
Table(
    ["merges", "perplexity per token:.2f", "bits per character:.3f"],
    [[n, perplexity_of[n], bits[n]] for n in SIZES],
).show()

# %% hidden
perplexity_words, rows = {}, []
for least in (2, 10, 100, 1000):
    vocabulary = Vocabulary(tokens, min_count=least, specials=(UNKNOWN,))
    grams = NGrams(vocabulary.encode(tokens), len(vocabulary), order=2)
    ids = vocabulary.encode(words(text.val))
    log_p = KneserNey(grams, order=2).log_probabilities(ids)
    known = ids != vocabulary.ids[UNKNOWN]
    perplexity_words[least] = perplexity(log_p)
    share = 1 - known.double().mean().item()
    rows.append([least, len(vocabulary), share, perplexity_words[least]])
Table(
    ["kept from", "vocabulary:,", "unknown:.0%", "perplexity:.1f"],
    rows,
).show()
