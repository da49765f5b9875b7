"""Time the training routines against what they are measured by, in one run.

Run from a checkout with everything installed: `python benchmarks/training.py`.
Every row is a ratio of two times taken alternately, so that a busy machine
slows both; it is the median over the rounds, with the quartiles behind it.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import partial
from itertools import islice, pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import cross_entropy

from dlnotes import binary, losses, optim
from dlnotes.attention.fused import fused_attention
from dlnotes.attention.multi_head import MultiHeadAttention
from dlnotes.attention.score import attention as written_out
from dlnotes.basics.gradient import numerical_gradient
from dlnotes.basics.layers import (
    Dense,
    HalfSquaredError,
    Sigmoid,
    backward_pass,
    forward_pass,
)
from dlnotes.conv import Conv2d, conv2d
from dlnotes.data.digits import load_digits
from dlnotes.mlp import MLP
from dlnotes.norm import BatchNorm1d, BatchNorm2d
from dlnotes.pool import MaxPool2d
from dlnotes.position import Sinusoidal
from dlnotes.recurrent.gru import GRU
from dlnotes.recurrent.layer import Recurrent
from dlnotes.recurrent.lstm import LSTM
from dlnotes.recurrent.rnn import RNN
from dlnotes.seq2seq.pairs import PAD, masked_cross_entropy
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from dlnotes.transformer.model import Transformer, embeddings

ROUNDS = 41
STEPS = 100
OPTIMIZERS = {
    "SGD": (optim.SGD, torch.optim.SGD, {"lr": 0.01}),
    "Momentum": (optim.Momentum, torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
    "Nesterov": (
        optim.Momentum,
        torch.optim.SGD,
        {"lr": 0.01, "momentum": 0.9, "nesterov": True},
    ),
    "Adagrad": (optim.Adagrad, torch.optim.Adagrad, {"lr": 0.01}),
    "RMSprop": (optim.RMSprop, torch.optim.RMSprop, {"lr": 0.01}),
    "Adadelta": (optim.Adadelta, torch.optim.Adadelta, {"lr": 1.0}),
    "Adam": (optim.Adam, torch.optim.Adam, {"lr": 0.001}),
    "AdamW": (optim.AdamW, torch.optim.AdamW, {"lr": 0.001, "weight_decay": 0.01}),
}

Run = Callable[[], object]
Loss = Callable[..., Tensor]


def seconds(run: Run) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(name: str, ours: Run, theirs: Run, rounds: int = ROUNDS) -> None:
    """Print how many times longer `ours` takes than `theirs`."""
    ours(), theirs()  # the first calls import and allocate
    ratios = []
    for number in range(rounds):
        if number % 2:
            mine, other = seconds(ours), seconds(theirs)
        else:
            other, mine = seconds(theirs), seconds(ours)
        ratios.append(mine / other)
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(f"{name:44} {middle:9.3f}   ({low:.3f} to {high:.3f})", flush=True)


def bare_loop(model: nn.Module, batches: Batches, steps: int) -> list[float]:
    """Train as one would without the package, keeping the loss of every step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history: list[float] = []
    while len(history) < steps:
        for X, y in islice(batches, steps - len(history)):
            optimizer.zero_grad()
            loss = cross_entropy(model(X), y)
            loss.backward()
            optimizer.step()
            history.append(loss.item())
    return history


