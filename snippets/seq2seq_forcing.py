"""What a decoder learns that reads its own tokens while it is trained."""

# %% imports
from statistics import mean, stdev

from torch import Tensor
from torch.optim import AdamW

from dlnotes.data.translation import load_translation
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import PAD, PairBatches
from dlnotes.table import Table
from dlnotes.train.batches import tokens
from dlnotes.train.loop import evaluate
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import (
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)

splits = load_translation()
languages = learn_languages(splits.train)
train, val = (
    [pair for pair in pairs if len(pair.words) <= 6]
    for pairs in (splits.train, splits.val)
)
sources, targets = languages.encode(train)
batches = PairBatches(*languages.encode(val), batch_size=100, seed=0)


# %% forcing
def share_right(logits: Tensor, target: Tensor) -> Tensor:
    right = (logits.argmax(dim=2) == target) & (target != PAD)
    return right.sum() / (target != PAD).sum()


accuracy_forced, bleu = {}, {}
for forcing in (1.0, 0.5, 0.0):
    accuracy_forced[forcing], bleu[forcing] = [], []
    for seed in range(3):
        seed_everything(seed)
        encoder = Encoder(len(languages.english), embedding=32, hidden=64)
        decoder = Decoder(len(languages.chinese), 32, 64, encoder.size)
        model = Seq2Seq(encoder, decoder, forcing)
        optimizer = AdamW(model.parameters(), 0.025, fused=True)
        fit_translation(model, sources, targets, optimizer, steps=100)
        right = evaluate(model, share_right, batches, tokens(PAD))
        accuracy_forced[forcing].append(right)
        found = translate(model, val, languages)
        score = score_translation(found.sentences, val)
        bleu[forcing].append(score.bleu)
Table(
    ["forcing:.1f", "next token right, forced", "BLEU, free"],
    [
        [
            forcing,
            f"{mean(accuracy_forced[forcing]):.3f}",
            f"{mean(bleu[forcing]):.1f} ± {stdev(bleu[forcing]):.1f}",
        ]
        for forcing in bleu
    ],
).show()
number_pairs = len(train)
bleu_mean = {forcing: mean(values) for forcing, values in bleu.items()}
