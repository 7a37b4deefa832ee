"""A job that stops at breakpoints, asked over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from routilux import Flow
from routilux.testing import CollectingSink
from tests.api.answers import create, good
from tests.engine.parts import figures, passer, source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi.testclient import TestClient
    from httpx2 import Response

    from routilux import JobState
    from routilux.testing import StepRuntime

ITEMS = ({"n": 0}, {"n": 1}, {"n": 2})
AT_SINK = {"type": "slot", "routine_id": "sink", "slot_name": "items"}
AT_SRC = {"type": "event", "routine_id": "src", "event_name": "out"}
ON_EDGE = {
    "type": "connection",
    "source_routine_id": "src",
    "source_event_name": "out",
    "target_routine_id": "sink",
    "target_slot_name": "items",
}
AT_ROUTINE = {"type": "routine", "routine_id": "sink"}
PLACES = {"slot": AT_SINK, "event": AT_SRC, "connection": ON_EDGE, "routine": AT_ROUTINE}


class Debugged:
    """A paused job of ``src -> sink`` (or ``src -> mid -> sink``) that has not begun."""

    def __init__(
        self,
        client: TestClient,
        runtime: StepRuntime,
        items: Iterable[Any] = ITEMS,
        *,
        through: bool = False,
        sink_id: str = "sink",
        **body: Any,
    ) -> None:
        self.client, self.runtime = client, runtime
        self.sink = CollectingSink()
        self.sink_id = sink_id
        flow = Flow(f"debugged-{len(runtime.flows.list_all())}")
        flow.add_routine(source(items), "src")
        flow.add_routine(self.sink, sink_id)
        if through:
            flow.add_routine(passer(), "mid")
            flow.connect("src", "out", "mid", "in")
        flow.connect("mid" if through else "src", "out", sink_id, "items")
        runtime.flows.register(flow)
        self.id = str(create(client, flow_id=flow.flow_id, start_paused=True, **body)["job_id"])
        job = runtime.jobs.get(self.id)
        assert job is not None
        self.job: JobState = job
        self.base = f"/api/jobs/{self.id}"

    def send(self, method: str, path: str, json: Any = None, **more: Any) -> Response:
        """Send a request about the job."""
        return self.client.request(method, f"{self.base}/{path}", json=json, **more)

    def post(self, path: str, key: str = "", **body: Any) -> Response:
        """Send a command, with a key if one is given."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.send("POST", path, body or None, headers=headers)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What there is to see."""
        return good(self.client.get(f"{self.base}/{path}", params=query))

    def add(self, place: dict[str, Any] = AT_SINK, **fields: Any) -> dict[str, Any]:
        """Set a breakpoint."""
        response = self.send("POST", "breakpoints", {**place, **fields})
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made

    def go(self) -> dict[str, Any]:
        """Lift the operator's hold and run until nothing moves."""
        answer = good(self.post("resume"))
        self.runtime.run_until_idle()
        return answer

    def stop(self, place: dict[str, Any] = AT_SINK, **fields: Any) -> dict[str, Any]:
        """Set a breakpoint and run until it is hit. Returns the breakpoint."""
        made = self.add(place, **fields)
        self.go()
        return made

    def proceed(self, path: str = "debug/resume", **body: Any) -> dict[str, Any]:
        """Send a command, and run until nothing moves. Returns its answer."""
        answer = good(self.post(path, **body))
        self.runtime.run_until_idle()
        return answer

    def finish(self) -> list[Any]:
        """Remove all breakpoints and let everything go. Returns what the sink got."""
        good(self.send("DELETE", "breakpoints"))
        for item_id in self.in_hand():
            self.post("debug/resume", item_id=item_id)
        self.post("debug/resume")
        self.go()
        assert self.status == "completed"
        self.check_books()
        return list(self.sink.received)

    @property
    def status(self) -> str:
        """The job's status."""
        return str(self.get("status")["status"])

    def hits(self) -> list[dict[str, Any]]:
        """What stands at breakpoints."""
        found: list[dict[str, Any]] = self.get("debug/session")["hits"]
        return found

    def in_hand(self) -> list[str]:
        """The ids of the items in hand."""
        return [item["item_id"] for hit in self.hits() for item in hit["items"]]

    def item_path(self, item_id: str) -> str:
        """The path of an item in hand."""
        return f"debug/items/{quote(item_id, safe='')}"

    def breakpoint(self, breakpoint_id: str) -> dict[str, Any]:
        """One breakpoint."""
        return self.get(f"breakpoints/{breakpoint_id}")

    def check_books(self) -> None:
        """Check the sums of each slot."""
        for slot in self.job.live.slots:
            figures(self.job, slot.routine_id, slot.name)