def our_loop(model: nn.Module, batches: Batches, steps: int) -> list[float]:
    """Train with the loop of the book."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return train(model, cross_entropy, optimizer, batches, steps).losses


def loops() -> None:
    """The loop against a bare one, for a small and a larger network."""
    X, y = load_digits().train
    for hidden in (32, 512):
        for batch_size in (32, 256):
            runs = []
            for loop in (our_loop, bare_loop):
                torch.manual_seed(0)
                model = MLP([64, hidden, 10])
                runs.append(
                    partial(loop, model, Batches(X, y, batch_size=batch_size), STEPS)
                )
            ours, bare = runs
            compare(f"loop, {hidden} units, batches of {batch_size}", ours, bare, 201)


def loss_and_slope(loss: Loss, *inputs: Tensor) -> Run:
    """Return a function that goes forward and backward through a loss."""
    prediction = inputs[0].clone().requires_grad_()

    def run() -> None:
        prediction.grad = None
        loss(prediction, *inputs[1:]).backward()

    return run


def loss_functions() -> None:
    """Each loss against PyTorch's, forward and backward."""
    torch.manual_seed(0)
    logits, labels = torch.randn(2048, 5000), torch.randint(5000, (2048,))
    z, t = torch.randn(2, 256, 1000)
    log_p, p = logits.log_softmax(1), logits.softmax(1)
    cases: list[tuple[str, Loss, Loss, tuple[Tensor, ...]]] = [
        ("cross_entropy", losses.cross_entropy, cross_entropy, (logits, labels)),
        (
            "cross_entropy, probabilities",
            losses.cross_entropy,
            cross_entropy,
            (logits, p),
        ),
        (
            "cross_entropy, smoothed labels",
            partial(losses.cross_entropy, label_smoothing=0.1),
            partial(cross_entropy, label_smoothing=0.1),
            (logits, labels),
        ),
        ("nll", losses.nll, functional.nll_loss, (log_p, labels)),
        ("mse", losses.mse, functional.mse_loss, (z, t)),
        ("mae", losses.mae, functional.l1_loss, (z, t)),
        ("huber", losses.huber, functional.huber_loss, (z, t)),
        (
            "bce",
            binary.bce,
            functional.binary_cross_entropy,
            (z.sigmoid(), t.sigmoid()),
        ),
        (
            "bce_with_logits",
            binary.bce_with_logits,
            functional.binary_cross_entropy_with_logits,
            (z, t.sigmoid()),
        ),
    ]
    for name, ours, theirs, inputs in cases:
        shape = " × ".join(map(str, inputs[0].shape))
        pair = loss_and_slope(ours, *inputs), loss_and_slope(theirs, *inputs)
        compare(f"{name}, {shape}", *pair, rounds=21)


def stepper(make: Callable[..., torch.optim.Optimizer], sizes: list[int]) -> Run:
    """Return a function that takes steps with gradients that stay as they are."""
    torch.manual_seed(0)
    model = MLP(sizes)
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer = make(model.parameters())

    def steps() -> None:
        for _ in range(STEPS):
            optimizer.step()

    return steps


def optimizers() -> None:
    """Each optimizer against PyTorch's that goes through tensors one by one."""
    for name, (ours, theirs, settings) in OPTIMIZERS.items():
        for sizes in ([64, 32, 10], [64, 512, 512, 10]):
            compare(
                f"{name}, {'-'.join(map(str, sizes))}",
                stepper(partial(ours, **settings), sizes),
                stepper(partial(theirs, foreach=False, **settings), sizes),
            )


def slopes(function: Callable[..., Tensor], *inputs: Tensor) -> Run:
    """Return a function that goes forward, and backward to every input."""
    inputs = tuple(X.clone().requires_grad_() for X in inputs)

    def run() -> Sequence[Tensor]:
        return torch.autograd.grad(function(*inputs).sum(), inputs)

    return run


