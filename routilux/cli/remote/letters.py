"""``routilux dead-letters``: what was refused or failed; put back, or thrown away."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from routilux.cli.errors import DONE, NOT_FOUND, CommandError
from routilux.cli.output import print_document, print_lines
from routilux.cli.remote.client import PAGE
from routilux.cli.remote.finding import find_job
from routilux.cli.remote.wording import (
    ago,
    count_words,
    data_words,
    paragraph,
    room_for_data,
    short,
)
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from routilux.cli.remote.client import Client

INDENT = "    "


def show(
    client: Client, word: str, filters: Mapping[str, str | None], limit: int, *, as_json: bool
) -> int:
    """Print the dead letters of a job, the oldest first. Returns the exit code.

    Args:
        client: asks the server.
        word: the job.
        filters: ``reason``, ``routine_id`` and ``slot_name``; None: any.
        limit: how many at most.
        as_json: print a document.
    """
    job_id = find_job(client, word)["job_id"]
    path = ("jobs", job_id, "dead-letters")
    first = client.get(*path, **filters, limit=min(limit, PAGE))
    letters, total = first["dead_letters"], first["total"]
    if first["next_cursor"] is not None and limit > PAGE:
        letters = list(islice(client.pages("dead_letters", *path, **filters), limit))
    if as_json:
        facts = {"total": total, "let_go": first["let_go"]}
        print_document({"job_id": job_id, "dead_letters": letters, **facts})
        return DONE
    print_lines(_lines(job_id, letters, total, first["let_go"]))
    return DONE


def _lines(
    job_id: str, letters: Sequence[Mapping[str, Any]], total: int, let_go: int
) -> Iterator[str]:
    more = f", the oldest {len(letters)} of them" if len(letters) < total else ""
    gone = f"; {let_go} older ones had to go" if let_go else ""
    yield f"Job {short(job_id)}: {count_words(total, 'dead letter')}{more}{gone}"
    for letter in letters:
        place = f"{letter['routine_id']}.{letter['slot_name']}"
        kind = f": {letter['error_type']}" if letter["error_type"] else ""
        error = f"{kind}: {letter['error']}" if letter["error"] else kind
        yield from paragraph(
            f"{letter['id']} of {place}, {ago(letter['at'])}, {letter['reason']}{error}", indent=2
        )
        yield INDENT + data_words(letter, room_for_data(len(INDENT)))


def redeliver(
    client: Client, word: str, ids: Sequence[str], reason: str, *, new_job: bool, as_json: bool
) -> int:
    """Put dead letters back, all of them without ids. Returns the exit code."""
    job_id = find_job(client, word)["job_id"]
    body: dict[str, Any] = {"new_job": new_job, "reason": reason}
    if ids:
        body["ids"] = list(dict.fromkeys(ids))
    answer = client.post("jobs", job_id, "dead-letters", "redeliver", body=body)
    if as_json:
        print_document(answer)
    else:
        where = "" if answer["job_id"] == job_id else f" into the new job {answer['job_id']}"
        no_room = len(body.get("ids", ())) - len(answer["missing"]) - answer["count"]
        rest = f"; {no_room} stay, there is no room for them now" if no_room > 0 else ""
        told = f"{count_words(answer['count'], 'dead letter')} put back{where}{rest}"
        print_lines(paragraph(told))
    _tell_missing(answer["missing"])
    return DONE


def discard(
    client: Client, word: str, ids: Sequence[str], *, everything: bool, as_json: bool
) -> int:
    """Throw dead letters away, for good. Returns the exit code."""
    if bool(ids) == everything:
        raise CommandError("name dead letters by their ids, or say --all")
    job_id = find_job(client, word)["job_id"]
    path = ("jobs", job_id, "dead-letters")
    asked = list(dict.fromkeys(ids))
    if everything:
        count, missing = client.delete(*path)["count"], []
    else:
        there = {letter["id"] for letter in client.pages("dead_letters", *path)}
        missing = [each for each in asked if each not in there]
        count = 0
        for start in range(0, len(asked), PAGE):
            count += client.delete(*path, ids=asked[start : start + PAGE])["count"]
    if as_json:
        print_document({"job_id": job_id, "count": count, "missing": missing})
    else:
        print_lines([f"{count_words(count, 'dead letter')} thrown away"])
    _tell_missing(missing)
    return DONE


def _tell_missing(missing: Sequence[str]) -> None:
    """Say which ids there are not: the command has done the rest."""
    if missing:
        raise CommandError(f"no such dead letters: {printable(', '.join(missing))}", NOT_FOUND)
