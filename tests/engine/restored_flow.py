"""A flow that can be saved at any point, and what one process of it has seen.

Run as a program it is the process that goes on: it reads a snapshot, restores the job, and writes
what its sink received::

    python restored_flow.py SNAPSHOT.json RESULT.json SHAPE.json
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from routilux import ErrorHandler, Flow, Routine
from routilux.activation_policies import batch_size_policy, time_interval_policy
from routilux.runtime import Runtime

if TYPE_CHECKING:
    from routilux import JobState, Slot
    from routilux.activation_policies import Answer, Policy


@dataclass(frozen=True)
class Shape:
    """How the flow is made: ``first -> middle -> last``, and ``middle -> side`` beside it.

    Attributes:
        at_once: items that one activation of first passes on.
        lengths: of the slots of middle, side and last; first's takes everything.
        batch: items that last wants at once.
        fail_every: middle raises at each so many calls (0: never), and is retried.
        interval: seconds between activations of side (0: no policy).
        lanes: of middle; with more than one, order is given up.
    """

    at_once: int = 2
    lengths: tuple[int, int, int] = (2, 2, 2)
    batch: int = 1
    fail_every: int = 0
    interval: float = 0.0
    lanes: int = 1


class Passing(Routine):
    """Passes items on one by one."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.define_slot("items", max_queue_length=length, overflow="block")
        self.define_event("out")
        self.set_logic(self._pass_on)

    def _pass_on(self, items: list[int], job_state: JobState) -> None:
        for item in items:
            self.emit_item("out", item)


class Failing(Passing):
    """Fails now and then before it passes anything on, and is retried."""

    def __init__(self, length: int, every: int) -> None:
        super().__init__(length)
        self.every = every
        self.set_error_handler(ErrorHandler("retry", max_retries=50, retry_delay=0.001))

    def _pass_on(self, items: list[int], job_state: JobState) -> None:
        calls = self.state["calls"] = self.state.get("calls", 0) + 1
        if self.every and calls % self.every == 0:
            raise OSError("now and then")
        super()._pass_on(items, job_state)


class Receiving(Routine):
    """Keeps what it gets, for this process."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.received: list[int] = []
        self.define_slot("items", max_queue_length=length, overflow="block")
        self.set_logic(self.received.extend)


def oldest(count: int) -> Policy:
    """A policy: so many of the oldest items at most."""

    def policy(slots: dict[str, Slot], job_state: JobState) -> Answer:
        items = slots["items"].consume_n_new(count)
        return bool(items), {"items": items}, None

    return policy


@dataclass
class Made:
    """A flow, and its two ends."""

    flow: Flow
    side: Receiving
    last: Receiving


def make(shape: Shape) -> Made:
    """The flow of that shape."""
    flow = Flow("saved-anywhere")
    middle = Failing(shape.lengths[0], shape.fail_every)
    middle.concurrency = shape.lanes
    side, last = Receiving(shape.lengths[1]), Receiving(shape.lengths[2])
    last.set_activation_policy(batch_size_policy(shape.batch))
    if shape.interval:
        side.set_activation_policy(time_interval_policy(shape.interval))
    first = Passing(1_000).set_activation_policy(oldest(shape.at_once))
    for name, routine in {
        "first": first, "middle": middle, "side": side, "last": last,
    }.items():  # fmt: skip
        flow.add_routine(routine, name)
    flow.connect("first", "out", "middle", "items")
    flow.connect("middle", "out", "side", "items")
    flow.connect("middle", "out", "last", "items")
    return Made(flow, side, last)


def in_flight(snapshot: dict[str, Any]) -> set[int]:
    """The items of activations that a restored job runs again from their start."""
    return {
        item
        for activation in snapshot["activations"]
        if activation["rerun"]
        for each in activation["inputs"]
        for run in each["items"]
        for item in run["data"]
    }


def check_counts(job: JobState) -> None:
    """Each item that was offered to a slot is in exactly one place."""
    for name in ("first", "middle", "side", "last"):
        figures = job.slot(name, "items").metrics()
        places = figures.consumed + figures.unconsumed + figures.held + figures.refused
        assert figures.offered == places, name


def main(snapshot: Path, result: Path, shape: Path) -> int:
    """Go on with the saved job in this process."""
    options = json.loads(shape.read_text("utf-8"))
    options["lengths"] = tuple(options["lengths"])
    made = make(Shape(**options))
    with Runtime(3) as runtime:
        job = runtime.restore(json.loads(snapshot.read_text("utf-8")), made.flow)
        job.close()
        ended = job.wait(30.0)
        check_counts(job)
        summary = job.diagnose().summary
    received = {"side": made.side.received, "last": made.last.received}
    answer = {"ended": ended, "summary": summary, "received": received, "job_id": job.job_id}
    result.write_text(json.dumps(answer), "utf-8")
    return 0


def write_shape(shape: Shape, path: Path) -> None:
    """Write a shape for the process that goes on."""
    path.write_text(json.dumps(asdict(shape)), "utf-8")


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
