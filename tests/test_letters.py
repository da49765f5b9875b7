"""One letter for one thing: shapes, the learning rate and W in the whole package.

A page says `(B, T, C)` without a word, so a letter must mean the same on every page.
In a shape a single letter is one of `LETTERS`, or a parameter of the very function
that the text belongs to; anything else is a word: `(out, in)`, `(steps + 1, C)`.
"""

import ast
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch

from dlnotes.basics.layers import Dense
from dlnotes.basics.network import Network
from dlnotes.conv import conv2d
from dlnotes.initialize import fans, kaiming
from dlnotes.linear import SoftmaxRegression
from dlnotes.mlp import MLP

PACKAGE = Path(__file__).parents[1] / "src" / "dlnotes"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] != "book"
}

ANYWHERE = {
    "B": "rows of a batch",
    "C": "channels or features",
    "N": "rows of a data set",
    "K": "classes",
}
IMAGES = {"H": "height of an image", "W": "width of an image"}
SEQUENCES = {"T": "time steps", "V": "words of a vocabulary"}
STATES = {"h": "state", "c": "memory cell"}
SOURCES = {"S": "time steps of a source"}
KERNELS = {"h": "height of a kernel", "w": "width of a kernel"}
HEADS = {"h": "attention heads", "d": "size of a head"}
# the modules, or folders of them, in which further letters have their meaning
LETTERS = {
    "augment": IMAGES | SEQUENCES,
    "conv": IMAGES | KERNELS,
    "looking": IMAGES,
    "pool": IMAGES | KERNELS,
    "receptive": IMAGES,
    "norm": IMAGES | SEQUENCES,
    "vision": IMAGES,
    "data.digits": IMAGES,
    "data.mnist": IMAGES,
    "data.scenes": IMAGES,
    "plot": IMAGES,
    "recurrent": SEQUENCES | STATES,
    "language": SEQUENCES,
    "seq2seq": SEQUENCES | SOURCES,
    "decode": SEQUENCES,
    "data.ordered": SEQUENCES,
    "data.text": SEQUENCES,
    "data.translation": SEQUENCES,
    "train.batches": SEQUENCES,
    "train.classifier": IMAGES,
    "train.tags": SEQUENCES,
    "train.text": SEQUENCES,
    "train.translation": SEQUENCES,
    "train.windows": SEQUENCES,
    "attention": SEQUENCES | SOURCES | HEADS,
    "position": SEQUENCES | SOURCES | HEADS,
    "transformer": SEQUENCES | SOURCES | HEADS,
    "gpt": SEQUENCES | HEADS,
}
RATES = {"rate", "eta", "learning_rate"}  # names for what is `lr`

# A tuple in brackets, one pair of brackets within it allowed. What stands directly
# behind a name is a call, or a normal distribution.
TUPLE = re.compile(r"(?<![\w.])\(((?:[^()]|\([^()]*\))*)\)")
LETTER = re.compile(r"([A-Za-z])[_\d]*")  # `d1` and `C′` are d and C
SIGNS = str.maketrans({"²": "**2", "×": "*", "·": "*", "−": "-", "′": "_"})
NOT_SHAPES = re.compile(r"(?:[Ee]ntry|[Uu]nit|[Yy]ield)\s*$")


@dataclass(frozen=True)
class Shape:
    """A shape that a text gives: the line it is on, and the letters among its sizes."""

    line: int
    text: str
    letters: frozenset[str]


def sizes(text: str) -> list[ast.expr] | None:
    """Parse `..., B, steps + 1` as the sizes of a shape; None for any other tuple."""
    text = re.sub(r"\bin\b", "in_", text.translate(SIGNS))
    try:
        found = ast.parse(f"[{text}]", mode="eval").body
    except SyntaxError:
        return None
    assert isinstance(found, ast.List)
    is_tuple = "," in text or text == "..."
    return found.elts if is_tuple and all(map(is_size, found.elts)) else None


def is_size(node: ast.expr) -> bool:
    """Tell whether an expression can be a size: a number, a name, a sum of such."""
    if isinstance(node, ast.Constant):
        return node.value is ... or isinstance(node.value, int)
    if isinstance(node, ast.Name):  # a word with a capital is somebody's name
        return LETTER.fullmatch(node.id) is not None or node.id.islower()
    if isinstance(node, ast.BinOp):
        return is_size(node.left) and is_size(node.right)
    return isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred)


def letters(node: ast.expr) -> set[str]:
    """Return the single letters in a size; `len(X)` and `x.shape` speak for others."""
    if isinstance(node, ast.BinOp):
        return letters(node.left) | letters(node.right)
    letter = LETTER.fullmatch(node.id) if isinstance(node, ast.Name) else None
    return {letter[1]} if letter else set()


