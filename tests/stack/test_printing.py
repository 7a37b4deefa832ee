"""config.dev.yaml prints what comes; with config.yaml logs are in a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

from tests.stack.asking import until
from tests.stack.sending import metering, resource, tracing
from tools.backends.collector import DEV_CONFIG, make_collector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.backends.stack import Stack


def log(stack: Stack, text: str) -> None:
    """Send one line."""
    exporter = OTLPLogExporter(endpoint=f"{stack.otlp_http}/v1/logs")
    provider = LoggerProvider(resource("logs"), shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    record = LogRecord(
        body=text, severity_number=SeverityNumber.INFO, attributes={"job_id": "job-1"}
    )
    provider.get_logger("routilux").emit(record)
    provider.shutdown()


def lines(path: Path) -> list[dict[str, Any]]:
    """The log records in a file of the collector."""
    if not path.exists():
        return []
    return [
        record
        for line in path.read_text("utf-8").splitlines()
        for sent in json.loads(line)["resourceLogs"]
        for scope in sent["scopeLogs"]
        for record in scope["logRecords"]
    ]


def test_the_printing_collector_prints_all_signals(own_stack: Callable[..., Stack], tmp_path: Path):
    stack = own_stack()
    stack.collector = make_collector(tmp_path / "printing", stack.ports, DEV_CONFIG)
    with stack.collector as collector:
        with tracing(stack) as tracer, metering(stack) as meter:
            tracer.start_span("job printed").end()
            meter.create_counter("routilux.test.printed").add(1)
        log(stack, "a printed line")
        for words in ("job printed", "routilux.test.printed", "a printed line"):
            until(lambda words=words: words in collector.log.read_text("utf-8"))


def test_logs_are_kept_in_a_file(stack: Stack):
    log(stack, "a kept line")
    path = stack.collector.folder / "data" / "logs.jsonl"
    (record,) = until(lambda: lines(path))
    assert record["body"] == {"stringValue": "a kept line"}
    assert record["attributes"] == [{"key": "job_id", "value": {"stringValue": "job-1"}}]
