"""Train a language model that has no state on windows of a text."""

import os

import torch
from torch import Tensor, nn

from dlnotes.language.batches import RandomWindows
from dlnotes.schedule import cosine, warm_up
from dlnotes.train.full import best_device, unfinished
from dlnotes.train.history import History
from dlnotes.train.hooks import clip_gradients, schedule_lr
from dlnotes.train.loop import train
from dlnotes.train.text import entries, next_loss

WINDOWS = 100  # windows, when nothing is to be learned from them


def fit_windows(
    model: nn.Module,
    ids: Tensor,
    optimizer: torch.optim.Optimizer,
    steps: int,
    batch_size: int = 32,
    T: int = 64,
) -> History:
    """Train `model`, which maps ids (B, T) to logits (B, T, V), on a text.

    The text (N,) is read in `RandomWindows`: what comes before a window is
    unknown to the model. The optimizer's rate rises for a tenth of the
    steps to what it is, and falls from there to 0 along a cosine;
    gradients are clipped at 1.
    """
    if os.environ.get("DLNOTES_SCALE") == "full":
        model.to(best_device())
        ids = ids.to(best_device())
    batches = RandomWindows(ids, batch_size, T)
    schedule_lr(optimizer, warm_up(steps // 10, cosine(steps - steps // 10)))
    clip_gradients(optimizer, threshold=1)
    checkpoint = None
    if os.environ.get("DLNOTES_SCALE") == "full":
        parts = model, optimizer
        checkpoint = unfinished(parts, [ids], steps, every=len(batches))
    return train(
        model, next_loss, optimizer, batches, steps, (), checkpoint, entries
    )


@torch.no_grad()
def score_windows(
    model: nn.Module, ids: Tensor, T: int, stride: int
) -> Tensor:
    """Return log p of each token of a text (N,) but the first: (N − 1,).

    The model reads windows of T tokens that begin `stride` apart; the last
    one ends with the text. A token is scored in the first window that ends
    with it or later, and so after more than T − `stride` tokens, unless the
    text has fewer before it. A stride of 1 gives each the longest context,
    and costs T times as much as one of T. The model is in evaluation mode
    meanwhile.

    Raises:
        ValueError: the windows would leave tokens out, or do not move.
    """
    check_stride(ids, T, stride)
    training, device = model.training, next(model.parameters()).device
    model.eval()
    T = min(T, len(ids) - 1)
    last = len(ids) - 1 - T  # where the last window begins
    begin = torch.tensor([*range(0, last, stride), last])
    new = begin.diff(prepend=torch.tensor([-T]))  # tokens in each window
    ids, at, found = ids.to(device), torch.arange(T), []
    for first, n in zip(begin.split(WINDOWS), new.split(WINDOWS), strict=True):
        place = first[:, None] + at  # (B, T)
        log_q = model(ids[place]).log_softmax(-1)  # (B, T, V)
        log_p = log_q.gather(2, ids[place + 1][..., None])[..., 0].cpu()
        found.append(log_p[at >= T - n[:, None]])
    model.train(training)
    return torch.cat(found)


def check_stride(ids: Tensor, T: int, stride: int) -> None:
    """Refuse windows that do not go through a text, token by token.

    Raises:
        ValueError: the text is not (N,) of 2 tokens or more, or the stride
            is not from 1 to T.
    """
    if ids.ndim != 1 or len(ids) < 2:
        raise ValueError(
            f"ids are {tuple(ids.shape)}: a text (N,) of at least 2 tokens "
            "is needed"
        )
    if not 1 <= stride <= T:
        raise ValueError(
            f"stride is {stride} and T is {T}: windows of T tokens leave out "
            "none if they begin from 1 to T tokens apart"
        )
