"""``routilux run``: a flow file as one job."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from routilux import Runtime
from routilux.cli.errors import DONE, FAILED
from routilux.cli.flow_files import load_flow
from routilux.cli.interrupts import LOOK_S, Interrupts
from routilux.cli.output import (
    TRACEBACK,
    be_silent,
    page_width,
    print_document,
    print_lines,
    wants_tracebacks,
)
from routilux.cli.telemetry import telemetry
from routilux.cli.tracebacks import raised_by, tracebacks
from routilux.demo import stop
from routilux.demo.layout import printable, wrapped
from routilux.demo.report import slot_dict, slots_of
from routilux.demo.text import slot_lines
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from routilux import JobState

SHUTDOWN_S = 0.3  # the job has ended by then, or could not be stopped in time
MOST_LETTERS = 20


def run_flow(path: str, settings: Sequence[str], allow: Sequence[str], *, as_json: bool) -> int:
    """Run a flow file to its end and say what came of it. Blocks; returns the exit code.

    Raises:
        CommandError: the file or an option is wrong.
    """
    be_silent()
    flow = load_flow(path, settings, allow)
    with Interrupts() as interrupts, ExitStack() as stack:
        stack.enter_context(telemetry(interrupts))
        shown = stack.enter_context(tracebacks())
        runtime = Runtime()
        stack.callback(runtime.shutdown, wait=True, timeout=SHUTDOWN_S)
        job = runtime.exec(flow)
        _wait(job, interrupts.event)
        if shown is not None and (raised := raised_by(job.error)):
            shown.wait_for(raised)
        if as_json:
            print_document(_document(job))
        else:
            print_lines(_lines(job, page_width()))
    if interrupts.event.is_set():
        return interrupts.exit_code
    return DONE if job.status is ExecutionStatus.COMPLETED else FAILED


def _wait(job: JobState, interrupted: threading.Event) -> None:
    while not job.wait(LOOK_S):
        if interrupted.is_set():
            stop(job)
            return


def _document(job: JobState) -> dict[str, Any]:
    letters = job.dead_letters
    return {
        "job_id": job.job_id,
        "flow_id": job.flow_id,
        "status": job.status.value,
        "error": job.error,
        "warnings": list(job.warnings),
        "dead_letter_count": letters.count,
        "dead_letters": [
            {
                "id": letter.id,
                "routine_id": letter.routine_id,
                "slot_name": letter.slot_name,
                "reason": letter.reason,
                "error_type": letter.error_type,
                "error": letter.error,
            }
            for letter in letters
        ],
        "slots": [slot_dict(slot) for slot in slots_of(job)],
        "elapsed_s": round(job.run_seconds(), 3),
    }


def _lines(job: JobState, width: int | None) -> Iterator[str]:
    outcome = f"{job.status.value} after {job.run_seconds():.1f} s"
    yield from wrapped(f"Flow '{printable(job.flow_id)}', job {job.job_id}: {outcome}", width)
    if job.error:
        yield from wrapped(f"error: {printable(job.error)}{_advice(job.error)}", width)
    letters = job.dead_letters.list()
    for letter in letters[:MOST_LETTERS]:
        place = f"{letter.routine_id}.{letter.slot_name}"
        error = f": {letter.error_type}: {letter.error}" if letter.error_type else ""
        what = f"{letter.reason}{printable(error)}"
        yield from wrapped(f"dead letter {letter.id} of {place}: {what}", width)
    if len(letters) > MOST_LETTERS:
        yield f"and {len(letters) - MOST_LETTERS} more dead letters, see --json"
    yield from slot_lines(slots_of(job), width)


def _advice(error: str) -> str:
    """How to find the place of an error that logic or a policy has raised."""
    wanted = raised_by(error) and not wants_tracebacks()
    return f" ({TRACEBACK}=1 shows where)" if wanted else ""
