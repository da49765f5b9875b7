"""Translation with attention: how good, where it looks, what that is worth."""

# %% imports
import re
import warnings
from itertools import pairwise
from statistics import mean
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.optim import AdamW

from dlnotes.attention.attending import AttendingDecoder
from dlnotes.data.grammar.words import ADJECTIVES, THINGS
from dlnotes.data.translation import Pair, load_translation
from dlnotes.plot import curves, show, use_style
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
splits = load_translation()
languages = learn_languages(splits.train)
sources, targets = languages.encode(splits.train)
STEPS, SHORT, HIDDEN = 300, 100, 96  # steps and size as for one vector
RATE = 0.025  # of one vector, as seq2seq_rates found it
RATES = 0.004, 0.012, 0.036  # to begin with, for attention
if len(sources) > 20_000:  # real sentences, at full scale
    STEPS, SHORT, HIDDEN, RATE = 2500, 500, 256, 0.004
    RATES = 0.0005, 0.001, 0.002


# %% recipe
def trained(
    kind: type[Decoder | AttendingDecoder], rate: float, steps: int = STEPS
) -> Seq2Seq:
    seed_everything(0)
    encoder = Encoder(len(languages.english), embedding=48, hidden=HIDDEN)
    decoder = kind(len(languages.chinese), 48, HIDDEN, encoder.size)
    model = Seq2Seq(encoder, decoder)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps)
    return model.cpu()


# %% rates
def measure(rate: float) -> float:
    """Return the BLEU on the validation set after a short training."""
    model = trained(AttendingDecoder, rate, SHORT)
    found = translate(model, splits.val, languages)
    return score_translation(found.sentences, splits.val).bleu


bleu_val = {"attention": bracket(measure, RATES)}
rate_best = best(bleu_val["attention"])
rates_table("decoder", bleu_val, digits=1).show()
models = {
    "one vector": trained(Decoder, RATE),
    "attention": trained(AttendingDecoder, rate_best),
}

# %% results
sets = {
    "test": splits.test,
    "unseen combinations": splits.combinations,
    "longer sentences": splits.longer,
}
found, bleu, exact, rows = {}, {}, {}, []
for set_name, pairs in sets.items():
    if not pairs:  # Tatoeba, at full scale, has no such set
        continue
    for name, model in models.items():
        key = name, set_name
        found[key] = translate(model, pairs, languages).sentences
        bleu[key], exact[key] = score_translation(found[key], pairs)
    both = [(bleu[name, set_name], exact[name, set_name]) for name in models]
    rows.append([set_name, *(number for row in both for number in row)])
head = ["set"]
for name in models:
    head += [f"{name}, BLEU:.1f", "exact:.3f"]
Table(head, rows).show()

# %% lengths
BOUNDS = (4, 6, 8, 10, 12, 14, 16, 99)
both = [*splits.test, *splits.longer]
bleu_by_length = {}
for name in models:
    written = [*found[name, "test"], *found[name, "longer sentences"]]
    row = bleu_by_length[name] = {}
    for low, high in pairwise(BOUNDS):
        inside = [n for n, p in enumerate(both) if low < len(p.words) <= high]
        if inside:
            label = f"{low + 1}–{high}" if high < 99 else f"{low + 1}+"
            row[label] = score_translation(
                [written[n] for n in inside], [both[n] for n in inside]
            ).bleu

# %% lengths-figure
fig, ax = plt.subplots(figsize=(4.6, 2.9))
labels = [*bleu_by_length["attention"]]
curves(ax, labels, {n: [*row.values()] for n, row in bleu_by_length.items()})
seen = sum("–" in label and int(label.split("–")[1]) < 13 for label in labels)
ax.axvline(seen - 0.5, color="gray", ls=":")
ax.set(xlabel="words of the English sentence", ylabel="BLEU", ylim=(0, 100))
ax.legend()
show()

# %% spots
QUALITIES = "".join(ADJECTIVES.values()) + "老"  # the characters of these


class Spot(NamedTuple):
    """Where a measure word and its noun stand, in sentence `row`."""

    row: int
    measure: int  # in the Chinese sentence
    noun: int  # there, its first character
    size: int  # the characters of the noun
    word: int  # the noun in the English sentence


def spots(pairs: list[Pair]) -> list[Spot]:
    """Find the measure words whose noun comes once in the English."""
    found = []
    for row, pair in enumerate(pairs):
        for thing in THINGS.values():
            forms = thing.one, thing.phrases["bare"][0].en
            at = [n for n, word in enumerate(pair.words) if word in forms]
            counted = f"[一两三四五这那几]{thing.measure}[{QUALITIES}]*"
            phrase = re.search(f"{counted}({thing.zh})", pair.chinese)
            if phrase and len(at) == 1:
                noun = phrase.start(1)
                places = phrase.start() + 1, noun, len(thing.zh)
                found.append(Spot(row, *places, at[0]))
    return found


