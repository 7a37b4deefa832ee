"""What a regular expression of a CEL condition costs.

The library uses RE2, whose time is linear in the text, but also in the pattern: it is compiled at
each evaluation, and counted repetitions are written out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_REPEAT = 1000  # RE2's own

# In units of one class, such as `[a-z]`; measured. `\pL` is hundreds of ranges.
_LITERAL_BUILD = 0.15
_CLASS_BUILD = 1.0
_WIDE_BUILD = 4.0  # `[^a]`, `\D`: nearly all of Unicode
_UNICODE_BUILD = 450.0  # `\pL`, `\p{Greek}`

_TOKEN = re.compile(
    r"""
      (?P<unicode> \\[pP](?:\{[^}]*\}|.) )
    | (?P<wide> \\[DWSBCX] )
    | (?P<escape> \\. )
    | (?P<set> \[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\] )
    | (?P<open> \((?:\?(?:P?<\w+>|[imsU-]*:?))? )
    | (?P<close> \) )
    | (?P<repeat> \{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\} )
    | (?P<any> . )
    """,
    re.VERBOSE | re.DOTALL,
)


class PatternCost(NamedTuple):
    """What a pattern costs, in units of one class.

    Attributes:
        build: for compiling it.
        run: for each byte of the text.
    """

    build: float
    run: float


def pattern_cost(pattern: str) -> PatternCost:
    """Estimate the cost of a pattern, from above."""
    groups: list[list[PatternCost]] = [[]]
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup
        if kind == "open":
            groups.append([])
        elif kind == "close" and len(groups) > 1:
            closed = groups.pop()
            groups[-1].append(_sum(closed))
        elif token["repeat"] is not None and groups[-1]:
            groups[-1][-1] = _repeated(groups[-1][-1], token)
        else:
            groups[-1].append(_atom(token))
    whole = _sum([atom for group in groups for atom in group])
    folded = 2.0 if re.search(r"\(\?[a-zA-Z-]*i", pattern) else 1.0
    return PatternCost(whole.build * folded, whole.run * folded)


def _atom(token: re.Match[str]) -> PatternCost:
    text = token[0]
    if token["unicode"] is not None:
        return PatternCost(_UNICODE_BUILD, 2.0)
    if token["wide"] is not None:
        return PatternCost(_WIDE_BUILD, 1.0)
    if token["set"] is not None:
        wide = len(re.findall(r"\\[DWS]|\[:\^", text)) + text.startswith("[^")
        unicode = len(re.findall(r"\\[pP]", text)) * (1 + wide)
        build = _CLASS_BUILD + len(text) * _LITERAL_BUILD
        return PatternCost(build + wide * _WIDE_BUILD + unicode * _UNICODE_BUILD, 1.0)
    if text == "." or token["escape"] is not None:
        return PatternCost(_CLASS_BUILD, 1.0)
    return PatternCost(_LITERAL_BUILD, 1.0)


def _repeated(atom: PatternCost, token: re.Match[str]) -> PatternCost:
    digits = token["most"] or token["least"]
    # More than RE2 takes: the library says so, after reading that far.
    times = 1 + min(int(digits) if digits and len(digits) < 5 else MAX_REPEAT, MAX_REPEAT)
    return PatternCost(atom.build * times, atom.run * times)


def _sum(atoms: list[PatternCost]) -> PatternCost:
    return PatternCost(sum(atom.build for atom in atoms), sum(atom.run for atom in atoms))
