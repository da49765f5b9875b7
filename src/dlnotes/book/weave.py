"""Weave a chapter: Markdown and runs in, Markdown out; a pure function."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dlnotes.book import render
from dlnotes.book.blocks import Block
from dlnotes.book.comments import translate_comments
from dlnotes.book.directive import Directive
from dlnotes.book.errors import BookError
from dlnotes.book.inline import VALUE, Piece, Value, inline
from dlnotes.book.maths import to_mathml
from dlnotes.book.page import scan
from dlnotes.book.snippet import Snippet
from dlnotes.book.store import Run
from dlnotes.book.symbols import Library
from dlnotes.book.typography import join_han

FULL_WIDTH = "，。；：？！）、」”"
CLOSING = re.compile(rf"[,.;:!?)\]{FULL_WIDTH}]*")

Stash = Callable[[str], str]


@dataclass(frozen=True)
class Sources:
    """What pages are woven from.

    Args:
        library: the package's source.
        snippets: by name.
        runs: the fresh ones by snippet name.
        stale: snippet name -> why it has no fresh run.
        catalogue: label or comment -> Chinese.
    """

    library: Library
    snippets: Mapping[str, Snippet]
    runs: Mapping[str, Run]
    stale: Mapping[str, str]
    catalogue: Mapping[str, str]

    def snippet(self, name: str) -> Snippet:
        """Return a snippet by name, with an error that offers near names."""
        if name not in self.snippets:
            near = difflib.get_close_matches(name, self.snippets, 3, 0.5)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise BookError(f"no snippet {name!r} in snippets/{hint}")
        return self.snippets[name]

    def run(self, name: str) -> Run:
        """Return a fresh run by name, with an error that says why there is none."""
        self.snippet(name)
        if name not in self.runs:
            why = self.stale.get(name, "it has not run yet")
            raise StaleError(
                f"the run of {name} is stale: {why}; run `dlnotes run {name}`"
            )
        return self.runs[name]


class StaleError(BookError):
    """A page needs a run that is not there."""


@dataclass
class Weaver:
    """Weaves one page.

    Args:
        sources: what to weave from.
        language: `en` or `zh`.
        path: the page's path below its language's folder, such as
            `foundations/perceptron.md`; `file` is what errors call it.
        stash: keeps a piece of HTML out of Markdown's way; returns what stands for it.
    """

    sources: Sources
    language: str
    path: str
    file: str
    stash: Stash
    errors: list[BookError] = field(default_factory=list)
    line: int = 1
    figures: int = 0

    @property
    def up(self) -> str:
        """The way from the page to the root of its language's site."""
        return "../" * self.path.count("/")

    def weave(self, text: str) -> str:
        """Return the woven page; `errors` then holds what is wrong with it."""
        blocks, errors = scan(text, self.file)
        self.errors += errors
        return "".join(self._block(block) for block in blocks)

    def fail(self, error: BookError) -> None:
        """Note an error at the current line."""
        kind = type(error)
        self.errors.append(kind(error.message, self.file, error.line or self.line))

    def _block(self, block: Block) -> str:
        self.line = block.line
        try:
            if block.directive:
                return self._directive(block.directive)
            if block.kind == "equation":
                return self._equation(block)
        except BookError as error:
            self.fail(error)
            return block.text
        if block.kind in ("front-matter", "fence", "html", "blank"):
            return block.text
        text = self.prose(block.text)
        joins = self.language == "zh" and block.kind in ("paragraph", "item")
        return join_han(text) if joins else text

    def prose(self, text: str) -> str:
        """Weave running text: values become text, formulas MathML."""
        start = self.line
        woven: list[str] = []
        held = ""  # punctuation that must not leave the formula before it
        pieces = list(inline(text))
        for piece, after in zip(pieces, [*pieces[1:], None], strict=True):
            if held:
                rest = piece.raw.removeprefix(held)
                wide = held[-1] in FULL_WIDTH  # sets its own space: no newline after it
                piece = replace(
                    piece, raw=re.sub(r"^\n[ \t]*", "", rest) if wide else rest
                )
                held = ""
            if piece.kind == "math" and after and after.kind == "text":
                held = CLOSING.match(after.raw)[0]  # type: ignore[index]
            self.line = start + text.count("\n", 0, piece.start)
            try:
                woven.append(self._piece(piece, held))
            except BookError as error:
                self.fail(error)
                woven.append(piece.raw + held)
        self.line = start
        return "".join(woven)

    def _html(self, piece: Piece, closing: str = "") -> str | None:
        """Return the HTML of a value or a formula, None for other pieces."""
        if piece.value:
            text = render.number(self._value(piece.value))
            return render.value(text, piece.value, self.language)
        if piece.kind == "math":
            mathml = to_mathml(self.tex(piece.content), display=False)
            return render.unbroken(mathml, closing)
        return None

    def _piece(self, piece: Piece, closing: str) -> str:
        html = self._html(piece, closing)
        if html is not None:
            return self.stash(html)
        return piece.content if piece.kind == "dollar" else piece.raw

    def tex(self, tex: str) -> str:
        """Put measured values into a formula."""

        def put(match: re.Match[str]) -> str:
            value = Value(match["name"], match["variable"], match["spec"] or "", 0, 0)
            return render.number_in_tex(self._value(value))

        return VALUE.sub(put, tex)

    def _value(self, value: Value) -> str:
        run = self.sources.run(value.name)
        label = f"[[{value.name}.{value.variable}]]"
        if value.variable not in run.values:
            near = difflib.get_close_matches(value.variable, run.values, 3, 0.5)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise BookError(
                f"{label}: the run has no number, truth value or text so named{hint}"
            )
        try:
            return format(run.values[value.variable], value.spec)
        except ValueError as error:
            kind = type(run.values[value.variable]).__name__
            raise BookError(
                f"{label}: format {value.spec!r} does not fit the {kind} "
                f"{run.values[value.variable]!r}: {error}"
            ) from error

    def _equation(self, block: Block) -> str:
        mathml = to_mathml(self.tex(block.tex), display=True)
        held = self.stash(f'<div class="dl-equation">{mathml}</div>')
        return f"\n{block.indent}{held}\n\n"

    def _directive(self, directive: Directive) -> str:
        parts = {
            "source": self._source,
            "code": self._code,
            "run": self._run,
            "runs": self._runs,
        }.get(directive.kind, self._output)(directive)
        text = "\n\n".join(parts)
        lines = [directive.indent + line if line else "" for line in text.split("\n")]
        return "\n" + "\n".join(lines) + "\n\n"

    def _fence(self, code: str, directive: Directive, where: str) -> str:
        if self.language == "zh":
            code, missing = translate_comments(code, self.sources.catalogue)
            for _, comment in missing:
                self.fail(
                    BookError(
                        f"docs/zh.po has no translation for the comment "
                        f"{comment!r} of {where}"
                    )
                )
        lines = [render.marked(code, mark, where) for mark in directive.marks]
        return render.fence(code, lines)

    def _source(self, directive: Directive) -> list[str]:
        symbol = self.sources.library.find(directive.target)
        folder = self.sources.library.folder.parent
        origin = render.origin_of_symbol(
            symbol.name, symbol.path.relative_to(folder).as_posix(), self.up
        )
        return [
            self._fence(symbol.source, directive, directive.target),
            self.stash(origin),
        ]

    def _code(self, directive: Directive) -> list[str]:
        snippet = self.sources.snippet(directive.target)
        cell = snippet.cell(directive.cell or "")
        code = self._fence(cell.source, directive, f"{snippet.name}#{cell.name}")
        return [code, self.stash(render.origin_of_cell(snippet.name, self.up))]

    def _run(self, directive: Directive) -> list[str]:
        code, _ = self._code(directive)
        return [code, self.stash(self._outputs(directive, render.KINDS))]

    def _output(self, directive: Directive) -> list[str]:
        shown = self._outputs(directive, (directive.kind,))
        return [self.stash(shown)]

    def _outputs(self, directive: Directive, kinds: tuple[str, ...]) -> str:
        name, cell = directive.target, directive.cell or ""
        self.sources.snippet(name).cell(cell)
        run = self.sources.run(name)
        caption = render.caption(directive.caption, self._html)
        outputs = [
            output for output in run.outputs(cell) if render.kind_of(output) in kinds
        ]
        if not outputs and kinds != render.KINDS:
            raise BookError(f"cell {name}#{cell} has no {directive.kind}")
        outputs = [self._translated(output, f"{name}#{cell}") for output in outputs]
        self.figures += 1
        body = render.outputs(outputs, caption, f"f{self.figures}")
        return body + render.provenance(run, self.language, self.up)

    def _translated(self, output: dict, where: str) -> dict:
        if self.language != "zh":
            return output
        output, missing = render.translated(output, self.sources.catalogue)
        for label in missing:
            self.fail(
                BookError(
                    f"docs/zh.po has no translation for the label {label!r} of {where}"
                )
            )
        return output

    def _runs(self, _directive: Directive) -> list[str]:
        runs = [self.sources.run(name) for name in self.sources.snippets]
        return [self.stash(render.table_of_runs(runs, self.language, self.up))]


def weave(
    text: str,
    language: str,
    sources: Sources,
    *,
    path: str = "page.md",
    stash: Stash = str,
) -> str:
    """Weave a page.

    Args:
        text: the Markdown of a chapter.
        language: `en` or `zh`.
        sources: symbols, snippets, runs, and translations.
        path: where the page lies below its language's folder.
        stash: see `Weaver`; HTML stays as it is by default.

    Raises:
        BookError: the first thing that is wrong, with file and line.
    """
    weaver = Weaver(sources, language, path, f"docs/{language}/{path}", stash)
    woven = weaver.weave(text)
    if weaver.errors:
        raise weaver.errors[0]
    return woven
