"""What paragraphs that occur twice pretend."""

# %% imports
from pydoc_data.topics import topics

from torch import Tensor

from dlnotes.data.text import PERIOD, VAL, letters_only
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import perplexity
from dlnotes.language.smoothing import KneserNey
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything

seed_everything(0)
vocabulary = Vocabulary(letters(" abcdefghijklmnopqrstuvwxyz"))

# %% split
paragraphs = [  # of each topic, duplicates and all
    [p for p in map(letters_only, topics[name].split("\n\n")) if p]
    for name in sorted(topics)
]
train, held_out = [], []
for i, found in enumerate(paragraphs):
    (held_out if i % PERIOD == VAL else train).extend(found)
shared, trained = set(held_out), set(train)
clean = [p for p in train if p not in shared]

# %% measure
known = [p for p in held_out if p in trained]
new = [p for p in held_out if p not in trained]


def encode(paragraphs: list[str]) -> Tensor:
    return vocabulary.encode(letters(" ".join(paragraphs)))


share_known = len(" ".join(known)) / len(" ".join(held_out))
perplexity_all, perplexity_known, perplexity_new, rows = {}, {}, {}, []
for name, chosen in (("with copies", train), ("without copies", clean)):
    grams = NGrams(encode(chosen), len(vocabulary), order=7)
    model = KneserNey(grams, order=7)
    for found, part in (
        (perplexity_all, held_out),
        (perplexity_known, known),
        (perplexity_new, new),
    ):
        found[name] = perplexity(model.log_probabilities(encode(part)))
    size = len(" ".join(chosen))
    found = (perplexity_all, perplexity_known, perplexity_new)
    rows.append([name, size, *(by[name] for by in found)])
print(f"{share_known:.0%} of the held-out letters are in known paragraphs")
Table(
    ["trained on", "training letters:,", "all:.2f", "known:.2f", "new:.2f"],
    rows,
).show()
