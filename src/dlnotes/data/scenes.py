"""Handwritten digits in clutter, on canvases of 28 × 28 pixels.

At full scale, Fashion-MNIST, whose images have the same size.
"""

import os
from typing import NamedTuple

import torch
from torch import Tensor

from dlnotes.data.digits import load_digits
from dlnotes.data.images import ImageSet, Splits
from dlnotes.data.mnist import load_mnist
from dlnotes.seed import shifted

SIDE = 28  # pixels, of a canvas
PIECE = 4  # pixels, of a piece of a digit before it is enlarged
STRENGTH = 0.8  # of the pieces, as a share of the digit's


class Scenes(NamedTuple):
    """Canvases with labels, and where on them the digit is.

    `boxes` is (N, 3): the size of the digit, its top and its left edge,
    in pixels.
    """

    canvases: ImageSet
    boxes: Tensor


def load_scenes() -> Splits:
    """Return 4,000 canvases for training, 1,000 to validate, 2,000 to test.

    Each set shows digits of its own, by the split of `load_digits`: no
    image of a test digit, nor a piece of one, is on a training canvas.
    """
    if os.environ.get("DLNOTES_SCALE") == "full":
        return load_mnist("FashionMNIST")
    counts = zip(load_digits(), (4000, 1000, 2000), strict=True)
    made = [
        draw_scenes(digits, n, seed) for seed, (digits, n) in enumerate(counts)
    ]
    return Splits(*(scenes.canvases for scenes in made))


def draw_scenes(
    source: ImageSet,
    count: int,
    seed: int,
    sizes: tuple[float, float] = (16, 20),
    pieces: int = 4,
    spread: float = 1.0,
) -> Scenes:
    """Draw `count` canvases, each with an image of `source` among pieces.

    The image is enlarged to a size between the two of `sizes`, in pixels,
    and put anywhere that it fits; `spread` 0 puts all in the middle. Each
    of the `pieces` is 4 × 4 pixels of some image of `source`, enlarged to
    7, at 0.8 of its brightness. Where several overlap, the brightest shows.
    """
    generator = torch.Generator().manual_seed(shifted(seed))
    chosen = torch.randint(len(source.X), (count,), generator=generator)
    u = torch.rand(3, count, generator=generator)
    size = sizes[0] + (sizes[1] - sizes[0]) * u[0]
    top, left = (SIDE - size) * (0.5 + spread * (u[1:] - 0.5))
    canvas = place(source.images[chosen, 0], size, top, left)
    for _ in range(pieces):
        clutter = draw_pieces(source, count, generator)
        canvas = torch.maximum(canvas, STRENGTH * clutter)
    found = ImageSet(canvas.flatten(1), source.y[chosen])
    return Scenes(found, torch.stack([size, top, left], dim=1))


def draw_pieces(
    source: ImageSet, count: int, generator: torch.Generator
) -> Tensor:
    """Return (count, 28, 28): on each canvas a piece of an image, anywhere."""
    chosen = torch.randint(len(source.X), (count,), generator=generator)
    windows = source.images[chosen, 0]  # (count, side, side)
    windows = windows.unfold(1, PIECE, 1).unfold(2, PIECE, 1).flatten(1, 2)
    which = torch.randint(windows.shape[1], (count,), generator=generator)
    piece = windows[torch.arange(count), which]  # (count, 4, 4)
    size = torch.full((count,), 1.75 * PIECE)
    top, left = (SIDE - size) * torch.rand(2, count, generator=generator)
    return place(piece, size, top, left)


def place(tiles: Tensor, size: Tensor, top: Tensor, left: Tensor) -> Tensor:
    """Put tiles (N, lines, lines), enlarged to `size` (N,), on canvases.

    Returns (N, 28, 28), black around the tiles. Enlarging is bilinear,
    and so two products of matrices: one for rows and one for columns.
    """
    lines = tiles.shape[1]
    rows = interpolation(lines, size, top)
    columns = interpolation(lines, size, left)
    return rows @ tiles @ columns.transpose(1, 2)


def interpolation(lines: int, size: Tensor, start: Tensor) -> Tensor:
    """Return the weights (N, 28, lines) of a tile's lines in a canvas's 28.

    Canvas line r lies at p = (r + 1/2 - start) · lines / size - 1/2 in the
    tile, and takes of line k the share 1 - |p - k|, if that is positive.
    """
    r = torch.arange(SIDE)
    p = (r + 0.5 - start[:, None]) * lines / size[:, None] - 0.5  # (N, 28)
    return (1 - (p[:, :, None] - torch.arange(lines)).abs()).clamp(min=0)
