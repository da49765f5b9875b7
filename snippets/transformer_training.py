"""A Transformer learns to translate: how good, how long, where it looks."""

# %% imports
import warnings
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.optim import AdamW

from dlnotes.data.pair import Pair
from dlnotes.data.translation import load_translation
from dlnotes.plot import show, use_style
from dlnotes.seq2seq.pairs import START
from dlnotes.table import Table
from dlnotes.train.by_length import bleu_of_lengths, draw_lengths
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import (
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)
from dlnotes.transformer.looking import attention_maps
from dlnotes.transformer.model import Transformer

use_style()
warnings.filterwarnings("ignore", "Glyph", UserWarning)  # Chinese labels
splits = load_translation()
languages = learn_languages(splits.train)
sources, targets = languages.encode(splits.train)
V_source, V_target = map(len, languages)
SEEDS = range(3)
STEPS, RATE = 225, 0.008  # the rate is that of transformer_rates
SIZES = {"C": 64, "heads": 4, "layers": 2, "hidden": 128}
DROPOUT, SMOOTHING = 0.0, 0.0
if len(sources) > 20_000:  # real sentences, at full scale
    STEPS, RATE, SEEDS = 2500, 0.001, range(1)
    SIZES = {"C": 128, "heads": 4, "layers": 3, "hidden": 512}
    DROPOUT, SMOOTHING = 0.1, 0.1


# %% recipe
def trained(seed: int) -> Transformer:
    seed_everything(seed)
    model = Transformer(V_source, V_target, **SIZES, dropout=DROPOUT)
    optimizer = AdamW(model.parameters(), RATE, fused=True)
    history = fit_translation(
        model, sources, targets, optimizer, STEPS, label_smoothing=SMOOTHING
    )
    loss.append(history.mean(20))
    return model


loss = []  # per character, over the last 20 steps
models = [trained(seed) for seed in SEEDS]
parameters_in_all = sum(W.numel() for W in models[0].parameters())
print("training loss", *(f"{value:.3f}" for value in loss))

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

# %% samples
pairs = list(zip(found["test"][0], splits.test, strict=True))
right = [(text, pair) for text, pair in pairs if text == pair.characters]
wrong = [(text, pair) for text, pair in pairs if text != pair.characters]
for text, pair in right[:4] + wrong[:4]:
    print(pair.english)
    print("    " + "".join(text))
    if text != pair.characters:
        print("  × " + pair.chinese)

# %% own
SAID = (
    "she bought a red hat in the park yesterday .",
    "there are three cats under the table .",
    "did mary drink two cups of tea last sunday ?",
    "i stayed at home yesterday because my mother was ill .",
)
own = translate(models[0], [Pair(text, "") for text in SAID], languages)
for text, sentence in zip(SAID, own.sentences, strict=True):
    print(text)
    print("    " + "".join(sentence))

# %% lengths
both = [*splits.test, *splits.longer]
written = zip(found["test"], found["longer sentences"], strict=True)
each = [bleu_of_lengths([*a, *b], both) for a, b in written]
bleu_by_length = {name: [row[name] for row in each] for name in each[0]}

# %% lengths-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
draw_lengths(ax, bleu_by_length)
show()


# %% looks
shown = Pair(SAID[0], "她昨天在公园里买了一顶红帽子。")


def looks(model: Transformer) -> Tensor:
    """Return the weights (layers, h, T, S) while the pair is translated."""
    (source,), (target,) = languages.encode([shown])
    read = torch.tensor([START, *target.tolist()])
    return attention_maps(model.cpu(), source[None], read[None]).across[:, 0]


across = [looks(model) for model in models]
words, written = shown.words, [*shown.characters, "<end>"]
look = dict(figsize=(4.8, 6.4), sharex=True, sharey=True)
for layer, heads in enumerate(across[0], start=1):
    fig, axes = plt.subplots(2, 2, num=f"block {layer}", **look)
    for n, (ax, weights) in enumerate(zip(axes.flat, heads, strict=True), 1):
        image = ax.imshow(weights.tolist(), cmap="Blues", vmin=0, vmax=1)
        ax.set(title=f"head {n}")
        ax.set_xticks(range(len(words)), words, rotation=90)
        ax.set_yticks(range(len(written)), written)
        ax.tick_params(length=0)
    fig.colorbar(image, ax=axes, label="weight", shrink=0.6)
show()

# %% measure
measure, noun = shown.characters.index("顶"), shown.words.index("hat")
weights_measure = [maps[:, :, measure, noun].flatten() for maps in across]
count_heads = [int((weights > 0.5).sum()) for weights in weights_measure]
weight_largest = [weights.max().item() for weights in weights_measure]
weights_measure = [weights.tolist() for weights in weights_measure]
looked_at = [  # by each head of the last block, of the first seed
    [shown.words[n] for n in weights.argmax(dim=1).tolist()]
    for weights in across[0][-1]
]

# %% quoted
bleu_mean = {name: mean(bleu.get(name, [0])) for name in sets}
share_of_set = {name: mean(exact.get(name, [0])) for name in sets}
bleu_of_length = {name: mean(row) for name, row in bleu_by_length.items()}
count_low, count_high = min(count_heads), max(count_heads)
