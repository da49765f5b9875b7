"""The feed-forward layers against their formula."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import gelu

from compared import assert_same, numbers
from dlnotes.regularize import dropout
from dlnotes.transformer.feed_forward import Activation, FeedForward


def layers(**settings: object) -> FeedForward:
    torch.manual_seed(0)
    return FeedForward(4, 7, **settings).double()  # type: ignore[arg-type]


def test_is_the_formula() -> None:
    module = layers()
    (W_1, b_1), (W_2, b_2) = module.linear1.parameters(), module.linear2.parameters()
    assert W_1.shape == (7, 4)
    assert W_2.shape == (4, 7)

    def theirs(X: Tensor) -> Tensor:
        return (X @ W_1.T + b_1).clamp(min=0) @ W_2.T + b_2

    assert_same(module, theirs, numbers(2, 3, 4))


@pytest.mark.parametrize("activation", [gelu, torch.tanh])
def test_with_another_activation_and_without_biases(activation: Activation) -> None:
    module = layers(activation=activation, bias=False)
    W_1, W_2 = module.parameters()
    assert_same(module, lambda X: activation(X @ W_1.T) @ W_2.T, numbers(2, 3, 4))


def test_drops_hidden_units_while_training() -> None:
    module = layers(dropout=0.5)
    X = numbers(2, 3, 4)
    H = module.linear1(X).relu()
    torch.manual_seed(1)
    Y = module(X)
    torch.manual_seed(1)
    torch.testing.assert_close(Y, module.linear2(dropout(H, 0.5)))
    torch.testing.assert_close(module.eval()(X), module.linear2(H))
    assert not torch.allclose(Y, module(X))


def test_a_token_does_not_know_of_the_others() -> None:
    module, X = layers(), numbers(2, 3, 4)
    Y = module(X)
    torch.testing.assert_close(module(X[1, 2]), Y[1, 2])


def test_refuses_a_dropout_that_is_no_probability() -> None:
    with pytest.raises(ValueError, match=r"p is 1\.5: a probability below 1"):
        layers(dropout=1.5)
