"""What a block does with each token by itself: two dense layers."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import relu

from dlnotes.regularize import Dropout

Activation = Callable[[Tensor], Tensor]


class FeedForward(nn.Module):
    """Map each token to `hidden` numbers, and back to C.

    Args:
        C: the channels of a token, of which those of another know nothing.
        hidden: in the paper four times C.
        dropout: the probability, while training, of a hidden unit.
        activation: of the hidden units.
        bias: whether the layers have biases.

    Raises:
        ValueError: the dropout is no probability below 1.

    Source: Vaswani et al., Attention is all you need, 2017, eq. 2.
    """

    def __init__(
        self,
        C: int,
        hidden: int,
        dropout: float = 0.0,
        activation: Activation = relu,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.linear1 = nn.Linear(C, hidden, bias)
        self.dropout = Dropout(dropout)
        self.linear2 = nn.Linear(hidden, C, bias)

    def forward(self, X: Tensor) -> Tensor:
        """Map X (..., C) to the same shape."""
        H = self.activation(self.linear1(X))  # (..., hidden)
        Y: Tensor = self.linear2(self.dropout(H))
        return Y


def rename_on_loading(block: nn.Module) -> None:
    """Have a block with `feed_forward` load the states of PyTorch's, too.

    In those, linear1 and linear2 belong to the block itself.
    """
    nn.Module.register_load_state_dict_pre_hook(block, rename_layers)


def rename_layers(
    block: nn.Module, state: dict[str, Any], prefix: str, *_: Any
) -> None:
    """Give what PyTorch calls `linear`, below the prefix, the name of ours."""
    for name in [name for name in state if name.startswith(f"{prefix}linear")]:
        ours = f"{prefix}feed_forward.{name.removeprefix(prefix)}"
        state[ours] = state.pop(name)
