"""Translation with attention: how good, where it looks, what that is worth."""

# %% imports
import re
import warnings

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.optim import AdamW

from dlnotes.attention.attending import AttendingDecoder
from dlnotes.data.grammar.words import ADJECTIVES, THINGS
from dlnotes.data.pair import Pair
from dlnotes.data.translation import load_translation
from dlnotes.plot import curves, show, use_style
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import PAD, START, pad_rows
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.by_length import bleu_of_lengths
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
HIDDEN, RATES = 96, (0.004, 0.02, 0.1)  # of attention, to begin with
STEPS, SHORT = {Decoder: 300, AttendingDecoder: 160}, 60
RATE = 0.025  # of one vector, as in its chapter; so are its steps
if len(sources) > 20_000:  # real sentences, at full scale
    HIDDEN, RATES, RATE = 256, (0.001, 0.002, 0.004), 0.004
    STEPS, SHORT = {Decoder: 2500, AttendingDecoder: 2500}, 1000


# %% recipe
def trained(
    kind: type[Decoder | AttendingDecoder], rate: float, steps: int
) -> Seq2Seq:
    seed_everything(0)
    encoder = Encoder(len(languages.english), embedding=48, hidden=HIDDEN)
    decoder = kind(len(languages.chinese), 48, HIDDEN, encoder.size)
    model = Seq2Seq(encoder, decoder)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps)
    return model.cpu()


# %% rates
def bleu_at(rate: float) -> float:
    """Return the BLEU on the validation set, after a short training."""
    model = trained(AttendingDecoder, rate, SHORT)
    found = translate(model, splits.val, languages)
    return score_translation(found.sentences, splits.val).bleu


