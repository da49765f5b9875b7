"""An LSTM and n-grams of one text: which is better, and what they write."""

# %% imports
from functools import cache
from math import log2
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.optim import Adam

from dlnotes.data.text import load_text
from dlnotes.decode.one_by_one import greedy, sample, tempered
from dlnotes.decode.step import Decoded, read_prompt
from dlnotes.language.model import LanguageModel
from dlnotes.language.ngram import NGrams
from dlnotes.language.perplexity import gap_and_error, perplexity
from dlnotes.language.smoothing import KneserNey
from dlnotes.language.vocabulary import Vocabulary, letters
from dlnotes.plot import show, use_style
from dlnotes.table import Table
from dlnotes.train.bracket import best, bracket, rates_table
from dlnotes.train.seed import seed_everything
from dlnotes.train.text import fit_text, score_text

use_style()
text = load_text()
vocabulary = Vocabulary(letters("".join(text)))  # the alphabet
train, val, test = (vocabulary.encode(letters(part)) for part in text)
V = len(vocabulary)
STEPS, HIDDEN = 500, 128
if len(train) > 500_000:  # tiny Shakespeare, at full scale
    STEPS, HIDDEN = 5000, 256


# %% recipe
@cache  # what is asked for twice is trained once
def trained(rate: float, seed: int) -> LanguageModel:
    seed_everything(seed)
    model = LanguageModel(V, 32, nn.LSTM(32, HIDDEN, batch_first=True))
    optimizer = Adam(model.parameters(), rate, fused=True)
    fit_text(model, train, optimizer, STEPS, T=32)
    return model.cpu()


# %% rates
def log_p_val(rate: float) -> float:
    return score_text(trained(rate, 0), val).mean().item()


found = bracket(log_p_val, (0.01, 0.02, 0.04))
rate_best = best(found)
perplexity_val = {
    rate: torch.tensor(-log_p).exp().item() for rate, log_p in found.items()
}
rates_table("LSTM", {"perplexity": perplexity_val}).show()

# %% orders
grams = NGrams(train, V, 32)
perplexity_order = {
    order: perplexity(KneserNey(grams, order).log_probabilities(val)[1:])
    for order in (4, 6, 8, 12, 16, 24, 32)
}
order_best = min(perplexity_order, key=perplexity_order.__getitem__)
rows = [["perplexity", *(f"{x:.3f}" for x in perplexity_order.values())]]
Table(["Kneser–Ney", *(f"n = {n}" for n in perplexity_order)], rows).show()

# %% mixture
models = [trained(rate_best, seed) for seed in range(3)]
kneser_ney = KneserNey(grams, order_best)


def log_p(ids: Tensor) -> tuple[list[Tensor], Tensor]:
    """Return log p from the second character on: three LSTMs, n-grams."""
    lstms = [score_text(model, ids).double() for model in models]
    return lstms, kneser_ney.log_probabilities(ids)[1:]


def mixed(lstm: Tensor, ngram: Tensor, weight: float) -> Tensor:
    """Return log(weight · p of the one + (1 − weight) · p of the other)."""
    return (weight * lstm.exp() + (1 - weight) * ngram.exp()).log()


weights = [n / 20 for n in range(21)]
lstms, ngram = log_p(val)
perplexity_mixed = [
    mean(perplexity(mixed(lstm, ngram, w)) for lstm in lstms) for w in weights
]
weight_best = weights[perplexity_mixed.index(min(perplexity_mixed))]

# %% places
# how many letters of the word are known before each letter
known_letters = torch.zeros_like(val)
for t, x in enumerate(vocabulary.decode(val[:-1])):
    known_letters[t + 1] = 0 if x == " " else known_letters[t] + 1
share, loss = {}, {}  # loss: three LSTMs, n-grams
for name, low, high in (("0", 0, 0), ("1", 1, 1), ("2 or more", 2, V)):
    chosen = (low <= known_letters[1:]) & (known_letters[1:] <= high)
    share[name] = chosen.float().mean().item()
    loss[name] = [-x[chosen].mean().item() for x in (*lstms, ngram)]
Table(
    ["letters known", "share:.0%", "LSTM:.3f", "Kneser–Ney:.3f"],
    [[k, share[k], mean(x[:3]), x[3]] for k, x in loss.items()],
).show()

# %% test
lstms, ngram = log_p(test)
perplexities = {
    "Kneser–Ney": [perplexity(ngram)],
    "LSTM": [perplexity(lstm) for lstm in lstms],
    "mixture": [perplexity(mixed(x, ngram, weight_best)) for x in lstms],
}
perplexity_test = {name: mean(row) for name, row in perplexities.items()}
rows = []
for name, found in perplexities.items():
    spread = f" ± {stdev(found):.3f}" if len(found) > 1 else ""
    bits = log2(perplexity_test[name])
    rows.append([name, f"{mean(found):.3f}{spread}", f"{bits:.3f}"])
Table(["model", "perplexity", "bits per character"], rows).show()

# %% error
best_lstm = max(lstms, key=lambda lstm: lstm.mean().item())
difference, error = gap_and_error(best_lstm, ngram, stretch=1000)
print(f"LSTM − Kneser–Ney: {difference:+.4f} ± {error:.4f} nats a character")

