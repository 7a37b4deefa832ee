"""The census: Routilux at work on real files.

It finds the Python files below a folder, parses them, and tells what is in them. Parsing is slow
and finding is fast, the slots between them are short, and back-pressure does the rest.
``routilux demo`` shows it; a program of one's own can do the same::

    with Runtime() as runtime:
        report = Census(runtime, "src").run(print)

It needs the standard library only.
"""

from __future__ import annotations

from routilux.demo.census import Census, stop
from routilux.demo.items import FileFacts, FunctionFacts
from routilux.demo.pipeline import make_flow
from routilux.demo.reading import Reading
from routilux.demo.report import Failure, Report
from routilux.demo.text import reading_line, report_lines

__all__ = [
    "Census",
    "Failure",
    "FileFacts",
    "FunctionFacts",
    "Reading",
    "Report",
    "make_flow",
    "reading_line",
    "report_lines",
    "stop",
]