bleu_val = {"attention": bracket(bleu_at, RATES)}
rate_best = best(bleu_val["attention"])
rates_table("decoder", bleu_val, digits=1).show()
models = {
    name: trained(kind, rate, STEPS[kind])
    for name, kind, rate in (
        ("one vector", Decoder, RATE),
        ("attention", AttendingDecoder, rate_best),
    )
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

# %% samples
edge = [n for n, p in enumerate(splits.test) if 11 <= len(p.words) <= 12]
picked = [("test", n) for n in edge[:5]]
if splits.combinations:
    picked += [("unseen combinations", n) for n in range(2)]
for set_name, n in picked:
    print(sets[set_name][n].english)
    for name in models:
        print(f"    {name:12}{''.join(found[name, set_name][n])}")
    print(f"  × {'':12}{sets[set_name][n].chinese}")

# %% nouns
share_nouns = {}
for name in models:
    kept = [
        thing.zh in "".join(found[name, "test"][n])
        for n in edge
        for thing in THINGS.values()
        if thing.zh in splits.test[n].chinese
    ]
    share_nouns[name] = sum(kept) / len(kept)
count_nouns = len(kept)

# %% lengths
both = [*splits.test, *splits.longer]
bleu_by_length = {
    name: bleu_of_lengths(
        [*found[name, "test"], *found[name, "longer sentences"]], both
    )
    for name in models
}

# %% lengths-figure
fig, ax = plt.subplots(figsize=(4.6, 2.9))
labels = [*bleu_by_length["attention"]]
curves(ax, labels, {n: [*row.values()] for n, row in bleu_by_length.items()})
seen = sum("–" in label and int(label.split("–")[1]) < 13 for label in labels)
ax.axvline(seen - 0.5, color="gray", ls=":")
ax.set(xlabel="words of the English sentence, marks included")
ax.set(ylabel="BLEU", ylim=(0, 100))
ax.legend()
show()

# %% measures
QUALITIES = "".join(ADJECTIVES.values()) + "老"  # the characters of these


def measure_words(pairs: list[Pair]) -> Tensor:
    """Find the measure words whose noun comes once in the English, (N, 5).

    A row has the number of the pair; the places of the measure word and of
    its noun in the Chinese sentence; how many characters the noun has; and
    the place of the noun among the English words. Nouns that have a measure
    word in English, too, such as a cup of tea, are left out.
    """
    found = []
    for number, pair in enumerate(pairs):
        for thing in THINGS.values():
            if " of " in thing.one:
                continue
            forms = thing.one, thing.phrases["bare"][0].en
            at = [n for n, word in enumerate(pair.words) if word in forms]
            counted = f"[一两三四五这那几]{thing.measure}[{QUALITIES}]*"
            phrase = re.search(f"{counted}({thing.zh})", pair.chinese)
            if phrase and len(at) == 1:
                places = phrase.start() + 1, phrase.start(1)
                found.append([number, *places, len(thing.zh), *at])
    return torch.tensor(found)


row, measure, noun, size, word = measure_words(splits.test).T  # (N,) each

# %% looks
model = models["attention"]
source, target = map(pad_rows, languages.encode(splits.test))
start = torch.full((len(target), 1), START)
target_in = torch.cat([start, target], dim=1)
with torch.no_grad():
    weights = model.decoder.look(target_in, model.start(source))  # (B, T, S)
largest = weights.argmax(dim=2)  # (B, T)
share_chance = (1 / (source[row] != PAD).sum(dim=1)).mean().item()

# %% map
texts = map("".join, found["attention", "test"])
pairs = zip(texts, splits.test, strict=True)
exactly = torch.tensor([text == pair.chinese for text, pair in pairs])
spots = zip(row.tolist(), measure.tolist(), strict=True)
hats = torch.tensor([splits.test[n].chinese[m] == "顶" for n, m in spots])
fitting = exactly[row] & hats & (noun > measure + 1)
on_noun = weights[row, measure, word] * fitting  # (N,)
chosen = row[on_noun.argmax()].item()
pair = splits.test[chosen]
image = weights[chosen, : len(pair.characters), : len(pair.words)]
words = [text.upper() for text in pair.words]
fig, ax = plt.subplots(figsize=(4.8, 4.0))
shades = ax.imshow(image.tolist(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
ax.set_xticks(range(len(words)), words, rotation=60, ha="right")
ax.set_yticks(range(len(pair.characters)), pair.characters)
ax.tick_params(length=0)
fig.colorbar(shades, label="weight")
show()


# %% hide
@torch.no_grad()
def share_right(
    row: Tensor, place: Tensor, hidden: Tensor, before: bool = False
) -> float:
    """Return how often the character at a place is the most probable one.

    The word `hidden`, none where that is −1, is masked while it is written,
    and `before` that, too. All three are (N,).
    """
    *state, mask = model.start(source[row])
    right = torch.zeros(len(row))
    for t in range(int(place.max()) + 1):
        now = mask.clone()  # (N, 1, S)
        in_time = (t <= place) if before else (t == place)
        chosen = (in_time & (hidden >= 0)).nonzero()[:, 0]
        now[chosen, 0, hidden[chosen]] = False
        tokens = target_in[row, t, None]
        logits, (*state, _) = model.decoder(tokens, (*state, now))
        hit = logits[:, 0].argmax(dim=1) == target[row, t]
        right += hit & (place == t)
    return right.mean().item()


# %% hidden
def hide(row: Tensor, place: Tensor, word: Tensor) -> list[float]:
    """Return `share_right` with all in sight, another and a word hidden.

    The other one has the largest weight of all but that word.
    """
    rest = weights[row, place].clone()  # (N, S)
    rest[torch.arange(len(word)), word] = -1
    hidden = torch.full_like(word, -1), rest.argmax(dim=1), word
    return [share_right(row, place, chosen) for chosen in hidden]


last = (target_in != PAD).sum(dim=1) - 2  # the Chinese mark, in (B, T)
every = torch.arange(len(source))
mark = (source != PAD).sum(dim=1) - 1  # the English mark
at_noun = largest[row, measure] == word
spots = torch.stack([row, measure, word])
first, second = torch.stack([row, noun, word]), [row, noun + 1, word]
second = torch.stack(second)[:, size == 2]
second_at_noun = largest[second[0], second[1]] == second[2]
cases = {
    "measure word": spots,
    "… that looks at its noun": spots[:, at_noun],
    "… that looks elsewhere": spots[:, ~at_noun],
    "noun, first": first,
    "noun, second": second,
    "… that looks at the noun": second[:, second_at_noun],
    "mark at the end": torch.stack([every, last, mark]),
}
share_on, accuracy_hidden, rows = {}, {}, []
for name, (sentence, place, sought) in cases.items():
    at_word = largest[sentence, place] == sought
    share_on[name] = at_word.float().mean().item()
    accuracy_hidden[name] = hide(sentence, place, sought)
    rows.append([name, len(place), share_on[name], *accuracy_hidden[name]])
head = ["character", "count", "looks at its word:.2f", "right:.2f"]
head += ["another word hidden:.2f", "its word hidden:.2f"]
Table(head, rows).show()

# %% hidden-figure
SHOWN = "measure word", "noun, first", "noun, second", "mark at the end"
SIGHTS = "all words in sight", "another word hidden", "its word hidden"
fig, ax = plt.subplots(figsize=(4.8, 2.6))
columns = zip(*(accuracy_hidden[name] for name in SHOWN), strict=True)
for n, (name, column) in enumerate(zip(SIGHTS, columns, strict=True)):
    ax.plot(column, range(len(SHOWN)), "o^s"[n], color=f"C{n}", label=name)
ax.set_yticks(range(len(SHOWN)), SHOWN)
ax.set(xlabel="share that is right", xlim=(None, 1.03), ylim=(3.5, -0.5))
ax.grid(axis="y")
fig.legend(loc="outside upper center", ncols=2)
show()

# %% before
accuracy_measure_before = share_right(*spots, before=True)

# %% quoted
count_measure = len(row)
share_measure, share_second = (
    share_on["measure word"],
    share_on["noun, second"],
)
accuracy_measure, _, accuracy_measure_hidden = accuracy_hidden["measure word"]
accuracy_at_noun, _, accuracy_at_noun_hidden = accuracy_hidden[
    "… that looks at its noun"
]
accuracy_elsewhere, _, accuracy_elsewhere_hidden = accuracy_hidden[
    "… that looks elsewhere"
]
accuracy_second_hidden = accuracy_hidden["… that looks at the noun"][2]
accuracy_mark, _, accuracy_mark_hidden = accuracy_hidden["mark at the end"]
bleu_vector, bleu_attention = [bleu[name, "test"] for name in models]
share_exact_vector, share_exact_attention = [
    exact[name, "test"] for name in models
]
steps_vector, steps_attention = STEPS.values()
steps_short = SHORT
share_nouns_vector, share_nouns_attention = share_nouns.values()
bleu_edge_vector, bleu_edge_attention = [
    row["11–12"] for row in bleu_by_length.values()
]
parameters_vector, parameters_attention = [
    sum(W.numel() for W in model.parameters()) for model in models.values()
]
