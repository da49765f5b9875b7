"""Which learning rate suits the Transformer."""

# %% imports
from torch.optim import AdamW

from dlnotes.data.translation import load_translation
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


# %% rates
def measure(rate: float) -> float:
    """Return the BLEU on 500 sentences of validation after 150 steps."""
    seed_everything(0)
    model = Transformer(V_source, V_target, 64, heads=4, layers=2, hidden=128)
    optimizer = AdamW(model.parameters(), rate, fused=True)
    fit_translation(model, sources, targets, optimizer, steps=150)
    found = translate(model, splits.val[:500], languages)
    return score_translation(found.sentences, splits.val[:500]).bleu


bleu_val = {"Transformer": bracket(measure, (0.004, 0.008, 0.016))}
rate_best = best(bleu_val["Transformer"])
rates_table("translator", bleu_val, digits=1).show()
