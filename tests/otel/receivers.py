"""Collectors of our own: they receive OTLP by HTTP or gRPC, as a real one does."""

from __future__ import annotations

import gzip
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (
    LogsServiceServicer,
    add_LogsServiceServicer_to_server,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_S = 30.0


class Receiver:
    """What a collector got. Use it as a context manager.

    Attributes:
        protocol: as ``OTEL_EXPORTER_OTLP_PROTOCOL`` names it.
        endpoint: as ``OTEL_EXPORTER_OTLP_ENDPOINT`` wants it.
        requests: metrics that came, in order.
        traces, logs: the same for spans and log records.
    """

    protocol = ""

    def __init__(self) -> None:
        self.endpoint = ""
        self.requests: queue.Queue[ExportMetricsServiceRequest] = queue.Queue()
        self.traces: queue.Queue[ExportTraceServiceRequest] = queue.Queue()
        self.logs: queue.Queue[ExportLogsServiceRequest] = queue.Queue()

    def next(self) -> ExportMetricsServiceRequest:
        """The next request; waits for it."""
        return self.requests.get(timeout=LIMIT_S)

    def last(self) -> ExportMetricsServiceRequest:
        """The last request that has come so far."""
        found = self.next()
        while not self.requests.empty():
            found = self.requests.get()
        return found

    def spans(self) -> list[Any]:
        """Every span that has come so far."""
        return [
            span
            for request in list(self.traces.queue)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def records(self) -> list[Any]:
        """Every log record that has come so far."""
        return [
            record
            for request in list(self.logs.queue)
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop receiving."""


class HttpReceiver(Receiver):
    """OTLP over HTTP with protobuf bodies."""

    protocol = "http/protobuf"

    def __init__(self) -> None:
        super().__init__()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kinds: dict[str, tuple[queue.Queue[Any], Any, Any]] = {
                    "/v1/metrics": (
                        receiver.requests,
                        ExportMetricsServiceRequest,
                        ExportMetricsServiceResponse,
                    ),
                    "/v1/traces": (
                        receiver.traces,
                        ExportTraceServiceRequest,
                        ExportTraceServiceResponse,
                    ),
                    "/v1/logs": (
                        receiver.logs,
                        ExportLogsServiceRequest,
                        ExportLogsServiceResponse,
                    ),
                }
                known = self.path in kinds
                answer = b""
                if known and self.headers["Content-Type"] == "application/x-protobuf":
                    came, request, response = kinds[self.path]
                    if self.headers.get("Content-Encoding") == "gzip":
                        body = gzip.decompress(body)
                    came.put(request.FromString(body))
                    answer = response().SerializeToString()
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class GrpcReceiver(Receiver):
    """OTLP over gRPC."""

    protocol = "grpc"

    def __init__(self) -> None:
        super().__init__()
        receiver = self

        class Metrics(MetricsServiceServicer):  # type: ignore[misc]
            def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - as in the protocol
                receiver.requests.put(request)
                return ExportMetricsServiceResponse()

        class Traces(TraceServiceServicer):  # type: ignore[misc]
            def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - likewise
                receiver.traces.put(request)
                return ExportTraceServiceResponse()

        class Logs(LogsServiceServicer):  # type: ignore[misc]
            def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - likewise
                receiver.logs.put(request)
                return ExportLogsServiceResponse()

        self._server = grpc.server(ThreadPoolExecutor(3))
        add_MetricsServiceServicer_to_server(Metrics(), self._server)
        add_TraceServiceServicer_to_server(Traces(), self._server)
        add_LogsServiceServicer_to_server(Logs(), self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.endpoint = f"http://127.0.0.1:{port}"
        self._server.start()

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()


RECEIVERS = (HttpReceiver, GrpcReceiver)

Attributes = tuple[tuple[str, str], ...]
Points = dict[tuple[str, Attributes], float]


def points(request: ExportMetricsServiceRequest) -> Points:
    """Every point of a request by the name of its instrument and its attributes."""
    found: Points = {}
    for metric in metrics(request):
        if metric.HasField("histogram"):
            continue
        data = metric.gauge if metric.HasField("gauge") else metric.sum
        for point in data.data_points:
            attributes = tuple(
                sorted((each.key, each.value.string_value) for each in point.attributes)
            )
            integer = point.WhichOneof("value") == "as_int"
            found[metric.name, attributes] = point.as_int if integer else point.as_double
    return found


def metrics(request: ExportMetricsServiceRequest) -> Iterator[Any]:
    """Every metric of a request."""
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            assert scope.scope.name == "routilux"
            yield from scope.metrics


def resource(request: ExportMetricsServiceRequest) -> dict[str, str]:
    """The attributes of who sent it."""
    return {
        each.key: each.value.string_value
        for sent in request.resource_metrics
        for each in sent.resource.attributes
    }
