"""Solutions to the exercises of the chapter on sequence to sequence."""

# %% setup
from itertools import product
from math import exp
from statistics import mean

import torch

from dlnotes.decode.beam import beam_search
from dlnotes.metrics import ORDER, bleu, ngrams
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import PairBatches, masked_cross_entropy
from dlnotes.train.seed import seed_everything

# %% solution-1
written, reference = list("她喝了茶。"), list("她喝了一杯茶。")
for n in range(1, ORDER + 1):
    found, allowed = ngrams(written, n), ngrams(reference, n)
    print(f"p{n} = {(found & allowed).total()}/{found.total()}", end="  ")
brevity = exp(1 - len(reference) / len(written))
print(f"brevity penalty {brevity:.2f}")
bleu_plain = bleu([written], [[reference]], smoothing="none")
bleu_smoothed = bleu([written], [[reference]])
print(f"BLEU {bleu_plain:.1f}, smoothed {bleu_smoothed:.1f}")

# %% solution-2
pairs = [
    ("他每天早上喝茶。", "他每天早上喝茶。"),
    ("她买了帽子。", "她昨天在公园里买了一顶红帽子。"),
]
single = [bleu([list(text)], [[list(truth)]]) for text, truth in pairs]
bleu_mean = mean(single)
bleu_corpus = bleu(
    [list(text) for text, _ in pairs], [[list(truth)] for _, truth in pairs]
)
print("sentences", *(f"{value:.1f}" for value in single))
print(f"their mean {bleu_mean:.1f}, of the corpus {bleu_corpus:.1f}")

# %% solution-3
V_source, V_target, embedding, hidden = 402, 315, 48, 96


def gru_parameters(inputs: int) -> int:
    return 3 * hidden * (inputs + hidden) + 2 * 3 * hidden


parts = {
    "encoder, embeddings": V_source * embedding,
    "encoder, GRU": gru_parameters(embedding),
    "decoder, embeddings": V_target * embedding,
    "decoder, first state": hidden * hidden + hidden,
    "decoder, GRU": gru_parameters(embedding + hidden),
    "decoder, logits": hidden * V_target + V_target,
}
for name, count in parts.items():
    print(f"{name:21} {count:7,}")
encoder = Encoder(V_source, embedding, hidden)
model = Seq2Seq(encoder, Decoder(V_target, embedding, hidden, hidden))
parameters_counted = sum(parts.values())
parameters_model = sum(W.numel() for W in model.parameters())
print(f"{parameters_counted:,} = {parameters_model:,}")

# %% solution-4
seed_everything(0)
sources = [torch.tensor([4, 5, 6]), torch.tensor([7])]
targets = [torch.tensor([4, 5]), torch.tensor([6, 7, 8])]
source, target_in, target = next(iter(PairBatches(sources, targets, 2)))
model = Seq2Seq(Encoder(9, 5, 8), Decoder(9, 5, 8, 8))
masked_cross_entropy(model(source, target_in), target).backward()
for name, part in (("encoder", model.encoder), ("decoder", model.decoder)):
    sizes = part.embedding.weight.grad.norm(dim=1)
    print(name, *(f"{size:.2g}" for size in sizes.tolist()))
norm_encoder = model.encoder.embedding.weight.grad[0].norm().item()
norm_decoder = model.decoder.embedding.weight.grad[0].norm().item()

# %% solution-5
seed_everything(0)
V, LIMIT, STOP = 4, 4, 3
tables = torch.randn(400, V, V).log_softmax(dim=2)  # 400 random models


def best_of_all(log_p: list[list[float]]) -> float:
    """Return the highest log p of all sequences, from token 0 on."""
    found = []
    for tokens in product(range(V), repeat=LIMIT):
        end = tokens.index(STOP) + 1 if STOP in tokens else LIMIT
        walk = zip((0, *tokens), tokens[:end], strict=False)
        found.append(sum(log_p[a][b] for a, b in walk))
    return max(found)


exhaustive = [best_of_all(P) for P in tables.tolist()]
count_best = {}
for width in (1, 2, 4, V**LIMIT):
    hits = []
    for P, best in zip(tables, exhaustive, strict=True):
        found = beam_search(
            lambda tokens, state, P=P: (P[tokens], state),
            None,
            torch.tensor([0]),
            STOP,
            width,
            LIMIT,
        )
        hits.append(abs(found.log_p.item() - best) < 1e-5)
    count_best[width] = sum(hits)
    print(f"width {width:3}: the best of all in {sum(hits)} of 400 models")
