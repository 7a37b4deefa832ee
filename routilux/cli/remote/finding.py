"""What a word on the command line means: a job, a breakpoint, a slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from routilux.cli.errors import NOT_FOUND, USAGE, CommandError
from routilux.cli.remote.client import AnswerError
from routilux.cli.remote.wording import LIVE, short
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from routilux.cli.remote.client import Client

LAST = "last"  # the job that was made last
SHORTEST = 4  # letters of an id that tell jobs apart, and that nobody types by chance
MOST_SHOWN = 5
Job = dict[str, Any]


def find_job(client: Client, word: str) -> Job:
    """The job that is meant by its id, by the beginning of its id, or by ``last``.

    Raises:
        CommandError: there is none, or several begin so.
    """
    if word == LAST:
        return _last(client)
    if not word:
        raise CommandError("the job's id is empty: `routilux ps` lists the jobs")
    try:
        return cast(Job, client.get("jobs", word))
    except AnswerError as error:
        if error.status != 404:
            raise
    jobs = [job for job in _all_jobs(client) if _begins_so(job["job_id"], word)]
    if len(jobs) == 1:
        return jobs[0]
    shown = printable(word)
    if jobs:
        raise CommandError(f"several jobs begin with '{shown}': {_candidates(jobs)}", USAGE)
    raise CommandError(
        f"Job '{shown}' not found: `routilux ps --all` lists those there are", NOT_FOUND
    )


def only_live_job(client: Client) -> Job:
    """The job that is meant when none is named: the only live one.

    Raises:
        CommandError: there is none, or there are several.
    """
    jobs = [job for job in _all_jobs(client) if job["status"] in LIVE]
    if not jobs:
        raise CommandError("no job is live: `routilux ps --all` lists the finished ones", NOT_FOUND)
    if len(jobs) > 1:
        raise CommandError(f"several jobs are live, name one: {_candidates(jobs)}", USAGE)
    return jobs[0]


def _all_jobs(client: Client) -> Iterator[Job]:
    """The jobs that the server knows, the oldest first."""
    return client.pages("jobs", "jobs")


def _last(client: Client) -> Job:
    newest: Job | None = None
    for job in _all_jobs(client):  # the newest comes last
        newest = job
    if newest is None:
        raise CommandError("there is no job yet", NOT_FOUND)
    return newest


def _candidates(jobs: Sequence[Job]) -> str:
    told = [
        f"{job['job_id']} (flow '{printable(job['flow_id'])}', {job['status']})"
        for job in jobs[-MOST_SHOWN:]
    ]
    more = len(jobs) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def pick_ids(words: Iterable[str], known: Sequence[str], what: str) -> list[str]:
    """The ids that are meant by ids, or by how they begin.

    Args:
        words: what was typed.
        known: all ids that there are.
        what: what they are ids of, for the message.

    Raises:
        CommandError: there is no such id, or several begin so.
    """
    picked = []
    for word in words:
        found = [word] if word in known else [each for each in known if _begins_so(each, word)]
        shown = printable(word)
        if not found:
            there = ", ".join(short(each) for each in known[:MOST_SHOWN]) or "none"
            more = len(known) - MOST_SHOWN
            there += f" and {more} more" if more > 0 else ""
            raise CommandError(f"{what} '{shown}' not found: there are {there}", NOT_FOUND)
        if len(found) > 1:
            raise CommandError(f"several begin with '{shown}': {', '.join(found)}", USAGE)
        picked.append(found[0])
    return list(dict.fromkeys(picked))


def _begins_so(name: str, word: str) -> bool:
    return len(word) >= SHORTEST and name.startswith(word)


def find_slot(client: Client, job: Job, word: str) -> tuple[str, str]:
    """The routine and the slot that ``ROUTINE.SLOT`` means; either may have dots in its name.

    Raises:
        CommandError: the job has no such slot; says which there are.
    """
    slots = client.get("jobs", job["job_id"], "queues", "status")["slots"]
    names = [(each["routine_id"], each["slot_name"]) for each in slots]
    found = [name for name in names if ".".join(name) == word]
    if len(found) == 1:
        return found[0]
    shown = printable(word)
    if found:
        raise CommandError(f"'{shown}' may mean several slots: rename one of them", USAGE)
    of_routine = [name for name in names if name[0] == word]
    if len(of_routine) == 1:  # its only slot
        return of_routine[0]
    there = printable(", ".join(map(".".join, names[: 2 * MOST_SHOWN]))) or "none"
    raise CommandError(f"Slot '{shown}' not found: the job has {there}", NOT_FOUND)
