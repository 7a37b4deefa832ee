"""The trace that a request belongs to, as its ``traceparent`` header says (W3C Trace Context)."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header

# version, trace id, span id, flags; a version after 00 may have more behind them
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_VERSION = "ff"


def read_traceparent(header: str | None) -> str | None:
    """The trace context in a header, or None if there is none or it is no good.

    A bad one is no error: whatever is wrong with the telemetry, the job is started.
    """
    found = _FORM.fullmatch(header.strip()) if header is not None else None
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == _NO_VERSION or (version == "00" and more is not None):
        return None
    if not (trace.strip("0") and span.strip("0")):
        return None
    return f"00-{trace}-{span}-{flags}"


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace's id in a trace context: 32 hexadecimal digits."""
    return traceparent.split("-")[1] if traceparent is not None else None


def _traceparent(
    header: Annotated[
        str | None,
        Header(
            alias="traceparent",
            description="The trace that the job belongs to (W3C Trace Context). One that cannot "
            "be read is left aside; the answer has it again if it was taken.",
        ),
    ] = None,
) -> str | None:
    return read_traceparent(header)


TraceParent = Annotated[str | None, Depends(_traceparent)]
