import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from dlnotes.finetune import freeze, head_of, replace_head, two_rates
from dlnotes.train.loop import train


def network() -> nn.Sequential:
    body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    top = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(144, 5))
    return nn.Sequential(body, top)


def test_the_head_is_the_last_dense_layer_and_a_new_one_takes_its_place() -> None:
    model = network()
    name, old = head_of(model)
    assert (name, old) == ("1.2", model[1][2])
    head = replace_head(model, 10)
    assert model[1][2] is head
    assert (head.in_features, head.out_features) == (144, 10)
    assert model(torch.rand(2, 1, 8, 8)).shape == (2, 10)


def test_a_head_without_bias_is_replaced_by_one_without() -> None:
    model = nn.Sequential(nn.Linear(3, 2, bias=False))
    assert replace_head(model, 4).bias is None


def test_without_a_dense_layer_there_is_no_head() -> None:
    with pytest.raises(ValueError, match="no dense layer that could be its head"):
        head_of(nn.Sequential(nn.Conv2d(1, 10, 1)))


def test_a_frozen_network_trains_its_head_and_nothing_else() -> None:
    torch.manual_seed(0)
    model = network()
    freeze(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    X, y = 3 + torch.rand(16, 1, 8, 8), torch.arange(16) % 5
    optimizer = SGD(model.parameters(), lr=0.1)
    train(model, cross_entropy, optimizer, [(X, y)], steps=3)
    changed = {
        name
        for name, value in model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"1.2.weight", "1.2.bias"}


def test_frozen_features_are_the_same_whatever_else_is_in_the_batch() -> None:
    model = network()
    freeze(model)
    X = torch.rand(4, 1, 8, 8)
    assert torch.allclose(model(X)[:1], model(X[:1]), atol=1e-6)


def test_two_rates_reach_every_parameter_once() -> None:
    model = network()
    body, head = two_rates(model, 0.01, 0.5)
    assert (body["lr"], head["lr"]) == (0.01, 0.5)
    assert [p.shape for p in head["params"]] == [(5, 144), (5,)]
    together = {id(p) for p in body["params"] + head["params"]}
    assert together == {id(p) for p in model.parameters()}
    assert len(body["params"]) + 2 == len(together)
