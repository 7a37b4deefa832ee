"""Health."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class LiveResponse(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class TelemetryState(BaseModel):
    """The telemetry pipeline: ``off``, or what the application's instrumentation says of itself.

    ``unknown`` when it cannot say it. Telemetry never makes the process unready.
    """

    model_config = ConfigDict(extra="allow")

    state: str


class ReadyResponse(BaseModel):
    """Jobs can be started."""

    status: Literal["ready"] = "ready"
    live_jobs: int
    telemetry: TelemetryState
