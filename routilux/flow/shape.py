"""The shape of a flow's document: checked against the JSON Schema that ships with the package.

The schema is the only description of the shape: editors complete flow files by it, and the checker
here follows it, so the two cannot drift apart. It knows the few keywords that the schema uses, and
says what is wrong in words that help.
"""

from __future__ import annotations

import difflib
import json
import math
import pkgutil
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from routilux.errors import RoutiluxError
from routilux.settings import is_count, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
Schema = Mapping[str, Any]

SCHEMA_FILE = "flow_schema.json"


class Fault(NamedTuple):
    """One thing that is wrong in a document.

    Attributes:
        path: keys and indexes that lead to it.
        message: what is wrong there, and what to do.
        at_key: whether the key itself is wrong, and not its value.
    """

    path: Path
    message: str
    at_key: bool = False

    def __str__(self) -> str:
        return f"{show_path(self.path)}: {self.message}"


class DocumentError(RoutiluxError, ValueError):
    """A flow's document is wrong. Attribute: faults, all that was found (`Fault`)."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self.faults = tuple(faults)
        first, *others = self.faults
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"{first}{more}")


def show_path(path: Path) -> str:
    """A path as people write it: ``connections[0].from``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the flow"


@cache
def flow_schema() -> Schema:
    """The JSON Schema of a flow's document. Read-only."""
    text = pkgutil.get_data("routilux", SCHEMA_FILE)
    assert text is not None, "the package was installed without its data"
    schema: Schema = json.loads(text)
    return schema


def check_shape(data: object) -> list[Fault]:
    """What is wrong with the shape of a flow's document."""
    return list(_check(data, flow_schema(), ()))


def suggest(word: str, known: Collection[str]) -> str:
    """A hint for a mistyped word: `` Did you mean 'x'?``, or what there is."""
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f" Did you mean '{close[0]}'?"
    return f" There is {', '.join(known)}." if known else ""


def _check(value: object, schema: Schema, path: Path) -> Iterator[Fault]:
    if "$ref" in schema:
        schema = flow_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    if "oneOf" in schema:
        yield from _check_variant(value, schema["oneOf"], path)
    elif not _fits(value, schema):
        yield Fault(path, f"must be {_wanted(schema)}, not {_shown(value)}")
    elif isinstance(value, Mapping):
        yield from _check_mapping(value, schema, path)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _check(element, schema["items"], (*path, index))


def _check_mapping(value: Mapping[object, object], schema: Schema, path: Path) -> Iterator[Fault]:
    known: Mapping[str, Schema] = schema.get("properties", {})
    others: Schema | bool = schema.get("additionalProperties", True)
    for key, element in value.items():
        if not isinstance(key, str):
            yield Fault((*path, str(key)), f"a key must be a string, not {key!r}", at_key=True)
        elif key in known:
            yield from _check(element, known[key], (*path, key))
        elif others is False:
            yield Fault((*path, key), f"unknown key '{key}'.{suggest(key, known)}", at_key=True)
        elif others is not True:
            yield from _check(element, others, (*path, key))
    for key in schema.get("required", ()):
        if key not in value:
            yield Fault(path, f"'{key}' is missing")


def _check_variant(value: object, variants: list[Schema], path: Path) -> Iterator[Fault]:
    """A mapping whose ``type`` says which of the variants it is."""
    by_type = {variant["properties"]["type"]["const"]: variant for variant in variants}
    if not isinstance(value, Mapping):
        yield Fault(path, f"must be a mapping with a 'type', not {_shown(value)}")
    elif "type" not in value:
        yield Fault(path, f"'type' is missing: one of {', '.join(by_type)}")
    elif (kind := value["type"]) not in list(by_type):
        yield Fault((*path, "type"), f"must be one of {', '.join(by_type)}, not {_shown(kind)}")
    else:
        yield from _check_mapping(value, by_type[kind], path)


def _fits(value: object, schema: Schema) -> bool:
    """Whether a value itself fits, whatever is inside of it."""
    if "const" in schema:
        return True  # it is what the variant was chosen by
    if "enum" in schema:
        return isinstance(value, str) and value in schema["enum"]
    match schema["type"]:
        case "object":
            return isinstance(value, Mapping)
        case "array":
            return isinstance(value, list)
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str) and len(value) >= schema.get("minLength", 0)
    return _is_number(value, whole=schema["type"] == "integer") and _within(value, schema)


def _is_number(value: object, *, whole: bool) -> bool:
    fits = is_count(value) if whole else is_number(value)
    return fits and math.isfinite(cast("float", value))


def _within(value: Any, schema: Schema) -> bool:
    return bool(
        value >= schema.get("minimum", -math.inf)
        and value <= schema.get("maximum", math.inf)
        and value > schema.get("exclusiveMinimum", -math.inf)
    )


_NOUNS = {
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
}


def _wanted(schema: Schema) -> str:
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    noun = _NOUNS[schema["type"]]
    if "exclusiveMinimum" in schema:
        return f"{noun} above {schema['exclusiveMinimum']}"
    if "maximum" in schema:
        return f"{noun} from {schema['minimum']} to {schema['maximum']}"
    if "minimum" in schema:
        return f"{noun}, {schema['minimum']} or more"
    return noun + (" that is not empty" if schema.get("minLength") == 1 else "")


def _shown(value: object) -> str:
    """A value as a message shows it: short, and in the words of a document."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