def convolutions() -> None:
    """Convolution by unfolding against PyTorch's, and forward alone."""
    torch.manual_seed(0)
    cases: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
        ((64, 1, 28, 28), (6, 1, 5, 5), {"padding": 2}),
        ((64, 6, 14, 14), (16, 6, 5, 5), {}),
        ((64, 16, 28, 28), (16, 16, 3, 3), {"padding": 1}),
        ((64, 16, 28, 28), (32, 16, 3, 3), {"padding": 1, "stride": 2}),
        ((64, 32, 14, 14), (32, 1, 3, 3), {"padding": 1, "groups": 32}),
        ((64, 64, 14, 14), (64, 64, 1, 1), {}),
    ]
    for image, kernel, sizes in cases:
        X, W, b = torch.randn(image), torch.randn(kernel), torch.randn(kernel[0])
        ours: Callable[..., Tensor] = partial(conv2d, **sizes)
        theirs: Callable[..., Tensor] = partial(functional.conv2d, **sizes)
        torch.testing.assert_close(ours(X, W, b), theirs(X, W, b), rtol=1e-3, atol=1e-3)
        name = f"conv2d, {' × '.join(map(str, image))}, {'-'.join(map(str, kernel))}"
        compare(name, slopes(ours, X, W, b), slopes(theirs, X, W, b), 21)
        compare("  forward", partial(ours, X, W, b), partial(theirs, X, W, b), 21)


def batch_norms() -> None:
    """Batch normalization against PyTorch's, both in training."""
    torch.manual_seed(0)
    cases: list[tuple[type[nn.Module], type[nn.Module], tuple[int, ...]]] = [
        (BatchNorm1d, nn.BatchNorm1d, (256, 128)),
        (BatchNorm2d, nn.BatchNorm2d, (64, 16, 28, 28)),
        (BatchNorm2d, nn.BatchNorm2d, (64, 64, 7, 7)),
    ]
    for mine, other, shape in cases:
        X = torch.randn(shape)
        ours, theirs = mine(shape[1]), other(shape[1])
        torch.testing.assert_close(ours(X), theirs(X))
        name = f"batch norm, {' × '.join(map(str, shape))}"
        compare(name, slopes(ours, X), slopes(theirs, X), 21)


def over_time(layer: nn.Module, X: Tensor) -> Run:
    """Return a function that goes forward, and backward to X and the weights."""
    inputs = [X.requires_grad_(), *layer.parameters()]

    def run() -> Sequence[Tensor]:
        return torch.autograd.grad(layer(X)[0].sum(), inputs)

    return run


def recurrences() -> None:
    """Recurrent layers against PyTorch's, of which the LSTM is one kernel."""
    torch.manual_seed(0)
    pairs: list[tuple[type[Recurrent], Callable[..., nn.Module]]] = [
        (RNN, nn.RNN),
        (GRU, nn.GRU),
        (LSTM, nn.LSTM),
    ]
    for mine, other in pairs:
        for B, T, hidden in ((32, 64, 128), (32, 64, 256), (32, 16, 256), (64, 12, 96)):
            ours, theirs = mine(64, hidden), other(64, hidden, batch_first=True)
            ours.load_state_dict(theirs.state_dict())
            X = torch.randn(B, T, 64)
            torch.testing.assert_close(ours(X)[0], theirs(X)[0])
            runs = over_time(ours, X), over_time(theirs, X)
            name = f"{mine.__name__}, {B} × {T} × 64, {hidden} hidden"
            compare(name, *runs, 21)


def looking(layer: nn.Module, X: Tensor, **told: bool) -> Run:
    """Return a function that attends forth, and back to X and the weights."""
    inputs = [X.requires_grad_(), *layer.parameters()]

    def run() -> Sequence[Tensor]:
        output = layer(X, X, X, **told)[0]
        return torch.autograd.grad(output.sum(), inputs)

    return run


def attentions() -> None:
    """Multi-head attention, by its formula and fused, against PyTorch's.

    Theirs gives the weights of each head for the former, none for the latter.
    """
    torch.manual_seed(0)
    for B, T, C, heads in ((64, 12, 64, 4), (12, 64, 128, 4), (4, 256, 128, 4)):
        theirs = nn.MultiheadAttention(C, heads, batch_first=True)
        X = torch.randn(B, T, C)
        for name, ours, told in (
            (
                "formula",
                MultiHeadAttention(C, heads),
                {"average_attn_weights": False},
            ),
            (
                "fused",
                MultiHeadAttention(C, heads, attention=fused_attention),
                {"need_weights": False},
            ),
        ):
            ours.load_state_dict(theirs.state_dict())
            expected = theirs(X, X, X, **told)[0]
            torch.testing.assert_close(ours(X, X, X)[0], expected)
            runs = looking(ours, X), looking(theirs, X, **told)
            compare(f"attention, {name}, {B} × {T} × {C}, {heads} heads", *runs)


