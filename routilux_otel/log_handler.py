"""Log records over OTLP: those of INFO and above, without the texts of errors.

An error of logic may hold payload, and its message tells of it. So a record of Routilux that has an
error's text is exported with the error's type only, unless payloads may be recorded.

A handler of the root takes away what Python does for a program without any: warnings on stderr.
Here they get there nevertheless. What is logged during an export is not exported: it would come
with every export, and make the next one.
"""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING

from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from routilux_otel.quiet import LOG

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider

OMITTED = "[text omitted]"  # stands where the text of an error would


class ExportingHandler(LoggingHandler):
    """Exports log records.

    Args:
        provider: takes them.
        payloads: whether texts of errors may be in them.
    """

    def __init__(self, provider: LoggerProvider, *, payloads: bool = False) -> None:
        super().__init__(logging.INFO, provider)
        self._payloads = payloads

    def emit(self, record: logging.LogRecord) -> None:
        """Export one."""
        if record.name == LOG or is_instrumentation_enabled():
            super().emit(record if self._payloads else _without_texts(record))
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and not self._others_hear(record.name):
            last.handle(record)

    def _others_hear(self, name: str) -> bool:
        """Whether a logger's records come to another handler, too."""
        logger: logging.Logger | None = logging.getLogger(name)
        while logger is not None:
            if any(handler is not self for handler in logger.handlers):
                return True
            logger = logger.parent
        return False


def _without_texts(record: logging.LogRecord) -> logging.LogRecord:
    """The record without what an error says: its type stays, its text and traceback go."""
    text: str | None = getattr(record, "error_text", None)
    if text is None and record.exc_info is None:
        return record
    shown = copy.copy(record)
    message = record.getMessage()
    shown.msg = message.replace(text, OMITTED) if text else message
    shown.args = None
    if record.exc_info and record.exc_info[0] is not None:
        shown.__dict__["exception.type"] = record.exc_info[0].__qualname__
    shown.exc_info = shown.exc_text = None
    shown.__dict__.pop("error_text", None)
    return shown
