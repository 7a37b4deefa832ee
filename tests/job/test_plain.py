from __future__ import annotations

import math
from typing import NamedTuple

import pytest

from routilux.errors import CodecError
from routilux.job.plain import MARK, QUOTE, pack, unpack
from tests.job.fakes import Pair, PairCodec


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, "text", [], {}, [1, [2, {"a": None}]], {MARK: 1, "more": 2}, {"a": {}}],
)
def test_json_data_stays_as_it_is(value):
    packed = pack(value, "here")
    assert packed == value
    assert unpack(packed) == value


def test_the_copy_is_deep():
    value = {"a": [1]}
    packed = pack(value, "here")
    value["a"].append(2)
    assert packed == {"a": [1]}


@pytest.mark.parametrize("value", [{MARK: 1}, {QUOTE: {}}, {QUOTE: {MARK: 2}}])
def test_a_programs_own_dict_that_looks_like_a_mark_survives(value):
    assert unpack(pack(value, "here")) == value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (
            {"a": [0, {1, 2}]},
            r"here\['a'\]\[1\] cannot be saved as JSON: a value of type builtins.set",
        ),
        (math.inf, "here cannot be saved as JSON: inf is not JSON data"),
        ([math.nan], r"here\[0\] .* nan is not JSON data"),
        ({1: 2}, "the key 1 is not a text"),
        ([(1, 2)], r"here\[0\] .* a tuple, which would come back as a list, is not JSON data"),
        (Point(1, 2), r"type tests\.job\.test_plain\.Point is not JSON data"),
        (Pair(1, 2), r"type tests\.job\.fakes\.Pair"),
    ],
)
def test_what_is_no_json_data_is_named(value, place):
    with pytest.raises(CodecError, match=place):
        pack(value, "here")


def test_loops_and_depth_are_named():
    loop = []
    loop.append(loop)
    with pytest.raises(CodecError, match=r"here\[0\] .* it contains itself"):
        pack(loop, "here")
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(CodecError, match="nested too deeply"):
        pack(deep, "here")
    while deep:  # taken apart here: to free it recursively might be too deep as well
        (deep,) = deep


def test_the_same_list_twice_is_no_loop():
    same = [1]
    assert pack([same, same], "here") == [[1], [1]]


def test_a_codec_writes_what_json_does_not_know():
    value = {"pairs": [Pair(1, "x"), Pair(2, [3])]}
    packed = pack(value, "here", PairCodec())
    assert packed == {"pairs": [{MARK: [1, "x"]}, {MARK: [2, [3]]}]}
    assert unpack(packed, PairCodec()) == value
    with pytest.raises(CodecError, match=r"there .* give the same codec to read it"):
        unpack(packed, where="there")


def test_what_the_codec_does_not_know_either_is_named():
    with pytest.raises(CodecError, match=r"the codec did not make JSON data of .* no pair"):
        pack(object(), "here", PairCodec())
    with pytest.raises(CodecError, match="the codec did not make JSON data"):
        pack(Pair(1, object()), "here", PairCodec())
