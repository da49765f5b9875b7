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


@cache  # what is asked for twice is trained once
def trained(kind: str, rate: float) -> Seq2Seq:
    seed_everything(0)
    encoder = Encoder(len(languages.english), 16, HIDDEN, bidirectional=True)
    sizes = len(languages.chinese), 16, HIDDEN, encoder.size
    decoder = (Decoder if kind == "one vector" else AttendingDecoder)(*sizes)
    if kind == "scaled dot product":
        decoder.score = ScaledDot(HIDDEN, encoder.size, HIDDEN)
    model = Seq2Seq(encoder, decoder)
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
    "(?P<year>.+)年(?P<month>.+)月(?P<day>.+)日(?P<weekday>.*)"
)
worded = [pair for pair in splits.test if re.search("[a-z]", pair.english)]


def share_inside(weights: Tensor, part: str) -> float:
    """Return how often the largest weight of a part lies in that part."""
    hits = []
    for pair, rows in zip(worded, weights.argmax(dim=2).tolist(), strict=True):
        written = CHINESE.match(pair.chinese).span(part)
        read = re.search(ENGLISH[part], pair.english)
        if read:
            low, high = read.span()
            hits += [low <= place < high for place in rows[slice(*written)]]
    return mean(hits)


share_part = {}
for kind in KINDS[1:]:
    weights = looks(models[kind], worded)
    share_part[kind] = [share_inside(weights, part) for part in ENGLISH]
rows = [[kind, *shares] for kind, shares in share_part.items()]
Table(["decoder", *(f"{part}:.2f" for part in ENGLISH)], rows).show()

# %% quoted
accuracy_vector, accuracy_additive, accuracy_scaled = accuracy_test.values()
share_year, share_month, share_day, share_weekday = share_part["additive"]
accuracy_additive_slow, accuracy_scaled_slow = [
    accuracy_val[kind][RATES[0]] for kind in KINDS[1:]
]
accuracy_additive_fast, accuracy_scaled_fast = [
    accuracy_val[kind][RATES[-1]] for kind in KINDS[1:]
]
steps_in_all = STEPS
