"""Which learning rate suits the rival of the Transformer."""

# %% imports
from torch.optim import AdamW

from dlnotes.attention.attending import AttendingDecoder
from dlnotes.data.translation import load_translation
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import (
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)

splits = load_translation()
languages = learn_languages(splits.train)
sources, targets = languages.encode(splits.train)
V_source, V_target = map(len, languages)


# %% rates
def measure(rate: float) -> float:
    """Return the BLEU on 500 sentences of validation after 75 steps."""
    seed_everything(0)
    encoder = Encoder(V_source, 48, 96, bidirectional=True)
    decoder = AttendingDecoder(V_target, 48, 96, encoder.size)
    model = Seq2Seq(encoder, decoder)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps=75)
    found = translate(model, splits.val[:500], languages)
    return score_translation(found.sentences, splits.val[:500]).bleu


bleu_val = {"additive attention": bracket(measure, (0.00625, 0.025, 0.1))}
rate_best = best(bleu_val["additive attention"])
rates_table("translator", bleu_val, digits=1).show()
