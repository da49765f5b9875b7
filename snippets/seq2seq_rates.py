"""Which learning rate suits the translator of the chapter."""

# %% imports
from torch.optim import AdamW

from dlnotes.data.translation import load_translation
from dlnotes.seq2seq.decoder import Decoder
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


# %% rates
def measure(rate: float) -> float:
    """Return the BLEU on the validation set after 150 steps."""
    seed_everything(0)
    encoder = Encoder(len(languages.english), embedding=48, hidden=96)
    decoder = Decoder(len(languages.chinese), 48, 96, encoder.size)
    model = Seq2Seq(encoder, decoder)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps=150)
    found = translate(model, splits.val, languages)
    return score_translation(found.sentences, splits.val).bleu


bleu_val = {"one vector": bracket(measure, (0.008, 0.025, 0.075))}
rate_best = best(bleu_val["one vector"])
rates_table("translator", bleu_val, digits=1).show()
