from __future__ import annotations

import pytest

from routilux.demo.layout import table, wrapped

HEADS = ("slot", "n", "sum")
ROWS = [("read", "1", "holds"), ("x", "100", "no")]


def test_tables_are_aligned():
    assert list(table(HEADS, ROWS, left=0)) == [
        "  slot    n  sum",
        "  read    1  holds",
        "  x     100  no",
    ]


def test_a_table_moves_together_before_it_is_given_up():
    assert list(table(HEADS, ROWS, left=0, width=18))[1] == "  read    1  holds"
    assert list(table(HEADS, ROWS, left=0, width=17))[1] == "  read   1 holds"
    assert list(table(HEADS, ROWS, left=0, width=15)) == [
        "  slot read, n",
        "    1, sum",
        "    holds",
        "  slot x, n",
        "    100, sum no",
    ]


def test_a_long_line_goes_on_further_in():
    text = "a/long/path.py: it is wrong"
    assert list(wrapped(text, None, indent=2)) == [f"  {text}"]
    assert list(wrapped(text, 29, indent=2)) == [f"  {text}"]
    assert list(wrapped(text, 20, indent=2)) == ["  a/long/path.py: it", "    is wrong"]


@pytest.mark.parametrize("width", [5, 20])
def test_a_path_is_never_in_pieces(width):
    path = "a/very/long-path/with-hyphens.py"
    assert path in [line.strip() for line in wrapped(f"x {path} y", width)]