class TheirTransformer(nn.Module):
    """Translate with nn.Transformer, between embeddings like ours."""

    def __init__(self, V: int, C: int, heads: int, layers: int, hidden: int) -> None:
        super().__init__()
        self.source, self.target = embeddings(V, C), embeddings(V, C)
        self.position = Sinusoidal()
        block = nn.TransformerEncoderLayer(
            *(C, heads, hidden, 0.0), batch_first=True, norm_first=True
        )
        self.both = nn.Transformer(
            *(C, heads, layers, layers, hidden, 0.0),
            custom_encoder=nn.TransformerEncoder(
                block, layers, nn.LayerNorm(C), enable_nested_tensor=False
            ),
            batch_first=True,
            norm_first=True,
        )

    def forward(self, source: Tensor, target_in: Tensor) -> Tensor:
        scale = self.both.d_model**0.5
        padding, T = source == PAD, target_in.shape[1]
        H: Tensor = self.both(
            self.position(scale * self.source(source)),
            self.position(scale * self.target(target_in)),
            tgt_mask=torch.ones(T, T, dtype=torch.bool).triu(1),
            tgt_is_causal=True,
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
        )
        return H @ self.target.weight.T


def translating(
    model: nn.Module, source: Tensor, target_in: Tensor, target: Tensor
) -> Run:
    """Return a function that takes one step of Adam."""
    optimizer = torch.optim.Adam(model.parameters())

    def run() -> Tensor:
        optimizer.zero_grad()
        loss = masked_cross_entropy(model(source, target_in), target)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return run


def transformers() -> None:
    """A step of the Transformer against one of nn.Transformer's."""
    torch.manual_seed(0)
    for B, S, T, V, sizes in (
        (64, 10, 14, 250, (64, 4, 2, 128)),
        (64, 10, 14, 3000, (128, 4, 3, 512)),
    ):
        theirs = TheirTransformer(V, *sizes)
        source, target = torch.randint(3, V, (B, S)), torch.randint(3, V, (B, T + 1))
        source[torch.arange(S) >= torch.randint(3, S + 1, (B, 1))] = PAD
        data = source, target[:, :-1], target[:, 1:]
        for name, attention in (("formula", written_out), ("fused", fused_attention)):
            ours = Transformer(*(V, V, *sizes), norm_first=True, attention=attention)
            for part in ("encoder", "decoder"):
                state = getattr(theirs.both, part).state_dict()
                getattr(ours, part).load_state_dict(state)
            ours.source.load_state_dict(theirs.source.state_dict())
            ours.target.load_state_dict(theirs.target.state_dict())
            other = deepcopy(theirs)
            pair = translating(ours, *data), translating(other, *data)
            torch.testing.assert_close(pair[0](), pair[1]())
            compare(f"step of Transformer, {name}, {sizes[0]} channels", *pair, 21)


