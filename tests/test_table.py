import pytest

from dlnotes.table import Table, typeset


def test_the_format_stands_in_the_header() -> None:
    table = Table(["method", "loss:.2f", "steps"], [["SGD", 0.125, 3]])
    assert repr(table) == "method  loss  steps\nSGD     0.12      3"


def test_a_colon_may_come_without_a_format() -> None:
    assert repr(Table(["a:"], [[1.5]])) == "  a\n1.5"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-0.50", "−0.50"),
        ("1e-08", "1\xa0×\xa010⁻⁸"),
        ("-2.5e+10", "−2.5\xa0×\xa010¹⁰"),
        ("12%", "12%"),
        ("-inf", "−∞"),
        ("1,077", "1,077"),
        ("nan", "nan"),
        ("no-op", "no-op"),
        ("-0.61 ± 1e-03", "−0.61 ± 1\xa0×\xa010⁻³"),
        ("a±b", "a±b"),
    ],
)
def test_a_page_has_a_true_minus_and_powers_of_ten(text: str, shown: str) -> None:
    assert typeset(text) == shown


def test_numbers_are_typeset_on_a_page_and_plain_in_a_terminal() -> None:
    table = Table(["name", "w", "gain"], [["a-b", -1.5, "-2 ± 1"]])
    cells = "<td>a-b</td><td class=number>−1.5</td><td>−2 ± 1</td>"
    assert cells in table._repr_html_()
    assert "-1.5" in repr(table)


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1 has 1 cells, the header has 2"):
        Table(["a", "b"], [[1, 2], [3]])
