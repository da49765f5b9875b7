"""English."""

import re

from dlnotes.book.locales.characters import DOUBLE_SPACE, HAN, WIDE
from dlnotes.book.locales.language import Language, Words

WORDS = Words(
    run_of="Run of",
    measured_by="measured by",
    run_page="run page",
    one_file="one file, no dlnotes needed",
    runs=("Snippet", "Seconds", "Peak memory", "Downloads"),
    ran_in="Ran in {seconds:.2f} s",
    peak_memory="peak memory {size:.0f} MiB",
    used_in="Used in: ",
    unused="No chapter uses this run.",
    figure="figure {number} of {name}",
    setup_title="How to run the code of this chapter",
    setup_copy="A block of code can be copied in two ways. With what it needs – the "
    "earlier cells of its program, or the imports of a function – it runs wherever "
    "it is pasted; alone, it runs after those. The code imports `dlnotes`, the "
    "package of this book. Get it from the book’s repository, as below, and not "
    "from the Python Package Index, where another project has that name.",
    setup_whole="Each program of the chapter is run as the last line shows. Of the "
    "links, the last one is the program as one file that needs no `dlnotes`.",
    setup_imports="The imports of all these programs:",
    setup_differ="Left out, since its meaning differs between the programs: {}.",
    program_origin="snippets/{name}.py in one file, no dlnotes needed.",
    program_needs="It needs: pip install {needs}",
    program_begins="What it uses of the book's library begins at line {line}.",
    program_library="What the program uses of the book's library.",
    install="The book's package; on the package index, its name is another project's.",
    term_link="Link to this term",
    bases="Bases: ",
)
ENGLISH = Language(
    code="en",
    tag="en",
    name="English",
    comma=", ",
    spaced=True,
    endings=("s", "es"),
    sort_key=str.encode,
    typography={
        "full-width punctuation in English": re.compile(
            rf"(?<![{HAN}])[{WIDE}\u3000](?![{HAN}])"
        ),
        "-- instead of a dash": re.compile(
            r"(?<=[^\s-] )--(?= [^\s-])|(?<=\w)--(?=\w)"
        ),
        "double space": re.compile(DOUBLE_SPACE),
    },
    words=WORDS,
)
