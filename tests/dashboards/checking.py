"""What a query gives, worked out from its text: its labels, or what is wrong with it."""

from __future__ import annotations

import re
from functools import singledispatch
from typing import TYPE_CHECKING

import promql_parser as ast

from tools.dashboards.registry import known_series

if TYPE_CHECKING:
    from collections.abc import Mapping

Labels = frozenset[str]
KNOWN = known_series()
_NAME = "__name__"


class WrongQuery(Exception):
    """It does not parse, or it names something that nobody emits."""


def labels_of(expression: str) -> Labels:
    """The labels that the series of a query's answer may have.

    Raises WrongQuery: it is no PromQL, or names a metric or label that there is not.
    """
    try:
        tree = ast.parse(expression)
    except ValueError as error:
        raise WrongQuery(f"{error}: {expression}") from error
    return _labels(tree)


def names_in(expression: str) -> set[str]:
    """The metrics that a query names."""
    found: set[str] = set()

    def see(node: ast.Expr) -> None:
        if isinstance(node, ast.VectorSelector) and node.name is not None:
            found.add(node.name)

    ast.walk(ast.parse(expression), pre_visit=see)
    return found


@singledispatch
def _labels(node: object) -> Labels:
    raise WrongQuery(f"no rule for {type(node).__name__}")


@_labels.register
def _of_number(_node: ast.NumberLiteral) -> Labels:
    return frozenset()


@_labels.register
def _of_parentheses(node: ast.ParenExpr) -> Labels:
    return _labels(node.expr)


@_labels.register
def _of_range(node: ast.MatrixSelector) -> Labels:
    return _labels(node.vector_selector)


@_labels.register
def _of_selector(node: ast.VectorSelector) -> Labels:
    matchers = {each.name: each.value for each in node.matchers.matchers}
    if node.name is not None:
        chosen = {node.name: KNOWN[node.name]} if node.name in KNOWN else {}
    else:
        chosen = _by_pattern(matchers.pop(_NAME))
    if not chosen:
        raise WrongQuery(f"nobody emits {node.name or node}")
    found = frozenset().union(*chosen.values())
    _need(set(matchers), found, str(node))
    return found | {_NAME}


def _by_pattern(pattern: str) -> Mapping[str, Labels]:
    return {name: each for name, each in KNOWN.items() if re.fullmatch(pattern, name)}


@_labels.register
def _of_aggregation(node: ast.AggregateExpr) -> Labels:
    inner = _labels(node.expr)
    if node.modifier is None:
        return inner if str(node.op) in {"topk", "bottomk"} else frozenset()
    if node.modifier.type != ast.AggModifierType.By:
        raise WrongQuery(f"`by` says what is left, `without` does not: {node.prettify()}")
    _need(set(node.modifier.labels), inner, node.prettify())
    return frozenset(node.modifier.labels)


@_labels.register
def _of_call(node: ast.Call) -> Labels:
    vectors = [each for each in node.args if isinstance(each, ast.Expr)]
    name = node.func.name
    if name == "label_replace":
        value, to, _, source, _ = (getattr(each, "val", each) for each in node.args)
        inner = _labels(value)
        # An empty source always matches. `(.*)` matches a missing label too, which is meant then.
        if source and node.args[4].val != "(.*)":
            _need({source}, inner, node.prettify())
        return inner | {to}
    if name == "vector":
        return frozenset()
    inner = frozenset().union(*map(_labels, vectors))
    if name == "histogram_quantile":
        _need({"le"}, inner, node.prettify())
    return inner - {_NAME, "le"} if name == "histogram_quantile" else inner - {_NAME}


@_labels.register
def _of_operator(node: ast.BinaryExpr) -> Labels:
    left, right = _labels(node.lhs), _labels(node.rhs)
    matching = node.modifier.matching if node.modifier is not None else None
    if matching is not None:
        if matching.type != ast.LabelModifierType.Include:
            raise WrongQuery(f"`on` says what is matched: {node.prettify()}")
        _need(set(matching.labels), left & right, node.prettify())
    operator = str(node.op)
    if operator == "or":
        return left | right
    if operator in {"and", "unless"} or isinstance(node.rhs, ast.NumberLiteral):
        return left
    if isinstance(node.lhs, ast.NumberLiteral):
        return right
    if matching is None and left - {_NAME} != right - {_NAME}:
        raise WrongQuery(f"its sides never match: {node.prettify()}")
    return left - {_NAME}


def _need(labels: set[str], present: Labels, where: str) -> None:
    if missing := labels - present:
        raise WrongQuery(f"no such label {sorted(missing)} in {where}")
