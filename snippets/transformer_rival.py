"""The rival: a recurrent translator that reads both ways and attends."""

# %% imports
from statistics import mean, stdev

import matplotlib.pyplot as plt
from torch.optim import AdamW

from dlnotes.attention.attending import AttendingDecoder
from dlnotes.data.translation import load_translation
from dlnotes.plot import show, use_style
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.table import Table
from dlnotes.train.by_length import bleu_of_lengths, draw_lengths
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import (
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)

use_style()
splits = load_translation()
languages = learn_languages(splits.train)
sources, targets = languages.encode(splits.train)
V_source, V_target = map(len, languages)
SEEDS = range(3)
STEPS, HIDDEN, RATE = (
    225,
    96,
    0.025,
)  # the rate is that of transformer_rival_rates
if len(sources) > 20_000:  # real sentences, at full scale
    STEPS, HIDDEN, RATE, SEEDS = 2500, 256, 0.004, range(1)


# %% recipe
def trained(seed: int) -> Seq2Seq:
    seed_everything(seed)
    encoder = Encoder(V_source, 48, HIDDEN, bidirectional=True)
    decoder = AttendingDecoder(V_target, 48, HIDDEN, encoder.size)
    model = Seq2Seq(encoder, decoder)
    optimizer = AdamW(model.parameters(), RATE, fused=True)
    fit_translation(model, sources, targets, optimizer, STEPS)
    return model


models = [trained(seed) for seed in SEEDS]
parameters_in_all = sum(W.numel() for W in models[0].parameters())

# %% results
sets = {
    "test": splits.test,
    "unseen combinations": splits.combinations,
    "longer sentences": splits.longer,
}
found, bleu, exact, rows = {}, {}, {}, []


def spread(values: list[float], digits: int) -> str:
    deviation = stdev(values) if len(values) > 1 else 0.0
    return f"{mean(values):.{digits}f} ± {deviation:.{digits}f}"


for name, pairs in sets.items():
    if not pairs:  # Tatoeba, at full scale, has no such set
        continue
    found[name] = [translate(m, pairs, languages).sentences for m in models]
    scores = [score_translation(text, pairs) for text in found[name]]
    bleu[name] = [score.bleu for score in scores]
    exact[name] = [score.exact for score in scores]
    both = spread(bleu[name], 1), spread(exact[name], 3)
    rows.append([name, len(pairs), *both])
Table(["set", "pairs:,", "BLEU", "exact"], rows).show()

# %% lengths
both = [*splits.test, *splits.longer]
written = zip(found["test"], found["longer sentences"], strict=True)
each = [bleu_of_lengths([*a, *b], both) for a, b in written]
bleu_by_length = {name: [row[name] for row in each] for name in each[0]}

# %% lengths-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
draw_lengths(ax, bleu_by_length)
show()

# %% quoted
bleu_mean = {name: mean(bleu.get(name, [0])) for name in sets}
share_of_set = {name: mean(exact.get(name, [0])) for name in sets}
bleu_of_length = {name: mean(row) for name, row in bleu_by_length.items()}
