from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from routilux import flow_text
from routilux.errors import FlowFileError
from routilux.flow_text import DEEPEST, MOST_CHARACTERS, parse


def data(text: str) -> Any:
    return parse(text, "f.yaml").data


def fails(text: str) -> str:
    with pytest.raises(FlowFileError) as caught:
        parse(text, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("No", "No"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("'null'", "null"),
        ("12", 12),
        ("-7", -7),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-1.25", -1.25),
        ("1.", 1.0),
        (".inf", ".inf"),
        ("2020-01-01", "2020-01-01"),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
        ("<<", "<<"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_values_mean_what_they_mean_in_json(text, value):
    found = data(f"x: {text}\n")["x"]
    assert found == value
    assert type(found) is type(value)


def test_keys_are_texts():
    assert data("on: 1\n1: 2\nnull: 3\n") == {"on": 1, "1": 2, "null": 3}


def test_nothing_is_none():
    assert data("") is None
    assert parse("# only a comment\n", "f").place(()) == (1, 1)
    assert data("a:\n") == {"a": None}


# A raw DEL is allowed in JSON and not in YAML.
_texts = st.text(st.characters(exclude_characters="\x7f", exclude_categories=["Cs"]))
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner) | st.dictionaries(_texts, inner),
    max_leaves=10,
)  # fmt: skip


@given(_json, st.sampled_from([None, 1, "\t", " \t "]))
def test_json_is_read_as_json_reads_it(value, indent):
    text = json.dumps({"x": value}, indent=indent)
    assert data(text) == json.loads(text)


def test_a_tab_separates_inside_of_brackets_only():
    document = parse('{\t"a":\t[1\t,\t"\t"],\n\t"b": 2\t}', "f.yaml")
    assert document.data == {"a": [1, "\t"], "b": 2}
    assert document.place(("b",), at_key=True) == (2, 2)
    assert fails("a:\n\tb: 1\n").startswith("f.yaml:2:1: while scanning for the next token, found")


def test_the_place_of_everything_is_known():
    document = parse("a: 1\nb:\n  c: [x, y]\n", "f.yaml")
    assert document.place(("b", "c", 1)) == (3, 10)
    assert document.place(("b", "c")) == (3, 6)
    assert document.place(("b", "c"), at_key=True) == (3, 3)
    assert document.place(("b", "missing")) == (3, 3)
    assert document.place(("b", "missing"), at_key=True) == (3, 3)
    assert document.place(()) == (1, 1)


def test_aliases_are_copied():
    found = data("a: &x {n: [1]}\nb: *x\n")
    assert found == {"a": {"n": [1]}, "b": {"n": [1]}}
    assert found["a"]["n"] is not found["b"]["n"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\nb: 2\n", "f.yaml:2:2: while parsing a flow sequence, expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", "f.yaml:2:1: while scanning for the next token, found character '\\t'"),
        ("a: 1\na: 2\n", "f.yaml:2:1: the key 'a' is there already, in line 1"),
        ("a: {b: 1, b: 2}\n", "f.yaml:1:11: the key 'b' is there already, in line 1"),
        ("? [a]\n: 1\n", "f.yaml:1:3: a key must be a text"),
        ("a: *nobody\n", "f.yaml:1:4: found undefined alias"),
        ("--- a\n--- b\n", "f.yaml:2:1: expected a single document in the stream, but found"),
        ("a: \x00\n", "f.yaml:1:4: the character '\\x00' is not allowed"),
        ("a: 1\nb: \x07\n", "f.yaml:2:4: the character '\\x07' is not allowed"),
        ("a: !!python/object:os.system x\n", "f.yaml:1:4: the tag '!!python/object:os.system' is"),
        ("a: !!set {x}\n", "f.yaml:1:4: the tag '!!set' is not allowed: write plain values"),
        ("a: !!omap [x: 1]\n", "f.yaml:1:4: the tag '!!omap' is not allowed"),
        ("a: !mine 3\n", "f.yaml:1:4: the tag '!mine' is not allowed"),
        ("a: !!timestamp 2020-01-01\n", "f.yaml:1:4: the tag '!!timestamp' is not allowed"),
        ('a: "\\ud800"\n', "f.yaml:1:4: a text has half of a character in it"),
        ("a: !!int x\n", "f.yaml:1:4: 'x' cannot be read as int"),
        ("a: !!bool maybe\n", "f.yaml:1:4: 'maybe' cannot be read as bool"),
        ("a: " + "9" * 5000, "f.yaml:1:4: '" + "9" * 60 + "' cannot be read as int"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, message):
    assert fails(text).startswith(message)


def test_the_facts_of_an_error_are_attributes():
    with pytest.raises(FlowFileError) as caught:
        parse("a: 1\na: 2\n", "f.yaml")
    error = caught.value
    assert (error.path, error.line, error.column) == ("f.yaml", 2, 1)


def test_depth_is_limited():
    fine = "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)
    assert parse(fine, "f").data != []
    assert fails("[" * 5000) == f"f.yaml:1:{DEEPEST + 1}: nested deeper than {DEEPEST}"


def test_size_is_limited():
    assert fails("a" * (MOST_CHARACTERS + 1)) == "f.yaml: longer than 500,000 characters"


def test_what_aliases_expand_to_is_limited():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert fails("\n".join(lines)).endswith("the aliases expand to too much")
    assert fails("a: &a [*a]\n").endswith("the aliases expand to too much")
    assert fails("a: &a {b: *a}\n").endswith("the aliases expand to too much")


def test_yaml_itself_is_left_as_it_was():
    assert yaml.safe_load("yes") is True
    assert (
        flow_text._Composer.yaml_implicit_resolvers is not yaml.SafeLoader.yaml_implicit_resolvers
    )
