"""Flow files: a flow in YAML or JSON. Needs PyYAML, which the extras ``cli`` and ``api`` bring.

A file says which classes it uses by import path; whoever loads it says which paths are allowed, and
nothing else is ever imported. What is wrong is told with file, line and column. The shape is in
`routilux.flow.document`, and in the JSON Schema for editors.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from routilux.errors import FlowFileError
from routilux.flow import Flow
from routilux.flow.shape import DocumentError, Fault, Path, flow_schema, show_path
from routilux.flow_text import MOST_CHARACTERS, Document, parse

__all__ = ["FlowFileError", "check", "load", "schema"]

Source = str | os.PathLike[str]
Overrides = Mapping[str, str] | Iterable[str]


def load(
    source: Source, *, allow: Iterable[str] = (), overrides: Overrides = (), name: str = ""
) -> Flow:
    """Make a flow of a file, or of a text.

    Args:
        source: a path; a string with a line break, or that begins with ``{``, is the text itself.
        allow: import paths that it may name: ``"pkg.module:Class"``, ``"pkg.module:*"`` or
            ``"pkg.*"``.
        overrides: values by dotted key, such as ``{"defaults.overflow": "block"}``, or as texts,
            such as ``["connections.0.copy=true"]``; each value is YAML, and nothing at all is an
            empty text. They go before what the file says.
        name: what messages call a text.

    Returns:
        The flow. Without a ``flow_id`` its id is the file's name without the ending.

    Raises:
        FlowFileError: the file cannot be read, or something in it is wrong: the first thing.
        ValueError: an entry of `allow` is malformed.
    """
    flow, errors = _load(source, allow, overrides, name)
    if flow is None:
        raise errors[0]
    return flow


def check(
    source: Source, *, allow: Iterable[str] = (), overrides: Overrides = (), name: str = ""
) -> list[FlowFileError]:
    """Everything that is wrong with a file, in the order of its lines. Takes what `load` takes."""
    return _load(source, allow, overrides, name)[1]


def schema() -> dict[str, Any]:
    """The JSON Schema of flow files."""
    return copy.deepcopy(dict(flow_schema()))


def _load(
    source: Source, allow: Iterable[str], overrides: Overrides, name: str
) -> tuple[Flow | None, list[FlowFileError]]:
    try:
        document = _read(source, name)
        changes = [_Override(document.data, text) for text in _texts(overrides)]
    except FlowFileError as error:
        return None, [error]
    data = document.data
    if isinstance(data, dict) and not _is_text(source):
        data.setdefault("flow_id", FilePath(source).stem)
    try:
        return Flow.from_dict(data, allow=allow), []
    except DocumentError as error:
        errors = [_located(fault, document, changes) for fault in error.faults]
        return None, sorted(errors, key=lambda one: (one.line or 0, one.column or 0))


def _texts(overrides: Overrides) -> Iterable[str]:
    if isinstance(overrides, Mapping):
        return [f"{key}={value}" for key, value in overrides.items()]
    return [overrides] if isinstance(overrides, str) else overrides


def _is_text(source: Source) -> bool:
    return isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{"))


def _read(source: Source, name: str) -> Document:
    if isinstance(source, str) and _is_text(source):
        return parse(source, name or "<text>")
    path = os.fspath(source)
    try:
        with open(path, "rb") as file:
            content = file.read(4 * MOST_CHARACTERS + 1)
    except OSError as error:
        raise FlowFileError(f"cannot be read: {error.strerror or error}", path=path) from error
    try:
        return parse(content.decode("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FlowFileError("is not UTF-8 text", path=path, line=line) from None


def _located(fault: Fault, document: Document, changes: list[_Override]) -> FlowFileError:
    message = f"{show_path(fault.path)}: {fault.message}"
    for change in reversed(changes):
        length = min(len(fault.path), len(change.path))
        below = length == len(change.path)
        if fault.path[:length] == change.path[:length] and (
            below or fault.path not in document.values
        ):
            return FlowFileError(message, path=change.name)
    line, column = document.place(fault.path, at_key=fault.at_key)
    return FlowFileError(message, path=document.name, line=line, column=column)


class _Override:
    """One ``key=value``, put into a document's data.

    Ids may have dots themselves: of the keys that are there, the longest that fits is meant.

    Raises:
        FlowFileError: it is no ``key=value``, or the key leads nowhere.
    """

    def __init__(self, data: Any, text: str) -> None:
        self.name = f"--set '{text}'"
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise FlowFileError("must be key=value", path=self.name)
        self.path: Path = ()
        self._put(data, key, self._read(value))

    def _read(self, value: str) -> Any:
        """The value: YAML, but nothing at all is an empty text, as in a shell, and not null."""
        if not value.strip():
            return value
        try:
            return parse(value, self.name).data
        except FlowFileError as error:
            where = f" at character {error.column}" if error.column else ""
            raise FlowFileError(
                f"the value cannot be read as YAML{where}, {error.message}: put quotes around a "
                "text that is meant as it stands",
                path=self.name,
            ) from None

    def _put(self, data: Any, key: str, value: Any) -> None:
        step, rest = self._step(data, key)
        self.path = (*self.path, step)
        if not rest:
            data[step] = value
            return
        if isinstance(step, str) and data.get(step) is None:
            data[step] = {}
        self._put(data[step], rest, value)

    def _step(self, data: Any, key: str) -> tuple[str | int, str]:
        """The first step of a dotted key, and the rest of it."""
        first, _, rest = key.partition(".")
        if isinstance(data, dict):
            known = [name for name in data if key == name or key.startswith(f"{name}.")]
            step = max(known, key=len, default=first)
            return step, key[len(step) + 1 :]
        if isinstance(data, list):
            if first.isdecimal() and int(first) < len(data):
                return int(first), rest
            raise FlowFileError(
                f"{show_path(self.path)} is a list of {len(data)}: '{first}' is none of its "
                "numbers, which begin at 0",
                path=self.name,
            )
        raise FlowFileError(f"{show_path(self.path)} has nothing inside to set", path=self.name)
