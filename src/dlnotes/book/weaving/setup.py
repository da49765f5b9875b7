"""The folded box that says how to run a chapter's programs."""

import html
import textwrap

from dlnotes.book.bundle.hoist import Import
from dlnotes.book.errors import BookError
from dlnotes.book.html import copied, render
from dlnotes.book.pages.directive import Directive
from dlnotes.book.source.snippet import Snippet
from dlnotes.book.weaving.sources import Sources

CODE = {"source", "code", "run"}
WORDS = {
    "en": {
        "title": "How to run the code of this chapter",
        "copy": "A block of code can be copied in two ways. With what it needs – the "
        "earlier cells of its program, or the imports of a function – it runs wherever "
        "it is pasted; alone, it runs after those. The code imports `dlnotes`, the "
        "package of this book. Get it from the book’s repository, as below, and not "
        "from the Python Package Index, where another project has that name.",
        "whole": "Each program of the chapter is run as the last line shows. Of the "
        "links, the last one is the program as one file that needs no `dlnotes`.",
        "imports": "The imports of all these programs:",
        "differ": "Left out, since its meaning differs between the programs: {}.",
    },
    "zh": {
        "title": "怎样运行本章的代码",
        "copy": "每段代码有两种复制方式。连同所需的代码一起复制（程序里前面的各个单元，"
        "或者函数用到的导入语句），粘贴到哪里都能运行；只复制这一段，则要在那些代码之后运行。"
        "代码会导入本书的软件包 `dlnotes`，请像下面这样从本书的仓库安装："
        "Python 软件包索引（PyPI）上的同名软件包属于另一个项目。",
        "whole": "本章的每个程序都照最后一行那样运行。"
        "各行链接中的最后一个是单文件程序，不需要 `dlnotes`。",
        "imports": "这些程序的全部导入语句：",
        "differ": "没有列出的名字，在各个程序里所指不同：{}。",
    },
}


def box(sources: Sources, snippets: list[Snippet], language: str, up: str) -> list[str]:
    """Return the Markdown of the box: how to get the package, programs, imports.

    Raises:
        BookError: the setting of the repository is missing.
    """
    if not sources.repository:
        raise BookError(
            "@setup needs the address of the repository: set Repository below "
            "[project.urls] in pyproject.toml"
        )
    words = WORDS[language]
    parts = [words["copy"], _console(sources.repository, snippets)]
    if snippets:
        parts += [words["whole"], _programs(snippets, language, up)]
        parts += [words["imports"], *_imports(sources, snippets, words["differ"])]
    inside = textwrap.indent("\n\n".join(parts), "    ")
    return [f'??? note "{words["title"]}"\n\n{inside}']


def missing(path: str, directives: list[Directive], file: str) -> list[BookError]:
    """Return the error of a chapter that shows code without the box, if it is one.

    Args:
        path: the page below its language's folder.
        directives: those of the page.
        file: what errors call it.
    """
    kinds = {directive.kind for directive in directives}
    part = path.rpartition("/")[0]
    if part in ("", "reference") or "setup" in kinds or not kinds & CODE:
        return []
    message = "the chapter shows code: write @setup on a line before its first section"
    return [BookError(message, file, 1)]


def _console(repository: str, snippets: list[Snippet]) -> str:
    lines = [
        f"git clone {repository} dlnotes",
        "cd dlnotes",
        "python3 -m venv .venv",
        ". .venv/bin/activate",
        "pip install -e .",
        *(f"python snippets/{snippet.name}.py" for snippet in snippets[:1]),
    ]
    return "\n".join(["```console", *(f"$ {line}" for line in lines), "```"])


def _programs(snippets: list[Snippet], language: str, up: str) -> str:
    """Return the list of programs, each with its run page and its downloads."""
    return "\n".join(
        f"- <span data-search-exclude><code>{html.escape(snippet.name)}</code> · "
        f"{render.downloads(snippet.name, language, up)}</span>"
        for snippet in snippets
    )


def _imports(sources: Sources, snippets: list[Snippet], differ: str) -> list[str]:
    """Return one block of imports, and a line on the names of several meanings."""
    meanings: dict[str, dict[str, Import]] = {}
    for snippet in snippets:
        for name, item in copied.imported(snippet.module).items():
            meanings.setdefault(name, {})[item.target] = item
    items = [item for found in meanings.values() for item in found.values()]
    clear = [item for item in items if len(meanings[item.bound]) == 1]
    doubtful = [f"`{name}`" for name, found in meanings.items() if len(found) > 1]
    block = f"```python\n{copied.imports(clear, sources.library.package)}\n```"
    return [block, *([differ.format(", ".join(doubtful))] if doubtful else [])]