def shapes(source: str) -> Iterator[Shape]:
    """Yield the shapes in the docstrings, comments and messages of some code."""
    speaking = {tokenize.COMMENT, tokenize.STRING}
    speaking |= {getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type not in speaking:
            continue
        for found in TUPLE.finditer(token.string):
            if NOT_SHAPES.search(token.string, 0, found.start()):
                continue
            if parts := sizes(" ".join(found[1].split())):
                line = token.start[0] + token.string.count("\n", 0, found.start())
                used = frozenset().union(*map(letters, parts))
                yield Shape(line, " ".join(found[0].split()), used)


Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def parameters(function: Function) -> list[str]:
    """Return the names of all parameters of a function."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
    return [argument.arg for argument in [*named, *stars]]


def known_at(tree: ast.Module, line: int) -> set[str]:
    """Return the parameters of the innermost function around a line.

    The docstring of a class speaks for its `__init__`.
    """
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.lineno <= line <= (node.end_lineno or 0)
    ]
    if not around:
        return set()
    inner = max(around, key=lambda node: node.lineno)
    if not isinstance(inner, ast.ClassDef):
        return set(parameters(inner))
    functions = [part for part in inner.body if isinstance(part, ast.FunctionDef)]
    makers = [part for part in functions if part.name == "__init__"]
    return {name for maker in makers for name in parameters(maker)}


def table(module: str) -> set[str]:
    """Return the letters that have a meaning in a module."""
    inside = f"{module}."
    own = [more for part, more in LETTERS.items() if inside.startswith(f"{part}.")]
    return set(ANYWHERE).union(*own)


def offenders(source: str, module: str, name: str) -> list[str]:
    """List the shapes with a letter of no meaning there, as `file:line: shape`."""
    tree = ast.parse(source)
    return [
        f"{name}:{shape.line}: {shape.text}"
        for shape in shapes(source)
        if shape.letters - table(module) - known_at(tree, shape.line)
    ]


def misnamed(source: str, name: str) -> list[str]:
    """List the parameters and fields that are a learning rate and not `lr`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            names = parameters(node)
        elif isinstance(node, ast.ClassDef):  # a field is a parameter of the class
            fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
            names = [part.target.id for part in fields if hasattr(part.target, "id")]
        else:
            continue
        found += [f"{name}:{node.lineno}: {n}" for n in names if n in RATES]
    return found


@pytest.mark.parametrize("module", MODULES)
def test_letters_in_shapes_are_those_of_the_book(module: str) -> None:
    path = MODULES[module]
    source = path.read_text(encoding="utf-8")
    found = offenders(source, module, str(path.relative_to(PACKAGE)))
    assert not found, "no letters of the book:\n" + "\n".join(found)


@pytest.mark.parametrize("module", MODULES)
def test_the_learning_rate_is_lr(module: str) -> None:
    path = MODULES[module]
    source = path.read_text(encoding="utf-8")
    found = misnamed(source, str(path.relative_to(PACKAGE)))
    assert not found, "not called lr:\n" + "\n".join(found)


# What finds them is looked at too: a finder that sees nothing is content with anything.


def test_there_are_shapes_and_rates_to_look_at() -> None:
    sources = {name: path.read_text("utf-8") for name, path in MODULES.items()}
    found = {name: list(shapes(source)) for name, source in sources.items()}
    assert len(MODULES) > 25
    assert sum(map(len, found.values())) > 100
    assert sum(bool(shape.letters) for all_ in found.values() for shape in all_) > 60
    assert sum(bool(shapes) for shapes in found.values()) > 12
    in_text = {shape.text for shape in found["basics.layers"]}
    assert {"(out, in)", "(B, in)", "(B, out)", "(out,)"} <= in_text
    assert {"(..., K)", "(..., K, K)"} <= {s.text for s in found["basics.activations"]}
    functions = [
        node
        for source in sources.values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    ]
    assert sum("lr" in parameters(node) for node in functions) >= 3


BAD = '''"""A module whose points are (..., Q)."""


class Layer:
    """Weights W (out, Z), made for n inputs: (n,)."""

    def __init__(self, n: int) -> None:
        self.W = np.zeros((2, n))  # (out, p)

    def forward(self, X, rate=1.0):
        """Send X (B, C), (N, C + E) or (N, 3 *
        F) through."""
        B, C = X.shape  # (B, n)
        raise ValueError(f"X must be (B, R), not {X.shape}")


def sample(n):
    """Return (n, 1) with (n, d)."""
    return lambda eta: eta
'''


def test_the_finder_finds_letters_without_a_meaning() -> None:
    assert offenders(BAD, "basics.bad", "bad.py") == [
        "bad.py:1: (..., Q)",
        "bad.py:5: (out, Z)",
        "bad.py:8: (out, p)",
        "bad.py:11: (N, C + E)",
        "bad.py:11: (N, 3 * F)",
        "bad.py:13: (B, n)",
        "bad.py:14: (B, R)",
        "bad.py:18: (n, d)",
    ]
    assert misnamed(BAD, "bad.py") == ["bad.py:10: rate", "bad.py:19: eta"]
    fields = "class A(NamedTuple):\n    lr: float\n    learning_rate: float\n"
    assert misnamed(fields, "a.py") == ["a.py:1: learning_rate"]


@pytest.mark.parametrize(
    ("module", "shape", "fits"),
    [
        ("mlp", "(N, K)", True),
        ("attention", "(B, h, T, d)", True),
        ("linear", "(N, d)", False),
        ("optim", "(B, T)", False),
        ("vision.lenet", "(B, C, H, W)", True),
        ("basics.network", "(K, H)", False),
        ("data.text", "(B, T)", True),
        ("data.synthetic", "(B, T)", False),
    ],
)
def test_a_letter_means_something_where_it_belongs(
    module: str, shape: str, fits: bool
) -> None:
    assert (offenders(f"# {shape}", module, "m.py") == []) is fits


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(B, in)", "B"),
        ("(*size, C)", "C"),
        ("(len(layers),)", ""),
        ("(steps + 1, *start.shape)", ""),
        ("(N, side²)", "N"),
        ("(..., sizes[0])", ""),
        ("(...)", ""),
        ("(N, C, ...)", "NC"),
        ("(B × T, C′)", "BTC"),
        ("(K − 1, in)", "K"),
        ("(N, d1)", "Nd"),
        ("f(x, y)", None),
        ("N(0, s)", None),
        ("(Dixon, 1978)", None),
        ("(x and y, say)", None),
        ("((w1, w2), b)", None),
        ("Entry (i, j)", None),
        ("(B)", None),
    ],
)
def test_shapes_are_told_from_other_brackets(text: str, found: str | None) -> None:
    letters = [shape.letters for shape in shapes(f"# {text}")]
    assert letters == ([] if found is None else [frozenset(found)])


