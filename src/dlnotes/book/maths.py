"""Turn TeX into MathML, and cut the font that shows it to the characters in use."""

import html
import io
import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from dlnotes.book.errors import BookError

ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "−×·…′∑∏∫√()[]{}|‖⟨⟩"


@cache
def to_mathml(tex: str, *, display: bool) -> str:
    r"""Convert TeX to MathML Core.

    Args:
        tex: the formula without its dollar signs.
        display: set it as a line of its own.

    Raises:
        BookError: the TeX is not valid or uses a command that MathML lacks.
    """
    from math_core import LatexError, LatexToMathML

    converter = LatexToMathML(fancy_error=False)
    try:
        return converter.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        raise BookError(_complaint(tex, str(error))) from error


def _complaint(tex: str, message: str) -> str:
    """Say which part of a formula is wrong; math-core names the place by number."""
    place = re.match(r"(\d+): ", message)
    start = max(min(int(place[1]), len(tex)) - 20, 0) if place else 0
    part = " ".join(tex[start : start + 40].split())
    return f"formula `{part}`: {message[place.end() if place else 0 :]}"


def characters(mathml: Iterable[str]) -> set[str]:
    """Return the characters that some MathML shows."""
    return set(html.unescape("".join(re.sub(r"<[^>]*>", "", m) for m in mathml)))


def subset_font(shown: set[str]) -> bytes:
    """Return STIX Two Math, cut to some characters, as a WOFF2 font.

    The mathematical italic and bold forms that MathML derives from plain letters are
    kept along with them.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont

    letters = map(chr, [*range(0x2100, 0x2150), *range(0x1D400, 0x1D800)])
    spec = find_spec("ziamath")  # for its font; the package need not be imported
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["*"]
    options.drop_tables += ["DSIG"]
    styled = [c for c in letters if _plain(c) in shown]
    font = TTFont(path, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted({*shown, *ALWAYS, *styled})))
    cutter.subset(font)
    buffer = io.BytesIO()
    subset.save_font(font, buffer, options)
    return buffer.getvalue()


def _plain(character: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKC", character)
