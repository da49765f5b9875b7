"""Solutions to the exercises of the chapter on language models."""

# %% setup
import torch

from dlnotes.data.text import load_text
from dlnotes.language.bpe import BytePairs, learn_merges
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import perplexity
from dlnotes.language.smoothing import KneserNey
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)
text = load_text()
vocabulary = Vocabulary(letters(text.train))
V = len(vocabulary)

# %% solution-1
joined = text.train.replace(" ", "")
vowel = torch.tensor([w in "aeiou" for w in joined])
before, after = vowel[:-1], vowel[1:]
share_vowels = vowel.double().mean().item()
share_after_vowel = after[before].double().mean().item()
share_after_consonant = after[~before].double().mean().item()
print(f"vowels {share_vowels:.3f}", end=", ")
print(f"after a vowel {share_after_vowel:.3f}", end=", ")
print(f"after a consonant {share_after_consonant:.3f}")

# %% solution-4
small = Vocabulary(letters("abac"))
grams = NGrams(small.encode("ababac"), len(small), order=2)
model = KneserNey(grams, order=2)
D = 1 / (1 + 2 * 2)  # of ab, ba, ac only ac counts 1; ab and ba count 2
by_hand = (1 - D) / 3 + D * 2 / 3 * 1 / 3  # after "a": b 2, c 1
p = model.probabilities(small.encode("a"))[small.ids["c"]].item()
print(f"D = {D}, by hand {by_hand:.6f}, by KneserNey {p:.6f}")

# %% solution-5
merges = learn_merges("种瓜得瓜，种豆得豆。" * 2, 12)
made = [t.decode(errors="replace") for t in BytePairs(merges).tokens[256:]]
print(made)

# %% solution-6
perplexity_by_size, rows = {}, []
val = vocabulary.encode(letters(text.val))
for parts in (16, 8, 4, 2, 1):
    some = vocabulary.encode(letters(text.train[: len(text.train) // parts]))
    model = KneserNey(NGrams(some, V, order=6), order=6)
    perplexity_by_size[parts] = perplexity(model.log_probabilities(val))
    rows.append([len(some), perplexity_by_size[parts]])
Table(["training letters:,", "perplexity:.2f"], rows).show()
