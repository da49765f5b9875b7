"""Change images and sounds at random in ways that leave their label right."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import pad


class Augment(nn.Module):
    """Change each image by `transform`, in training mode only.

    Put in front of a model, it shows the model another version of an image
    in every epoch, and in evaluation the image itself. `transform` takes
    and returns an image (C, H, W), as those of torchvision's transforms
    v2 do; it is called for one image at a time, so that each has its own.
    """

    def __init__(self, transform: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.transform = transform

    def forward(self, X: Tensor) -> Tensor:
        """Map images (B, C, H, W) to images."""
        if not self.training:
            return X
        return torch.stack([self.transform(image) for image in X])


def random_shift(image: Tensor, limit: int = 4) -> Tensor:
    """Move an image (C, H, W) by up to `limit` pixels along each axis.

    What enters is black. It is torchvision's `v2.RandomCrop((H, W),
    padding=limit)`, without its checks, which take longer than the move.
    """
    H, W = image.shape[1:]
    top, left = torch.randint(2 * limit + 1, (2,)).tolist()
    wide = pad(image, (limit, limit, limit, limit))
    return wide[:, top : top + H, left : left + W]


def add_noise(
    waveform: Tensor, decibels: float, generator: torch.Generator
) -> Tensor:
    """Add white noise to a sound (..., T), so much weaker than the sound.

    The power of the sound, its mean square, is 10^(decibels / 10) times
    the variance of the noise: the signal-to-noise ratio.

    Raises:
        ValueError: the sound is silent, so that no noise is weaker.
    """
    power = waveform.square().mean(dim=-1, keepdim=True)
    if not power.all():
        raise ValueError("a silent sound has no signal-to-noise ratio")
    deviation = (power / 10 ** (decibels / 10)).sqrt()
    noise = torch.randn(waveform.shape, generator=generator)
    return waveform + deviation * noise
