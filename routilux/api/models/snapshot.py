"""Snapshots."""

from typing import Any, Literal

from routilux.api.models.job import Request


class SnapshotRequest(Request):
    """Whether activations that stand still are saved, to run again from their start."""

    in_flight: Literal["rerun"] | None = None


class RestoreRequest(Request):
    """A snapshot, the flow that goes on with it (None: the one it was taken of), and how."""

    snapshot: dict[str, Any]
    flow_id: str | None = None
    start_paused: bool = False
