"""What a collector in trouble costs: A by emit, set up by ``configure()`` as a program is.

Everything is on: figures every second, every activation traced, over HTTP. The end of telemetry is
not in the time: its limit is another promise.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import routilux_otel
from benchmarks.child import WrongResultError, run
from benchmarks.flows import throughput as plain
from benchmarks.flows.collectors import KINDS, collector
from routilux_otel.losses import PROCESS_LOSSES

if TYPE_CHECKING:
    from benchmarks.child import Options, Reading, Workload

END_S = 1.0  # seconds for the end: a collector in trouble takes all of it


def beside(kind: str) -> Workload:
    """Return A by emit beside a collector of this kind. Once in a process."""

    def exporting(options: Options) -> Reading:
        with collector(kind) as address:
            os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address
            os.environ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000"
            telemetry = routilux_otel.configure("benchmark")
            if telemetry is None:
                raise WrongResultError("telemetry is turned off")
            reading = plain.emit(options)
            in_time = telemetry.shutdown(END_S)
        failed = sum(
            count for (_, reason), count in PROCESS_LOSSES.read().items()
            if reason in ("export_failed", "shutdown")
        )  # fmt: skip
        if (kind == "healthy") is not (in_time and not failed):
            raise WrongResultError(f"{kind}: ended in time: {in_time}, failed: {failed}")
        return reading

    return exporting


WORKLOADS: dict[str, Workload] = {f"A-{kind}": beside(kind) for kind in KINDS}

if __name__ == "__main__":
    run(WORKLOADS)
