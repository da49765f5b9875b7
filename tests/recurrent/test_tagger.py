"""A network that labels tokens: its shapes, its loss, what it refuses."""

import pytest
import torch
from torch import nn

from dlnotes.losses import IGNORE
from dlnotes.recurrent.lstm import LSTM
from dlnotes.recurrent.tagger import Tagger, tag_accuracy, tag_loss


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


@pytest.mark.parametrize("kind", [LSTM, nn.LSTM])
def test_a_layer_of_other_features_is_refused(kind: type) -> None:
    message = "^the embedding has 5 features, the recurrent layer expects 4$"
    with pytest.raises(ValueError, match=message):
        Tagger(8, 5, kind(4, 6), 3)


def test_a_layer_with_the_batch_second_is_refused() -> None:
    message = "^the batch comes first here: give PyTorch's layer batch_first=True$"
    with pytest.raises(ValueError, match=message):
        Tagger(8, 4, nn.LSTM(4, 6), 3)
