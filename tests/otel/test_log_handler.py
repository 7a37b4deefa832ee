"""Exporting log records takes nothing away from a program, and does not feed itself."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from routilux_otel.log_handler import ExportingHandler
from routilux_otel.quiet import BELOW, LOG, Complaints, OfExports, hint

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def exporting() -> Iterator[InMemoryLogRecordExporter]:
    """What our handler exports, while it is the only one: pytest and other tests have some."""
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    handler = ExportingHandler(provider)
    loggers = [logging.getLogger(name) for name in (None, "routilux", LOG)]
    others = [logger.handlers[:] for logger in loggers]
    for logger in loggers:
        logger.handlers[:] = []
    loggers[0].addHandler(handler)
    try:
        yield exporter
    finally:
        for logger, known in zip(loggers, others, strict=True):
            logger.handlers[:] = known
        provider.shutdown()


def texts(exporter: InMemoryLogRecordExporter) -> list[object]:
    """The bodies of what was exported."""
    return [each.log_record.body for each in exporter.get_finished_logs()]


def test_a_program_without_handlers_still_sees_its_warnings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logger = logging.getLogger("tests.program")
    logger.setLevel(logging.INFO)
    with exporting() as exported:
        logger.warning("look")
        logger.warning("here")
        logger.info("not there")
    logger.setLevel(logging.NOTSET)
    assert capsys.readouterr().err == "look\nhere\n"
    assert texts(exported) == ["look", "here", "not there"]


def test_a_warning_that_another_handler_has_is_not_written_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parent, heard = logging.getLogger("tests.program"), logging.NullHandler()
    parent.addHandler(heard)
    try:
        with exporting() as exported:
            logging.getLogger("tests.program.part").warning("look")
    finally:
        parent.removeHandler(heard)
    assert capsys.readouterr().err == ""
    assert texts(exported) == ["look"]


def test_what_is_logged_during_an_export_is_not_exported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with exporting() as exported:
        with suppress_instrumentation():
            logging.getLogger("tests.library").warning("broken answer")
            logging.getLogger(LOG).warning("trouble")  # once a minute
        logging.getLogger("tests.library").warning("broken page")
    assert texts(exported) == ["trouble", "broken page"]
    assert capsys.readouterr().err == "broken answer\ntrouble\nbroken page\n"


@pytest.mark.parametrize("name", BELOW)
def test_a_librarys_warnings_of_an_export_are_complaints(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    logger, taken = logging.getLogger(name), OfExports(Complaints())
    logger.addFilter(taken)
    try:
        logger.warning("of the program")
        with suppress_instrumentation():
            logger.warning("of an export")
            logger.debug("a detail")
    finally:
        logger.removeFilter(taken)
    trouble = f"Telemetry has trouble, the work goes on: of an export. {hint(None)}"
    assert caplog.record_tuples == [
        (name, logging.WARNING, "of the program"),
        (LOG, logging.WARNING, trouble),
    ]
