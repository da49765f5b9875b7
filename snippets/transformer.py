"""The parts of a Transformer: norms, blocks, masks, and the whole of it."""

# %% imports
import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from dlnotes.attention.masks import causal_mask
from dlnotes.attention.score import attend, scaled_dot_product
from dlnotes.data.translation import load_translation
from dlnotes.losses import cross_entropy
from dlnotes.norm import BatchNorm1d
from dlnotes.plot import show, use_style
from dlnotes.position import Sinusoidal, sinusoidal
from dlnotes.seq2seq.pairs import PAD, PairBatches
from dlnotes.table import Table
from dlnotes.train.seed import seed_everything
from dlnotes.train.translation import learn_languages
from dlnotes.transformer.block import DecoderBlock, EncoderBlock
from dlnotes.transformer.feed_forward import FeedForward
from dlnotes.transformer.model import Transformer, embeddings
from dlnotes.transformer.norm import LayerNorm, RMSNorm, layer_norm

use_style()
seed_everything(0)

# %% rows
B, T, C = 2, 3, 4
X = 5 + 2 * torch.randn(B, T, C)
norms = {
    "none": nn.Identity(),
    "layer norm": LayerNorm(C),
    "RMS norm": RMSNorm(C),
}
with torch.no_grad():
    first = {name: norm(X)[0, 0] for name, norm in norms.items()}
rows = []
for name, token in first.items():
    numbers = " ".join(f"{x:.2f}" for x in token.tolist())
    numbers = numbers.replace("-", "−")
    size = token.square().mean().sqrt().item()
    variance = token.var(correction=0).item()
    rows.append([name, numbers, token.mean().item() + 0.0, variance, size])
head = ["norm", "first token", "mean:.2f", "variance:.2f", "RMS:.2f"]
Table(head, rows).show()


# %% touched
def tokens_changed(norm: nn.Module, axes: tuple[int, ...]) -> int:
    """Return how many of the B · T tokens change if a single one does."""
    other = X.clone()
    other[0, 0] *= torch.tensor([1, -2, 3, 0.5])
    with torch.no_grad():
        moved = norm(X.permute(axes)) - norm(other.permute(axes))
    return int((moved.permute(axes).abs() > 1e-6).any(dim=2).sum())


count_layer = tokens_changed(LayerNorm(C), (0, 1, 2))
count_batch = tokens_changed(BatchNorm1d(C), (0, 2, 1))  # it takes (B, C, T)
print(f"layer norm: {count_layer} of {B * T} tokens,", end=" ")
print(f"batch norm: {count_batch} of {B * T}")


# %% skewness
def skewness(x: Tensor) -> float:
    z = (x - x.mean()) / x.std(correction=0)
    return (z**3).mean().item()


wide = torch.randn(1000).exp()
with torch.no_grad():
    normalized = LayerNorm(1000)(wide)
skewness_before, skewness_after = skewness(wide), skewness(normalized)
print(f"skewness {skewness_before:.2f} before, {skewness_after:.2f} after")

# %% equal-norm
ours, theirs = LayerNorm(C).double(), nn.LayerNorm(C).double()
with torch.no_grad():
    theirs.weight.normal_()
    theirs.bias.normal_()
    ours.load_state_dict(theirs.state_dict())
    gap = ours(X.double()) - theirs(X.double())
    plain = layer_norm(X.double(), ours.weight, ours.bias)
    gap_plain = plain - theirs(X.double())
difference_norm = max(gap.abs().max(), gap_plain.abs().max()).item()
print(f"from torch.nn.LayerNorm: {difference_norm:.0e}")

# %% alone
layers = FeedForward(C, hidden=4 * C)
with torch.no_grad():
    together = layers(X)  # (B, T, C)
    alone = torch.stack([layers(x) for x in X.flatten(0, 1)])
difference_alone = (together.flatten(0, 1) - alone).abs().max().item()
print(f"all at once or token by token: {difference_alone:.0e}")

# %% residual
block = EncoderBlock(C, heads=2, hidden=16, norm_first=True)
with torch.no_grad():
    block.self_attn.out_proj.weight.zero_()
    block.feed_forward.linear2.weight.zero_()
    block.feed_forward.linear2.bias.zero_()
    difference_residual = (block(X)[0] - X).abs().max().item()
print(f"sublayers that give 0: output − input = {difference_residual}")


