"""Translation through one vector: how good, how long, and when it errs."""

# %% imports
from functools import cache
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.optim import AdamW

from dlnotes.data.pair import Pair
from dlnotes.data.translation import COMBINATIONS, load_translation
from dlnotes.decode.one_by_one import greedy
from dlnotes.plot import curves, show, use_style
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import END, PAD, START, pad_rows
from dlnotes.table import Table
from dlnotes.train.by_length import bleu_of_lengths, draw_lengths
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import (
    Translations,
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)

use_style()
splits = load_translation()
languages = learn_languages(splits.train)
sources, targets = languages.encode(splits.train)
SEEDS = range(3)
STEPS, HIDDEN, RATE = 300, 96, 0.025  # the rate is that of seq2seq_rates
if len(sources) > 20_000:  # real sentences, at full scale
    STEPS, HIDDEN, RATE = 2500, 256, 0.004


# %% recipe
@cache
def trained(seed: int) -> Seq2Seq:
    seed_everything(seed)
    encoder = Encoder(len(languages.english), embedding=48, hidden=HIDDEN)
    decoder = Decoder(len(languages.chinese), 48, HIDDEN, encoder.size)
    model = Seq2Seq(encoder, decoder)
    optimizer = AdamW(model.parameters(), RATE, fused=True)
    history = fit_translation(model, sources, targets, optimizer, STEPS)
    loss.append(history.mean(20))
    return model


loss = []  # per character, over the last 20 steps
models = [trained(seed) for seed in SEEDS]
print("training loss", *(f"{value:.2f}" for value in loss))

# %% results
adjectives = {words.split()[0] for words in COMBINATIONS}
sets = {
    "test": splits.test,
    "test, with such an adjective": [
        pair for pair in splits.test if not adjectives.isdisjoint(pair.words)
    ],
    "unseen combinations": splits.combinations,
    "longer sentences": splits.longer,
}
found, bleu, exact, rows = {}, {}, {}, []
for name, pairs in sets.items():
    if not pairs:
        continue
    found[name] = [translate(model, pairs, languages) for model in models]
    scores = [score_translation(t.sentences, pairs) for t in found[name]]
    bleu[name] = [score.bleu for score in scores]
    exact[name] = [score.exact for score in scores]
    rows.append(
        [
            name,
            len(pairs),
            f"{mean(bleu[name]):.1f} ± {stdev(bleu[name]):.1f}",
            f"{mean(exact[name]):.3f} ± {stdev(exact[name]):.3f}",
        ]
    )
Table(["set", "pairs:,", "BLEU", "exact"], rows).show()

# %% samples
written = ["".join(row) for row in found["test"][0].sentences]
pairs = list(zip(written, splits.test, strict=True))
right = [(text, pair) for text, pair in pairs if text == pair.chinese]
wrong = [(text, pair) for text, pair in pairs if text != pair.chinese]
for text, pair in right[:4] + wrong[:6]:
    print(pair.english)
    print(f"    {text}")
    if text != pair.chinese:
        print(f"  × {pair.chinese}")

# %% unseen
unseen = found.get("unseen combinations", found["test"])[0].sentences
texts = ["".join(row) for row in unseen]
for text, pair in zip(texts[:5], splits.combinations, strict=False):
    print(pair.english)
    print(f"    {text}")
    print(f"  × {pair.chinese}")

# %% lengths
both = [*splits.test, *splits.longer]
written = zip(found["test"], found["longer sentences"], strict=True)
each = [
    bleu_of_lengths([*short.sentences, *long.sentences], both)
    for short, long in written
]
bleu_by_length = {name: [row[name] for row in each] for name in each[0]}

# %% lengths-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
draw_lengths(ax, bleu_by_length)
show()


# %% positions
def forced_and_free(model: Seq2Seq, pairs: list[Pair]) -> list[Tensor]:
    """Return what is right, (N, T): forced, then free; and what counts."""
    sources, targets = languages.encode(pairs)
    source = pad_rows(sources)
    end, first = torch.tensor([END]), torch.tensor([START])
    target = pad_rows([torch.cat([row, end]) for row in targets])
    target_in = pad_rows([torch.cat([first, row]) for row in targets])
    device = next(model.parameters()).device
    source, target_in = source.to(device), target_in.to(device)
    free = torch.full_like(target, PAD)  # what was not written is wrong
    with torch.no_grad():
        forced = model(source, target_in).argmax(dim=2).cpu()
        state, start = model.start(source), target_in[:, 0]
        heard = greedy(model.step, state, start, END, target.shape[1])
    written = heard.tokens.cpu()
    ended = (written == END).int()
    behind = ended.cumsum(dim=1) > ended  # the first <end>
    free[:, : written.shape[1]] = written.masked_fill(behind, PAD)
    return [forced == target, free == target, target != PAD]


