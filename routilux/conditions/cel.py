"""CEL expressions, by the library `cel-expr-python` if it is installed.

They are parsed with the library's checks off: which names an item has is known only when it comes.
Before an expression is used, its syntax tree is read: for the names in it, and for its cost.

`lazy_cel` imports this module when the first expression is compiled.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, NamedTuple

from routilux.conditions.cel_cost import CostError, find_cost
from routilux.conditions.cel_messages import run_time_reason, syntax_error
from routilux.conditions.cel_names import find_names, find_patterns, find_words, pick
from routilux.conditions.cel_tree import Tree, read_tree
from routilux.conditions.cel_words import refuse_python_words
from routilux.conditions.errors import ConditionError, EvaluationError
from routilux.conditions.expression_text import check_text
from routilux.conditions.item_view import META_LIMIT_BYTES, MISSING, ItemView
from routilux.json_view import LIMIT_BYTES

try:
    from cel_expr_python import cel as library  # type: ignore[import-untyped]
except ImportError:  # an extra: predicates work without
    library = None

MISSING_LIBRARY = (
    'a condition in CEL needs the package cel-expr-python: run pip install "routilux[cel]", or '
    'write it as a predicate, {"path": "data.size", "op": "gt", "value": 3}'
)
_TOO_COSTLY = "the item is too large for this expression: it could take more than 100 ms"
_WIDE_INTEGER = "Integer value"  # begins the library's message about an integer above 64 bits
_MOST_INTEGER = 2**63 - 1
_compiling = threading.Lock()  # the library reads descriptors through the interpreter meanwhile


class CelValue(NamedTuple):
    """What an expression evaluates to.

    Attributes:
        kind: the library's name of its type, such as `BOOL`.
        value: the library's own value. Do not ask one of kind `NULL` for its content: the
            library gives away a reference to None each time, until the interpreter dies of it.
    """

    kind: str
    value: Any


class CelProgram:
    """A compiled expression; several threads may use it."""

    def __init__(self, expression: Any, tree: Tree) -> None:
        """Take an expression that the library has read, and its tree.

        Raises:
            CostError: it may not be used.
        """
        self._expression = expression
        self._names = tuple(find_names(tree.root).items())
        self._words = frozenset(find_words(tree.root))
        self._cost = find_cost(tree.root)
        most = (LIMIT_BYTES + META_LIMIT_BYTES) * max(len(self._names), 1)
        self._affordable_bytes = self._cost.affordable_bytes(most)

    def evaluate(self, view: ItemView) -> CelValue:
        """The value for an item, which is never an error.

        Raises:
            TooLarge: the item is larger than conditions look at.
            EvaluationError: there is no value.
        """
        values = {}
        for name, parts in self._names:
            value = view.value(name)
            if value is not MISSING:
                values[name] = value if parts is None else pick(value, parts)
        if view.size_bytes > self._affordable_bytes and not self._fits(view):
            raise EvaluationError(_TOO_COSTLY)
        return self._run(values)

    def _fits(self, view: ItemView) -> bool:
        return self._cost.fits(view.size_bytes, view.entries, view.longest)

    def _run(self, values: dict[str, Any], *, narrowed: bool = False) -> CelValue:
        try:
            value = self._expression.eval(data=values)
            kind = value.type().name()
            if kind != "ERROR":
                return CelValue(kind, value)
            message = str(value.value())
        except Exception as error:  # noqa: BLE001 - the library has no errors of its own, and must break nothing
            message = str(error)
        if _WIDE_INTEGER in message and not narrowed:
            return self._run(_narrowed(values), narrowed=True)
        raise EvaluationError(run_time_reason(message, self._words))


def compile_cel(text: str) -> CelProgram:
    """Compile an expression.

    Raises:
        ConditionError: it is wrong, too long, too costly, or the library is not installed.
    """
    if library is None:
        raise ConditionError(MISSING_LIBRARY)
    check_text(text)
    refuse_python_words(text)
    with _compiling:
        return _compile(text)


def _compile(text: str) -> CelProgram:
    try:
        expression = _environment().compile(text, disable_check=True)
    except Exception as error:  # noqa: BLE001 - the library has no errors of its own
        raise syntax_error(str(error), text) from None
    tree = read_tree(expression.serialize())
    try:
        program = CelProgram(expression, tree)
    except CostError as error:
        raise ConditionError(str(error), column=_column(tree, error.number)) from None
    _check_patterns(tree)
    _check_once(program)
    return program


def _check_once(program: CelProgram) -> None:
    """Evaluate an expression without any item: the library plans it at its first evaluation."""
    try:
        program.evaluate(ItemView(None, {}))
    except EvaluationError:
        return  # the names that it needs are not there


def _check_patterns(tree: Tree) -> None:
    probe = _environment().compile("''.matches(pattern)", disable_check=True)
    for pattern in find_patterns(tree.root):
        if probe.eval(data={"pattern": pattern.value}).type().name() == "ERROR":
            raise ConditionError(
                "the pattern is not a regular expression (of RE2)",
                column=_column(tree, pattern.number),
            )


def _column(tree: Tree, number: int) -> int | None:
    offset = tree.offsets.get(number)
    return None if offset is None else offset + 1


@cache
def _environment() -> Any:
    return library.NewEnv()


def _narrowed(value: Any) -> Any:
    """`value` with a float for each integer that does not fit into 64 bits."""
    if type(value) is int and not -_MOST_INTEGER <= value <= _MOST_INTEGER:
        return float(value)
    if type(value) is list:
        return [_narrowed(entry) for entry in value]
    if type(value) is dict:
        return {key: _narrowed(entry) for key, entry in value.items()}
    return value