# %% mixture-figure
fig, ax = plt.subplots(figsize=(4.8, 3.0))
ax.plot(weights, perplexity_mixed)
ax.plot(weight_best, min(perplexity_mixed), "o", color="C1")
ax.set(xlabel="weight of the LSTM", ylabel="validation perplexity")
show()

# %% temperature-figure
model = models[0]
with torch.no_grad():
    logits, _ = model(vocabulary.encode(letters("the st"))[None])
log_q = logits[:, -1].log_softmax(1)
order = log_q[0].argsort(descending=True)[:8]
fig, ax = plt.subplots(figsize=(4.8, 3.0))
for n, temperature in enumerate((0.5, 1.0, 2.0)):
    heights = tempered(log_q, temperature)[0, order]
    places = [place + 0.27 * (n - 1) for place in range(8)]
    ax.bar(
        places,
        heights.tolist(),
        width=0.27,
        label=f"temperature {temperature}",
    )
ax.set_xticks(range(8), [f"“{x}”" for x in vocabulary.decode(order)])
ax.set(ylabel="probability")
ax.legend()
show()


# %% write
def write(
    model: LanguageModel, prompt: Tensor, limit: int, **choice: float
) -> Decoded:
    """Go on from prompts (N, T); without a choice, greedily."""
    state, start = read_prompt(model, prompt)
    if not choice:
        return greedy(model.step, state, start, -1, limit)
    return sample(model.step, state, start, -1, limit, **choice)


# %% samples
prompt = vocabulary.encode(letters("a function "))[None]
choices = {"greedy": {}}
choices |= {f"{t}": {"temperature": t} for t in (0.5, 0.8, 1.0, 1.3)}
choices |= {"1.0, top 5": {"temperature": 1.0, "top_k": 5}}
seed_everything(0)
for name, choice in choices.items():
    tokens = write(model, prompt, 60, **choice).tokens[0]
    print(f"{name:11}a function " + "".join(vocabulary.decode(tokens)))

# %% temperatures
known = set(text.train.split())
perplexity_own, share_known = {}, {}
prompts = prompt.expand(30, -1)
for name, choice in choices.items():
    decoded = write(model, prompts, 300, **choice)
    own = decoded.log_p.sum() / decoded.tokens.numel()
    perplexity_own[name] = (-own).exp().item()
    texts = ["".join(vocabulary.decode(row)) for row in decoded.tokens]
    words = [word for line in texts for word in line.split()[:-1]]
    share_known[name] = sum(word in known for word in words) / len(words)
words = text.test.split()
perplexity_own["the test text"] = perplexities["LSTM"][0]
share_known["the test text"] = sum(w in known for w in words) / len(words)
Table(
    ["way of drawing", "perplexity to the LSTM:.2f", "known words:.1%"],
    [[name, p, share_known[name]] for name, p in perplexity_own.items()],
).show()


# %% loops
def period(tokens: Tensor, longest: int = 200) -> int:
    """Return after how many tokens a text repeats itself at its end, or 0."""
    end = tokens[-2 * longest :]
    for p in range(1, longest + 1):
        if torch.equal(end[p:], end[:-p]):
            return p
    return 0


places = torch.arange(0, 50 * 500, 500)[:, None] + torch.arange(20)
count_loops, count_before, periods = [], [], []  # of each network
for number, network in enumerate(models):
    texts = write(network, val[places], 800).tokens  # greedily
    found = [period(row) for row in texts]
    periods.append(found)
    loops, starts = {}, []
    for row, p in zip(texts, found, strict=True):
        if p:
            turn = "".join(vocabulary.decode(row[-p:]))
            turn = min(turn[k:] + turn[:k] for k in range(p))
            loops[turn] = loops.get(turn, 0) + 1
            other = (row[p:] != row[:-p]).nonzero()
            starts.append(other[-1].item() + 1 if len(other) else 0)
    count_loops.append(len(loops))
    count_before.append(max(starts, default=0))
    for turn, count in sorted(loops.items(), key=lambda item: -item[1]):
        print(f"network {number}, {count:2} times:  {turn}")

# %% readings
places = torch.arange(0, 50 * 600, 600)[:, None] + torch.arange(40)
X = val[places].repeat(1, 8)  # each piece eight times in a row
probability = []  # of a letter, for each network by reading
with torch.no_grad():
    for network in models:
        log_q = network(X[:, :-1])[0].log_softmax(2)
        found = log_q.gather(2, X[:, 1:, None])[:, :, 0]
        found = pad(found, (1, 0)).view(50, 8, 40)[:, :, 10:]
        probability.append(found.mean((0, 2)).exp().tolist())
Table(
    ["network", "1st reading:.3f", "2nd reading:.3f", "8th reading:.3f"],
    [[str(n), p[0], p[1], p[7]] for n, p in enumerate(probability)],
).show()

# %% quoted
count_test = len(ngram)
count_looping = sum(p > 0 for found in periods for p in found)
count_texts = sum(len(found) for found in periods)
count_loops_most = max(count_loops)
count_before_most = max(count_before)
probability_first = mean(p[0] for p in probability)
probability_last = mean(p[7] for p in probability)
loss_lstm = {name: mean(row[:3]) for name, row in loss.items()}
loss_ngram = {name: row[3] for name, row in loss.items()}