def lenet(conv: Callable[..., nn.Module], pool: Callable[..., nn.Module]) -> nn.Module:
    """Return LeNet-5 with ReLU and max pooling, from one library's layers."""
    return nn.Sequential(
        *(conv(1, 6, 5, padding=2), nn.ReLU(), pool(2)),
        *(conv(6, 16, 5), nn.ReLU(), pool(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU()),
        *(nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def training_step(model: nn.Module, X: Tensor, y: Tensor) -> Run:
    """Return a function that takes one step of SGD."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def run() -> Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(model(X), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return run


def lenets() -> None:
    """A step of LeNet from our layers against one from PyTorch's."""
    torch.manual_seed(0)
    for batch_size in (32, 128):
        X, y = torch.randn(batch_size, 1, 28, 28), torch.randint(10, (batch_size,))
        ours, theirs = lenet(Conv2d, MaxPool2d), lenet(nn.Conv2d, nn.MaxPool2d)
        ours.load_state_dict(theirs.state_dict())
        pair = training_step(ours, X, y), training_step(theirs, X, y)
        torch.testing.assert_close(pair[0](), pair[1]())
        compare(f"step of LeNet, batches of {batch_size}", *pair)


def delta(
    layers: list[Dense], Z: list[np.ndarray], T: np.ndarray, depth: int, i: int
) -> float:
    """Return dL/dz of unit i of a layer, asking every unit after it again."""
    a = 1 / (1 + np.exp(-Z[depth][i]))
    if depth == len(layers) - 1:
        return float((a - T[i]) * a * (1 - a))
    W = layers[depth + 1].W
    total = sum(W[k, i] * delta(layers, Z, T, depth + 1, k) for k in range(W.shape[0]))
    return float(total * a * (1 - a))


def per_weight(layers: list[Dense], x: np.ndarray, T: np.ndarray) -> Iterator[float]:
    """Yield every dL/dW by the chain rule, one weight at a time."""
    A, Z = [x], []
    for layer in layers:
        Z.append(layer.W @ A[-1] + layer.b)
        A.append(1 / (1 + np.exp(-Z[-1])))
    for depth, layer in enumerate(layers):
        for i in range(layer.W.shape[0]):
            for j in range(layer.W.shape[1]):
                yield delta(layers, Z, T, depth, i) * A[depth][j]


def gradients() -> None:
    """One gradient of a sigmoid network of 4-8-8-2 units, three ways."""
    rng = np.random.default_rng(0)
    sizes = [4, 8, 8, 2]
    dense = [
        Dense(rng.normal(size=(k, c)), rng.normal(size=k)) for c, k in pairwise(sizes)
    ]
    layers = [part for layer in dense for part in (layer, Sigmoid())]
    loss = HalfSquaredError()
    x, T = rng.normal(size=(1, 4)), rng.uniform(size=(1, 2))

    def vectorised() -> np.ndarray:
        loss.forward(forward_pass(layers, x), T)
        backward_pass(layers, loss.backward())
        return np.concatenate([layer.dW.ravel() for layer in dense])

    def recursive() -> np.ndarray:
        return np.array(list(per_weight(dense, x[0], T[0])))

    def numerical() -> np.ndarray:
        found = []
        for layer in dense:
            kept = layer.W

            def f(W: np.ndarray, layer: Dense = layer) -> float:
                layer.W = W
                return loss.forward(forward_pass(layers, x), T)

            found.append(numerical_gradient(f, kept).ravel())
            layer.W = kept
        return np.concatenate(found)

    np.testing.assert_allclose(recursive(), vectorised(), rtol=1e-9)
    np.testing.assert_allclose(numerical(), vectorised(), rtol=1e-4, atol=1e-9)
    compare("recursive per weight, 4-8-8-2", recursive, vectorised)
    compare("numerical, 4-8-8-2", numerical, vectorised)


def main() -> None:
    """Print all ratios."""
    torch.set_num_threads(1)
    print(f"{'ours ÷ theirs':44} {'median':>9}   (quartiles)")
    loops()
    loss_functions()
    optimizers()
    convolutions()
    batch_norms()
    recurrences()
    attentions()
    transformers()
    lenets()
    print("\nand how many times longer than vectorised backpropagation:")
    gradients()


def same_losses() -> Tensor:
    """Check that both loops do the same work."""
    X, y = load_digits().train
    found = []
    for loop in (our_loop, bare_loop):
        torch.manual_seed(0)
        found.append(
            torch.tensor(loop(MLP([64, 32, 10]), Batches(X, y, batch_size=32), 50))
        )
    torch.testing.assert_close(*found, rtol=0, atol=0)
    return found[0]


if __name__ == "__main__":
    same_losses()
    main()
