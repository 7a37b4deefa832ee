"""``routilux ps``, ``status``, ``why`` and ``peek``: look, and change nothing."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from routilux.cli.errors import DONE
from routilux.cli.output import print_document, print_lines
from routilux.cli.remote.finding import find_job, find_slot
from routilux.cli.remote.slots import slot_lines
from routilux.cli.remote.wording import (
    LIVE,
    ago,
    count_words,
    data_words,
    hold_words,
    list_words,
    paragraph,
    room_for_data,
    rows,
    seconds_words,
    short,
    standing_lines,
)
from routilux.demo.layout import printable
from routilux.job.diagnosis import BUSY, IDLE, READY
from routilux.job.diagnosis import DONE as ROUTINE_DONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from routilux.cli.remote.client import Client

QUIET = (BUSY, READY, IDLE, ROUTINE_DONE)  # states of routines that need no explanation
SOON_S = 60.0  # a slot that is full in less time is worth a line


def list_jobs(
    client: Client, *, everything: bool, flow_id: str | None, status: str | None, as_json: bool
) -> int:
    """Print the live jobs, or all that the server knows. Returns the exit code."""
    known = list(client.pages("jobs", "jobs"))
    wanted = [
        job
        for job in known
        if flow_id in (None, job["flow_id"])
        and (job["status"] == status if status else everything or job["status"] in LIVE)
    ]
    if as_json:
        print_document({"jobs": wanted, "total": len(wanted)})
        return DONE
    ids = [job["job_id"] for job in known]
    print_lines(_job_rows(wanted, ids) if wanted else [_no_jobs(len(known), everything)])
    return DONE


def _job_rows(jobs: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> Iterator[str]:
    heads = ("job", "flow", "status", "running", "waiting", "held", "dead", "runs for", "started")
    yield from rows(
        heads,
        [
            (
                short(job["job_id"], ids),
                job["flow_id"],
                "draining" if job["draining"] else job["status"],
                *_counts(job),
                str(job["dead_letter_count"]),
                seconds_words(job["run_seconds"]),
                ago(job["started_at"]),
            )
            for job in jobs
        ],
        left=1,
    )


def _counts(job: Mapping[str, Any]) -> tuple[str, str, str]:
    counts = job["counts"]
    if counts is None:
        return "", "", ""
    return str(counts["running"]), str(counts["unconsumed"]), str(counts["held"])


def _no_jobs(known: int, everything: bool) -> str:
    if known == 0:
        return "no jobs"
    return "no such jobs" if everything else f"no live jobs; {known} in all, see --all"


def show_status(client: Client, word: str, *, as_json: bool) -> int:
    """Print how a job stands. Returns the exit code."""
    job = find_job(client, word)
    job_id = job["job_id"]
    if job["counts"] is None:  # it was never started: there is nothing more to ask for
        queues, session = None, None
    else:
        queues = client.get("jobs", job_id, "queues", "status")
        session = client.get("jobs", job_id, "debug", "session")
    if as_json:
        print_document({"job": job, "queues": queues, "debug": session})
        return DONE
    print_lines(_status_lines(job, queues, session))
    return DONE


def _status_lines(
    job: Mapping[str, Any], queues: Mapping[str, Any] | None, session: Mapping[str, Any] | None
) -> Iterator[str]:
    for text in _facts(job):
        yield from paragraph(text)
    if session is not None:
        if session["holds"]:
            holds = list_words([hold_words(each) for each in session["holds"]])
            yield from paragraph(f"held by {holds}")
        yield from standing_lines(session)
    for warning in job["warnings"]:
        yield from paragraph(f"warning: {warning}")
    if queues is not None:
        yield from slot_lines(queues["slots"])


def _facts(job: Mapping[str, Any]) -> Iterator[str]:
    status = f"{job['status']}, draining" if job["draining"] else job["status"]
    yield f"Job {job['job_id']} of flow '{job['flow_id']}': {status}"
    if job["error"]:
        kind = f"{job['error_type']}: " if job["error_type"] else ""
        yield f"error: {kind}{job['error']}"
    ended = f", ended {ago(job['completed_at'])}" if job["completed_at"] else ""
    yield f"started {ago(job['started_at']) or 'never'}, ran for " + (
        f"{seconds_words(job['run_seconds'])}{ended}"
    )
    counts = job["counts"]
    if counts is not None:
        yield (
            f"activations: {counts['running']} running, {counts['ready']} ready, "
            f"{counts['timed']} waiting for a time, {counts['standing']} standing in emit"
        )
        yield (
            f"items: {counts['unconsumed']} waiting, {counts['held']} held, "
            f"{job['dead_letter_count']} in the dead letters"
        )


def explain(client: Client, word: str, window: float, *, as_json: bool) -> int:
    """Print why nothing moves, or what does. Takes `window` seconds. Returns the exit code."""
    job = find_job(client, word)
    path = ("jobs", job["job_id"], "diagnosis")
    found = client.call("GET", path, query={"window": window}, waits_s=window)
    if as_json:
        print_document(found)
        return DONE
    print_lines(why_lines(found))
    return DONE


def why_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A diagnosis in a few lines that name the slot and the routine."""
    yield from paragraph(found["summary"])
    if found["cycle"]:
        yield from paragraph(f"stalled: {' -> '.join(found['cycle'])}")
    if found["bottleneck"] is not None:
        yield from paragraph(f"bottleneck: routine {found['bottleneck']}{_its_slot(found)}")
    if len(found["chain"]) > 1:
        yield from paragraph(f"backed up: {' <- '.join(found['chain'])}")
    for slot in found["slots"]:
        until = slot["seconds_until_full"]
        if until is not None and 0 < until < SOON_S:
            name = f"{slot['routine_id']}.{slot['slot_name']}"
            yield from paragraph(f"slot {name} is full in {seconds_words(until)} at this rate")
    if found["status"] == "paused":
        return  # each routine waits for the same
    for routine in found["routines"]:
        if routine["state"] not in QUIET:
            yield from paragraph(_routine(routine), indent=2)