# %% equal
def differences(first: bool) -> tuple[float, float]:
    """Compare both blocks with PyTorch's layers: outputs, and gradients."""
    sizes = dict(batch_first=True, dropout=0.0, norm_first=first)
    layers = [
        nn.TransformerEncoderLayer(64, 4, 128, **sizes).double(),
        nn.TransformerDecoderLayer(64, 4, 128, **sizes).double(),
    ]
    blocks = [
        kind(64, 4, 128, norm_first=first).double()
        for kind in (EncoderBlock, DecoderBlock)
    ]
    for block, layer in zip(blocks, layers, strict=True):
        block.load_state_dict(layer.state_dict())
    X, Y = torch.randn(2, 2, 7, 64).double().requires_grad_()
    seen = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])  # no padding
    mask = causal_mask(7)
    memory = layers[0](X, src_key_padding_mask=~seen)
    ours, _ = blocks[0](X, seen[:, None])
    gaps = [ours - memory]
    pads = dict(tgt_mask=~mask, memory_key_padding_mask=~seen)
    gaps.append(
        blocks[1](Y, memory, mask, seen[:, None])[0]
        - layers[1](Y, memory, **pads)
    )
    slopes = torch.autograd.grad(
        [(gap * torch.randn(gap.shape)).sum() for gap in gaps], [X, Y]
    )
    return tuple(max(x.abs().max().item() for x in s) for s in (gaps, slopes))


found = {name: differences(name == "first") for name in ("after", "first")}
difference_output = max(output for output, _ in found.values())
difference_gradient = max(gradient for _, gradient in found.values())
for name, (output, gradient) in found.items():
    print(f"norm {name}: outputs {output:.0e}, gradients {gradient:.0e}")

# %% causal
T, S = 6, 5
block = DecoderBlock(64, heads=4, hidden=128)
X, memory = torch.randn(1, T, 64), torch.randn(1, S, 64)
X.requires_grad_()
Y, _ = block(X, memory, causal_mask(T))
rows, some = [], torch.randn(64)  # the direction in which Y moves
for t in range(T):
    (slope,) = torch.autograd.grad(Y[0, t] @ some, X, retain_graph=True)
    rows.append((slope[0].norm(dim=1)).tolist())
slope_later = max(max(row[t + 1 :], default=0) for t, row in enumerate(rows))
other = X.detach().clone()
other[:, 3:] = torch.randn(1, T - 3, 64)
with torch.no_grad():
    moved = (block(other, memory, causal_mask(T))[0] - Y).abs().amax((0, 2))
difference_before, difference_behind = moved[:3].max(), moved[3:].min()
print("tokens 4 to 6 changed; the outputs have moved by")
print(*(f"{x:.2g}" for x in moved.tolist()))

# %% causal-figure
fig, ax = plt.subplots(figsize=(3.6, 3.0))
image = ax.imshow([[x or float("nan") for x in row] for row in rows])
ax.set(xlabel="input token", ylabel="output token")
ax.set_xticks(range(T), range(1, T + 1))
ax.set_yticks(range(T), range(1, T + 1))
fig.colorbar(image, label="norm of the gradient")
show()

# %% cross
seen = torch.tensor([[[True] * 4 + [False]]])  # the last word is padding
with torch.no_grad():
    Y, (_, weights) = block(X, memory, causal_mask(T), seen)
    other = memory.clone()
    other[:, 4] = 100 * torch.randn(64)
    padding = block(X, other, causal_mask(T), seen)[0] - Y
    other[:, 2] += torch.randn(64)
    word = block(X, other, causal_mask(T), seen)[0] - Y
difference_padding = padding.abs().max().item()
difference_word = word.abs().amax((0, 2)).min().item()
print("weights (B, h, T, S):", tuple(weights.shape))
print(f"other padding: {difference_padding:.2g}")
print(f"another word: each output moves by {difference_word:.2g} at least")

# %% scale
V, C = 400, 64
table = embeddings(V, C).weight.detach()
norm_plain = table.norm(dim=1).mean().item()
norm_scaled = (table * C**0.5).norm(dim=1).mean().item()
norm_position = sinusoidal(20, C).norm(dim=1).mean().item()
print(f"embedding {norm_plain:.2f}, times √C {norm_scaled:.2f},", end=" ")
print(f"position {norm_position:.2f}")

# %% model
languages = learn_languages(load_translation().train)
sources, targets = languages.encode(load_translation().train)
source, target_in, target = next(iter(PairBatches(sources, targets, 64)))
sizes = len(languages.english), len(languages.chinese)
model = Transformer(*sizes, C=64, heads=4, layers=2, hidden=128)
memory, mask, _ = model.encode(source)
print("source", tuple(source.shape), "memory", tuple(memory.shape))
print("mask", tuple(mask.shape), "target_in", tuple(target_in.shape))
print("logits", tuple(model(source, target_in).shape))
parameters_in_all = sum(W.numel() for W in model.parameters())
parameters_tied = model.target.weight.numel()
print(f"{parameters_in_all:,} parameters")

