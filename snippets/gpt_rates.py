"""The learning rate of a small GPT, chosen on the validation text."""

# %% imports
from torch.optim import Adam

from dlnotes.data.text import load_text
from dlnotes.gpt.model import GPT
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.windows import fit_windows, score_windows

text = load_text()
vocabulary = Vocabulary(letters("".join(text)))  # the alphabet
train, val, _ = (vocabulary.encode(letters(part)) for part in text)
B, T, STEPS = 12, 32, 500


# %% rates
def log_p_val(rate: float) -> float:
    seed_everything(0)
    model = GPT(len(vocabulary), T, C=64, heads=4, layers=2)
    optimizer = Adam(model.parameters(), rate, fused=True)
    fit_windows(model, train, optimizer, STEPS, B, T)
    return score_windows(model, val, T, stride=T).mean().item()


found = bracket(log_p_val, (0.003, 0.009, 0.027))
rate_best = best(found)
loss_val = {rate: -log_p for rate, log_p in found.items()}
rates_table("GPT", {"loss": loss_val}).show()
