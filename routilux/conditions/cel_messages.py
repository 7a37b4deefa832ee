"""What the CEL library complains about, in words that hold nothing of an item.

The library's own messages show values: the key that was looked for, the number that is too large.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from routilux.conditions.errors import ConditionError

if TYPE_CHECKING:
    from collections.abc import Collection

TOO_DEEP = (
    "it is nested too deeply: at most 32 levels, of which each + and each . in a row is one; "
    "split it with && or ||"
)

_LONGEST_NAME = 60  # characters of a name that a message shows

_PLACE = re.compile(r"<input>:(\d{1,6}):(\d{1,6}): ([^\n]*)")
_SYNTAX = re.compile(
    r"Syntax error: (?:mismatched input|extraneous input|token recognition error at:|"
    r"no viable alternative at input) '(.*?)'(?: expecting .*)?$"
)
_NO_NAME = re.compile(r'No value with name "([^"]*)"')
_NO_KEY = re.compile(r'Key not found in map : "([^"]*)"')
_OVERLOAD = re.compile(r"No matching overloads found : ([^(\s]{1,40})\(([A-Za-z0-9_., ]{0,200})\)")
_TYPE_NAMES = (
    "bool int64 uint64 double string bytes list map null null_type timestamp duration type "
    "google.protobuf.Timestamp google.protobuf.Duration"
)
_TYPES = frozenset(_TYPE_NAMES.split())

# A piece of the library's message, and what to say instead; the first that fits.
_REASONS = (
    ("No value with name", "a name is not in this item"),
    ("not found in map", "a key is not in this item"),
    ("jump_condition", "what stands before ? must be true or false"),
    ("iter_range", "all, exists, map and filter go over lists and maps only"),
    ("_&&_", "&& needs true or false on both sides"),
    ("_||_", "|| needs true or false on both sides"),
    ("overloads", "an operator or function does not work on values of these types"),
    ("SELECT to non-message", "a field was asked of a value that has none"),
    ("by zero", "division by zero"),
    ("overflow", "a number or time is out of range"),
    ("out of", "a number or time is out of range"),
    ("above maximum", "a number or time is out of range"),
    ("below minimum", "a number or time is out of range"),
    ("Index error", "an index is not in the list"),
    ("regular expression", "the pattern is not a regular expression"),
    ("timezone", "the time zone is not known"),
    ("Invalid map key", "a map has a key of a type that it cannot have"),
    ("duplicate key", "a map has the same key twice"),
    ("Iteration budget", "it takes too many steps: 10,000 iterations are allowed"),
    ("onver", "a text could not be converted"),
)


def syntax_error(message: str, text: str) -> ConditionError:
    """The library's complaint about a text that it cannot read."""
    if "recursion" in message:
        return ConditionError(TOO_DEEP)
    place = _PLACE.search(message)
    if place is None:
        return ConditionError("it cannot be read as CEL")
    line, column, reason = place.groups()
    return ConditionError(_reason(reason), column=_column(text, int(line), int(column)))


def run_time_reason(message: str, words: Collection[str]) -> str:
    """The library's complaint about an evaluation; `words` are those of the expression itself."""
    name = _NO_NAME.search(message)
    if name is not None and name[1] in words:
        return f"there is no {name[1][:_LONGEST_NAME]} in this item"
    key = _NO_KEY.search(message)
    if key is not None and key[1] in words:
        return f"there is no key {key[1][:_LONGEST_NAME]!r} where it was looked for"
    overload = _OVERLOAD.search(message)
    if overload is not None:
        types = overload[2].split(", ")
        if _TYPES.issuperset(types):
            # As they are written in CEL: `int`, not `int64`.
            named = " and ".join(types).replace("64", "").replace("null_type", "null")
            return f"{_operator(overload[1])} does not work on {named}"
    for piece, reason in _REASONS:
        if piece in message:
            return reason
    return "it could not be evaluated"


def _reason(reason: str) -> str:
    syntax = _SYNTAX.match(reason)
    if syntax is None:
        return reason.removeprefix("Syntax error: ")[:200]
    if syntax[1] == "<EOF>":
        return "it ends too early"
    token = syntax[1].strip()
    if token[:1] in ("'", '"'):  # what is in the text may be a secret
        return "a text begins here and is not closed, or it cannot stand here"
    return f"{token[:_LONGEST_NAME]!r} cannot stand here"  # printable, whatever it is


def _column(text: str, line: int, column: int) -> int:
    """A place in a text of several lines, as a column of the whole text."""
    before = text.split("\n")[: line - 1]
    return min(sum(len(one) + 1 for one in before) + column, len(text) + 1)


def _operator(name: str) -> str:
    return name.strip("_@")
