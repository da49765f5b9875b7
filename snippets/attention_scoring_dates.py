"""Dates, translated with one vector, additive and scaled dot attention."""

# %% imports
import re
import warnings
from functools import partial
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
EMBEDDING, HIDDEN, STEPS = 32, 48, 120
RATES = 0.01, 0.03, 0.09
KINDS = "one vector", "additive", "scaled dot product"


def untrained(kind: str) -> Seq2Seq:
    seed_everything(0)
    sizes = len(languages.english), EMBEDDING, HIDDEN
    encoder = Encoder(*sizes, bidirectional=True)
    sizes = len(languages.chinese), EMBEDDING, HIDDEN, encoder.size
    decoder = (Decoder if kind == "one vector" else AttendingDecoder)(*sizes)
    if kind == "scaled dot product":
        decoder.score = ScaledDot(HIDDEN, encoder.size, HIDDEN)
    return Seq2Seq(encoder, decoder)


def trained(kind: str, rate: float, steps: int) -> Seq2Seq:
    model = untrained(kind)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps)
    return model


# %% rates
def bleu_at(kind: str, rate: float) -> float:
    """Return the BLEU on the validation set, after half of the steps."""
    model = trained(kind, rate, STEPS // 2)
    found = translate(model, splits.val, languages)
    return score_translation(found.sentences, splits.val).bleu


bleu_val, rate_best = {}, {}
for kind in KINDS:
    bleu_val[kind] = bracket(partial(bleu_at, kind), RATES)
    rate_best[kind] = best(bleu_val[kind])
rates_table("decoder", bleu_val, digits=1).show()

# %% results
models = {kind: trained(kind, rate_best[kind], STEPS) for kind in KINDS}
written, accuracy_test, parameters, rows = {}, {}, {}, []
for kind, model in models.items():
    written[kind] = translate(model, splits.test, languages).sentences
    accuracy_test[kind] = score_translation(written[kind], splits.test).exact
    parameters[kind] = sum(W.numel() for W in model.parameters())
    rate = f"{rate_best[kind]:.2g}"
    rows.append([kind, parameters[kind], rate, accuracy_test[kind]])
Table(["decoder", "parameters:,", "rate η", "exact:.3f"], rows).show()


# %% spellings
worded, figures = [], []  # the numbers of the dates
for n, pair in enumerate(splits.test):
    (worded if re.search("[a-z]", pair.english) else figures).append(n)
accuracy_spelling = {}
for kind in KINDS[1:]:
    accuracy_spelling[kind] = [
        score_translation(
            [written[kind][n] for n in numbers],
            [splits.test[n] for n in numbers],
        ).exact
        for numbers in (worded, figures)
    ]

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
for kind in KINDS[1:]:
    weights = looks(models[kind], [pair])[0, :-1]  # (T, S)
    fig, ax = plt.subplots(num=kind, figsize=(4.8, 2.9))
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


largest = {
    kind: looks(models[kind], splits.test).argmax(dim=2).tolist()
    for kind in KINDS[1:]
}


def find_inside(kind: str, part: str) -> list[tuple[bool, bool]]:
    """Tell of each character of a part where it looks and if it is right.

    The first is true if its largest weight lies in the part of the source.
    """
    found = []
    for n in worded:
        pair, text = splits.test[n], "".join(written[kind][n])
        if place := re.search(ENGLISH[part], pair.english):
            low, high = place.span()
            for t in range(*CHINESE.match(pair.chinese).span(part)):
                right = text[t : t + 1] == pair.chinese[t]
                found.append((low <= largest[kind][n][t] < high, right))
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
bleu_additive_fast, bleu_scaled_fast = [
    bleu_val[kind][RATES[-1]] for kind in KINDS[1:]
]
steps_in_all = STEPS
