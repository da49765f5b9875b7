"""Models of one kind that train side by side, for little more than the price of one."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from dlnotes.train.batches import Batch, Batches


class SideBySide(nn.Module):
    """Stack the parameters of models, which remain theirs: each of them learns.

    If the loss is the sum of the models' own, a gradient is that of each alone; and
    so is a step, of an optimizer that works in place and entry by entry.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        self.kind = [models[0]]  # in a list, or its parameters came twice
        self.names = [name for name, _ in models[0].named_parameters()]
        of_all = zip(*(model.parameters() for model in models), strict=True)
        self.stack = nn.ParameterList(torch.stack(same).detach() for same in of_all)
        for i, model in enumerate(models):
            for own, stacked in zip(model.parameters(), self.stack, strict=True):
                own.data = stacked.data[i]

    def forward(self, X: Tensor) -> Tensor:
        """Map X (models, B, ...), to each its own, to outputs (models, B, ...)."""

        def one(numbers: dict[str, Tensor], X: Tensor) -> Tensor:
            return functional_call(self.kind[0], numbers, X)

        return vmap(one)(dict(zip(self.names, self.stack, strict=True)), X)


class Stacked:
    """Give each of several models a batch of its own: tensors (models, B, ...)."""

    def __init__(self, *batches: Batches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches[0])

    def __iter__(self) -> Iterator[Batch]:
        for of_each in zip(*self.batches, strict=True):
            yield [torch.stack(tensors) for tensors in zip(*of_each, strict=True)]
