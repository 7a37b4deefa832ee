"""``routilux step``: one step of a job that stands, and where it ends."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Any

from routilux.cli.errors import DONE, FAILED
from routilux.cli.output import print_document, print_lines
from routilux.cli.remote.finding import find_job
from routilux.cli.remote.wording import (
    hold_words,
    list_words,
    paragraph,
    seconds_words,
    short,
    standing_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from routilux.cli.remote.client import Client

WAIT_S = 5.0
FIRST_LOOK_S = 0.01  # most steps are over by then
LONGEST_LOOK_S = 0.25  # and of long ones nobody wants to ask all the time
STEPPING, TERMINATED = "stepping", "terminated"


class Mode(str, Enum):
    """How far a step goes."""

    OVER = "over"
    INTO = "into"
    OUT = "out"


def step(client: Client, word: str, mode: Mode, wait: float, *, as_json: bool) -> int:
    """Step, and wait up to `wait` seconds until the job stands again. Returns the exit code."""
    job_id = find_job(client, word)["job_id"]
    began = time.monotonic()
    answer = command(client, job_id, mode)
    session = _wait(client, job_id, began + wait)
    if as_json:
        print_document({**answer, "debug": session})
    else:
        print_lines(_lines(mode, session, time.monotonic() - began))
    return FAILED if session["status"] == STEPPING else DONE


def command(client: Client, job_id: str, mode: Mode) -> dict[str, Any]:
    """Begin a step."""
    answer: dict[str, Any] = client.post("jobs", job_id, "debug", f"step-{mode.value}")
    return answer


def _wait(client: Client, job_id: str, deadline: float) -> dict[str, Any]:
    """The debugger once the step has ended, or at the deadline (of the monotonic clock)."""
    pause_s = FIRST_LOOK_S
    while True:
        session: dict[str, Any] = client.get("jobs", job_id, "debug", "session")
        left_s = deadline - time.monotonic()
        if session["status"] != STEPPING or left_s <= 0:
            return session
        time.sleep(min(pause_s, left_s))
        pause_s = min(2 * pause_s, LONGEST_LOOK_S)


def _lines(mode: Mode, session: Mapping[str, Any], took_s: float) -> Iterator[str]:
    head = f"Job {short(session['job_id'])}, step {mode.value}"
    if session["status"] == STEPPING:
        yield from paragraph(
            f"{head}: not over after {seconds_words(took_s)}; `routilux status` tells where it "
            "stands later"
        )
        return
    if session["status"] == TERMINATED:
        yield from paragraph(f"{head}: the job has ended, {session['job_status']}")
        return
    took = f"over after {seconds_words(took_s)}" if session["hits"] else session["description"]
    yield from paragraph(f"{head}: {took or 'nothing in hand'}")
    yield from standing_lines(session)
    told = {hold for hit in session["hits"] for hold in hit["holds"]}
    others = list_words([hold_words(each) for each in session["holds"] if each not in told])
    if others:
        yield from paragraph(f"held by {others}, too", indent=2)