# %% looks
@torch.no_grad()
def looks(model: Seq2Seq, pairs: list[Pair]) -> tuple[Tensor, Tensor]:
    """Return what is read (B, T), and the weights (B, T, S) meanwhile."""
    sources, targets = languages.encode(pairs)
    start = torch.tensor([START])
    read = pad_rows([torch.cat([start, target]) for target in targets])
    return read, model.decoder.look(read, model.start(pad_rows(sources)))


model = models["attention"]
read, weights = looks(model, splits.test)
largest = weights.argmax(dim=2)  # (B, T)
marked = spots(splits.test)

# %% map
exactly = [
    "".join(text) == pair.chinese
    for text, pair in zip(found["attention", "test"], splits.test, strict=True)
]
fitting = [
    spot
    for spot in marked
    if exactly[spot.row]
    and len(splits.test[spot.row].words) > 8
    and spot.noun > spot.measure + 1  # an adjective stands between
    and largest[spot.row, spot.measure] == spot.word
]
chosen = (fitting or marked)[0]
pair = splits.test[chosen.row]
written = [*pair.characters, "end"]
image = weights[chosen.row, : len(written), : len(pair.words)]
fig, ax = plt.subplots(figsize=(4.8, 4.0))
shades = ax.imshow(image.tolist(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
ax.set_xticks(range(len(pair.words)), pair.words, rotation=60, ha="right")
ax.set_yticks(range(len(written)), written)
ax.tick_params(length=0)
fig.colorbar(shades, label="weight")
show()

# %% places
two = [spot for spot in marked if spot.size == 2]
CHARACTERS = {  # what is written, and where
    "measure word": [(spot, spot.measure) for spot in marked],
    "noun, first": [(spot, spot.noun) for spot in marked],
    "noun, second": [(spot, spot.noun + 1) for spot in two],
}
share_on = {
    name: mean(largest[s.row, at].item() == s.word for s, at in found_at)
    for name, found_at in CHARACTERS.items()
}
share_chance = mean(1 / len(splits.test[spot.row].words) for spot in marked)


# %% hidden
@torch.no_grad()
def share_right(at: list[tuple[Spot, int]], hidden: list[int]) -> float:
    """Return how often the characters at `at` are the most probable ones.

    A word of each sentence, hidden[i], or none, at −1, is masked in the one
    step that writes the character.
    """
    pairs = [splits.test[spot.row] for spot, _ in at]
    sources, targets = languages.encode(pairs)
    *state, mask = model.start(pad_rows(sources))
    tokens, target = read[[spot.row for spot, _ in at]], pad_rows(targets)
    places, words = torch.tensor([n for _, n in at]), torch.tensor(hidden)
    right = 0
    for t in range(target.shape[1]):
        now = mask.clone()  # (B, 1, S)
        here = (places == t).nonzero()[:, 0]
        masked = here[words[here] >= 0]
        now[masked, 0, words[masked]] = False
        logits, (*state, _) = model.decoder(tokens[:, t, None], (*state, now))
        right += (logits[here, 0].argmax(1) == target[here, t]).sum().item()
    return right / len(at)


generator = torch.Generator().manual_seed(0)
other = {}
for spot in marked:
    n = len(splits.test[spot.row].words)
    away = torch.randint(1, n, (), generator=generator).item()
    other[spot] = (spot.word + away) % n
accuracy_hidden, rows = {}, []
for name, at in CHARACTERS.items():
    tried = (
        [-1] * len(at),
        [other[spot] for spot, _ in at],
        [spot.word for spot, _ in at],
    )
    accuracy_hidden[name] = [share_right(at, hidden) for hidden in tried]
    rows.append([name, len(at), share_on[name], *accuracy_hidden[name]])
head = ["character", "count", "looks at the noun:.2f", "right:.2f"]
head += ["another word hidden:.2f", "the noun hidden:.2f"]
Table(head, rows).show()

# %% quoted
count_measure = len(marked)
share_measure, share_first, share_second = share_on.values()
accuracy_measure, _, accuracy_measure_hidden = accuracy_hidden["measure word"]
accuracy_second, _, accuracy_second_hidden = accuracy_hidden["noun, second"]
bleu_vector, bleu_attention = [bleu[name, "test"] for name in models]
share_exact_vector, share_exact_attention = [
    exact[name, "test"] for name in models
]
steps_in_all, steps_short = STEPS, SHORT
bleu_edge_vector, bleu_edge_attention = [
    row["11–12"] for row in bleu_by_length.values()
]
parameters_vector, parameters_attention = [
    sum(W.numel() for W in model.parameters()) for model in models.values()
]
