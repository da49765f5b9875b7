"""Training is parallel, decoding is serial: calls and times."""

# %% imports
from collections import Counter
from functools import partial
from time import perf_counter

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from dlnotes.attention.attending import AttendingDecoder
from dlnotes.plot import curves, show, use_style
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import START
from dlnotes.train.seed import seed_everything
from dlnotes.transformer.model import Transformer

use_style()
seed_everything(0)
V, S, LENGTHS = 300, 20, (16, 32, 64, 128, 256)
model = Transformer(V, V, C=64, heads=4, layers=2, hidden=128).eval()
source = torch.randint(4, V, (1, S))


# %% three
def parallel(tokens: Tensor) -> Tensor:
    """Return the logits (1, T, V) for known tokens (1, T), all at once."""
    return model(source, tokens)


def cached(T: int) -> tuple[list[int], list[Tensor]]:
    """Write T tokens; keys and values of those before are kept."""
    token, state = torch.tensor([START]), model.start(source)
    tokens, log_p = [], []
    for _ in range(T):
        q, state = model.step(token, state)
        token = q.argmax(dim=1)
        tokens.append(token.item())
        log_p.append(q)
    return tokens, log_p


def recomputed(T: int) -> tuple[list[int], list[Tensor]]:
    """Write T tokens; the decoder reads all of them again each time."""
    tokens, log_p = torch.tensor([[START]]), []
    memory, mask, _ = model.encode(source)
    for _ in range(T):
        Y, _ = model.decode(tokens, memory, mask)
        q = model.logits(Y[:, -1]).log_softmax(dim=1)
        tokens = torch.cat([tokens, q.argmax(dim=1, keepdim=True)], dim=1)
        log_p.append(q)
    return tokens[0, 1:].tolist(), log_p


# %% same
with torch.no_grad():
    tokens, log_p = cached(50)
    others, log_q = recomputed(50)
    read = torch.tensor([[START, *tokens[:-1]]])
    at_once = parallel(read)[0].log_softmax(dim=1)
gaps = torch.cat(log_p) - torch.cat(log_q), torch.cat(log_p) - at_once
difference_cached = gaps[0].abs().max().item()
difference_parallel = gaps[1].abs().max().item()
same_tokens = tokens == others
print("the same 50 tokens:", same_tokens)
print(f"log p, from the recomputed one: {difference_cached:.0e},")
print(f"from one parallel pass over these tokens: {difference_parallel:.0e}")

# %% calls
count_calls = Counter()
handle = model.decoder.layers[0].feed_forward.register_forward_hook(
    lambda _, inputs, __: count_calls.update(
        calls=1, tokens=inputs[0].shape[1]
    )
)
rows = {}
with torch.no_grad():
    for name, run in (
        ("parallel", lambda: parallel(read)),
        ("cached", lambda: cached(50)),
        ("recomputed", lambda: recomputed(50)),
    ):
        count_calls.clear()
        run()
        rows[name] = dict(count_calls)
        print(f"{name:10}", rows[name])
handle.remove()
count_parallel, count_cached = (
    rows["parallel"]["calls"],
    rows["cached"]["calls"],
)

# %% rival
encoder = Encoder(V, 48, 96, bidirectional=True)
rival = Seq2Seq(encoder, AttendingDecoder(V, 48, 96, encoder.size)).eval()
count_calls.clear()
handle = rival.decoder.recurrent.register_forward_hook(
    lambda _, inputs, __: count_calls.update(
        calls=1, tokens=inputs[0].shape[0]
    )
)
with torch.no_grad():
    rival(source, read)
handle.remove()
rows["rival"] = dict(count_calls)
print(f"{'rival':10}", rows["rival"])
count_rival = count_calls["calls"]


# %% times
def seconds(run, repeats: int) -> float:
    """Return the shortest time."""
    times = []
    for _ in range(repeats):
        begin = perf_counter()
        run()
        times.append(perf_counter() - begin)
    return min(times)


seconds_of = {"recomputed": [], "cached": [], "parallel": []}
with torch.no_grad():
    for T in LENGTHS:
        read = torch.randint(4, V, (1, T))
        runs = (
            lambda T=T: recomputed(T),
            lambda T=T: cached(T),
            lambda read=read: parallel(read),
        )
        repeats = 2, 3, 20
        for name, run, n in zip(seconds_of, runs, repeats, strict=True):
            seconds_of[name].append(seconds(run, n))


# %% updates
def update(net: nn.Module, B: int, T: int) -> None:
    """Compute gradients for B pairs of T tokens, as one training step does."""
    source, target_in = torch.randint(4, V, (2, B, T))
    net(source, target_in).log_softmax(dim=2)[..., 0].mean().backward()


time_ratios = []  # of the rival to the Transformer
for B, T in ((64, 12), (1, 128)):
    ours, theirs = (
        seconds(partial(update, net, B, T), 4) for net in (model, rival)
    )
    time_ratios.append(theirs / ours)

# %% times-figure
fig, ax = plt.subplots(figsize=(4.6, 3.0))
curves(ax, LENGTHS, seconds_of)
ax.set(xscale="log", yscale="log", xlabel="tokens", ylabel="seconds")
ax.set_xticks(LENGTHS, LENGTHS)
ax.minorticks_off()
ax.legend()
show()

# %% quoted
longest = {name: times[-1] for name, times in seconds_of.items()}
time_ratio_cached = seconds_of["cached"][3] / seconds_of["parallel"][3]
time_ratio_recomputed = longest["recomputed"] / longest["cached"]
time_ratio_short = seconds_of["recomputed"][0] / seconds_of["cached"][0]
time_ratio_batch, time_ratio_single = time_ratios
