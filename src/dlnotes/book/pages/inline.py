"""Inline Markdown: a paragraph's text cut into prose, code, maths, values and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dlnotes.book.locales.characters import LATIN, NEUTRAL

_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|True|False|None"
_CONSTANT = rf"""(?:"[^"\n]*"|'[^'\n]*'|{_NUMBER}|\([^()\[\]\n]*\))"""
_QUOTED = rf"[^\W\d]\w*(?:\[{_CONSTANT}\])*"
VALUE = re.compile(
    rf"\[\[(?P<name>[^\W\d]\w*)\.(?P<variable>{_QUOTED})"
    r"(?::(?P<spec>[^\[\]\n]*))?\]\]"
)

_CODE = r"(?<!`)(?P<ticks>`+)(?!`)(?P<inside>.+?)(?<!`)(?P=ticks)(?!`)"
_MATH = r"(?<!\$)\$(?![\s$])(?P<tex>(?:\\.|[^$\\`])*?(?:\\.|[^$\\`\s]))\$(?![\d$])"
_TITLE = r"""(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?"""
_GOAL = r"<[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*"
_ATTRIBUTE = r"""\s+[\w:@.-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=`]+))?"""
_TOKEN = re.compile(
    rf"""(?P<escape>\\[!-/:-@\[-`{{-~])
    |(?P<code>{_CODE})
    |(?P<math>{_MATH})
    |(?P<value>\[\[[^\W\d]\w*\.{_QUOTED}(?::[^\[\]\n]*)?\]\])
    |(?P<note>\[\^[^\]\s]+\]:?)
    |(?P<definition>^[ \t]*\[[^\]\n]+\]:[ \t]+(?P<where>\S+){_TITLE}[ \t]*$)
    |(?P<open>!?\[)
    |(?P<close>\](?:\(\s*(?P<goal>{_GOAL}){_TITLE}\s*\))?)
    |(?P<auto><(?P<address>(?:https?://|mailto:)[^\s<>]+)>)
    |(?P<tag><!--.*?-->|</?[A-Za-z][\w-]*(?:{_ATTRIBUTE})*\s*/?>)
    |(?P<attributes>\{{:?[ ]*(?:[#.]|[\w-]+=)[^{{}}\n]*\}})""".replace("\n    ", ""),
    re.DOTALL | re.MULTILINE,
)

_MARKS = re.compile(r"(?<!\s)\*+|\*+(?!\s)|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)|~~|!?\[|\]")


@dataclass(frozen=True)
class Value:
    """A measured number quoted from a run, at `text[start:end]`.

    `variable` is a name, or one with constant indexes: `share["MAE"]`, `rates[-1]`.
    """

    name: str
    variable: str
    spec: str
    start: int
    end: int


@dataclass(frozen=True)
class Piece:
    r"""A piece of inline text, at `text[start : start + len(raw)]`.

    | kind | `content` |
    |---|---|
    | text | the text |
    | dollar | `$`, which the source writes as `\$` |
    | code | what stands between the backticks |
    | math | the TeX, which may hold values |
    | value | nothing: see `value` |
    | link, image | the destination; `raw` is `](destination)`, `<address>`
    or the whole line `[name]: destination` |
    | note | the footnote's name |
    | tag, attributes | the HTML tag or comment, the `{#id .class}` |
    """

    kind: str
    raw: str
    start: int
    content: str
    value: Value | None = None


def values(text: str) -> list[Value]:
    """Find every `[[name.variable:spec]]`, in code too; the spec may be missing."""
    return [
        Value(m["name"], m["variable"], m["spec"] or "", *m.span())
        for m in VALUE.finditer(text)
    ]


def inline(text: str) -> Iterator[Piece]:
    """Cut text into pieces; their `raw` joined gives the text back."""
    done = 0
    for piece in _special(text):
        if done < piece.start:
            plain = text[done : piece.start]
            yield Piece("text", plain, done, plain)
        yield piece
        done = piece.start + len(piece.raw)
    if done < len(text):
        yield Piece("text", text[done:], done, text[done:])


def _special(text: str) -> Iterator[Piece]:
    """Find the pieces that are not text."""
    brackets: list[str] = []
    for match in _TOKEN.finditer(text):
        kind, raw, start = str(match.lastgroup), match[0], match.start()
        if kind == "open":
            brackets.append("image" if raw == "![" else "link")
        elif kind == "close":
            bracket = brackets.pop() if brackets else ""
            if bracket and match["goal"] is not None:
                yield Piece(bracket, raw, start, match["goal"].strip("<>"))
        elif kind == "escape":
            if raw == r"\$":
                yield Piece("dollar", raw, start, "$")
        elif kind == "value":
            (value,) = values(raw)
            value = Value(value.name, value.variable, value.spec, *match.span())
            yield Piece(kind, raw, start, "", value)
        else:
            yield _piece(kind, match)


def _piece(kind: str, match: re.Match[str]) -> Piece:
    content = {
        "code": match["inside"],
        "math": match["tex"],
        "note": match[0].strip("[^]:"),
        "definition": match["where"],
        "auto": match["address"],
    }.get(kind, match[0])
    kind = "link" if kind in ("definition", "auto") else kind
    return Piece(kind, match[0], match.start(), content)


def visible(text: str) -> tuple[str, list[int]]:
    """Show a text as a reader sees it, and where in it each character stands.

    Emphasis marks, brackets and destinations of links are left out. `LATIN` stands
    for code, maths, a value or an address; `NEUTRAL` for what has no rule of its own.
    """
    shown = []
    for piece in inline(text):
        if piece.kind in ("text", "dollar"):
            for match in re.finditer(r"\\([!-/:-@\[-`{-~])|.", piece.raw, re.DOTALL):
                char = NEUTRAL if match[1] and piece.kind == "text" else match[0][-1]
                shown.append((char, piece.start + match.start()))
        elif piece.kind in ("link", "image") and piece.raw[0] != "<":
            continue
        else:
            neutral = piece.kind in ("tag", "note", "attributes")
            shown.append((NEUTRAL if neutral else LATIN, piece.start))
    flat = "".join(char for char, _ in shown)
    marks = {i for match in _MARKS.finditer(flat) for i in range(*match.span())}
    kept = [pair for i, pair in enumerate(shown) if i not in marks]
    return "".join(char for char, _ in kept), [at for _, at in kept]
