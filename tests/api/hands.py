"""Clients that do one thing after another at random, and remember what they were told."""

from __future__ import annotations

import http.client
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.api.wire import LONG_S

if TYPE_CHECKING:
    import threading

PLACES: list[dict[str, Any]] = [
    {"type": "routine", "routine_id": "mid"},
    {"type": "routine", "routine_id": "sink"},
    {"type": "slot", "routine_id": "mid", "slot_name": "in"},
    {"type": "slot", "routine_id": "sink", "slot_name": "items"},
    {"type": "event", "routine_id": "feed", "event_name": "out"},
    {"type": "event", "routine_id": "mid", "event_name": "out"},
    {
        "type": "connection",
        "source_routine_id": "mid",
        "source_event_name": "out",
        "target_routine_id": "sink",
        "target_slot_name": "items",
    },
]
# What a client does, and how often: a job that mostly stands is no busy one.
ACTS = {
    "resume": 9,
    "resume_debugger": 9,
    "resume_one": 5,
    "pause": 3,
    "add": 6,
    "remove": 6,
    "enable": 2,
    "step": 3,
    "edit": 4,
    "drop": 2,
    "post": 4,
    "look": 4,
    "evaluate": 1,
}


@dataclass(frozen=True)
class Told:
    """An answer: the operation's id, its status and body."""

    operation: str
    status: int
    body: Any
    repeated: bool = False


@dataclass
class Hand:
    """One client, with a connection that it keeps and a key of its own.

    Attributes:
        told: every answer that it got.
    """

    name: str
    key: str
    port: int
    job_id: str
    seed: int
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG_S)
        self.breakpoints: list[str] = []
        self.items: list[str] = []
        self.posted = 0

    def work(self, over: threading.Event) -> None:
        """Do one thing after another until it is over."""
        acts, weights = list(ACTS), list(ACTS.values())
        while not over.is_set():
            getattr(self, self.chance.choices(acts, weights)[0])()
        self.connection.close()

    def ask(
        self, operation: str, method: str, path: str, body: Any = None, *, twice: bool = False
    ) -> Told:
        """Send a request, perhaps twice with one key, and remember the answers."""
        headers = {"X-API-Key": self.key}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if twice:
            headers["Idempotency-Key"] = f"{self.name}-{len(self.told)}"
        first = self._ask(operation, method, path, body, headers)
        if twice and first.status < 300:
            again = self._ask(operation, method, path, body, headers, repeated=True)
            assert (again.status, again.body) == (first.status, first.body)
        return first

    def _ask(
        self,
        operation: str,
        method: str,
        path: str,
        body: Any,
        headers: dict[str, str],
        *,
        repeated: bool = False,
    ) -> Told:
        data = None if body is None else json.dumps(body)
        self.connection.request(method, f"/api/jobs/{self.job_id}/{path}", data, headers)
        response = self.connection.getresponse()
        told = Told(operation, response.status, json.loads(response.read()), repeated)
        self.told.append(told)
        return told

    # -- what it does ------------------------------------------------------------------------------

    def often(self) -> bool:
        """Whether to send a command twice."""
        return self.chance.random() < 0.2

    def pause(self) -> None:
        wait = self.chance.choice([False, False, 0.05])
        self.ask("pauseJob", "POST", "pause", {"reason": self.name, "wait": wait})

    def resume(self) -> None:
        self.ask("resumeJob", "POST", "resume", twice=self.often())

    def resume_debugger(self) -> None:
        self.ask("resumeDebugger", "POST", "debug/resume", {}, twice=self.often())

    def resume_one(self) -> None:
        item_id = self.item()
        if item_id is not None:
            self.ask("resumeDebugger", "POST", "debug/resume", {"item_id": item_id})

    def add(self) -> None:
        if len(self.breakpoints) >= 3:
            self.remove()
            return
        body = {
            **self.chance.choice(PLACES),
            "action": self.chance.choice(["pause_job", "hold_item", "hold_item", "log"]),
            "one_shot": self.chance.random() < 0.5,
            "ignore_count": self.chance.choice([0, 3, 20]),
            "condition": self.chance.choice(
                [None, "data.n % 3 == 0", {"path": "data.n", "op": "ne", "value": 7}]
            ),
        }
        told = self.ask("createBreakpoint", "POST", "breakpoints", body, twice=self.often())
        if told.status == 201:
            self.breakpoints.append(told.body["breakpoint_id"])

    def remove(self) -> None:
        if self.breakpoints:
            gone = self.breakpoints.pop(self.chance.randrange(len(self.breakpoints)))
            self.ask("deleteBreakpoint", "DELETE", f"breakpoints/{gone}")

    def enable(self) -> None:
        if self.breakpoints:
            path = f"breakpoints/{self.chance.choice(self.breakpoints)}"
            self.ask("updateBreakpoint", "PUT", path, {"enabled": self.chance.random() < 0.5})

    def step(self) -> None:
        name = self.chance.choice(["Over", "Into", "Out"])
        self.ask(f"step{name}", "POST", f"debug/step-{name.lower()}", twice=self.often())

    def edit(self) -> None:
        item_id = self.item()
        if item_id is not None:
            body = {"value": self.name, "item_id": item_id}
            self.ask("setVariable", "PUT", "debug/variables/item.mark", body)

    def drop(self) -> None:
        item_id = self.item()
        if item_id is not None:
            self.ask("dropItem", "DELETE", f"debug/items/{quote(item_id, safe='')}")

    def post(self) -> None:
        data = {"n": f"{self.name}/{self.posted}"}
        self.posted += 1
        told = self.ask(
            "postItem", "POST", "slots/mid/in/items", {"data": data}, twice=self.often()
        )
        if told.status == 202:
            self.items.append(data["n"])

    def look(self) -> None:
        operation, path = self.chance.choice(
            [
                ("getJobQueueStatus", "queues/status"),
                ("getCallStack", "debug/call-stack"),
                ("getVariables", "debug/variables"),
                ("listBreakpoints", "breakpoints?limit=20"),
                ("getDiagnosis", "diagnosis"),
            ]
        )
        self.ask(operation, "GET", path)

    def evaluate(self) -> None:
        self.ask("evaluateExpression", "POST", "debug/evaluate", {"expression": "data.n"})

    def item(self) -> str | None:
        """An item that stands just now; it may be gone when it is named."""
        told = self.ask("getDebugSession", "GET", "debug/session")
        ids = [item["item_id"] for hit in told.body["hits"] for item in hit["items"]]
        return self.chance.choice(ids) if ids else None