POSITIONS = 16
accuracy_at = {"forced": [], "free": [], "no error so far": []}
accuracy_after = {"forced": [], "free": []}
share_same = []
for model in models:
    forced, free, counts = forced_and_free(model, splits.test)
    n = counts.sum(dim=0)
    clean = (free | ~counts).cumprod(dim=1).bool()
    cases = zip(accuracy_at, (forced, free, clean), strict=True)
    for name, right in cases:
        accuracy_at[name].append(((right & counts).sum(0) / n)[:POSITIONS])
    before = (forced | ~counts).cumprod(dim=1).bool()
    share_same.append((before == clean).all(dim=1).float().mean().item())
    later = counts[:, 1:] & ~clean[:, :-1]  # behind the first error
    for name, right in (("forced", forced), ("free", free)):
        accuracy_after[name].append(right[:, 1:][later].float().mean().item())

# %% positions-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
curves(
    ax,
    range(1, POSITIONS + 1),
    {name: sum(rows) / len(rows) for name, rows in accuracy_at.items()},
)
ax.set(xlabel="position in the Chinese sentence", ylim=(0, 1))
ax.set_ylabel("share that is right")
ax.legend()
show()

# %% beams
SETTINGS = ((1, 0), (2, 0), (4, 0), (8, 0), (4, 1))  # width, penalty
subsets = {"val": splits.val[:150], "longer": splits.longer[:75]}
log_p_mean, ratio_length, bleu_beam, exact_beam = {}, {}, {}, {}
share_above = {}


def length_ratio(found: Translations, pairs: list[Pair]) -> float:
    characters = sum(len(pair.characters) for pair in pairs)
    return sum(map(len, found.sentences)) / characters


def log_p_reference(model: Seq2Seq, pairs: list[Pair]) -> Tensor:
    """Return log p (N,) of the references, as the model sees it."""
    sources, targets = languages.encode(pairs)
    whole = [[START, *row.tolist(), END] for row in targets]
    both = pad_rows([torch.tensor(row) for row in whole])  # (N, T + 1)
    device = next(model.parameters()).device
    target = both[:, 1:, None].to(device)
    with torch.no_grad():
        logits = model(pad_rows(sources).to(device), both[:, :-1].to(device))
    log_p = logits.log_softmax(dim=2).gather(2, target)[..., 0]
    return log_p.masked_fill(target[..., 0] == PAD, 0).sum(dim=1).cpu()


for name, pairs in subsets.items():
    truth = [log_p_reference(model, pairs) for model in models]
    for setting in SETTINGS:
        runs = [translate(m, pairs, languages, *setting) for m in models]
        scores = [score_translation(run.sentences, pairs) for run in runs]
        key = f"{name}, {setting[0]}" + (", α = 1" if setting[1] else "")
        log_p_mean[key] = [run.log_p.mean().item() for run in runs]
        ratio_length[key] = [length_ratio(run, pairs) for run in runs]
        share_above[key] = [  # at least as probable as the reference
            (run.log_p >= log_p - 1e-4).float().mean().item()
            for run, log_p in zip(runs, truth, strict=True)
        ]
        bleu_beam[key] = [score.bleu for score in scores]
        exact_beam[key] = [score.exact for score in scores]
Table(
    ["sentences, width", "log p:.2f", "length:.3f", "BLEU:.1f", "exact:.3f"],
    [
        [
            key,
            *(
                mean(values[key])
                for values in (log_p_mean, ratio_length, bleu_beam, exact_beam)
            ),
        ]
        for key in log_p_mean
    ],
).show()

# %% quoted
steps_in_all = STEPS
bleu_mean = {name: mean(bleu.get(name, [0])) for name in sets}
share_of_set = {name: mean(exact.get(name, [0])) for name in sets}
bleu_of_length = {name: mean(row) for name, row in bleu_by_length.items()}
count_longest = sum(len(pair.words) > 16 for pair in both)
bleu_test, bleu_longer = mean(bleu["test"]), mean(bleu["longer sentences"])
share_exact = mean(exact["test"])
bleu_highest, bleu_middle, bleu_edge, bleu_beyond = [
    bleu_of_length[name] for name in ("7–8", "9–10", "11–12", "17+")
]
bleu_greedy, bleu_wide, bleu_penalized = [
    mean(bleu_beam[f"val, {key}"]) for key in ("1", "8", "4, α = 1")
]
bleu_long_greedy, bleu_long_wide, bleu_long_penalized = [
    mean(bleu_beam[f"longer, {key}"]) for key in ("1", "8", "4, α = 1")
]
accuracy_behind_forced = mean(accuracy_after["forced"])
accuracy_behind_free = mean(accuracy_after["free"])
accuracy_forced = [row.tolist() for row in accuracy_at["forced"]]
accuracy_free = [row.tolist() for row in accuracy_at["free"]]
share_clean = [row.tolist() for row in accuracy_at["no error so far"]]
share_mark = [  # of translations that end with the mark of the reference
    mean(
        text[-1:] == pair.characters[-1:]
        for text, pair in zip(run.sentences, splits.test, strict=True)
    )
    for run in found["test"]
]
share_mark_mean = mean(share_mark)
accuracy_twelfth = mean(row[11] for row in accuracy_free)
share_above_greedy, share_above_wide = [
    mean(share_above[f"val, {width}"]) for width in (1, 8)
]
