"""Pairs of sentences, an encoder and a decoder, masks, BLEU, and beams."""

# %% imports
from collections import Counter
from statistics import mean

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from dlnotes.data.pair import split_characters
from dlnotes.data.translation import load_translation
from dlnotes.decode.beam import beam_search
from dlnotes.decode.one_by_one import greedy
from dlnotes.metrics import ORDER, bleu, ngrams
from dlnotes.plot import show, use_style
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import (
    PAD,
    START,
    PairBatches,
    masked_cross_entropy,
)
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import learn_languages

use_style()

# %% pairs
splits = load_translation()
for pair in splits.train[:8]:
    print(pair.english)
    print("    " + pair.chinese)

# %% splits
rows, count_pairs, length_longest = [], {}, {}
for name, pairs in splits._asdict().items():
    if not pairs:  # Tatoeba, at full scale, has no such set
        continue
    words = [len(pair.words) for pair in pairs]
    characters = [len(pair.characters) for pair in pairs]
    count_pairs[name], length_longest[name] = len(pairs), max(words)
    means = f"{mean(words):.1f}", f"{mean(characters):.1f}"
    rows.append([name, len(pairs), *means, max(words)])
head = ["set", "pairs:,", "mean words", "mean characters", "most words"]
Table(head, rows).show()

# %% languages
languages = learn_languages(splits.train)
sources, targets = languages.encode(splits.train)
for vocabulary, tokens in (
    (languages.english, sources[0]),
    (languages.chinese, targets[0]),
):
    print(vocabulary, tokens.tolist(), vocabulary.decode(tokens))

# %% model
seed_everything(0)
V_english, V_chinese = map(len, languages)
encoder = Encoder(V_english, embedding=48, hidden=96)
decoder = Decoder(V_chinese, embedding=48, hidden=96, size=encoder.size)
model = Seq2Seq(encoder, decoder)
batches = PairBatches(sources, targets, batch_size=64)
source, target_in, target = next(iter(batches))
print("source", tuple(source.shape), "target_in", tuple(target_in.shape))
print("vector", tuple(encoder(source).vector.shape))
print("logits", tuple(model(source, target_in).shape))
parameters_in_all = sum(W.numel() for W in model.parameters())
count_english, count_chinese = V_english, V_chinese

# %% calls
count_calls = Counter()
handles = [
    encoder.register_forward_hook(lambda *_: count_calls.update(["encoder"])),
    decoder.register_forward_hook(lambda *_: count_calls.update(["decoder"])),
]
with torch.no_grad():
    state = model.start(sources[0][None])
    for token in (START, *targets[0].tolist()):
        log_p, state = model.step(torch.tensor([token]), state)
for handle in handles:
    handle.remove()
print(dict(count_calls))


# %% mask
def loss_and_slopes(logits: Tensor, masked: bool) -> tuple[float, float]:
    """Return a loss, and the largest slope at a place of padding."""
    logits = logits.detach().requires_grad_()
    ignored = PAD if masked else -100
    loss = masked_cross_entropy(logits, target, ignored)
    loss.backward()
    return loss.item(), logits.grad[target == PAD].abs().max().item()


logits = model(source, target_in)
changed = logits.clone()
changed[target == PAD] = 10 * torch.randn(V_chinese)
loss_changed, rows = {}, []
for name, masked in (("with the mask", True), ("without the mask", False)):
    before, _ = loss_and_slopes(logits, masked)
    after, slope = loss_and_slopes(changed, masked)
    loss_changed[name] = before, after
    rows.append([name, before, after, f"{slope:.1g}"])
Table(
    ["", "loss:.4f", "other logits at padding:.4f", "slope at padding"],
    rows,
).show()

# %% padding
longer = torch.nn.functional.pad(source, (0, 5), value=PAD)
with torch.no_grad():
    vectors = encoder(source).vector, encoder(longer).vector
    blind, _ = encoder.recurrent(encoder.embedding(longer))
difference_masked = (vectors[0] - vectors[1]).abs().max().item()
difference_read = (vectors[0] - blind[:, -1]).abs().max().item()
print(f"five more <pad>, not read: {difference_masked:.1g}")
print(f"five more <pad>, read: {difference_read:.1g}")