# %% leak
with torch.no_grad():
    logits = model(source, target_in)
    later = target_in.clone()
    half = later.shape[1] // 2
    later[:, half:] = torch.randint(4, sizes[1], later[:, half:].shape)
    moved = (model(source, later) - logits).abs()
difference_model = moved[:, :half].max().item()
print(f"half of the target exchanged: logits before {difference_model:.0e}")

# %% smoothing
V, rows = 300, []
for p in (0.5, 0.9, 0.99, 0.999, 0.9999):
    log_p = torch.full((1, V), (1 - p) / (V - 1)).log()
    log_p[0, 0] = torch.tensor(p).log()
    right = torch.tensor([0])
    plain = cross_entropy(log_p, right).item()
    smooth = cross_entropy(log_p, right, label_smoothing=0.1).item()
    rows.append([f"{p}", plain, smooth])
Table(["p of the right one", "loss:.3f", "smoothed:.3f"], rows).show()
loss_smoothed = [row[2] for row in rows]

# %% block
words = ["she", "bought", "a", "red", "hat"]
T, C, h, hidden = 5, 8, 2, 16
seed_everything(0)
block = EncoderBlock(C, h, hidden)
with torch.no_grad():
    E = embeddings(T, C).weight * C**0.5  # (T, C)
    X = Sinusoidal()(E)[None]  # (1, T, C)
    Q, K, V = block.self_attn.project(X, X, X)  # (1, h, T, d)
    scores = scaled_dot_product(Q, K)  # (1, h, T, T)
    heads, weights = attend(scores, V)  # (1, h, T, d)
    Y = block.self_attn.join(heads)  # (1, T, C)
    X1 = block.norm1(X + Y)
    H = block.feed_forward.linear1(X1).relu()  # (1, T, hidden)
    Z = block.feed_forward(X1)  # (1, T, C)
    X2 = block.norm2(X1 + Z)
    difference_block = (X2 - block(X)[0]).abs().max().item()
print(f"step by step, or block(X): {difference_block:.0e}")

# %% steps-figure
d = C // h
frames = {
    f"E: embeddings × √C, {T} × {C}": [E],
    f"X: positions added, {T} × {C}": [X[0]],
    f"Q and K of the first head, {T} × {d}": [Q[0, 0], K[0, 0]],
    f"scores Q Kᵀ / √d, {h} × {T} × {T}": [*scores[0]],
    f"weights, {h} × {T} × {T}: rows sum to 1": [*weights[0]],
    f"means of the values, {h} × {T} × {d}": [*heads[0]],
    f"Y: joined and projected, {T} × {C}": [Y[0]],
    f"X + Y: the input is added, {T} × {C}": [(X + Y)[0]],
    f"X₁: normalized, {T} × {C}": [X1[0]],
    f"hidden units after ReLU, {T} × {hidden}": [H[0]],
    f"Z: feed-forward, {T} × {C}": [Z[0]],
    f"X₂: normalized sum X₁ + Z, {T} × {C}": [X2[0]],
}
centred = dict(ha="center", va="center", color="#1a1a1a")  # in dark, too
for name, matrices in frames.items():
    fig, ax = plt.subplots(figsize=(4.8, 2.2), num=name)
    limit = 2 if name.startswith("weights") else 6  # pale, for the numbers
    for n, matrix in enumerate(matrices):
        rows, columns = matrix.shape
        left = n * (columns + 1)
        edges = (left, left + columns, rows, 0)
        shades = dict(cmap="PuOr", vmin=-limit, vmax=limit)
        ax.imshow(matrix.tolist(), extent=edges, **shades)
        for row in range(rows):
            for column in range(columns):
                x, y = left + column + 0.5, row + 0.5
                number = round(matrix[row, column].item(), 1) + 0.0
                text = f"{number:.1f}".replace("-", "−")
                ax.text(x, y, text, fontsize=7, **centred)
    ax.set(xlim=(0, 16), ylim=(5, 0))
    ax.set_xticks([])
    if name.startswith(("scores", "weights")):
        places = [left + k + 0.5 for left in (0, T + 1) for k in range(T)]
        ax.set_xticks(places, h * words, rotation=60, ha="right")
    ax.set_yticks([k + 0.5 for k in range(T)], words)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
show()

# %% padded
padded = torch.nn.functional.pad(source, (0, 3), value=PAD)
with torch.no_grad():
    gap = model(padded, target_in) - model(source, target_in)
difference_padded = gap.abs().max().item()
