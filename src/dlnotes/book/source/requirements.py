"""Know which libraries a command needs, and which of them are not installed."""

from collections.abc import Iterable
from importlib.util import find_spec

# Distribution -> a module of it, as pyproject.toml has them.
BASE = {
    "filelock": "filelock",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "rich": "rich",
    "scikit-learn": "sklearn",
    "torch": "torch",
    "torchvision": "torchvision",
    "tqdm": "tqdm",
}
SITE = {
    "brotli": "brotli",
    "fonttools": "fontTools",
    "jieba": "jieba",
    "jinja2": "jinja2",
    "markdown": "markdown",
    "math-core": "math_core",
    "mkdocs": "mkdocs",
    "mkdocs-jupyter": "mkdocs_jupyter",
    "mkdocs-material": "material",
    "mkdocstrings": "mkdocstrings",
    "nbconvert": "nbconvert",
    "polib": "polib",
    "pymdown-extensions": "pymdownx",
    "pyyaml": "yaml",
    "ziamath": "ziamath",
}
NEEDS = {  # command -> distributions; those that are not named need Python alone
    "run": (*BASE,),
    "check": (*SITE,),
    "build": (*BASE, *SITE),
    "serve": (*BASE, *SITE),
}


def missing(distributions: Iterable[str]) -> list[str]:
    """Return those of some distributions that are not installed, and import none."""
    modules = BASE | SITE
    return [name for name in distributions if not is_there(modules[name])]


def is_there(module: str) -> bool:
    """Say whether a module can be found, and do not import it."""
    try:
        return find_spec(module) is not None
    except ImportError:  # an import hook refuses it
        return False
