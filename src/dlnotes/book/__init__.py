"""The engine of the book: runs snippets, keys the runs, weaves them into pages.

Its rooms, each of which imports from those above it only:

- `locales`: the languages of the book, what each says and how it is written
- `storage`: the store of runs, and the cache of all that is derived from them
- `source`: the package and the snippets as text
- `closure`: what a program reaches, the code of its key and of its one file
- `figures`: matplotlib's figures as themed SVG with labels to translate
- `sandbox`: one snippet in a process of its own, with what it shows and reads
- `execution`: the processes that run snippets, with their limits
- `bundle`: a snippet and all that it reaches as one standalone program
- `freshness`: the fingerprints of runs, which of them are stale, and running those
- `pages`: a chapter as blocks, inline pieces and directives, with lines
- `language`: catalogue, terms, typography
- `html`: outputs, code to copy and runs as HTML
- `weaving`: chapters and runs to the Markdown of pages
- `checks`: what is wrong with the sources, with file and line
- `publishing`: all languages built and published
- `serving`: the site on an author's machine, built again on every change

`book` says where the parts of a book lie on disk; `markdown` and the hooks are what
`mkdocs.yml` names; `cli` is the command.
"""