# W is (out, in): what multiplies 5 inputs into 3 outputs has 3 rows.


def dense() -> list[np.ndarray]:
    layer = Dense(np.ones((3, 5)), np.zeros(3))
    assert layer.forward(np.ones((2, 5))).shape == (2, 3)
    return [layer.W]


def network() -> list[np.ndarray]:
    net = Network(5, 4, 3, np.random.default_rng(0))
    assert net.first.W.shape == (4, 5)
    return [net.second.W @ net.first.W]


def softmax_regression() -> list[torch.Tensor]:
    model = SoftmaxRegression(5, 3)
    assert model(torch.ones(2, 5)).shape == (2, 3)
    return [model.W]


def convolution() -> list[torch.Tensor]:
    W = torch.ones(3, 5, 1, 1)
    assert conv2d(torch.ones(2, 5, 4, 4), W).shape == (2, 3, 4, 4)
    return [W[:, :, 0, 0]]


def mlp() -> list[torch.Tensor]:
    first, second = (p for p in MLP([5, 4, 3]).parameters() if p.ndim == 2)
    assert first.shape == (4, 5)
    return [second @ first]


LAYERS: dict[str, Callable[[], list[np.ndarray] | list[torch.Tensor]]] = {
    "basics.layers.Dense": dense,
    "basics.network.Network": network,
    "conv.conv2d": convolution,
    "linear.SoftmaxRegression": softmax_regression,
    "mlp.MLP": mlp,
}


@pytest.mark.parametrize("name", LAYERS)
def test_w_is_out_by_in(name: str) -> None:
    for W in LAYERS[name]():
        assert tuple(W.shape) == (3, 5)


def test_every_owner_and_every_taker_of_a_w_is_looked_at() -> None:
    owners, takers = set(), set()
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any(map(stores_w, ast.walk(node))):
                owners.add(f"{module}.{node.name}")
            if isinstance(node, ast.FunctionDef) and "W" in parameters(node):
                takers.add(f"{module}.{node.name}")
    assert "basics.layers.Dense" in owners
    assert owners <= set(LAYERS)
    # the weights of Dense are those of `__init__`; xavier treats both axes alike
    seen = {"basics.layers.__init__"}
    seen |= {f"initialize.{name}" for name in ("fans", "kaiming", "xavier")}
    seen |= {"conv.check_channels", "conv.conv2d"}
    # PyTorch's layers, with which they are compared, have (gates · hidden, hidden)
    seen |= {
        f"recurrent.{name}.through_time" for name in ("gru", "layer", "lstm", "rnn")
    }
    seen |= {"recurrent.backward.forward"}
    assert takers <= seen


def stores_w(node: ast.AST) -> bool:
    is_store = isinstance(getattr(node, "ctx", None), ast.Store)
    return isinstance(node, ast.Attribute) and is_store and node.attr == "W"


def test_what_draws_weights_reads_them_as_out_by_in() -> None:
    torch.manual_seed(0)
    assert fans(torch.zeros(3, 5)) == (5, 3)  # inputs of a unit, units of an input
    assert kaiming(torch.zeros(4000, 50)).std().item() == pytest.approx(0.2, rel=0.02)
