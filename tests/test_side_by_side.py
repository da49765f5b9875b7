"""Side by side, models learn what each learns alone."""

import torch
from torch.nn.functional import mse_loss
from torch.optim import Adam

from dlnotes.mlp import MLP
from dlnotes.train.batches import Batches
from dlnotes.train.loop import train
from side_by_side import SideBySide, Stacked


def test_each_model_ends_where_it_ends_alone() -> None:
    torch.manual_seed(0)
    X, y = torch.randn(2, 50, 1).double()
    ends = []
    for together in (True, False):
        torch.manual_seed(1)
        models = [MLP([1, 8, 1], torch.tanh).double() for _ in range(3)]
        batches = [Batches(X, y, batch_size=20, seed=seed) for seed in range(3)]
        if together:
            stack = SideBySide(models)
            optimizer = Adam(stack.parameters(), lr=0.1)
            train(
                stack,
                lambda *pair: 3 * mse_loss(*pair),
                optimizer,
                Stacked(*batches),
                60,
            )
        else:
            for model, own in zip(models, batches, strict=True):
                train(model, mse_loss, Adam(model.parameters(), lr=0.1), own, 60)
        ends.append(torch.stack([model(X) for model in models]))
    torch.testing.assert_close(*ends, rtol=1e-6, atol=1e-6)
    assert (ends[0][0] - ends[0][1]).abs().max() > 0.01
