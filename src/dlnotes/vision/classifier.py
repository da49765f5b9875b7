"""What all image classifiers of the book have in common: two parts."""

from torch import Tensor, nn


class Classifier(nn.Module):
    """Map images (B, C, H, W) to logits (B, K): features, then a head.

    The features are maps (B, C', H', W') of what is where; the head says
    from them which class it is. Both are modules that a reader can take
    out, freeze or replace.

    Args:
        features: begins with a convolution over the C channels.
        head: ends with K logits.
        side: the height and width of the images, in pixels, if the head
            has weights for each place of the maps and so fits no others.

    Raises:
        ValueError: the images have no axis of channels, or not as many
            channels as the first kernels, or not the side that is asked.
    """

    def __init__(
        self, features: nn.Module, head: nn.Module, side: int | None = None
    ) -> None:
        super().__init__()
        self.features = features
        self.head = head
        self.side = side

    def forward(self, X: Tensor) -> Tensor:
        """Map images X (B, C, H, W) to logits (B, K)."""
        self.check_images(X)
        maps = self.features(X)  # (B, C', H', W')
        logits: Tensor = self.head(maps)  # (B, K)
        return logits

    def check_images(self, X: Tensor) -> None:
        """Refuse images that the layers cannot take.

        Raises:
            ValueError: as the class says.
        """
        if X.ndim != 4:
            raise ValueError(
                f"the images are {tuple(X.shape)}: they must be (B, C, H, W); "
                "X.unsqueeze(1) gives grey ones (B, H, W) their channel"
            )
        channels = next(self.features.parameters()).shape[1]
        if X.shape[1] != channels:
            raise ValueError(
                f"the images have {X.shape[1]} channels, and the model was "
                f"built for {channels}: build it with channels={X.shape[1]}"
            )
        H, W = X.shape[2:]
        if self.side is not None and (H, W) != (self.side, self.side):
            raise ValueError(
                f"the images are {H} × {W}, and the model's dense layers "
                f"are for {self.side} × {self.side}"
            )
