"""What directives stand for: code, outputs, and where both come from."""

from collections.abc import Callable, Collection

from dlnotes.book.errors import BookError
from dlnotes.book.figures.comments import translate_comments
from dlnotes.book.html import copied, render, results
from dlnotes.book.html.pasteable import pasteable
from dlnotes.book.pages.directive import Directive
from dlnotes.book.weaving import reference, setup
from dlnotes.book.weaving.page import Page


def _source(page: Page, directive: Directive) -> list[str]:
    library = page.sources.library
    symbol = library.find(directive.target)
    file = symbol.path.relative_to(library.folder.parent).as_posix()
    needs = copied.needs(library, symbol.name, symbol.source)
    text = f"{needs}\n\n{_spoken(page, symbol.source)}".lstrip()
    page.copied[symbol.name] = {"": pasteable(text)}
    code = _fence(page, symbol.source, directive, symbol.name)
    return [code, page.stash(render.origin_of_symbol(symbol.name, file, page.up))]


def _cell(page: Page, directive: Directive) -> str:
    snippet = page.sources.snippet(directive.target)
    cell = snippet.cell(directive.cell or "")
    known = page.copied.setdefault(snippet.name, {})
    for needed in snippet.code[: snippet.code.index(cell) + 1]:
        if needed.name not in known:
            known[needed.name] = pasteable(_spoken(page, needed.source))
    return _fence(page, cell.source, directive, f"{directive.target}#{cell.name}")


def _code(page: Page, directive: Directive) -> list[str]:
    origin = render.origin_of_cell(directive.target, page.up)
    return [_cell(page, directive), page.stash(origin)]


def _run(page: Page, directive: Directive) -> list[str]:
    code = _cell(page, directive)
    return [code, page.stash(_outputs(page, directive, results.KINDS))]


def _output(page: Page, directive: Directive) -> list[str]:
    return [page.stash(_outputs(page, directive, (directive.kind,)))]


def _setup(page: Page, _directive: Directive) -> list[str]:
    names = dict.fromkeys(item.target for item in page.directives if item.cell)
    snippets = [page.sources.snippet(name) for name in names]
    return setup.box(page.sources, snippets, page.language, page.up)


def _runs(page: Page, _directive: Directive) -> list[str]:
    runs = [page.sources.run(name) for name in page.sources.snippets]
    return [page.stash(render.table_of_runs(runs, page.language, page.up))]


def _concepts(page: Page, _directive: Directive) -> list[str]:
    return [page.stash(reference.concepts(page.sources, page.language, page.up))]


def _glossary(page: Page, _directive: Directive) -> list[str]:
    return [page.stash(reference.glossary(page.sources, page.language, page.up))]


def _fence(page: Page, code: str, directive: Directive, where: str) -> str:
    lines = [render.marked(code, mark, where) for mark in directive.marks]
    return render.fence(_spoken(page, code), lines, where)


def _spoken(page: Page, code: str) -> str:
    """Return code with its comments in the language of the page."""
    catalogue = page.sources.catalogues.get(page.language)
    return code if catalogue is None else translate_comments(code, catalogue)[0]


def _outputs(page: Page, directive: Directive, kinds: Collection[str]) -> str:
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
    shown = [_translated(page, output) for output in found]
    page.shown += 1
    body = results.outputs(shown, caption, f"f{page.shown}")
    if name in page.told:
        return body + render.provenance_again(name, page.language, page.up)
    page.told.add(name)
    return body + render.provenance(run, page.language, page.up)


def _translated(page: Page, output: results.Output) -> results.Output:
    catalogue = page.sources.catalogues.get(page.language)
    return output if catalogue is None else results.translated(output, catalogue)[0]


EXHIBITS: dict[str, Callable[[Page, Directive], list[str]]] = {
    "source": _source,
    "code": _code,
    "run": _run,
    **dict.fromkeys(results.KINDS, _output),
    "setup": _setup,
    "runs": _runs,
    "concepts": _concepts,
    "glossary": _glossary,
}


def exhibit(page: Page, directive: Directive) -> list[str]:
    """Return the blocks of Markdown that a directive becomes.

    Raises:
        BookError: it refers to something that is not there.
    """
    return EXHIBITS[directive.kind](page, directive)
