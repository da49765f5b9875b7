"""Solutions to the exercises of the chapter on the Transformer."""

# %% setup
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity
from torch.optim import AdamW

from dlnotes.data.translation import load_translation
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import (
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)
from dlnotes.transformer.block import DecoderBlock, EncoderBlock
from dlnotes.transformer.model import Transformer
from dlnotes.transformer.norm import LayerNorm, layer_norm, rms_norm

# %% solution-1
x = [1.0, 2.0, 3.0, 6.0]
mean = sum(x) / 4
variance = sum((value - mean) ** 2 for value in x) / 4
by_hand = [(value - mean) / sqrt(variance + 1e-5) for value in x]
print(f"mean {mean:g}, variance {variance:g}")
print(*(f"{value:.3f}" for value in by_hand))
with torch.no_grad():
    gap = LayerNorm(4)(torch.tensor(x)) - torch.tensor(by_hand)
difference_hand = gap.abs().max().item()

# %% solution-2
seed_everything(0)
X, one = 3 + torch.randn(5, 64), torch.ones(64)
centred = X - X.mean(dim=1, keepdim=True)
gap = rms_norm(centred, one) - layer_norm(X, one, 0 * one)
difference_centred = gap.abs().max().item()
gap = rms_norm(X, one) - layer_norm(X, one, 0 * one)
difference_not_centred = gap.abs().max().item()
print(f"mean 0: {difference_centred:.0e}, else {difference_not_centred:.1f}")

# %% solution-3
C, F = 64, 128
attention = 4 * (C * C + C)  # W_q, W_k, W_v, W_o and their biases
feed_forward = (F * C + F) + (C * F + C)
norm = 2 * C
parameters_encoder = attention + feed_forward + 2 * norm
parameters_decoder = 2 * attention + feed_forward + 3 * norm
for counted, kind in (
    (parameters_encoder, EncoderBlock),
    (parameters_decoder, DecoderBlock),
):
    held = sum(W.numel() for W in kind(C, 4, F).parameters())
    print(f"{kind.__name__}: {counted:,} = {held:,}")

# %% solution-4
seed_everything(0)


def likeness(blocks: list[EncoderBlock], residual: bool) -> list[float]:
    """Return the mean cosine of two tokens before and after each block."""
    X, found = torch.randn(1, 16, 64), []
    for block in [None, *blocks]:
        if block is not None:
            Y, _ = block.self_attn(X, X, X)
            X = block.norm1(X + Y if residual else Y)
            Y = block.feed_forward(X)
            X = block.norm2(X + Y if residual else Y)
        pairs = cosine_similarity(X[0, :, None], X[0], dim=-1)  # (T, T)
        found.append((pairs.sum() - 16).item() / (16 * 15))
    return found


blocks = [EncoderBlock(64, 4, 128) for _ in range(4)]
with torch.no_grad():
    cosine_with, cosine_without = (
        likeness(blocks, residual) for residual in (True, False)
    )
rows = [
    [n, a, b]
    for n, (a, b) in enumerate(zip(cosine_with, cosine_without, strict=True))
]
Table(["blocks passed", "with sums:.2f", "without sums:.2f"], rows).show()


# %% solution-5
class Peeking(Transformer):
    """A decoder that sees the tokens that it should write."""

    def decode(
        self, target_in: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, list]:
        return self.decoder(self.embed(target_in, self.target), memory, None)


splits = load_translation()
languages = learn_languages(splits.train)
train, val = (
    [pair for pair in pairs if len(pair.words) <= 6]
    for pairs in (splits.train, splits.val)
)
loss, bleu = {}, {}
for kind in (Transformer, Peeking):
    name = kind.__name__
    loss[name], bleu[name] = [], []
    for seed in range(3):
        seed_everything(seed)
        sizes = map(len, languages)
        model: nn.Module = kind(*sizes, C=32, heads=2, layers=1, hidden=64)
        optimizer = AdamW(model.parameters(), 0.02, fused=True)
        history = fit_translation(
            model, *languages.encode(train), optimizer, steps=130
        )
        loss[name].append(history.mean(20))
        found = translate(model, val, languages).sentences
        bleu[name].append(score_translation(found, val).bleu)
    print(name)
    print("  loss", *(f"{value:.3f}" for value in loss[name]))
    print("  BLEU", *(f"{value:.1f}" for value in bleu[name]))

# %% solution-6
C = 64
for T in (16, 6 * C, 4096):
    projections = 4 * T * C * C
    products = 2 * T * T * C  # Q Kᵀ, and the weights times V
    layers = 2 * T * C * 4 * C
    share = products / (projections + products + layers)
    print(f"T = {T:4}: a share of {share:.2f}")
share_at_6 = 2 * 6 / (4 + 2 * 6 + 8)
