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

    Kept along with them are the italic forms of letters, which browsers show in place
    of a letter that stands alone, and what the sizes of scripts need.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont

    spec = find_spec("ziamath")  # for its font; the package need not be imported
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["ccmp", "dtls", "flac", "kern", "locl", "ssty"]
    options.drop_tables += ["DSIG"]
    font = TTFont(path, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    kept = {*shown, *ALWAYS}
    cutter.populate(text="".join(sorted({*kept, *_italics(kept)})))
    cutter.subset(font)
    buffer = io.BytesIO()
    subset.save_font(font, buffer, options)
    return buffer.getvalue()


def _italics(letters: set[str]) -> set[str]:
    """Return the mathematical italic forms of some letters."""
    from unicodedata import name, normalize

    styled = map(chr, range(0x1D400, 0x1D800))
    italic = {c for c in styled if name(c, "").startswith("MATHEMATICAL ITALIC ")}
    italic.add("\N{PLANCK CONSTANT}")  # stands for the italic h
    return {c for c in italic if normalize("NFKC", c) in letters}
