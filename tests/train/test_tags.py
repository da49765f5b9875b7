"""Training a network that labels tokens, and its score."""

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from dlnotes.data.brackets import draw_brackets
from dlnotes.losses import IGNORE
from dlnotes.recurrent.tagger import Tagger
from dlnotes.schedule import cosine
from dlnotes.train.batches import Batches
from dlnotes.train.tags import fit_tags, score_tags


def tagger() -> Tagger:
    torch.manual_seed(0)
    return Tagger(8, 8, nn.LSTM(8, 16, batch_first=True, bidirectional=True), 2)


def test_it_learns_a_few_strings_by_heart() -> None:
    data = draw_brackets(8, 10, torch.Generator().manual_seed(0))
    model, batches = tagger(), Batches(*data, batch_size=8)
    history = fit_tags(model, batches, Adam(model.parameters(), 0.03), steps=80)
    assert history.step == 80
    assert score_tags(model, [data]) == 1
    assert history.counts[0] == 80  # tokens


def test_the_rate_rises_and_falls_again() -> None:
    data = draw_brackets(8, 10, torch.Generator().manual_seed(0))
    model, batches, rates = tagger(), Batches(*data, batch_size=8), []
    optimizer = SGD(model.parameters(), 0.5)
    optimizer.register_step_post_hook(
        lambda *_: rates.append(optimizer.param_groups[0]["lr"])
    )
    fit_tags(model, batches, optimizer, steps=40)
    assert rates[:4] == pytest.approx([0.125, 0.25, 0.375, 0.5])
    assert rates[4:] == pytest.approx([0.5 * cosine(36)(n) for n in range(36)])


def test_the_score_is_that_of_the_labels_asked_for() -> None:
    logits = torch.eye(4)[torch.tensor([[0, 1, 2], [3, 1, 0]])]
    labels = torch.tensor([[0, IGNORE, 3], [IGNORE, 1, IGNORE]])
    batches = [(logits[:1], labels[:1]), (logits[1:], labels[1:])]
    assert score_tags(nn.Identity(), batches) == pytest.approx(2 / 3)


def test_labels_that_ask_nothing_have_no_score() -> None:
    labels = torch.full((1, 3), IGNORE)
    with pytest.raises(ValueError, match="nothing to evaluate"):
        score_tags(nn.Identity(), [(torch.zeros(1, 3, 4), labels)])
