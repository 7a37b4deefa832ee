"""Turning what programs keep into JSON data, and back.

Values that JSON does not know go through the author's codec. What it makes of them is marked, so
that reading finds it again. There is no pickle and no import by name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from routilux.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = "$codec"  # {MARK: encoded}: the codec made it
QUOTE = "$plain"  # {QUOTE: {...}}: the program's own dict, which looks like a mark


class Codec(Protocol):
    """Writes an author's own types as JSON data."""

    def encode(self, value: Any) -> Any:
        """JSON data that stands for `value`; raise TypeError for what you do not know."""

    def decode(self, data: Any) -> Any:
        """The value that `encode` was given."""


def pack(value: Any, where: str, codec: Codec | None = None) -> Any:
    """A copy of `value` as JSON data.

    A tuple is none: it would come back as a list.

    Args:
        value: JSON data, or with a codec anything that it knows.
        where: what to call the place in an error.
        codec: for what JSON does not know.

    Raises:
        CodecError: something is not JSON data and no codec knows it; names the place.
    """
    return _Packer(codec).pack(value, where)


def unpack(data: Any, codec: Codec | None = None, where: str = "saved data") -> Any:
    """What `pack` was given.

    Raises:
        CodecError: the data needs a codec, and none is given.
        ValueError: the data was not made by `pack`, or the codec cannot read what is marked.
    """
    if isinstance(data, list):
        return [unpack(entry, codec, where) for entry in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        if MARK in data:
            if codec is None:
                raise CodecError(where, "it was written by a codec; give the same codec to read it")
            return _decode(data[MARK], codec, where)
        if QUOTE in data:
            if not isinstance(data[QUOTE], dict):
                raise ValueError(f"{where}: what is marked with {QUOTE} must be a dict")
            return _unpack_dict(data[QUOTE], codec, where)
    return _unpack_dict(data, codec, where)


def _decode(data: Any, codec: Codec, where: str) -> Any:
    try:
        return codec.decode(data)
    except Exception as error:  # an author's code, and data that anybody may have changed
        raise ValueError(
            f"{where}: the codec cannot read this: {type(error).__name__}: {error}"
        ) from error


def _unpack_dict(data: Mapping[str, Any], codec: Codec | None, where: str) -> dict[str, Any]:
    return {key: unpack(entry, codec, where) for key, entry in data.items()}


class _Packer:
    """One walk over a value; knows the containers that it is in, to find a loop."""

    def __init__(self, codec: Codec | None) -> None:
        self._codec = codec
        self._inside: set[int] = set()

    def pack(self, value: Any, where: str) -> Any:
        kind = type(value)
        if value is None or kind is str or kind is int or kind is bool:
            return value
        if kind is float and value - value == 0.0:  # neither infinite nor not-a-number
            return value
        if kind is dict or kind is list:
            return self._pack_container(value, where)
        return self._pack_other(value, where)

    def _pack_container(self, value: Any, where: str) -> Any:
        if id(value) in self._inside:
            raise CodecError(where, "it contains itself")
        self._inside.add(id(value))
        try:
            # Copied first: logic may change it while we walk.
            if isinstance(value, dict):
                return self._pack_dict(list(value.items()), where)
            return [self.pack(entry, f"{where}[{i}]") for i, entry in enumerate(list(value))]
        except RecursionError:
            raise CodecError(where, "it is nested too deeply") from None
        finally:
            self._inside.discard(id(value))

    def _pack_dict(self, entries: list[tuple[Any, Any]], where: str) -> dict[str, Any]:
        packed: dict[str, Any] = {}
        for key, entry in entries:
            if not isinstance(key, str):
                raise CodecError(where, f"the key {key!r} is not a text")
            packed[str(key)] = self.pack(entry, f"{where}[{key!r}]")
        if len(packed) == 1 and (MARK in packed or QUOTE in packed):
            return {QUOTE: packed}
        return packed

    def _pack_other(self, value: Any, where: str) -> Any:
        if self._codec is None:
            raise CodecError(where, f"{_describe(value)} is not JSON data")
        try:
            encoded = self._codec.encode(value)
            json.dumps(encoded, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise CodecError(
                where, f"the codec did not make JSON data of {_describe(value)}: {error}"
            ) from error
        return {MARK: encoded}


def _describe(value: Any) -> str:
    if type(value) is tuple:
        return "a tuple, which would come back as a list,"
    if isinstance(value, float):
        return repr(value)
    return f"a value of type {type(value).__module__}.{type(value).__qualname__}"
