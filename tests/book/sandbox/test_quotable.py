"""What prose may quote of a program's variables, also within containers."""

import numpy as np
import pytest
import torch

from dlnotes.book.errors import BookError
from dlnotes.book.html.quoted import in_prose, in_tex
from dlnotes.book.pages.inline import inline, values
from dlnotes.book.sandbox.quotable import DEEPEST, LONGEST, quotable
from dlnotes.book.storage.store import Run

VARIABLES = {
    "share": {"MAE": 0.25, "a b": 1},
    "loss": {0.3: 0.5, 1e-3: 2.0, (1, "x"): 3.0, True: 4.0, None: 5.0},
    "rows": [["a", 1.5], ["b", -2.5]],
    "w": torch.tensor([1.0, 2.0], requires_grad=True),
    "n": np.float32(3),
    "steps": torch.tensor(2),
}


def quote(text: str, variables: dict = VARIABLES) -> str:
    (value,) = values(text)
    run = Run({"values": quotable(variables), "name": "x"}, {})
    return in_prose(run, value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('[[x.share["MAE"]:.0%]]', "25%"),
        ("[[x.share['a b']]]", "1"),
        ("[[x.loss[0.3]:.2f]]", "0.50"),
        ("[[x.loss[1e-3]]]", "2.0"),
        ("[[x.loss[.001]]]", "2.0"),
        ('[[x.loss[(1, "x")]:g]]', "3"),
        ("[[x.loss[True]:g]]", "4"),
        ("[[x.loss[None]:g]]", "5"),
        ("[[x.rows[1][1]:.1f]]", "−2.5"),
        ("[[x.rows[-1][-1]:.1f]]", "−2.5"),
        ("[[x.rows[-2][0]]]", "a"),
        ("[[x.w[1]:.1f]]", "2.0"),
        ("[[x.n:g]]", "3"),
        ("[[x.steps]]", "2"),
    ],
)
def test_an_index_is_written_as_in_a_program(text: str, shown: str) -> None:
    assert quote(text) == shown
    kinds = [piece.kind for piece in inline(f"A loss of {text}, then.")]
    assert kinds == ["text", "value", "text"]


def test_a_formula_may_index_too() -> None:
    (value,) = values("$[[x.loss[0.3]:.2f]]$")
    run = Run({"values": quotable(VARIABLES), "name": "x"}, {})
    assert in_tex(run, value) == "0.50"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ('[[x.share["MSE"]]]', "share['MAE']"),
        ("[[x.rows[2][0]]]", "rows[0][0]"),
        ("[[x.rows[-3][0]]]", "rows[-1][0]"),
        ("[[x.rows]]", "rows"),
        ("[[x.stepz]]", "steps"),
    ],
)
def test_what_is_not_there_is_an_error_with_near_names(text: str, near: str) -> None:
    with pytest.raises(BookError, match="no number, truth value or text so named"):
        quote(text)


def test_only_what_is_small_plain_and_public_can_be_quoted() -> None:
    nested: list = [1]
    for _ in range(DEEPEST):
        nested = [nested]
    found = quotable(
        {
            "_hidden": 1,
            "long": [0] * (LONGEST + 1),
            "big": torch.zeros(LONGEST + 1),
            "nested": nested,
            "kind": torch.Tensor,
            "function": print,
            "size": torch.Size([2]),
            "none": None,
        }
    )
    assert found == {"size[0]": 2}


class Unreadable:
    """Like a tensor without data."""

    ndim, shape = 0, ()

    def tolist(self) -> None:
        raise NotImplementedError("no data")


def test_what_cannot_be_read_or_written_down_costs_no_other_value() -> None:
    found = quotable(
        {
            "without": Unreadable(),
            "meta": torch.zeros((), device="meta"),
            "both": [1, Unreadable()],
            "huge": 10**5000,
            "fine": 2,
        }
    )
    assert found == {"fine": 2}


def test_a_container_that_holds_itself_comes_to_an_end() -> None:
    loop: list = [1]
    loop.append(loop)
    assert quotable({"loop": loop})["loop[0]"] == 1
