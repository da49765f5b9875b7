"""A translator with four heads: where they look, and what each is worth."""

# %% imports
import warnings
from collections.abc import Callable
from functools import cache
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from dlnotes.attention.multi_head import MultiHeadAttention
from dlnotes.attention.score import attention
from dlnotes.data.pair import Pair
from dlnotes.data.translation import load_translation
from dlnotes.plot import show, use_style
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
HEADS, SEEDS, STEPS, HIDDEN = 4, range(3), 200, 96
RATES = (0.01, 0.02, 0.04)
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
@cache  # what is asked for twice is trained once
def trained(rate: float, seed: int) -> Seq2Seq:
    seed_everything(seed)
    encoder = Encoder(len(languages.english), embedding=48, hidden=HIDDEN)
    decoder = HeadsDecoder(len(languages.chinese), 48, HIDDEN)
    model = Seq2Seq(encoder, decoder)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, STEPS)
    return model.cpu()


# %% rates
def bleu_at(rate: float) -> float:
    """Return the BLEU on the validation set, first seed."""
    pairs = splits.val[:300]
    found = translate(trained(rate, 0), pairs, languages)
    return score_translation(found.sentences, pairs).bleu


bleu_val = {"four heads": bracket(bleu_at, RATES)}
rate_best = best(bleu_val["four heads"])
rates_table("translator", bleu_val, digits=1).show()
models = [trained(rate_best, seed) for seed in SEEDS]


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
written = translate(models[0], [pair], languages).sentences[0]
print("".join(written))

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


# %% removed
pairs = splits.test[:300]


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
Table(
    ["", *(f"seed {seed}" for seed in SEEDS)],
    [
        [name, *(f"{score.bleu:.1f} / {score.exact:.2f}" for score in scores)]
        for name, scores in cases.items()
    ],
).show()

# %% quoted
steps_in_all = STEPS
bleu_all = [score.bleu for score in score_all]
exact_all = [score.exact for score in score_all]
bleu_less = [[score.bleu for score in row] for row in score_less]
exact_less = [[score.exact for score in row] for row in score_less]
bleu_mean = mean(bleu_all)
share_exact = mean(exact_all)
bleu_lost = [
    [whole - part for part in row]
    for whole, row in zip(bleu_all, bleu_less, strict=True)
]
bleu_lost_least = min(map(min, bleu_lost))
bleu_lost_most = max(map(max, bleu_lost))
bleu_none_most = max(score.bleu for score in score_none)
share_less_most = max(map(max, exact_less))
share_less_least = min(map(min, exact_less))
weight_cats = [weights[6][3].item() for weights in maps]  # of 只
looks = [pair.words[row[4].argmax().item()] for row in maps]  # for 有
looks_first_head = [  # for 下 and 猫
    pair.words[maps[0][row].argmax().item()] for row in (2, 7)
]
parameters_in_all = sum(W.numel() for W in models[0].parameters())
parameters_attention = sum(
    W.numel() for W in models[0].decoder.attention.parameters()
)
