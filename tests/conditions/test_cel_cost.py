"""What is read from the syntax tree of an expression: names, patterns, and what it costs."""

from __future__ import annotations

import pytest

from routilux.conditions.cel import compile_cel, library
from routilux.conditions.cel_cost import BUDGET_NS, MAX_ITERATIONS, find_cost
from routilux.conditions.cel_names import find_names, find_words, pick
from routilux.conditions.cel_regex import pattern_cost
from routilux.conditions.cel_tree import Literal, Name, read_tree
from routilux.conditions.item_view import ItemView, TooLarge
from tests.conditions.hostile_run import timed


def tree(text):
    return read_tree(library.NewEnv().compile(text, disable_check=True).serialize())


def cost(text, size_bytes, entries=0, longest=None):
    longest = entries if longest is None else longest
    return find_cost(tree(text).root).nanoseconds(size_bytes, entries, longest)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775807", 2**63 - 1),
        ("18446744073709551615u", 2**64 - 1),
        ("1.5", 1.5),
        ("'text \N{SNOWMAN}'", "text \N{SNOWMAN}"),
        ("b'\\xff'", b"\xff"),
        ("true", True),
        ("false", False),
        ("null", None),
    ],
)
def test_literals_are_read(text, value):
    root = tree(text).root
    assert isinstance(root, Literal)
    assert root.value == value
    assert type(root.value) is type(value)


def test_nodes_know_where_they_stand():
    read = tree("  size")
    assert isinstance(read.root, Name)
    assert read.offsets[read.root.number] == 2


@pytest.mark.parametrize("serialized", [b"", b"\xff", b"\x12\x05abc", b"\x12\x02\x12\x00", b"\x0b"])
def test_what_is_no_tree_is_refused(serialized):
    with pytest.raises(ValueError):
        read_tree(serialized)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("size > 3", {"size": None}),
        ("data.a.b > data['c'].d", {"data": {"a": {"b": None}, "c": {"d": None}}}),
        ("data.a > 1 && data.size() > 1", {"data": None}),
        ("data.a > 1 && data.a.b > 1", {"data": {"a": None}}),
        ("data.a.b > 1 && data.a > 1", {"data": {"a": None}}),
        ("has(data.a)", {"data": {"a": None}}),
        ("l.all(x, x.y > z.u)", {"l": None, "z": {"u": None}}),
        ("x.all(x, x > 1)", {"x": None}),
        ("[1, 2].all(x, x > 1) && x > 1", {"x": None}),
        ("data[meta.slot]", {"data": None, "meta": {"slot": None}}),
        (".size > 1", {"size": None}),
        ("1 > 2", {}),
    ],
)
def test_names_and_what_is_looked_at_of_them(text, names):
    assert find_names(tree(text).root) == names


def test_only_what_is_looked_at_is_picked():
    item = {"a": {"b": 1, "c": 2}, "d": [1], "e": 5}
    assert pick(item, {"a": {"b": None}, "d": {"x": None}, "z": None}) == {"a": {"b": 1}, "d": [1]}


def test_words_are_those_of_the_text():
    assert set(find_words(tree("a.b['c'] > d.all(x, x == 'e')").root)) >= set("abcdxe")


def test_the_cost_grows_with_the_item():
    plain, loop = "data.size > 3", "data.all(x, x > 3)"
    assert cost(plain, 100, 10) < cost(plain, 10_000, 1_000) < BUDGET_NS
    assert cost(loop, 100, 10) < cost(loop, 10_000, 1_000) < BUDGET_NS
    nested = "data.all(x, data.all(y, data == data))"
    assert cost(nested, 10_000, 1_000) > 5 * cost(nested, 1_000, 100)


def test_a_loop_over_an_entry_is_no_square():
    inner = cost("data.all(x, x.all(y, y > 1))", 60_000, 10_000)
    square = cost("data.all(x, data.all(y, [x] == data))", 60_000, 10_000)
    assert inner < BUDGET_NS < square


def test_what_the_library_stops_is_not_counted_further():
    nested = "data.all(x, data.all(y, true))"
    assert cost(nested, 0, MAX_ITERATIONS) < 3 * cost(nested, 0, 100)


def test_a_map_goes_by_the_longest_list():
    text = "data.lines.map(x, x.n).size() > 3"
    assert cost(text, 60_000, 8_000, 100) < BUDGET_NS < cost(text, 60_000, 8_000, 8_000)


@pytest.mark.parametrize(
    ("pattern", "most", "least"),
    [
        ("abc", 1, 0.1),
        ("^n-[0-9]+$", 6, 1),
        ("[a-z]{100}", 200, 100),
        ("(ab){10}{10}", 60, 20),
        ("((a{10}){10}){10}", 300, 150),
        ("\\pL{10}", 6_000, 4_000),
        ("[\\pL]", 2_000, 400),
        ("(?i)abc", 2, 0.4),
        ("a{", 1, 0.1),
        ("(((", 1, 0),
        (")", 1, 0),
        ("a{99999999}", 200, 100),
    ],
)
def test_patterns_cost_by_what_they_are_compiled_to(pattern, most, least):
    assert least <= pattern_cost(pattern).build <= most


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("data == data", list(range(8_000))),
        ("data.map(x, x).size() > 0", list(range(500))),
        ("data.exists(x, -1 in data)", list(range(700))),
        ("data.matches('(.{1,30}){1,10}z')", "ab" * 1_000),
        ("data.contains('" + "x" * 500 + "y')", "x" * 30_000),
        ("(data + data).size() > 0", "x" * 60_000),
    ],
)
def test_the_estimate_is_of_the_right_size(text, data):
    program = compile_cel(text)
    view = ItemView(data, {})
    view.value("data")
    best = min(timed(lambda: program.evaluate(view))[0] for _ in range(5))
    estimate = find_cost(tree(text).root).nanoseconds(view.size_bytes, view.entries, view.longest)
    assert best < 4 * estimate / 1e9


def test_a_view_that_is_too_large_is_told():
    with pytest.raises(TooLarge):
        compile_cel("data == 1").evaluate(ItemView("x" * 70_000, {}))