# %% share
order = torch.randperm(len(sources)).split(batches.batch_size)
lengths = batches.lengths  # (2, N), of sources and targets
cells = sum(int(lengths[:, n].amax(1).sum()) * len(n) for n in order)
used = int(lengths.sum())
sorted_cells = sum(
    int(lengths[:, n].amax(1).sum()) * len(n) for n in batches.order()
)
share_padding = {
    "any order": 1 - used / cells,
    "like lengths together": 1 - used / sorted_cells,
}
for name, share in share_padding.items():
    print(f"{name:22} {share:.1%} of a batch is padding")

share_any, share_alike = share_padding.values()

# %% bleu
reference = "她昨天在公园里买了一顶红帽子。"
hypotheses = [
    "她昨天在公园里买了一顶红帽子。",
    "她昨天在公园里卖了一顶红帽子。",  # sold, not bought
    "昨天她在公园里买了一顶红帽子。",  # another order, as good
    "她买了一顶红帽子。",  # neither when nor where
    "在公园里昨天她红帽子买了一顶。",  # no Chinese sentence
]
rows, bleu_of = [], {}
for text in hypotheses:
    tokens, truth = split_characters(text), split_characters(reference)
    shares = []
    for n in range(1, ORDER + 1):
        found, allowed = ngrams(tokens, n), ngrams(truth, n)
        matched = (found & allowed).total()
        shares.append(f"{matched}/{found.total()}")
    bleu_of[text] = bleu([tokens], [[truth]])
    rows.append([text, *shares, bleu_of[text]])
precisions = [f"p{n}" for n in range(1, ORDER + 1)]
Table(["translation", *precisions, "BLEU:.1f"], rows).show()
bleu_opposite, bleu_reordered, bleu_short, bleu_nonsense = [
    bleu_of[text] for text in hypotheses[1:]
]

# %% beams
A, B, STOP, BEGIN = range(4)
P = torch.tensor(  # of the next token, in the row of the last one
    [
        [0.3, 0.3, 0.4, 0],
        [0.05, 0.05, 0.9, 0],
        [0, 0, 1, 0],
        [0.5, 0.4, 0.1, 0],
    ]
)


def step(tokens: Tensor, state: None) -> tuple[Tensor, None]:
    return P[tokens].log(), state


start = torch.tensor([BEGIN])
results = {"greedy": greedy(step, None, start, STOP, limit=5)}
for width in (1, 2):
    results[f"{width} beams"] = beam_search(
        step, None, start, STOP, width, limit=5
    )
probability = {}
for name, found in results.items():
    text = " ".join("AB"[i] for i in found.until(STOP)[0])
    probability[name] = found.log_p.exp().item()
    print(f"{name:8}  {text} end  p = {probability[name]:.2f}")

# %% beams-figure
names = ["A", "B", "end"]
firsts = dict(zip(names, (1.4, -0.5, -1.7), strict=True))
fig, ax = plt.subplots(figsize=(4.8, 3.0))


def branch(x: float, y: tuple[float, float], p: float, name: str) -> None:
    """Draw a hypothesis with its probability; greedy's are C0, the best C1."""
    colour = {"A": "C0", "A end": "C0", "B": "C1", "B end": "C1"}
    own = colour.get(name, "gray")
    ax.plot([x, x + 0.7], y, color=own, lw=1 if own == "gray" else 2.5)
    ax.text(x + 0.74, y[1], f"{name}: {p:.3g}", va="center")


for i, name in enumerate(names):
    p = P[BEGIN, i].item()
    branch(0, (0, firsts[name]), p, name)
    for k, after in enumerate(names):
        if name != "end":
            height = firsts[name] + 0.6 * (1 - k)
            q = p * P[i, k].item()
            branch(1.2, (firsts[name], height), q, f"{name} {after}")
ax.plot(0, 0, "o", color="black")
ax.set(xlim=(-0.1, 2.7), ylim=(-1.9, 2.2))
ax.axis("off")
show()
