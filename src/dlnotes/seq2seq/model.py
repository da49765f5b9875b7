"""An encoder and a decoder, trained together."""

from typing import Any

import torch
from torch import Tensor, nn


class Seq2Seq(nn.Module):
    """Translate: encode a sentence, and decode what comes of it.

    The decoder has `start(encoded)`, its first state, and maps tokens (B, T)
    and a state to logits (B, T, V) and the next state, as `Decoder` does; a
    state is a nest of tensors with the rows first.

    Args:
        encoder: maps sources (B, S) to what the decoder starts from.
        decoder: as above.
        forcing: how probable it is, while training, that the decoder reads
            the true token and not the one that it has given itself.

    Raises:
        ValueError: the forcing is no probability.

    Source: Bengio et al., Scheduled sampling for sequence prediction with
    recurrent neural networks, 2015, section 2.4 (rates below 1).
    """

    def __init__(
        self, encoder: nn.Module, decoder: Any, forcing: float = 1.0
    ) -> None:
        super().__init__()
        if not 0 <= forcing <= 1:
            raise ValueError(f"forcing is {forcing}: a share from 0 to 1")
        self.encoder, self.forcing = encoder, forcing
        self.decoder = decoder  # an nn.Module with a method `start`

    def forward(self, source: Tensor, target_in: Tensor) -> Tensor:
        """Return logits (B, T, V) for sources (B, S) and target_in (B, T)."""
        state = self.start(source)
        if self.training and self.forcing < 1:
            return self.partly_forced(target_in, state)
        logits: Tensor = self.decoder(target_in, state)[0]
        return logits

    def partly_forced(self, target_in: Tensor, state: Any) -> Tensor:
        """Return logits (B, T, V), token by token.

        Each token that the decoder reads, but for the first, is that of
        target_in (B, T) with the probability `forcing`, and else the one
        that has just been the most probable.
        """
        logits, own = [], target_in[:, 0]
        for true in target_in.unbind(dim=1):  # (B,)
            forced = torch.rand(true.shape, device=true.device) < self.forcing
            token = true.where(forced, own)
            z, state = self.decoder(token[:, None], state)
            own = z[:, 0].argmax(dim=1)
            logits.append(z)
        return torch.cat(logits, dim=1)

    def start(self, source: Tensor) -> Any:
        """Return the state from which to decode sources (B, S)."""
        return self.decoder.start(self.encoder(source))

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return log p (N, V) after tokens (N,), and the state: a `Step`."""
        logits, state = self.decoder(tokens[:, None], state)
        return logits[:, 0].log_softmax(dim=1), state
