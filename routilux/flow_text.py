"""YAML (and JSON, which is YAML) as plain data, with the place of everything in it.

The rules are those of YAML 1.2: ``yes`` and ``on`` are texts, ``1e3`` is a number, a date is a
text, so that a JSON document means here what it means elsewhere. A key must be there once. There
are limits to size, depth and what aliases expand to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from routilux.errors import FlowFileError

if TYPE_CHECKING:
    from yaml.error import Mark

    from routilux.flow.shape import Path

Place: TypeAlias = tuple[int, int]  # line and column, both from 1

# A flow of a thousand routines has about 100,000 characters, 20,000 nodes and a depth of 6.
MOST_CHARACTERS = 500_000
MOST_NODES = 100_000
DEEPEST = 50

_TAG = "tag:yaml.org,2002:"


@dataclass
class Document:
    """A text that was read.

    Attributes:
        name: the file's name, for messages.
        data: what the text says: dicts, lists, texts, numbers, booleans and None.
        keys: where each key stands, by the path to its value.
        values: where each value begins, by its path.
    """

    name: str
    data: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path, *, at_key: bool = False) -> Place:
        """Where `path` stands; what is not there itself stands where its parent does."""
        if at_key and path in self.keys:
            return self.keys[path]
        while path not in self.values:
            path = path[:-1]
        return self.values[path]


def parse(text: str, name: str) -> Document:
    """Read a text.

    Raises:
        FlowFileError: it is no YAML, has a key twice, or is beyond the limits.
    """
    if len(text) > MOST_CHARACTERS:
        raise FlowFileError(f"longer than {MOST_CHARACTERS:,} characters", path=name)
    try:
        node = _Composer(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _error(", ".join(filter(None, (error.context, error.problem))), name, mark) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        raise FlowFileError(
            f"the character {chr(error.character)!r} is not allowed",
            path=name,
            line=before.count("\n") + 1,
            column=len(before) - before.rfind("\n"),
        ) from None
    document = Document(name)
    if node is None:
        document.values[()] = (1, 1)
    else:
        document.data = _Converter(document).convert(node, ())
    return document


class _Composer(yaml.SafeLoader):
    """Makes nodes of a text. Nothing is ever constructed by this loader."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - yaml's way: one for the class

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def scan_to_next_token(self) -> None:
        """Skip what separates: yaml stops at tabs, and JSON may be indented with them."""
        scanner: Any = self  # yaml leaves its scanner without types
        super().scan_to_next_token()
        while scanner.flow_level and scanner.peek() == "\t":
            scanner.forward()
            super().scan_to_next_token()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > DEEPEST:
            loader: Any = self  # yaml leaves this method without types
            mark = loader.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEEPEST}", problem_mark=mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _resolve(kind: str, pattern: str, first: str) -> None:
    regexp = re.compile(rf"(?:{pattern})\Z", re.ASCII)
    _Composer.add_implicit_resolver(_TAG + kind, regexp, [*first, ""] if kind == "null" else first)


_resolve("null", "~|null|Null|NULL|", "~nN")
_resolve("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_resolve("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789")
_resolve("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789")


class _Converter:
    """Makes plain data of nodes, and notes where each came from."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._count = 0

    def convert(self, node: yaml.Node, path: Path) -> Any:
        self._count += 1
        if self._count > MOST_NODES or len(path) > DEEPEST:
            raise self._error("the aliases expand to too much", node)
        self._document.values[path] = _place(node.start_mark)
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.convert(child, (*path, i)) for i, child in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        raise self._bad_tag(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error("a key must be a text", key_node)
            key = self._text(key_node)
            here = (*path, key)
            if key in found:
                line, _ = self._document.keys[here]
                raise self._error(f"the key '{key}' is there already, in line {line}", key_node)
            self._document.keys[here] = _place(key_node.start_mark)
            found[key] = self.convert(value_node, here)
        return found

    def _text(self, node: yaml.ScalarNode) -> str:
        """A scalar's text; JSON writes characters beyond 0xFFFF as two halves."""
        text = str(node.value)
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise self._error("a text has half of a character in it", node) from None

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = self._text(node)
        try:
            match node.tag.removeprefix(_TAG):
                case "str":
                    return text
                case "null":
                    return None
                case "bool":
                    return _BOOLEANS[text.lower()]
                case "int":
                    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
                case "float":
                    return float(text)
        except (KeyError, ValueError):
            kind = node.tag.removeprefix(_TAG)
            raise self._error(f"'{text[:60]}' cannot be read as {kind}", node) from None
        raise self._bad_tag(node)

    def _bad_tag(self, node: yaml.Node) -> FlowFileError:
        tag = node.tag.replace(_TAG, "!!")
        return self._error(f"the tag '{tag}' is not allowed: write plain values", node)

    def _error(self, message: str, node: yaml.Node) -> FlowFileError:
        return _error(message, self._document.name, node.start_mark)


_BOOLEANS = {"true": True, "false": False}


def _place(mark: Mark) -> Place:
    return mark.line + 1, mark.column + 1


def _error(message: str, name: str, mark: Mark | None) -> FlowFileError:
    line, column = _place(mark) if mark is not None else (None, 1)
    return FlowFileError(message, path=name, line=line, column=column)
