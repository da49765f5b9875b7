"""What a decoder learns that reads its own tokens while it is trained."""

# %% imports
from functools import cache
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
from dlnotes.train.bracket import best, bracket, rates_table
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


@cache  # what is asked for twice is trained once
def trained(forcing: float, rate: float, seed: int = 0) -> Seq2Seq:
    seed_everything(seed)
    encoder = Encoder(len(languages.english), embedding=32, hidden=64)
    decoder = Decoder(len(languages.chinese), 32, 64, encoder.size)
    model = Seq2Seq(encoder, decoder, forcing)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps=100)
    return model


def bleu_free(model: Seq2Seq) -> float:
    found = translate(model, val, languages)
    return score_translation(found.sentences, val).bleu


accuracy_forced, bleu, bleu_by_rate, rows = {}, {}, {}, []
for forcing in (1.0, 0.5):
    bleu_by_rate[forcing] = bracket(
        lambda rate, forcing=forcing: bleu_free(trained(forcing, rate)),
        (0.025, 0.075, 0.22),
    )
    rate = best(bleu_by_rate[forcing])
    models = [trained(forcing, rate, seed) for seed in range(3)]
    accuracy_forced[forcing] = [
        evaluate(model, share_right, batches, tokens(PAD)) for model in models
    ]
    bleu[forcing] = [bleu_free(model) for model in models]
    rows.append(
        [
            forcing,
            f"{rate:.3g}",
            f"{mean(accuracy_forced[forcing]):.3f}",
            f"{mean(bleu[forcing]):.1f} ± {stdev(bleu[forcing]):.1f}",
        ]
    )
head = ["forcing:.1f", "rate η", "next token right, forced", "BLEU, free"]
Table(head, rows).show()
number_pairs = len(train)

# %% rates
rates_table(
    "forcing", {str(key): row for key, row in bleu_by_rate.items()}, digits=1
).show()
