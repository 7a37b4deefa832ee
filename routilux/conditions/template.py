"""Texts with expressions in braces: what a tracepoint logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from routilux.conditions.cel_words import TOKEN
from routilux.conditions.errors import ConditionError
from routilux.conditions.expression import Expression, compile_expression
from routilux.conditions.expression_text import check_text
from routilux.json_view import CUT_TEXT, json_view

if TYPE_CHECKING:
    from routilux.conditions.item_view import ItemView

MAX_FILLED = 1_000  # characters: a line that people read
MAX_EXPRESSIONS = 16  # each may take a while

_Piece: TypeAlias = str | Expression


class Template:
    """A compiled text. It is never changed, and several threads may use it.

    Attributes:
        source: the text with its braces.
    """

    __slots__ = ("_pieces", "source")

    def __init__(self, source: str, pieces: tuple[_Piece, ...]) -> None:
        self.source = source
        self._pieces = pieces

    def fill(self, view: ItemView) -> str:
        """The text for an item, on one line, of at most 1,000 characters.

        Never raises: an expression without a value is shown with the reason. The values of secrets
        are `[redacted]`.
        """
        filled = ""
        for piece in self._pieces:
            filled += piece if isinstance(piece, str) else _printable(_shown(piece, view))
            if len(filled) > MAX_FILLED:
                return filled[: MAX_FILLED - len(CUT_TEXT)] + CUT_TEXT
        return filled


def compile_template(text: str) -> Template:
    """Compile a text such as `size is {data.size}`; braces are written twice: `{{`.

    Raises:
        ConditionError: a brace has no partner, or an expression is wrong; names the column.
    """
    if not isinstance(text, str):
        raise ConditionError("a log message is a text")
    text = str.__str__(text)
    check_text(text)
    pieces: list[_Piece] = []
    at = 0
    while at < len(text):
        piece, at = _next_piece(text, at)
        pieces.append(piece)
    if sum(not isinstance(piece, str) for piece in pieces) > MAX_EXPRESSIONS:
        raise ConditionError(f"a log message has at most {MAX_EXPRESSIONS} expressions")
    return Template(text, tuple(pieces))


def _next_piece(text: str, at: int) -> tuple[_Piece, int]:
    if text.startswith(("{{", "}}"), at):
        return text[at], at + 2
    if text[at] == "}":
        raise ConditionError("this } has no { before it: write }} for a brace", column=at + 1)
    if text[at] == "{":
        end = _closing_brace(text, at)
        return _expression(text[at + 1 : end], at + 1), end + 1
    end = at + 1
    while end < len(text) and text[end] not in "{}":
        end += 1
    return _printable(text[at:end]), end


def _closing_brace(text: str, at: int) -> int:
    """Where the brace at `at` is closed; those in quotes and in maps are passed over."""
    depth = 0
    for token in TOKEN.finditer(text, at):
        if token["other"] == "{":
            depth += 1
        elif token["other"] == "}":
            depth -= 1
            if depth == 0:
                return token.start()
    raise ConditionError("this { is not closed: write {{ for a brace", column=at + 1)


def _expression(text: str, at: int) -> Expression:
    try:
        return compile_expression(text)
    except ConditionError as error:
        column = None if error.column is None else at + error.column
        raise ConditionError(error.message, column=column) from None


def _shown(expression: Expression, view: ItemView) -> str:
    try:
        return _text(expression.evaluate(view))
    except ConditionError as error:
        return f"{{{expression.source}: {error.message}}}"
    except Exception as error:  # noqa: BLE001 - a log line must not break the delivery that it tells of
        return f"{{{expression.source}: {type(error).__name__}}}"


def _text(value: Any) -> str:
    if type(value) is str:
        return value[: MAX_FILLED + 1]
    view = json_view(value, limit_bytes=MAX_FILLED)
    return json.dumps(view.value, ensure_ascii=False) + CUT_TEXT * view.truncated


def _printable(text: str) -> str:
    """`text` without line ends and the like, which would make a log say what nobody logged."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in text
    )
