"""Taking a snapshot of a paused job.

Everything is read under the job's lock, by reference; it is turned into JSON data afterwards, for
a codec is an author's code. What is saved, and what is not:

- Waiting and held items, all counts, dead letters, states, logs, alarms: as they are.
- An activation that waits for its retry: with its items; it runs when its time has come.
- An activation that stands still in ``emit`` or ``checkpoint`` has a stack, which cannot be saved.
  With ``in_flight="rerun"`` its input items are, and it runs again from its start. What it had
  handed over stays where it is (in slots, held, or consumed already). What it had emitted and not
  handed over is not saved: the rerun emits all of it again, and saving it would only add a copy.
  So its output comes at least once, everything else exactly once. ``at_least_once`` names it.
- An item that a caller from outside waits with was never accepted: it is still the caller's.
- What stands at a breakpoint: where it is, with its hit. Breakpoints and their counts, too.
- Consumed items that a slot still shows are history, and not saved; they stay counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.engine.alarms import AskAgain, RetryDue, TimeIsUp
from routilux.engine.caught import Caught, Draft
from routilux.engine.lane_times import BLOCK_REASONS
from routilux.engine.saved import (
    SavedActivation,
    SavedHit,
    SavedInput,
    SavedJob,
    SavedRoutine,
    SavedSlot,
)
from routilux.engine.saved_writing import write_saved
from routilux.errors import JobNotStill
from routilux.job.document import copy_fields
from routilux.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.engine.claim import Claim
    from routilux.engine.hits import Hit
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.report import Report
    from routilux.job.plain import Codec

RERUN = "rerun"


def snapshot(job: Report, in_flight: str | None, codec: Codec | None) -> dict[str, Any]:
    """A paused job as JSON data.

    Raises:
        JobNotStill: it is not paused, its logic runs, or logic stands still and is not to be
            run again; names the routines.
        JobFinished: it has ended.
        CodecError: something is not JSON data; names slot and item.
        ValueError: `in_flight` is neither None nor ``"rerun"``.
    """
    if in_flight not in (None, RERUN):
        raise ValueError(f"in_flight must be None or '{RERUN}', not {in_flight!r}")
    with job.lock:
        _check_still(job, in_flight)
        saved = _take(job)
        resumes = job.resumes
    document = write_saved(saved, codec)
    with job.lock:
        job.check_live()
        if job.resumes != resumes:  # logic may have changed the data while it was written
            raise JobNotStill(
                job.state.job_id,
                (),
                "it was resumed while its snapshot was written; pause it again",
            )
    return document


def _check_still(job: Report, in_flight: str | None) -> None:
    job.check_live()
    job_id, running = job.state.job_id, job.names(standing=False)
    if not job.gate_closed:
        raise JobNotStill(job_id, running, "pause it first, with job.pause(wait=True)")
    if job.active > job.standing:
        raise JobNotStill(job_id, running, "its logic runs; job.pause(wait=True) waits for that")
    if job.standing and in_flight != RERUN:
        raise JobNotStill(
            job_id,
            job.names(standing=True),
            "its logic stands still in emit or checkpoint; resume the job and pause it again, or "
            f"take the snapshot with in_flight='{RERUN}': a restored job runs that logic again "
            "from its start",
        )


# -- under the job's lock ----------------------------------------------------------------------


def _take(job: Report) -> SavedJob:
    now = job.clock.monotonic_ns()
    saved = SavedJob(
        taken_ns=job.clock.time_ns(),
        job=copy_fields(job.state, job.run_seconds()),
        run_ns=job.run_ns(),
        is_open=job.open,
        holds=dict(job.holds),
        slots=[_take_slot(slot) for slot in job.slots],
        routines=[_take_routine(node, now) for node in job.routines.values()],
    )
    for alarm in sorted(job.alarms, key=lambda each: each.due_ns):
        what = alarm.callback
        if isinstance(what, TimeIsUp):
            saved.time_limit = (what.limit, alarm.due_ns)
        elif isinstance(what, AskAgain):
            saved.policy_alarms.append((what.node.id, alarm.due_ns))
        elif isinstance(what, RetryDue):
            saved.activations.append(_take_activation(what.node, what.claim, alarm.due_ns))
    for node in job.routines.values():
        saved.activations += [_take_activation(node, claim) for claim in (*node.due, *node.caught)]
    for node, claim in _standing(job):
        saved.activations.append(_take_activation(node, claim, rerun=True))
    saved.activations.sort(key=lambda each: (each.routine_id, each.number))
    kept = job.state.breakpoint_list
    saved.breakpoints = list(kept.by_id.values()) if kept is not None else []
    if job.debugger is not None:
        hits = [_take_hit(hit) for hit in job.debugger.hits.values()]
        saved.hits = [each for each in hits if each.stands]
        saved.stopped_for = job.debugger.stopped_for
    return saved


def _take_hit(hit: Hit) -> SavedHit:
    """A hit. Items that wait with a producer are left out: it emits them again."""
    return SavedHit(
        id=hit.id,
        kind=hit.kind,
        breakpoint_ids=hit.breakpoint_ids,
        pauses=hit.pauses,
        routine_id=hit.routine_id,
        name=hit.name,
        at_ns=hit.at_ns,
        items=[
            (slot.routine_id, slot.name, caught.numbers()[0])
            for slot, caught in hit.items
            if any(each is caught for each in slot.queue.held_segments)
        ],
        activation=hit.draft.number if hit.draft is not None else None,
        raw=hit.raw,
    )


def _standing(job: Report) -> Iterator[tuple[JobRoutine, Claim]]:
    for delivery in job.standers:
        claim = delivery.activation.claim
        if delivery.counted and claim is not None:
            yield delivery.activation.node, claim


def _take_slot(slot: JobSlot) -> SavedSlot:
    queue = slot.queue
    return SavedSlot(
        routine_id=slot.routine_id,
        slot_name=slot.name,
        max_queue_length=slot.max_queue_length,
        next_number=queue.next_number,
        offered=queue.offered,
        consumed=queue.consumed,
        refused_by=dict(queue.refused_by),
        returned_to_caller=queue.returned_to_caller,
        retries=queue.retries,
        times_held=queue.times_held,
        waiting=[_copy(segment) for segment in queue.waiting],
        held=[_copy(segment) for segment in queue.held_segments],
    )


def _take_routine(node: JobRoutine, now: int) -> SavedRoutine:
    busy_ns, *blocked = node.times.read(now)
    return SavedRoutine(
        id=node.id,
        activations=node.activations,
        failures=node.failures,
        retries=node.retries,
        busy_ns=busy_ns,
        blocked_ns=dict(zip(BLOCK_REASONS, blocked, strict=True)),
        to_start=node.to_start,
        news=node.news,
        declines=node.declines,
    )


def _take_activation(
    node: JobRoutine, claim: Claim, due_ns: int | None = None, *, rerun: bool = False
) -> SavedActivation:
    return SavedActivation(
        routine_id=node.id,
        number=claim.number,
        attempt=claim.attempt,
        due_ns=due_ns,
        rerun=rerun,
        caught=isinstance(claim, Draft),
        message=claim.message,
        failed=sorted(claim.failed),
        inputs=[
            SavedInput(slot.name, [_copy(each) for each in segments], shown)
            for (slot, segments), shown in zip(claim.inputs, claim.shown, strict=True)
        ],
    )


def _copy(segment: Segment) -> Segment:
    """A window of its own on the same items: a slot that goes on cuts its segments."""
    if isinstance(segment, Caught):
        return segment.copy()
    copy = Segment(segment.data, segment.stamps, segment.origin, segment.start, segment.stop)
    copy.base = segment.base
    copy.attempt = segment.attempt
    copy.enqueued_ns = segment.enqueued_ns
    copy.consumed_ns = segment.consumed_ns
    return copy
