"""Putting a saved job into a new one, which then goes on where the old one stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from routilux.engine.alarms import AskAgain, RetryDue
from routilux.engine.caught import Draft
from routilux.engine.claim import Claim
from routilux.engine.restore_hits import take_over_hits
from routilux.engine.saved_reading import read_saved
from routilux.segment import count_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.plan import FlowPlan
    from routilux.engine.report import Report
    from routilux.engine.saved import SavedActivation, SavedJob, SavedSlot
    from routilux.job.plain import Codec


def read_snapshot(data: Mapping[str, Any], codec: Codec | None) -> SavedJob:
    """What is in a snapshot, or in a saved job that has one.

    Raises:
        ValueError: it is no snapshot, or a field is wrong.
        CodecError: it needs a codec.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"A snapshot must be a dict, not {type(data).__name__}")
    if "routine_states" in data:  # what `JobState.serialize` wrote
        snapshot = data.get("snapshot")
        if snapshot is None:
            raise ValueError(
                f"The saved job '{data.get('job_id')}' has no snapshot: only a job that is paused "
                "when it is saved can be restored"
            )
        return read_snapshot(snapshot, codec)
    return read_saved(data, codec)


def check_fit(saved: SavedJob, plan: FlowPlan, flow_id: str) -> None:
    """Make sure that a flow can go on with a saved job.

    Raises:
        ValueError: names the routines and slots that are missing, and the slots that are too short.
    """
    problems = list(_problems(saved, plan))
    if problems:
        raise ValueError(
            f"Flow '{flow_id}' cannot go on with job '{saved.job['job_id']}': {'; '.join(problems)}"
        )


def _problems(saved: SavedJob, plan: FlowPlan) -> Iterator[str]:
    slots = {each.id: {slot.name: slot.settings for slot in each.slots} for each in plan.routines}
    named = {each.id for each in saved.routines} | {each.routine_id for each in saved.activations}
    for routine_id in sorted(named - set(slots)):
        yield f"it has no routine '{routine_id}'"
    for slot in saved.slots:
        settings = slots.get(slot.routine_id, {}).get(slot.slot_name)
        waiting = slot.unconsumed + saved.caught_in(slot.routine_id, slot.slot_name)
        most = max(waiting, slot.held_count)
        if settings is not None and settings.max_queue_length < most:
            yield (
                f"slot '{slot.name}' has {waiting} waiting and {slot.held_count} held "
                f"items, and its max_queue_length is now {settings.max_queue_length}: make it at "
                f"least {most}"
            )
        elif settings is None and slot.routine_id in slots:
            yield f"routine '{slot.routine_id}' has no slot '{slot.slot_name}'"


# -- under the job's lock ----------------------------------------------------------------------


def put_into(job: Report, saved: SavedJob) -> None:
    """Fill a new job, whose gate must be closed, with what was saved."""
    job.open = saved.is_open
    job.holds.update(saved.holds)
    job.set_run_time(saved.run_ns)
    for each in saved.slots:
        _fill(job.slot(each.routine_id, each.slot_name), each)
    for routine in saved.routines:
        node = job.routines[routine.id]
        node.activations = routine.activations
        node.failures = routine.failures
        node.retries = routine.retries
        node.times.take_over(routine.busy_ns, routine.blocked_ns)
        node.to_start = routine.to_start
        node.news = routine.news
        node.declines = routine.declines
    for activation in saved.activations:
        _put_activation(job, activation, saved.run_ns)
    for routine_id, due_ns in saved.policy_alarms:
        job.call_later(due_ns - saved.run_ns, AskAgain(job.routines[routine_id]))
    if saved.time_limit is not None:
        limit, due_ns = saved.time_limit
        job.limit_time(limit, due_ns - saved.run_ns)
    take_over_hits(job, saved)
    job.look_anew()


def _fill(slot: JobSlot, saved: SavedSlot) -> None:
    queue = slot.queue
    queue.next_number = saved.next_number
    queue.offered = saved.offered
    queue.consumed = saved.consumed
    queue.refused_by.update(saved.refused_by)
    queue.refused = sum(saved.refused_by.values())
    queue.returned_to_caller = saved.returned_to_caller
    queue.retries = saved.retries
    queue.times_held = saved.times_held
    queue.waiting.extend(saved.waiting)
    queue.unconsumed = saved.unconsumed
    queue.held_segments.extend(saved.held)
    queue.held = saved.held_count


def _put_activation(job: Report, saved: SavedActivation, run_ns: int) -> None:
    node = job.routines[saved.routine_id]
    claim = _claim(node, saved)
    node.backoffs += 1
    if isinstance(claim, Draft):
        claim.checked = True  # unless a hit says that it still stands
        for slot, segments in claim.inputs:
            slot.queue.unconsumed += count_items(segments)
    if saved.due_ns is None:
        node.due.append(claim)
    else:
        job.call_later(saved.due_ns - run_ns, RetryDue(node, claim))


def _claim(node: JobRoutine, saved: SavedActivation) -> Claim:
    """The claim again; a slot that the routine has only now gave it nothing."""
    claim = Draft(saved.number) if saved.caught else Claim(saved.number)
    given = {each.slot_name: each for each in saved.inputs}
    for slot in node.slots:
        each = given.get(slot.name)
        claim.add(slot, each.segments if each else [], each.shown if each else None)
    claim.message = saved.message
    claim.attempt = saved.attempt
    claim.failed = set(saved.failed)
    return claim
