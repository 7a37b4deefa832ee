"""Conditions of breakpoints, expressions of the debugger and texts of tracepoints."""

from routilux.conditions.condition import Condition, compile_condition
from routilux.conditions.errors import ConditionError, Verdict
from routilux.conditions.expression import Expression, compile_expression
from routilux.conditions.item_view import ItemView
from routilux.conditions.template import Template, compile_template

__all__ = [
    "Condition",
    "ConditionError",
    "Expression",
    "ItemView",
    "Template",
    "Verdict",
    "compile_condition",
    "compile_expression",
    "compile_template",
]
