"""Letters drawn with the fonts that come with matplotlib."""

from string import ascii_letters

import numpy as np
import torch
from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, pad

from dlnotes.data.images import ImageSet

FAMILIES = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "STIXGeneral")
FACES = [
    f"{family}:{style}:{weight}"  # as fontconfig writes it
    for family in FAMILIES
    for style in ("roman", "italic")
    for weight in ("regular", "bold")
]
POINTS = 48  # of the letters before they are made small
TILE = 8  # pixels, as wide and as high as scikit-learn's digits


def load_letters() -> ImageSet:
    """Return the 52 letters a–z and A–Z in each face, 8 × 8 pixels.

    The labels are 0 to 51, in the order of `string.ascii_letters`.
    """
    drawn, labels = [], []
    for face in FACES:
        font = FT2Font(findfont(face, fallback_to_default=False))
        for label, letter in enumerate(ascii_letters):
            drawn.append(draw_letter(font, letter))
            labels.append(label)
    return ImageSet(torch.stack(drawn).flatten(1), torch.tensor(labels))


def draw_letter(font: FT2Font, letter: str) -> Tensor:
    """Return a letter as (8, 8), as high or as wide as that allows."""
    font.set_size(POINTS, 72)
    font.set_text(letter)
    font.draw_glyphs_to_bitmap()
    drawn = torch.tensor(np.asarray(font.get_image()) / 255).float()
    rows, columns = drawn.any(dim=1).nonzero(), drawn.any(dim=0).nonzero()
    drawn = drawn[
        rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
    ]
    H, W = drawn.shape
    side = max(H, W)
    top, left = (side - H) // 2, (side - W) // 2
    square = pad(drawn, (left, side - W - left, top, side - H - top))
    return adaptive_avg_pool2d(square[None], TILE)[0]
