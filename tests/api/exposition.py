"""A strict reader of Prometheus' text format, for tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HELP = re.compile(rf"# HELP ({NAME}) ((?:[^\\\n]|\\\\|\\n)*)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge)")
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? ([0-9.e+-]+)")
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}

Labels = frozenset[tuple[str, str]]


@dataclass
class Family:
    """The samples of one name."""

    name: str
    help: str
    kind: str = ""
    samples: dict[Labels, float] = field(default_factory=dict)


def labels(**named: str) -> Labels:
    return frozenset(named.items())


def parse(text: str) -> dict[str, Family]:
    """The families of a text: each with HELP, TYPE, and its samples in one run.

    Raises:
        AssertionError: the text is not of the format.
    """
    families: dict[str, Family] = {}
    assert text == "" or text.endswith("\n")
    current: Family | None = None
    for line in text.split("\n")[:-1]:
        if (found := HELP.fullmatch(line)) is not None:
            assert current is None or current.samples, f"{current} has no samples"
            current = Family(found[1], unescaped(found[2]))
            assert families.setdefault(current.name, current) is current, f"{line} comes twice"
            continue
        assert current is not None, line
        if (found := TYPE.fullmatch(line)) is not None:
            assert found[1] == current.name
            assert not current.kind
            assert not current.samples
            current.kind = found[2]
            continue
        found = SAMPLE.fullmatch(line)
        assert found is not None, line
        assert found[1] == current.name, line
        assert current.kind, line
        pairs = re.findall(LABEL, found[2] or "")
        assert len({name for name, _ in pairs}) == len(pairs), line
        key = frozenset((name, unescaped(value)) for name, value in pairs)
        assert key not in current.samples, line
        current.samples[key] = float(found[found.re.groups])
    return families


def unescaped(text: str) -> str:
    return re.sub(r'\\[\\"n]', lambda found: ESCAPES[found[0]], text)
