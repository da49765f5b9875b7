"""A translator with four heads: where they look, and what each is worth."""

# %% imports
import warnings
from collections.abc import Callable
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from dlnotes.attention.multi_head import MultiHeadAttention
from dlnotes.attention.score import attention
from dlnotes.data.pair import Pair
from dlnotes.data.translation import load_translation
from dlnotes.plot import dots, show, use_style
from dlnotes.recurrent.gru import GRU
from dlnotes.seq2seq.encoder import Encoded, Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import START
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import (
    Score,
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
HEADS, SEEDS, STEPS, HIDDEN = 4, range(3), 130, 96
RATES = (0.005, 0.02, 0.08)
if len(sources) > 20_000:  # real sentences, at full scale
    STEPS, HIDDEN, RATES = 2500, 256, (0.001, 0.002, 0.004)

# %% decoder
State = tuple[Tensor, Tensor, Tensor]


class HeadsDecoder(nn.Module):
    """Write with a GRU whose states look at the source with several heads."""

    def __init__(self, V: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, embedding)
        self.recurrent = GRU(embedding, hidden)
        self.attention = MultiHeadAttention(hidden, HEADS)
        self.dense = nn.Linear(2 * hidden, V)

    def start(self, encoded: Encoded) -> State:
        """Return the state before the first token."""
        return encoded.vector, encoded.outputs, encoded.mask[:, None]

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the logits (B, T, V) of what follows each of the tokens."""
        H, found, _, state = self.look(tokens, state)
        return self.dense(torch.cat([H, found], dim=2)), state

    def look(
        self, tokens: Tensor, state: State
    ) -> tuple[Tensor, Tensor, Tensor, State]:
        """Return states, what they find, the weights (B, h, T, S), a state."""
        h, outputs, mask = state
        H, h = self.recurrent(self.embedding(tokens), h[None])
        found, weights = self.attention(H, outputs, outputs, mask)
        return H, found, weights, (h[0], outputs, mask)


# %% recipe
def trained(rate: float, seed: int, steps: int) -> Seq2Seq:
    seed_everything(seed)
    encoder = Encoder(len(languages.english), embedding=48, hidden=HIDDEN)
    decoder = HeadsDecoder(len(languages.chinese), 48, HIDDEN)
    model = Seq2Seq(encoder, decoder)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps)
    return model.cpu()


# %% rates
def bleu_at(rate: float) -> float:
    """Return the BLEU on the validation set after half of the steps."""
    pairs = splits.val[:200]
    found = translate(trained(rate, 0, STEPS // 2), pairs, languages)
    return score_translation(found.sentences, pairs).bleu


bleu_val = {"four heads": bracket(bleu_at, RATES)}
rate_best = best(bleu_val["four heads"])
rates_table("translator", bleu_val, digits=1).show()
models = [trained(rate_best, seed, STEPS) for seed in SEEDS]


# %% maps
def weights_of(model: Seq2Seq, pair: Pair) -> Tensor:
    """Return the weights (h, T, S) when the pair's Chinese is written."""
    (source,), (target,) = languages.encode([pair])
    target_in = torch.cat([torch.tensor([START]), target[:-1]])[None]
    with torch.no_grad():
        state = model.start(source[None])
        weights = model.decoder.look(target_in, state)[2]
    return weights[0]


sentence = "there are three cats under the table ."
pair = Pair(sentence, "桌子下面有三只猫。")
text, maps = pair.characters, weights_of(models[0], pair)

# %% maps-figure
fig, axes = plt.subplots(2, 2, figsize=(4.8, 5.0), sharex=True, sharey=True)
for n, (ax, weights) in enumerate(zip(axes.flat, maps, strict=True), start=1):
    image = ax.imshow(weights.tolist(), cmap="Blues", vmin=0, vmax=1)
    ax.set(title=f"head {n}")
    ax.set_xticks(range(len(pair.words)), pair.words, rotation=90)
    ax.set_yticks(range(len(text)), text)
fig.colorbar(image, ax=axes, label="weight", shrink=0.6)
show()


# %% without
Heads = Callable[..., tuple[Tensor, Tensor]]


def without(*gone: int) -> Heads:
    """Return the attention with what some heads have found set to 0."""

    def attend(
        Q: Tensor, K: Tensor, V: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        output, weights = attention(Q, K, V, mask)
        output[:, list(gone)] = 0  # (B, h, T, d)
        return output, weights

    return attend


# %% removed-figure
pairs = splits.test[:200]


def score_without(model: Seq2Seq, *gone: int) -> Score:
    """Return BLEU and the share of exact matches without some heads."""
    model.decoder.attention.attention = without(*gone)
    found = translate(model, pairs, languages)
    model.decoder.attention.attention = attention
    return score_translation(found.sentences, pairs)


score_all = [score_without(model) for model in models]
score_less = [
    [score_without(model, head) for head in range(HEADS)] for model in models
]
score_none = [score_without(model, *range(HEADS)) for model in models]
cases = {"with all heads": score_all}
for head in range(HEADS):
    cases[f"without head {head + 1}"] = [row[head] for row in score_less]
cases["without any head"] = score_none
fig, ax = plt.subplots(figsize=(4.8, 2.6))
bleu = {name: [score.bleu for score in row] for name, row in cases.items()}
dots(ax, bleu)
ax.set(xlabel="BLEU", xlim=(0, 100))
show()

# %% removed-table
Table(
    ["", *(f"seed {seed}" for seed in SEEDS)],
    [
        [name, *(f"{score.bleu:.1f} / {score.exact:.2f}" for score in scores)]
        for name, scores in cases.items()
    ],
).show()

# %% quoted
steps_in_all, steps_of_rates = STEPS, STEPS // 2
exact_all = [score.exact for score in score_all]
exact_less = [[score.exact for score in row] for row in score_less]
bleu_mean = mean(bleu["with all heads"])
share_exact = mean(exact_all)
bleu_lost = [
    [whole.bleu - part.bleu for part in row]
    for whole, row in zip(score_all, score_less, strict=True)
]
bleu_lost_mean = mean(map(mean, bleu_lost))
bleu_lost_least = min(map(min, bleu_lost))
bleu_lost_most = max(map(max, bleu_lost))
share_less_mean = mean(map(mean, exact_less))
bleu_none_mean = mean(bleu["without any head"])
looks = [  # where each head looks most, by model, head and row
    [row.argmax(dim=1).tolist() for row in weights_of(model, pair)]
    for model in models
]
weight_cats = [weights[6][3].item() for weights in maps]  # of 只
count_words = len(set(looks[0][0]))  # different ones, of the first head
looks_there_are = [pair.words[places[4]] for places in looks[0]]  # for 有
parameters_in_all = sum(W.numel() for W in models[0].parameters())
parameters_attention = sum(
    W.numel() for W in models[0].decoder.attention.parameters()
)
