"""How far back a recurrent network remembers: gradients, and open gates."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def state_gradients(
    cell: Callable[[Tensor, Any], Any],
    X: Tensor,
    loss: Callable[[Tensor], Tensor],
) -> Tensor:
    """Return the norms of dL/dh_t after each step t of X (B, T, C).

    The loss is a scalar of the last h alone, (B, hidden). The result is
    (1, T), and for an LSTM's cell (2, T): of dL/dh_t and of dL/dc_t, where
    c_t acts through h_t, too.

    Source: Pascanu, Mikolov and Bengio, On the difficulty of training
    recurrent neural networks, 2013, section 2.
    """
    steps: list[tuple[Tensor, ...]] = []
    state = None
    with torch.enable_grad():
        X = X.detach().requires_grad_()
        for x in X.unbind(1):
            state = cell(x, state)
            steps.append((state,) if isinstance(state, Tensor) else state)
        parts = list(zip(*steps, strict=True))  # all h, and all c
        L = loss(steps[-1][0])
    gradients = torch.autograd.grad(L, [state for p in parts for state in p])
    norms = torch.stack([g.norm() for g in gradients])
    return norms.view(len(parts), -1)


def open_gates(model: nn.Module, bias: float) -> None:
    """Let the gates that keep a state start open, in place.

    These are z of every GRU and f of every LSTM, ours and PyTorch's, cells
    and layers. Their two biases then add up to `bias`, and σ(bias) of the
    state stays in a step where inputs and state say nothing: .95 for 3.

    Raises:
        ValueError: the model has no such gate, or none with a bias.

    Source: Gers, Schmidhuber and Cummins, Learning to forget, 2000;
    Jozefowicz, Zaremba and Sutskever, An empirical exploration of
    recurrent network architectures, 2015.
    """
    weights = dict(model.named_parameters())
    opened = False
    for name, b in weights.items():
        if "bias_ih" in name or "bias_hh" in name:
            W = weights[
                name.replace("bias_ih", "weight_hh").replace("bias", "weight")
            ]
            hidden = W.shape[1]
            if len(b) > hidden:  # r, z, n or i, f, g, o
                with torch.no_grad():
                    b[hidden : 2 * hidden] = bias if "ih" in name else 0
                opened = True
    if not opened:
        raise ValueError(
            "there is nothing to open: no GRU or LSTM with biases in the model"
        )
