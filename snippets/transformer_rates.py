"""Which learning rates suit attention and the Transformer."""

# %% imports
from collections.abc import Callable
from functools import partial

from torch import nn
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
from dlnotes.transformer.model import Transformer

splits = load_translation()
languages = learn_languages(splits.train)
sources, targets = languages.encode(splits.train)
V_source, V_target = map(len, languages)


# %% models
def additive() -> Seq2Seq:
    encoder = Encoder(V_source, 48, 96, bidirectional=True)
    return Seq2Seq(encoder, AttendingDecoder(V_target, 48, 96, encoder.size))


def transformer() -> Transformer:
    return Transformer(V_source, V_target, 64, heads=4, layers=2, hidden=128)


# %% rates
def measure(make: Callable[[], nn.Module], rate: float) -> float:
    """Return the BLEU on 500 sentences of validation after 300 steps."""
    seed_everything(0)
    model = make()
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps=300)
    found = translate(model, splits.val[:500], languages)
    return score_translation(found.sentences, splits.val[:500]).bleu


bleu_val = {
    "additive attention": bracket(
        partial(measure, additive), (0.00625, 0.0125, 0.025)
    ),
    "Transformer": bracket(
        partial(measure, transformer), (0.004, 0.008, 0.016)
    ),
}
rate_additive, rate_transformer = [best(row) for row in bleu_val.values()]
rates_table("translator", bleu_val, digits=1).show()
