"""Dates, translated with one vector, additive and scaled dot attention."""

# %% imports
import re
import warnings
from functools import cache
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from dlnotes.attention.attending import AttendingDecoder
from dlnotes.attention.score import scaled_dot_product
from dlnotes.data.dates import MONTHS, WEEKDAYS, DatePair, load_dates
from dlnotes.plot import show, use_style
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import START, pad_rows
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import (
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)

use_style()
warnings.filterwarnings("ignore", "Glyph", UserWarning)  # Chinese labels

# %% dates
splits = load_dates()
languages = learn_languages(splits.train, min_count=1)
sources, targets = languages.encode(splits.train)
for pair in splits.train[:8]:
    print(f"{pair.english:24} {pair.chinese}")


# %% scaled
class ScaledDot(nn.Module):
    """Score by q · k / √d, of queries and keys projected to one size."""

    def __init__(self, query: int, key: int, hidden: int) -> None:
        super().__init__()
        self.W_q = nn.Linear(query, hidden, bias=False)
        self.W_k = nn.Linear(key, hidden, bias=False)

    def score(self, Q: Tensor, keys: Tensor) -> Tensor:
        """Score Q with keys that W_k has met already."""
        return scaled_dot_product(self.W_q(Q), keys)


# %% recipe
HIDDEN, STEPS, RATES = 48, 140, (0.01, 0.03, 0.09)
KINDS = "one vector", "additive", "scaled dot product"


def untrained(kind: str) -> Seq2Seq:
    seed_everything(0)
    encoder = Encoder(len(languages.english), 16, HIDDEN, bidirectional=True)
    sizes = len(languages.chinese), 16, HIDDEN, encoder.size
    decoder = (Decoder if kind == "one vector" else AttendingDecoder)(*sizes)
    if kind == "scaled dot product":
        decoder.score = ScaledDot(HIDDEN, encoder.size, HIDDEN)
    return Seq2Seq(encoder, decoder)


@cache  # what is asked for twice is trained once
def trained(kind: str, rate: float) -> Seq2Seq:
    model = untrained(kind)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, STEPS)
    return model


def share_exact(model: Seq2Seq, pairs: list[DatePair]) -> float:
    found = translate(model, pairs, languages)
    return score_translation(found.sentences, pairs).exact


# %% rates
accuracy_val, rate_best = {}, {}
for kind in KINDS:
    accuracy_val[kind] = bracket(
        lambda rate, kind=kind: share_exact(trained(kind, rate), splits.val),
        RATES,
    )
    rate_best[kind] = best(accuracy_val[kind])
rates_table("decoder", accuracy_val).show()

# %% results
models = {kind: trained(kind, rate_best[kind]) for kind in KINDS}
accuracy_test, parameters, rows = {}, {}, []
for kind, model in models.items():
    accuracy_test[kind] = share_exact(model, splits.test)
    parameters[kind] = sum(W.numel() for W in model.parameters())
    rate = f"{rate_best[kind]:.2g}"
    rows.append([kind, parameters[kind], rate, accuracy_test[kind]])
Table(["decoder", "parameters:,", "rate η", "exact:.3f"], rows).show()


# %% spellings
worded = [pair for pair in splits.test if re.search("[a-z]", pair.english)]
figures = [pair for pair in splits.test if pair not in worded]
accuracy_spelling = {
    kind: [share_exact(models[kind], pairs) for pairs in (worded, figures)]
    for kind in KINDS[1:]
}

# %% start
model = untrained("scaled dot product")
with torch.no_grad():
    h, outputs, keys, mask = model.start(pad_rows(sources[:500]))
    scores = model.decoder.score.score(h[:, None], keys)  # (B, 1, S)
variance_states = outputs[mask[:, 0]].var().item()
variance_scores = scores[mask].var().item()


# %% map
def looks(model: Seq2Seq, pairs: list[DatePair]) -> Tensor:
    """Return the weights (B, T, S) with which true dates are written."""
    sources, targets = languages.encode(pairs)
    start = torch.tensor([START])
    read = pad_rows([torch.cat([start, target]) for target in targets])
    with torch.no_grad():
        return model.decoder.look(read, model.start(pad_rows(sources)))


long = [pair for pair in splits.test if pair.english.count(",") == 2]
pair = max(long[:20], key=lambda pair: len(pair.english))
weights = looks(models["additive"], [pair])[0, :-1]
fig, ax = plt.subplots(figsize=(4.8, 2.9))
image = ax.imshow(
    weights.tolist(), cmap="Blues", vmin=0, vmax=1, aspect="auto"
)
ax.set_xticks(range(len(pair.words)), pair.words)
ax.set_yticks(range(len(pair.characters)), pair.characters)
ax.tick_params(length=0)
fig.colorbar(image, label="weight")
show()

# %% parts
ENGLISH = {
    "year": r"\d{4}",
    "month": "(?:" + "|".join(name[:3] for name in MONTHS) + ")[a-z]*",
    "day": r"\b\d{1,2}\b",
    "weekday": "(?:" + "|".join(name[:3] for name in WEEKDAYS) + ")[a-z]*",
}
CHINESE = re.compile(
    r"(?P<year>\d+)年(?P<month>\d+)月(?P<day>\d+)日(?:星期)?(?P<weekday>.?)"
)


def find_inside(kind: str, part: str) -> list[tuple[bool, bool]]:
    """Tell of each character of a part where it looks and if it is right.

    The first is true if its largest weight lies in the part of the source.
    """
    pairs = [pair for pair in worded if re.search(ENGLISH[part], pair.english)]
    places = looks(models[kind], pairs).argmax(dim=2).tolist()
    found = []
    texts = translate(models[kind], pairs, languages).sentences
    for pair, row, text in zip(pairs, places, texts, strict=True):
        low, high = re.search(ENGLISH[part], pair.english).span()
        for n in range(*CHINESE.match(pair.chinese).span(part)):
            right = "".join(text)[n : n + 1] == pair.chinese[n]
            found.append((low <= row[n] < high, right))
    return found


def count_inside(kind: str) -> tuple[list[float], list[bool]]:
    """Return the share that looks inside, by part, and if others are right."""
    inside = [find_inside(kind, part) for part in ENGLISH]
    shares = [mean(there for there, _ in found) for found in inside]
    return shares, [
        right for found in inside for there, right in found if not there
    ]


share_part, elsewhere = {}, []
for kind in KINDS[1:]:
    share_part[kind], others = count_inside(kind)
    elsewhere += others
rows = [[kind, *shares] for kind, shares in share_part.items()]
Table(["decoder", *(f"{part}:.2f" for part in ENGLISH)], rows).show()

# %% quoted
accuracy_vector, accuracy_additive, accuracy_scaled = accuracy_test.values()
accuracy_words, accuracy_figures = accuracy_spelling["additive"]
share_least = min(share_part["additive"])
share_weekday_scaled = share_part["scaled dot product"][3]
share_elsewhere_right = mean(elsewhere)
variance_scores_raw = HIDDEN * variance_scores  # without the root
accuracy_additive_fast, accuracy_scaled_fast = [
    accuracy_val[kind][RATES[-1]] for kind in KINDS[1:]
]
steps_in_all = STEPS
