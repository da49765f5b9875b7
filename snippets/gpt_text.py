"""A GPT, an LSTM and n-grams of one text: which is better, at what price."""

# %% imports
from collections.abc import Callable
from math import exp, log
from statistics import mean, stdev
from time import process_time

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.optim import Adam

from dlnotes.data.text import load_text
from dlnotes.decode.one_by_one import greedy, sample
from dlnotes.decode.step import Decoded
from dlnotes.gpt.model import GPT
from dlnotes.language.model import LanguageModel
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import gap_and_error
from dlnotes.language.smoothing import KneserNey
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.full import best_device
from dlnotes.train.seed import seed_everything
from dlnotes.train.text import fit_text, score_text
from dlnotes.train.windows import fit_windows, score_windows

use_style()
text = load_text()
vocabulary = Vocabulary(letters("".join(text)))  # the alphabet
train, val, test = (vocabulary.encode(letters(part)) for part in text)
V = len(vocabulary)
SEEDS, B, T, STEPS, DROPOUT = range(3), 12, 32, 500, 0.0
C, HEADS, LAYERS = 64, 4, 2
RATE, RATE_LSTM, ORDER = 0.009, 0.02, 32  # of gpt_rates and lstm_text
if len(train) > 500_000:  # tiny Shakespeare, at full scale
    SEEDS, B, T, STEPS = range(1), 12, 64, 2000
    C, HEADS, LAYERS = 128, 4, 4
    RATE, RATE_LSTM, ORDER = 0.003, 0.005, 6
    if best_device().type != "cpu":
        B, T, STEPS, DROPOUT = 64, 256, 5000, 0.2
        C, HEADS, LAYERS, RATE, RATE_LSTM = 384, 6, 6, 0.001, 0.002


