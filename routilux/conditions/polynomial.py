"""Polynomials over named sizes: how the cost of an expression grows with what it looks at.

A polynomial is a dict from a product of variables, in order, to how often it counts.
"""

from __future__ import annotations

from typing import TypeAlias

Term: TypeAlias = tuple[str, ...]
Polynomial: TypeAlias = dict[Term, float]


def constant(value: float) -> Polynomial:
    """A number."""
    return {(): value} if value else {}


def variable(name: str, times: float = 1.0) -> Polynomial:
    """`times` the variable."""
    return {(name,): times}


def total(*parts: Polynomial) -> Polynomial:
    """The sum of all."""
    result: Polynomial = {}
    for part in parts:
        for term, times in part.items():
            result[term] = result.get(term, 0.0) + times
    return result


def product(left: Polynomial, right: Polynomial) -> Polynomial:
    """Each term of one times each of the other."""
    result: Polynomial = {}
    for term, times in left.items():
        for other, more in right.items():
            joined = tuple(sorted(term + other))
            result[joined] = result.get(joined, 0.0) + times * more
    return result


def scaled(polynomial: Polynomial, times: float) -> Polynomial:
    """`times` the polynomial."""
    return {term: count * times for term, count in polynomial.items()} if times else {}


def is_constant(polynomial: Polynomial) -> bool:
    """Whether it is a number, whatever the variables are."""
    return all(term == () for term in polynomial)
