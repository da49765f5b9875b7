"""Tidy the page that mkdocs-jupyter makes of a run: small, themed, self-contained."""

import base64
import hashlib
import re

STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
SHARED = 500  # characters from which a style is worth a file of its own
FIGURE = re.compile(r'<img [^>]*src="data:image/svg\+xml;base64,([^"]+)"[^>]*>')
LOADERS = re.compile(
    r'<script src="">\s*</script>'
    r'|<script type="text/x-mathjax-config">.*?</script>'
    r"|<script data-mkdocs-jupyter-mathjax=.*?</script>"  # from version 0.27
    r'|<script type="module">(?:(?!</script>).)*mermaid.*?</script>',
    re.DOTALL,
)


def tidy(html: str, up: str) -> tuple[str, dict[str, str]]:
    """Return a run page with inline figures and without what repeats or asks elsewhere.

    Figures come as images, which cannot follow the reader's theme; the styles are the
    same on every page; the loaders of MathJax and Mermaid name servers elsewhere.

    Args:
        html: the whole page.
        up: the way from the page to the root of its language's site.

    Returns:
        the page, and the styles that it now links to: path -> text.
    """
    styles: dict[str, str] = {}

    def share(match: re.Match[str]) -> str:
        if len(match[1]) < SHARED:
            return match[0]
        name = f"assets/run-{hashlib.sha256(match[1].encode()).hexdigest()[:12]}.css"
        styles[name] = match[1]
        return f'<link rel="stylesheet" href="{up}{name}">'

    html = STYLE.sub(share, LOADERS.sub("", html))
    return FIGURE.sub(_inline, html), styles


def _inline(match: re.Match[str]) -> str:
    svg = base64.b64decode(match[1]).decode()
    return svg.replace("<svg ", '<svg role="img" ', 1)
