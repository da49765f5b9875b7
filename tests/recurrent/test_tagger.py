"""A network that labels tokens: its shapes, its loss, what it learns."""

import pytest
import torch
from torch import nn
from torch.optim import Adam

from dlnotes.data.brackets import draw_brackets
from dlnotes.recurrent.lstm import LSTM
from dlnotes.recurrent.tagger import IGNORE, Tagger, tag_accuracy, tag_loss
from dlnotes.train.batches import Batches
from dlnotes.train.tags import fit_tags, score_tags


@pytest.mark.parametrize("both", [False, True])
def test_every_token_gets_its_logits(both: bool) -> None:
    for layer in (
        LSTM(4, 6, 2, bidirectional=both),
        nn.LSTM(4, 6, 2, bidirectional=both, batch_first=True),
    ):
        model = Tagger(8, 4, layer, 3)
        ids = torch.randint(8, (5, 7))
        Y, _ = layer(model.embedding(ids))
        assert model(ids).shape == (5, 7, 3)
        assert torch.equal(model(ids), model.output(Y))


def test_one_direction_sees_no_later_token_and_two_do() -> None:
    ids = torch.randint(8, (1, 7))
    other = ids.clone()
    other[0, 4] = (ids[0, 4] + 1) % 8
    for both in (False, True):
        model = Tagger(8, 4, LSTM(4, 6, bidirectional=both), 3)
        same = (model(ids) == model(other))[0].all(-1).tolist()
        assert same == [not both] * 4 + [False] * 3


def test_the_loss_is_that_of_the_labels_asked_for() -> None:
    logits = torch.randn(2, 3, 4)
    labels = torch.tensor([[0, IGNORE, 3], [IGNORE, 1, IGNORE]])
    asked = [(0, 0, 0), (0, 2, 3), (1, 1, 1)]
    log_p = logits.log_softmax(-1)
    expected = -sum(log_p[place] for place in asked) / 3
    torch.testing.assert_close(tag_loss(logits, labels), expected)
    changed = logits.clone()
    changed[labels == IGNORE] += torch.randn(3, 4)
    assert torch.equal(tag_loss(changed, labels), tag_loss(logits, labels))


def test_the_accuracy_is_that_of_the_labels_asked_for() -> None:
    logits = torch.eye(4)[torch.tensor([[0, 1, 2], [3, 1, 0]])]
    labels = torch.tensor([[0, IGNORE, 3], [IGNORE, 1, IGNORE]])
    assert tag_accuracy(logits, labels).item() == pytest.approx(2 / 3)
    model = nn.Identity()
    batches = [(logits[:1], labels[:1]), (logits[1:], labels[1:])]
    assert score_tags(model, batches) == pytest.approx(2 / 3)


def test_it_learns_a_few_strings_by_heart() -> None:
    torch.manual_seed(0)
    data = draw_brackets(8, 10, torch.Generator().manual_seed(0))
    model = Tagger(8, 8, nn.LSTM(8, 16, batch_first=True, bidirectional=True), 2)
    batches = Batches(*data, batch_size=8)
    optimizer = Adam(model.parameters(), 0.03)
    history = fit_tags(model, batches, optimizer, steps=80)
    assert history.step == 80
    assert score_tags(model, [data]) == 1
    assert history.counts[0] == 80  # tokens
    assert optimizer.param_groups[0]["lr"] < 0.001
