"""Values of CEL as JSON data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.conditions.errors import EvaluationError
from routilux.json_view import json_view

if TYPE_CHECKING:
    from routilux.conditions.cel import CelValue

MAX_VALUES = 10_000  # in a result; each takes the library about a microsecond

_PLAIN = frozenset(["BOOL", "INT", "UINT", "DOUBLE", "STRING", "BYTES", "TIMESTAMP", "DURATION"])


def to_json(value: CelValue) -> Any:
    """A result as JSON data: times as ISO 8601, durations in seconds, types by their names.

    Raises:
        EvaluationError: it has a part that has no value, or is too large.
    """
    return _Reader().read(value.kind, value.value)


class _Reader:
    def __init__(self) -> None:
        self._left = MAX_VALUES

    def read(self, kind: str, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise EvaluationError(f"the result has more than {MAX_VALUES} values in it")
        # Null first: asking it for its content breaks the interpreter.
        if kind == "NULL":
            return None
        if kind == "ERROR":
            raise EvaluationError("a part of the result has no value")
        content = self._content(kind, value)
        if kind.startswith("LIST"):
            return [self.read(entry.type().name(), entry) for entry in content]
        if kind.startswith("MAP"):
            return {
                _key(key): self.read(entry.type().name(), entry) for key, entry in content.items()
            }
        if kind == "TYPE":
            return content.name()
        return json_view(content).value

    def _content(self, kind: str, value: Any) -> Any:
        if kind not in _PLAIN and not kind.startswith(("LIST", "MAP", "TYPE")):
            raise EvaluationError("the result is of a type that has no JSON form")
        try:
            return value.value()
        except Exception:  # noqa: BLE001 - a time that Python cannot hold
            raise EvaluationError("the result has no JSON form") from None


def _key(key: Any) -> str:
    if type(key) is bool:
        return "true" if key else "false"
    return str(key)
