"""Train a language model on a text, and see what it makes of another."""

import os

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from dlnotes.language.batches import Streams
from dlnotes.language.model import LanguageModel
from dlnotes.schedule import cosine, warm_up
from dlnotes.train.carry import Carry
from dlnotes.train.full import best_device, unfinished
from dlnotes.train.history import History
from dlnotes.train.hooks import clip_gradients, every, schedule_lr
from dlnotes.train.loop import train

AT_ONCE = 1000  # tokens, when nothing is to be learned from them


def fit_text(
    model: LanguageModel,
    ids: Tensor,
    optimizer: torch.optim.Optimizer,
    steps: int,
    batch_size: int = 32,
    T: int = 64,
) -> History:
    """Train `model` on the tokens ids (N,) of a text.

    The text is read in `batch_size` streams, T tokens at a step, and the
    state is carried from step to step until the streams end. The
    optimizer's rate rises for a tenth of the steps to what it is, and
    falls from there to 0 along a cosine; gradients are clipped at 1.
    """
    if os.environ.get("DLNOTES_SCALE") == "full":
        model.to(best_device())
        ids = ids.to(best_device())
    batches, carry = Streams(ids, batch_size, T), Carry(model)
    schedule_lr(optimizer, warm_up(steps // 10, cosine(steps - steps // 10)))
    clip_gradients(optimizer, threshold=1)
    n = len(batches)
    hooks = [every(n, carry.reset)]
    checkpoint = None
    if os.environ.get("DLNOTES_SCALE") == "full":
        checkpoint = unfinished((carry, optimizer), [ids], steps, every=n)
    return train(
        carry, next_loss, optimizer, batches, steps, hooks, checkpoint, entries
    )


def next_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean −log p of targets (B, T), from logits (B, T, V)."""
    return cross_entropy(logits.flatten(0, 1), target.flatten())


def entries(target: Tensor) -> int:
    """Count the tokens of a target (B, T)."""
    return target.numel()


@torch.no_grad()
def score_text(model: LanguageModel, ids: Tensor) -> Tensor:
    """Return log p of each token of a text (N,) but the first: (N − 1,).

    The model reads the text from its beginning to its end, and knows each
    time all tokens before. It is in evaluation mode meanwhile.
    """
    training, device = model.training, next(model.parameters()).device
    model.eval()
    ids, state, found = ids.to(device), None, []
    pairs = zip(ids[:-1].split(AT_ONCE), ids[1:].split(AT_ONCE), strict=True)
    for X, y in pairs:
        logits, state = model(X[None], state)
        log_p = logits[0].log_softmax(-1)  # (T, V)
        found.append(log_p.gather(1, y[:, None])[:, 0])
    model.train(training)
    return torch.cat(found).cpu()