def _its_slot(found: Mapping[str, Any]) -> str:
    """The fullest slot of the bottleneck."""
    slots = [each for each in found["slots"] if each["routine_id"] == found["bottleneck"]]
    if not slots:
        return ""
    slot = max(slots, key=lambda each: float(each["unconsumed"] / each["limit"]))
    text = f", slot {slot['slot_name']} {slot['unconsumed']}/{slot['limit']}"
    offered, consumed = slot["offered_per_second"], slot["consumed_per_second"]
    if offered is None or consumed is None:
        return text
    return f"{text}, {offered:.0f} items/s in, {consumed:.0f} items/s out"


def _routine(routine: Mapping[str, Any]) -> str:
    text = f"{routine['routine_id']}: {routine['state']}"
    if routine["slot"]:
        text += f" ({routine['slot']})"
    if routine["since"] is not None:
        text += f" for {seconds_words(routine['since'])}"
    if routine["until"] is not None:
        text += f", again in {seconds_words(routine['until'])}"
    return text + (f": {routine['detail']}" if routine["detail"] else "")


def peek(
    client: Client, word: str, place: str, *, state: str | None, limit: int, as_json: bool
) -> int:
    """Print what a slot has in it, and consume nothing. Returns the exit code."""
    job = find_job(client, word)
    routine_id, slot_name = find_slot(client, job, place)
    path = ("jobs", job["job_id"], "slots", routine_id, slot_name, "items")
    page = client.get(*path, state=state, limit=min(limit, 200))
    items = page["items"]
    if page["next_cursor"] is not None and limit > len(items):
        items = list(islice(client.pages("items", *path, state=state), limit))
    if as_json:
        print_document(
            {
                "job_id": job["job_id"],
                "routine_id": routine_id,
                "slot_name": slot_name,
                "items": items,
                "total": page["total"],
            }
        )
        return DONE
    print_lines(_item_lines(f"{routine_id}.{slot_name}", items, page["total"]))
    return DONE


def _item_lines(name: str, items: Sequence[Mapping[str, Any]], total: int) -> Iterator[str]:
    shown = "" if len(items) == total else f", the oldest {len(items)} of them"
    yield from paragraph(f"{name}: {count_words(total, 'item')}{shown}")
    for item in items:
        again = f", attempt {item['attempt']}" if item["attempt"] > 1 else ""
        age = ago(item["emitted_at"])
        head = printable(
            f"  {item['state']:<8} {item['item_id']} from {item['emitted_from']}, {age}{again}: "
        )
        yield head + data_words(item, room_for_data(len(head)))