# %% recipe
class Curve:
    """Note the loss on a piece of the validation text, while one learns."""

    def __init__(
        self, optimizer: torch.optim.Optimizer, score: Callable[[], Tensor]
    ) -> None:
        self.score, self.step, self.total = score, 0, 0.0
        self.steps, self.seconds, self.loss = [], [], []
        optimizer.register_step_post_hook(self.note)
        self.start = process_time()

    def note(self, *_: object) -> None:
        self.step += 1
        if self.step % (STEPS // 10) == 0:
            self.total += process_time() - self.start
            self.steps.append(self.step)
            self.seconds.append(self.total)
            self.loss.append(-self.score().mean().item())
            self.start = process_time()


piece = val[:4001]


def trained_gpt(seed: int) -> tuple[GPT, Curve]:
    seed_everything(seed)
    model = GPT(V, T, C, HEADS, LAYERS, DROPOUT)
    optimizer = Adam(model.parameters(), RATE, fused=True)
    curve = Curve(optimizer, lambda: score_windows(model, piece, T, T // 2))
    fit_windows(model, train, optimizer, STEPS, B, T)
    return model.cpu().eval(), curve


# %% rival
def lstm(hidden: int) -> LanguageModel:
    return LanguageModel(V, 32, nn.LSTM(32, hidden, batch_first=True))


def size(model: nn.Module) -> int:
    return sum(W.numel() for W in model.parameters())


hidden = 1
while size(lstm(hidden)) < size(GPT(V, T, C, HEADS, LAYERS)):
    hidden += 1


def trained_lstm(seed: int) -> tuple[LanguageModel, Curve]:
    seed_everything(seed)
    model = lstm(hidden)
    optimizer = Adam(model.parameters(), RATE_LSTM, fused=True)
    curve = Curve(optimizer, lambda: score_text(model, piece))
    fit_text(model, train, optimizer, STEPS, B, T)
    return model.cpu().eval(), curve


# %% train
gpts, curves_gpt = zip(*map(trained_gpt, SEEDS), strict=True)
lstms, curves_lstm = zip(*map(trained_lstm, SEEDS), strict=True)
start = process_time()
kneser_ney = KneserNey(NGrams(train, V, ORDER), ORDER)
seconds_ngram = process_time() - start
parameters = {"GPT": size(gpts[0]), "LSTM": size(lstms[0])}

# %% test
log_p = {
    "GPT": [score_windows(model, test, T, T // 2) for model in gpts],
    "LSTM": [score_text(model, test) for model in lstms],
    "Kneser–Ney": [kneser_ney.log_probabilities(test)[1:]],
}
losses = {
    name: [-row.mean().item() for row in found]
    for name, found in log_p.items()
}
loss = {name: mean(found) for name, found in losses.items()}
rows = []
for name, found in losses.items():
    spread = f" ± {stdev(found):.3f}" if len(found) > 1 else ""
    shown = f"{loss[name]:.3f}{spread}"
    rows.append([name, shown, loss[name] / log(2), exp(loss[name])])
head = ["model", "loss", "bits per character:.3f", "perplexity:.2f"]
Table(head, rows).show()

# %% gaps
best_gpt = max(log_p["GPT"], key=lambda row: row.mean().item()).double()
worst_lstm = min(log_p["LSTM"], key=lambda row: row.mean().item()).double()
gap_lstm, error_lstm = gap_and_error(worst_lstm, best_gpt, stretch=1000)
ngram = log_p["Kneser–Ney"][0]
gap_ngram, error_ngram = gap_and_error(ngram, best_gpt, stretch=1000)
print(f"LSTM − GPT: {gap_lstm:+.3f} ± {error_lstm:.3f} nats a character")
print(f"Kneser–Ney − GPT: {gap_ngram:+.3f} ± {error_ngram:.3f}")

# %% letters
letters_known = [0]  # of the word, before each character
for x in vocabulary.decode(test[:-1]):
    letters_known.append(0 if x == " " else letters_known[-1] + 1)
place = torch.tensor(letters_known[1:]).clamp(max=7)
loss_letters = {
    name: [[-row[place == n].mean().item() for n in range(8)] for row in found]
    for name, found in log_p.items()
}

# %% letters-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
for (name, found), colour, marker in zip(
    loss_letters.items(), ("C0", "C1", "C2"), "osD", strict=True
):
    for row in found:
        label = name if row is found[0] else None
        ax.plot(row, color=colour, marker=marker, ms=3, label=label)
ax.set_xticks(range(8), [*map(str, range(7)), "≥ 7"])
ax.set(xlabel="letters of the word known", ylabel="test loss (nats)")
ax.set_ylim(0, None)
ax.legend()
show()

# %% curves-figure
loss_piece = -kneser_ney.log_probabilities(piece)[1:].mean().item()
fig, axes = plt.subplots(2, 1, figsize=(4.8, 5.2), sharey=True)
pairs = {"GPT": (curves_gpt, "C0"), "LSTM": (curves_lstm, "C1")}
for name, (curves, colour) in pairs.items():
    for curve in curves:
        label = name if curve is curves[0] else None
        read = [step * B * T / 1000 for step in curve.steps]
        axes[0].plot(curve.seconds, curve.loss, color=colour, label=label)
        axes[1].plot(read, curve.loss, color=colour)
axes[0].plot(seconds_ngram, loss_piece, "D", color="C2", label="Kneser–Ney")
axes[1].axhline(loss_piece, color="C2", ls="--")
axes[0].set(xlabel="seconds", xlim=(0, None))
axes[1].set(xlabel="thousands of characters read", xlim=(0, None))
for ax in axes:
    ax.set_ylabel("validation loss (nats)")
fig.legend(loc="outside upper center", ncols=3)
show()


# %% cost
def products(name: str) -> float:
    """Return the multiplications for a character, of a window of T."""
    if name == "LSTM":
        return 4 * hidden * (32 + hidden) + hidden * V
    attended = 2 * C * (T + 1) / 2  # scores, and means of half the window
    return LAYERS * (12 * C * C + attended) + C * V


in_row = {  # of products of matrices, for T and for 1,024 characters
    "GPT": [6 * LAYERS + 1] * 2,
    "LSTM": [T + 1, 1024 + 1],
}
multiplications = {name: products(name) for name in in_row}
rows = [
    [name, parameters[name], multiplications[name], *found]
    for name, found in in_row.items()
]
head = ["model", "parameters:,", "multiplications:,.0f"]
Table([*head, "serial, 32:,", "serial, 1,024:,"], rows).show()


# %% context
@torch.no_grad()
def by_place(model: nn.Module, ids: Tensor) -> list[float]:
    """Return the loss by place in windows (N, T + 1), which begin anew."""
    logits = model(ids[:, :-1])
    if isinstance(model, LanguageModel):
        logits, _ = logits  # and the state
    log_q = logits.log_softmax(2).gather(2, ids[:, 1:, None])
    return (-log_q[:, :, 0].mean(0)).tolist()


windows = val[: 1500 + T].unfold(0, T + 1, 1)  # one begins at each letter
by_known = {
    "GPT": [by_place(model, windows) for model in gpts],
    "LSTM": [by_place(model, windows) for model in lstms],
}

# %% context-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
for (name, found), colour in zip(by_known.items(), ("C0", "C1"), strict=True):
    for row in found:
        label = name if row is found[0] else None
        ax.plot(range(1, T + 1), row, color=colour, label=label)
ax.set(xlabel="characters known", ylabel="validation loss (nats)")
ax.legend()
show()


# %% write
def write(model: GPT, prompt: Tensor, limit: int, **choice: float) -> Decoded:
    """Go on from prompts (N, T), beyond the context as well."""
    state, start = prompt[:, :-1], prompt[:, -1]
    if not choice:
        return greedy(model.reread, state, start, -1, limit)
    return sample(model.reread, state, start, -1, limit, **choice)


# %% samples
prompt = vocabulary.encode(letters("the function "))[None]
choices = {"greedy": {}}
choices |= {f"{t}": {"temperature": t} for t in (0.5, 0.8, 1.0, 1.3)}
written = {}
seed_everything(0)
for name, choice in choices.items():
    tokens = write(gpts[0], prompt, 60, **choice).tokens[0]
    written[name] = "".join(vocabulary.decode(tokens))
    print(f"{name:7}the function " + written[name])

# %% prompts
for words in ("a class ", "the string ", "if the "):
    ids = vocabulary.encode(letters(words))[None]
    tokens = write(gpts[0], ids, 60, temperature=0.5).tokens[0]
    print(words + "".join(vocabulary.decode(tokens)))

# %% spelling
known = set(text.train.split())
share_known = {}
for name in ("0.5", "1.0", "1.3"):
    prompts = prompt.expand(30, -1)
    tokens = write(gpts[0], prompts, 100, **choices[name]).tokens
    texts = ["".join(vocabulary.decode(row)) for row in tokens]
    words = [word for line in texts for word in line.split()[:-1]]
    share_known[name] = sum(word in known for word in words) / len(words)
words = text.test.split()
share_known["the test text"] = sum(w in known for w in words) / len(words)
rows = [
    [name if name.startswith("the") else f"temperature {name}", share]
    for name, share in share_known.items()
]
Table(["text", "known words:.1%"], rows).show()

# %% quoted
seconds = {"GPT": mean(c.seconds[-1] for c in curves_gpt)}
seconds["LSTM"] = mean(c.seconds[-1] for c in curves_lstm)
ratio_seconds = seconds["GPT"] / seconds["LSTM"]
number_read = STEPS * B * T / len(train)
loss_windows = -score_windows(gpts[0], test, T, T).mean().item()
loss_one = losses["GPT"][0]
count_windows = len(windows)
loss_word = {
    name: [mean(column) for column in zip(*found, strict=True)]
    for name, found in loss_letters.items()
}
loss_known = {
    name: {n: mean(row[n - 1] for row in found) for n in (1, 4, 8, 16, T)}
    for name, found in by_known.items()
}
curve_loss = {
    name: [curve.loss for curve in curves]
    for name, (curves, _) in pairs.items()
}
lowest = min(losses[-1] for losses in curve_loss["GPT"])
worst = [max(losses) for losses in zip(*curve_loss["LSTM"], strict=True)]
steps_enough = next(
    step
    for step, found in zip(curves_lstm[0].steps, worst, strict=True)
    if found < lowest
)
