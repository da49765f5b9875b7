"""The MkDocs hook that puts right what the theme and its plugins say of a language."""

from typing import Any

from mkdocs.config.defaults import MkDocsConfig

CHINESE = {
    '<html lang="zh"': '<html lang="zh-Hans"',
    "Bases: <code>": "基类：<code>",
}


def on_post_page(output: str, config: MkDocsConfig, **_: Any) -> str:
    """Say that Chinese pages are in simplified characters; translate what is left."""
    if config.theme["language"] == "zh":
        for theirs, ours in CHINESE.items():
            output = output.replace(theirs, ours)
    return output
