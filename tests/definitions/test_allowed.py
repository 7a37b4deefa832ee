from __future__ import annotations

import sys

import pytest

from routilux.flow.allowed import AllowList
from tests.definitions import samples
from tests.definitions.samples import HERE, Counter


@pytest.mark.parametrize("path", [f"{HERE}:Counter", f"{HERE}.Counter"])
@pytest.mark.parametrize(
    "entry",
    [f"{HERE}:Counter", f"{HERE}.Counter", f"{HERE}:*", f"{HERE}.*", "tests.definitions.*",
     "tests.*"],
)  # fmt: skip
def test_a_listed_class_is_made(path, entry):
    assert type(AllowList(["other:Thing", entry]).make(path)) is Counter


def test_a_factory_needs_its_full_name():
    assert type(AllowList([f"{HERE}:make_counter"]).make(f"{HERE}:make_counter")) is Counter
    with pytest.raises(ValueError, match="is no Routine class; a function that makes one must be"):
        AllowList([f"{HERE}.*"]).make(f"{HERE}:make_counter")
    with pytest.raises(ValueError, match="is no Routine class; a function that makes one must be"):
        AllowList([f"{HERE}:*"]).make(f"{HERE}:make_counter")


@pytest.mark.parametrize(
    "entries",
    [[], ["other.*"], [f"{HERE}:Reader"], ["test.*"], [f"{HERE}:Count"], [f"{HERE}x.*"],
     ["tests:*"], ["tests.definitions:*"], [f"{HERE}x:*"]],
)  # fmt: skip
def test_what_is_not_listed_is_refused(entries):
    with pytest.raises(ValueError, match=rf"'{HERE}:Counter' is not allowed: .* or '{HERE}\.\*'$"):
        AllowList(entries).make(f"{HERE}:Counter")


def test_nothing_is_imported_before_it_is_allowed():
    sys.modules.pop("this", None)
    with pytest.raises(ValueError, match="'this:Zen' is not allowed"):
        AllowList(["that:Zen"]).make("this:Zen")
    assert "this" not in sys.modules


@pytest.mark.parametrize(
    "path",
    ["", "Counter", "a.b:", ":a", "a:b.c", "a..b", "a b:c", "a:b()", "../a:b", "a:__import__",
     "a.__main__:b", "a:b\n", "a:é"],
)  # fmt: skip
def test_what_is_no_import_path_is_refused(path):
    with pytest.raises(ValueError, match=r"is no import path: write 'package\.module:Class'"):
        AllowList(["a.*"]).make(path)


@pytest.mark.parametrize(
    "entry", ["*", "a", ":*", "a:*:*", "a:B.*", "a*", "a.*.b", ".*", "a.*:B", "a.*:*", ""]
)
def test_a_malformed_entry_is_refused(entry):
    with pytest.raises(ValueError, match=r"allow has .* it must be 'package.module:Class', '"):
        AllowList([entry])


def test_a_string_is_no_list():
    with pytest.raises(TypeError, match=r"allow must be a list .*, not the string 'a\.\*'"):
        AllowList("a.*")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere:Thing", "'nowhere:Thing' cannot be imported: ModuleNotFoundError: No module"),
        (f"{HERE}:Nobody", rf"module '{HERE}' has no 'Nobody'\. There is Reader, Counter, Sink, "),
        (f"{HERE}:Readr", rf"module '{HERE}' has no 'Readr'\. Did you mean 'Reader'\?$"),
        (f"{HERE}:not_callable", f"'{HERE}:not_callable' is no Routine class$"),
        (f"{HERE}:FakeJob", "is no Routine class$"),
        (f"{HERE}:make_nothing", r"make_nothing\(\) made 'nothing', which is no Routine"),
        (f"{HERE}:Picky", r"Picky\(\) failed: TypeError: .* 'need'"),
        (f"{HERE}:Broken", r"Broken\(\) failed: OSError: no disk"),
    ],
)
def test_what_makes_no_routine_is_told(name, message):
    with pytest.raises(ValueError, match=message):
        AllowList([name]).make(name)


def test_a_pattern_covers_only_what_is_defined_below_it():
    assert samples.Routine is not None
    with pytest.raises(ValueError, match=r"comes from 'routilux\.routine', which is not allowed"):
        AllowList([f"{HERE}.*"]).make(f"{HERE}:Routine")
    with pytest.raises(ValueError, match=r"comes from 'routilux\.routine', which is not allowed"):
        AllowList([f"{HERE}:*"]).make(f"{HERE}:Routine")
    assert AllowList([f"{HERE}:*", "routilux.routine:*"]).make(f"{HERE}:Routine")
    assert AllowList([f"{HERE}.*", "routilux.*"]).make(f"{HERE}:Routine")
    assert AllowList([f"{HERE}:Routine"]).make(f"{HERE}:Routine")
