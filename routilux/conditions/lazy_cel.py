"""The CEL part of the package, imported when the first expression is compiled.

Most programs never set a breakpoint, and with the library it takes as long as all of the engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.conditions.cel import CelProgram
    from routilux.conditions.item_view import ItemView


def compile_cel(text: str) -> CelProgram:
    """Compile an expression: see `routilux.conditions.cel.compile_cel`.

    Raises:
        ConditionError: it is wrong, too long, too costly, or the library is not installed.
    """
    program: CelProgram = import_module("routilux.conditions.cel").compile_cel(text)
    return program


def compile_value(text: str) -> Callable[[ItemView], Any]:
    """Compile an expression to a function that gives its value for an item, as JSON data.

    Raises:
        ConditionError: as `compile_cel`.
    """
    program = compile_cel(text)
    to_json = import_module("routilux.conditions.cel_values").to_json
    return lambda view: to_json(program.evaluate(view))
