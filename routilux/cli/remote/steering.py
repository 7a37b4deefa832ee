"""``routilux pause``, ``resume`` and ``cancel``."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from routilux.cli.errors import DONE, CommandError
from routilux.cli.output import print_document, print_lines
from routilux.cli.remote.finding import find_job
from routilux.cli.remote.wording import (
    count_words,
    hold_words,
    list_words,
    paragraph,
    short,
    standing_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from routilux.cli.remote.client import Client

WAIT_S = 5.0  # a person does not want to ask twice whether logic has come to its end
MOST_WAIT_S = 30.0  # so long does the server let a request wait


class Holder(str, Enum):
    """Who may hold a job."""

    OPERATOR = "operator"
    DEBUGGER = "debugger"


def pause(client: Client, word: str, reason: str, wait: float, *, as_json: bool) -> int:
    """Pause a job and wait up to `wait` seconds until no logic runs. Returns the exit code."""
    job_id = find_job(client, word)["job_id"]
    body = {"reason": reason, "wait": wait if wait > 0 else False}
    point = client.post("jobs", job_id, "pause", body=body, waits_s=wait)
    if as_json:
        print_document(point)
    else:
        print_lines(_paused_lines(point))
    return DONE


def _paused_lines(point: Mapping[str, Any]) -> Iterator[str]:
    was = "paused" if point["changed"] else "was paused already"
    still = (
        "nothing runs" if point["still"] else f"logic still runs of {', '.join(point['running'])}"
    )
    yield from paragraph(f"Job {short(point['job_id'])} {was}: {still}")
    if point["standing"]:
        yield from paragraph(f"standing in emit: {', '.join(point['standing'])}", indent=2)
    waiting = sum(
        slot["unconsumed_count"]
        for slots in point["slot_queue_states"].values()
        for slot in slots.values()
    )
    held = f", {point['held_count']} held" if point["held_count"] else ""
    yield from paragraph(f"{count_words(waiting, 'item')} waiting{held}", indent=2)


def resume(
    client: Client, word: str, reason: str, only: Holder | None, item: str | None, *, as_json: bool
) -> int:
    """Let a job go on: lift the debugger's holds, then the operator's. Returns the exit code.

    Args:
        client: asks the server.
        word: the job.
        reason: why, for the job's log.
        only: lift the holds of one of them and leave those of the other.
        item: let only this item (or hit) go that stands at a breakpoint.
        as_json: print a document.

    Raises:
        CommandError: what `client` raises, or the options contradict each other.
    """
    if item is not None and only is Holder.OPERATOR:
        raise CommandError("--item is the debugger's: leave --only operator out")
    job_id = find_job(client, word)["job_id"]
    answer = lift(client, job_id, reason, Holder.DEBUGGER if item is not None else only, item)
    session = client.get("jobs", job_id, "debug", "session")
    if as_json:
        print_document({**answer, "debug": session})
    else:
        print_lines(_resumed_lines(answer, session))
    return DONE


def lift(
    client: Client,
    job_id: str,
    reason: str = "",
    only: Holder | None = None,
    item: str | None = None,
) -> dict[str, Any]:
    """Lift holds; the answer of the last command, and in ``lifted`` whose holds there were.

    The debugger's go first: with the operator's pause in force nothing that it lets go can run
    into the next breakpoint, and the last answer tells how the job stands.
    """
    answer: dict[str, Any] = {}
    lifted = []
    if only is not Holder.OPERATOR:
        body = {"reason": reason} if item is None else {"reason": reason, "item_id": item}
        answer = client.post("jobs", job_id, "debug", "resume", body=body)
        lifted += [Holder.DEBUGGER.value] if answer["changed"] else []
    if only is not Holder.DEBUGGER:
        answer = client.post("jobs", job_id, "resume", body={"reason": reason})
        lifted += [Holder.OPERATOR.value] if answer["changed"] else []
    return {**answer, "changed": bool(lifted), "lifted": lifted}


def resumed_words(answer: Mapping[str, Any]) -> str:
    """What came of `lift`, in a few words."""
    holds = list_words([hold_words(each) for each in answer["holds"]])
    lifted = " and ".join(f"the {each}'s hold" for each in answer["lifted"])
    if not answer["holds"]:
        return f"resumed, {lifted} lifted" if lifted else "was not paused"
    what = f"{lifted} lifted" if lifted else "nothing to lift"
    return f"{what}; still held by {holds}"


def _resumed_lines(answer: Mapping[str, Any], session: Mapping[str, Any]) -> Iterator[str]:
    again = ""
    if session["holds"] and not answer["holds"]:
        again = f"; held again by {list_words([hold_words(each) for each in session['holds']])}"
    yield from paragraph(f"Job {short(answer['job_id'])}: {resumed_words(answer)}{again}")
    yield from standing_lines(session)
    if any(not hit["pauses"] for hit in session["hits"]):
        yield from paragraph("`--item ITEM` lets one go that is held alone", indent=2)
    for warning in answer["warnings"] if answer["changed"] or answer["holds"] else ():
        yield from paragraph(f"warning: {warning}")


def cancel(client: Client, word: str, reason: str, *, as_json: bool) -> int:
    """End a job. Returns the exit code."""
    job_id = find_job(client, word)["job_id"]
    answer = client.post("jobs", job_id, "cancel", body={"reason": reason})
    if as_json:
        print_document(answer)
    else:
        done = "cancelled" if answer["changed"] else f"was {answer['status']} already"
        print_lines(paragraph(f"Job {short(job_id)} {done}"))
    return DONE
