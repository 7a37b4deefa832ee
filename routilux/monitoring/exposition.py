"""The instruments as Prometheus reads them: its text format, version 0.0.4.

Names are those under which a collector of OpenTelemetry hands the same rows to Prometheus: dots
become underscores, a unit becomes a suffix, and a counter ends with ``_total``. The client package
of Prometheus keeps a registry of its own and counts by itself; all that is needed here is text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.monitoring.instruments import INSTRUMENTS, Instrument
from routilux.stored import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from routilux.monitoring.reading import Reading

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SUFFIXES = {"s": "_seconds", "1": "_ratio"}  # a unit in braces is a remark, and has none


def exposition(reading: Reading) -> str:
    """Every row of the table that has a point in a reading."""
    return "".join(line for row in INSTRUMENTS for line in _lines(row, reading))


def prometheus_name(row: Instrument) -> str:
    """What Prometheus calls a row."""
    name = row.name.replace(".", "_") + _SUFFIXES.get(row.unit, "")
    return f"{name}_total" if row.kind == "counter" else name


def _lines(row: Instrument, reading: Reading) -> Iterator[str]:
    name = prometheus_name(row)
    points = list(row.points(reading))
    if points:
        yield f"# HELP {name} {_escaped(row.meaning)}\n"
        yield f"# TYPE {name} {row.kind}\n"
    for value, attributes in points:
        yield f"{name}{_labels(attributes)} {value}\n"


def _labels(attributes: Mapping[str, str]) -> str:
    pairs = (f'{name.replace(".", "_")}="{_quoted(text)}"' for name, text in attributes.items())
    return f"{{{','.join(pairs)}}}" if attributes else ""


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


def _escaped(text: str) -> str:
    return clean_text(text).replace("\\", r"\\").replace("\n", r"\n")
