"""Run pages: shared styles, inline figures, nothing from elsewhere."""

import base64

from dlnotes.book.run_page import SHARED, tidy

SVG = '<svg class="dl-svg"><text>é</text></svg>'


def test_large_styles_move_to_a_file_named_by_their_content() -> None:
    large, small = "a{}" * SHARED, "b{}"
    page = f"<style>{large}</style><style media=print>{small}</style>"
    html, styles = tidy(page, "../")
    ((name, text),) = styles.items()
    assert text == large
    link = f'<link rel="stylesheet" href="../{name}">'
    assert html == f"{link}<style media=print>{small}</style>"
    assert tidy(page, "")[1] == styles


def test_figures_become_inline() -> None:
    data = base64.b64encode(SVG.encode()).decode()
    html, _ = tidy(f'<p><img alt="" src="data:image/svg+xml;base64,{data}"></p>', "")
    assert html == '<p><svg role="img" ' + SVG.removeprefix("<svg ") + "</p>"


def test_loaders_of_other_servers_go_and_other_scripts_stay() -> None:
    kept = '<script>let copied</script><script type="module">let x</script>'
    loaders = (
        '<script src=""> </script>'
        '<script type="text/x-mathjax-config">MathJax</script>'
        '<script data-mkdocs-jupyter-mathjax="{&quot;url&quot;: &quot;a&quot;}">\n()'
        "</script>"
        '<script type="module">import("https://example.org/mermaid")</script>'
    )
    html, _ = tidy(kept + loaders, "")
    assert html == kept
