"""A recurrent model that goes on, in each batch, where the last one ended."""

from typing import Any

from torch import Tensor, nn

from dlnotes.nested import map_tensors


class Carry(nn.Module):
    """Hand a recurrent model the state that the batch before left.

    `model(*inputs, state)` returns its outputs and the next state: tensors
    or tuples of them, None before the first batch. Gradients stop at the
    border of the batch. Training and evaluation have a state each: that of
    training is kept, with the weights, in a checkpoint; that of evaluation
    begins anew with every `eval()`.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.states: dict[bool, Any] = {}  # by whether the model trains

    def forward(self, *inputs: Tensor) -> Any:
        """Return the outputs alone."""
        outputs, state = self.model(*inputs, self.states.get(self.training))
        self.states[self.training] = map_tensors(Tensor.detach, state)
        return outputs

    def reset(self, *_: object) -> None:
        """Forget the state, before the first batch of a text. A hook, too."""
        self.states.pop(self.training, None)

    def train(self, mode: bool = True) -> "Carry":
        """Set the mode; evaluation begins without a state."""
        if not mode:
            self.states.pop(False, None)
        return super().train(mode)

    def get_extra_state(self) -> Any:
        """Return what `state_dict` keeps besides the weights."""
        return self.states.get(True)

    def set_extra_state(self, state: Any) -> None:
        """Go on from `state`, on the device that the weights are on."""
        device = next(self.parameters()).device
        self.states = {}
        if state is not None:
            self.states[True] = map_tensors(lambda x: x.to(device), state)
