"""The MkDocs hook that puts right what the theme and its plugins say of a language."""

from typing import Any

from mkdocs.config.defaults import MkDocsConfig

from dlnotes.book.locales.languages import LANGUAGES


def on_post_page(output: str, config: MkDocsConfig, **_: Any) -> str:
    """Say precisely which language a page is in; translate what is left."""
    language = LANGUAGES[config.theme["language"]]
    output = output.replace(
        f'<html lang="{language.code}"', f'<html lang="{language.tag}"'
    )
    return output.replace("Bases: <code>", f"{language.words.bases}<code>")
