"""A program with telemetry and HTTP, whose job is paused in the midst of its work.

It prints one line of JSON (the address of its HTTP face, the job's id) and ends when its input
does. The job has items in every state: consumed, waiting, held, refused; and a producer waits.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import routilux_otel
from routilux import Flow, Routine
from routilux.activation import checkpoint
from routilux.api.main import create_app
from routilux.api.server import Server
from routilux.testing import StepRuntime


class Walk(Routine):
    """Emits more than the slots hold; the second half is held at the pause."""

    def __init__(self) -> None:
        super().__init__()
        self.define_event("file")

    def logic(self) -> None:
        for number in range(40):
            self.emit("file", number=number)
            if number == 20:
                self.pause_job()
        checkpoint()

    def pause_job(self) -> None:
        """Pause the job that runs; set by the program."""


class Read(Routine):
    """Takes three at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("files", max_queue_length=8, overflow="block")
        self.define_event("text")
        self.set_activation_policy(_three)

    def logic(self, files: list[Any]) -> None:
        for file in files:
            self.emit("text", **file)


class Parse(Routine):
    """Takes nothing, so that its slot is full and refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("texts", max_queue_length=5, overflow="reject")
        self.set_activation_policy(lambda slots, job_state: (False, {}, None))

    def logic(self, texts: list[Any]) -> None:
        """Never called."""


def _three(slots: dict[str, Any], _job: Any) -> tuple[bool, dict[str, Any], Any]:
    slot = slots["files"]
    if slot.get_unconsumed_count() < 3:
        return False, {}, None
    return True, {"files": [slot.consume_one_new() for _ in range(3)]}, None


def make_flow() -> tuple[Flow, Walk]:
    """walk -> read -> parse."""
    flow, walk = Flow("census"), Walk()
    flow.add_routine(walk, "walk")
    flow.add_routine(Read(), "read")
    flow.add_routine(Parse(), "parse")
    flow.connect("walk", "file", "read", "files")
    flow.connect("read", "text", "parse", "texts")
    return flow, walk


def say(facts: dict[str, Any]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run until the input ends."""
    runtime = StepRuntime(seed=1)
    flow, walk = make_flow()
    job = runtime.exec(flow)
    walk.pause_job = lambda: job.pause("half way") and None  # type: ignore[method-assign]
    job.breakpoints.add(kind="routine", routine_id="walk", action="log")
    runtime.run_until_idle()
    runtime.clock.advance(1)
    routilux_otel.configure("census-program", "1.2.3")
    with Server(create_app(runtime), port=0) as server:
        say({"url": server.url, "job_id": job.job_id})
        sys.stdin.read()
    job.cancel()
    runtime.shutdown(wait=False)
    say({"in_time": routilux_otel.shutdown()})


if __name__ == "__main__":
    main()
