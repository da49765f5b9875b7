"""What directives stand for: code, outputs, and where both come from."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from dlnotes.book.errors import BookError
from dlnotes.book.figures.comments import translate_comments
from dlnotes.book.html import copied, render, results
from dlnotes.book.html.pasteable import pasteable
from dlnotes.book.pages.directive import Directive
from dlnotes.book.weaving import reference, setup

if TYPE_CHECKING:
    from dlnotes.book.weaving.weave import Weaver


def _source(page: "Weaver", directive: Directive) -> list[str]:
    library = page.sources.library
    symbol = library.find(directive.target)
    file = symbol.path.relative_to(library.folder.parent).as_posix()
    needs = copied.needs(library, symbol.name, symbol.source)
    text = f"{needs}\n\n{_spoken(page, symbol.source)}".lstrip()
    page.copied[symbol.name] = {"": pasteable(text)}
    code = _fence(page, symbol.source, directive, symbol.name)
    return [code, page.stash(render.origin_of_symbol(symbol.name, file, page.up))]


def _cell(page: "Weaver", directive: Directive) -> str:
    snippet = page.sources.snippet(directive.target)
    cell = snippet.cell(directive.cell or "")
    known = page.copied.setdefault(snippet.name, {})
    for needed in snippet.code[: snippet.code.index(cell) + 1]:
        if needed.name not in known:
            known[needed.name] = pasteable(_spoken(page, needed.source))
    return _fence(page, cell.source, directive, f"{directive.target}#{cell.name}")


def _code(page: "Weaver", directive: Directive) -> list[str]:
    origin = render.origin_of_cell(directive.target, page.up)
    return [_cell(page, directive), page.stash(origin)]


def _run(page: "Weaver", directive: Directive) -> list[str]:
    code = _cell(page, directive)
    return [code, page.stash(_outputs(page, directive, results.KINDS))]


def _output(page: "Weaver", directive: Directive) -> list[str]:
    return [page.stash(_outputs(page, directive, (directive.kind,)))]


def _setup(page: "Weaver", _directive: Directive) -> list[str]:
    names = dict.fromkeys(item.target for item in page.directives if item.cell)
    snippets = [page.sources.snippet(name) for name in names]
    return setup.box(page.sources, snippets, page.language, page.up)


def _runs(page: "Weaver", _directive: Directive) -> list[str]:
    runs = [page.sources.run(name) for name in page.sources.snippets]
    return [page.stash(render.table_of_runs(runs, page.language, page.up))]


def _concepts(page: "Weaver", _directive: Directive) -> list[str]:
    return [page.stash(reference.concepts(page.sources, page.language, page.up))]


def _glossary(page: "Weaver", _directive: Directive) -> list[str]:
    return [page.stash(reference.glossary(page.sources, page.language, page.up))]


def _fence(page: "Weaver", code: str, directive: Directive, where: str) -> str:
    lines = [render.marked(code, mark, where) for mark in directive.marks]
    catalogue = page.sources.catalogues.get(page.language)
    if catalogue is not None:
        for _, comment in translate_comments(code, catalogue)[1]:
            message = untranslated_message(page.language, "comment", comment, where)
            page.fail(BookError(message))
    return render.fence(_spoken(page, code), lines, where)


def _spoken(page: "Weaver", code: str) -> str:
    """Return code with its comments in the language of the page."""
    catalogue = page.sources.catalogues.get(page.language)
    return code if catalogue is None else translate_comments(code, catalogue)[0]


def _outputs(page: "Weaver", directive: Directive, kinds: Collection[str]) -> str:
    name, cell = directive.target, directive.cell or ""
    where = f"{name}#{cell}"
    page.sources.snippet(name).cell(cell)
    run = page.sources.run(name)
    caption = render.caption(directive.caption, page.html)
    found = results.select(run.outputs(cell), kinds)
    if not found and directive.kind in kinds:
        raise BookError(f"cell {where} has no {directive.kind}")
    shown_kinds = {results.kind_of(output) for output in found}
    drawn = any(results.KINDS[kind].needs_caption for kind in shown_kinds)
    if drawn and directive.kind == "run" and not caption:
        raise BookError(f"cell {where} draws: write a caption after the reference")
    shown = [_translated(page, output, where) for output in found]
    page.shown += 1
    body = results.outputs(shown, caption, f"f{page.shown}")
    if name in page.told:
        return body + render.provenance_again(name, page.language, page.up)
    page.told.add(name)
    return body + render.provenance(run, page.language, page.up)


def _translated(page: "Weaver", output: results.Output, where: str) -> results.Output:
    catalogue = page.sources.catalogues.get(page.language)
    if catalogue is None:
        return output
    output, missing = results.translated(output, catalogue)
    for label in missing:
        message = untranslated_message(page.language, "label", label, where)
        page.fail(BookError(message))
    return output


def untranslated_message(language: str, what: str, text: str, where: str) -> str:
    """Return the error message for a comment or a label without a translation."""
    return f"docs/{language}.po has no translation for the {what} {text!r} of {where}"


EXHIBITS: dict[str, Callable[["Weaver", Directive], list[str]]] = {
    "source": _source,
    "code": _code,
    "run": _run,
    **dict.fromkeys(results.KINDS, _output),
    "setup": _setup,
    "runs": _runs,
    "concepts": _concepts,
    "glossary": _glossary,
}


def exhibit(page: "Weaver", directive: Directive) -> list[str]:
    """Return the blocks of Markdown that a directive becomes.

    Raises:
        BookError: it refers to something that is not there.
    """
    return EXHIBITS[directive.kind](page, directive)
