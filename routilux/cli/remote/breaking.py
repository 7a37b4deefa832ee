"""``routilux break``: breakpoints of a job."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from routilux.cli.errors import DONE, NOT_FOUND, CommandError
from routilux.cli.output import print_document, print_lines
from routilux.cli.remote.client import AnswerError
from routilux.cli.remote.finding import find_job, pick_ids
from routilux.cli.remote.places import Kind, place_words, read_place
from routilux.cli.remote.wording import count_words, paragraph, rows, short
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from routilux.cli.remote.client import Client

BATCH = 100  # the most that the server takes at once, unless its settings say less
CONDITION = 40  # letters of a condition in a table


class Action(str, Enum):
    """What a breakpoint does."""

    PAUSE_JOB = "pause_job"
    HOLD_ITEM = "hold_item"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a breakpoint shall do, as its options say.

    Attributes:
        expression, predicate: the condition: CEL, or a predicate as JSON; one of them, or none.
        log_message: makes a tracepoint of it.
        action: what it does; None: pause the job, or with a message, log.
        ignore: so many items that match are let through first.
        once: whether it goes away with its first hit.
        disabled: whether it waits to be enabled.
    """

    expression: str | None = None
    predicate: str | None = None
    log_message: str | None = None
    action: Action | None = None
    ignore: int = 0
    once: bool = False
    disabled: bool = False

    def to_fields(self) -> dict[str, Any]:
        """The fields of the request.

        Raises:
            CommandError: there are two conditions, or the predicate is none.
        """
        fields = {
            "condition": self._condition(),
            "log_message": self.log_message,
            "action": self.action.value if self.action is not None else None,
            "ignore_count": self.ignore,
            "one_shot": self.once,
            "enabled": not self.disabled,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _condition(self) -> str | dict[str, Any] | None:
        if self.predicate is None:
            return self.expression
        if self.expression is not None:
            raise CommandError("a breakpoint has one condition: give --if or --predicate")
        try:
            found = json.loads(self.predicate)
        except (ValueError, RecursionError) as error:
            raise CommandError(f"--predicate is no JSON, {error}") from None
        if not isinstance(found, dict):
            raise CommandError(
                "--predicate is a JSON object, such as "
                '{"path": "data.size", "op": "gt", "value": 3}'
            )
        return found


def add(client: Client, word: str, kind: Kind, place: str, wish: Wish, *, as_json: bool) -> int:
    """Set a breakpoint and print its id. Returns the exit code."""
    fields = wish.to_fields()
    job = find_job(client, word)
    where = read_place(kind, place, _flow(client, job["flow_id"]))
    try:
        made = client.post(
            "jobs", job["job_id"], "breakpoints", body={"type": kind.value, **where, **fields}
        )
    except AnswerError as error:
        raise _told(error) from None
    if as_json:
        print_document(made)
        return DONE
    told = f"Breakpoint {made['breakpoint_id']} at {made['type']} {place_words(made)}"
    lines = [*paragraph(told)]
    if not made["verified"]:
        lines += paragraph(f"not verified, it stops nothing now: {made['message']}", indent=2)
    print_lines(lines)
    return DONE


def _told(error: AnswerError) -> CommandError:
    """The error, with the place in the condition if that is what is wrong."""
    column, place = error.problem.get("column"), error.problem.get("place")
    where = f"column {column}" if column is not None else place
    if not where:
        return error
    return CommandError(f"the condition is wrong at {where}: {error}", error.exit_code)


def _flow(client: Client, flow_id: str) -> dict[str, Any] | None:
    try:
        flow: dict[str, Any] = client.get("flows", flow_id)
        return flow
    except AnswerError as error:
        if error.status != 404:
            raise
        return None


def show(client: Client, word: str, *, as_json: bool) -> int:
    """Print the breakpoints of a job. Returns the exit code."""
    job_id = find_job(client, word)["job_id"]
    found = _known(client, job_id)
    if as_json:
        print_document({"job_id": job_id, "breakpoints": found, "total": len(found)})
        return DONE
    print_lines(_lines(found) if found else [f"Job {short(job_id)} has no breakpoints"])
    return DONE


def _lines(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    ids = [each["breakpoint_id"] for each in found]
    heads = ("breakpoint", "kind", "place", "hits", "does")
    cells = [
        (
            short(each["breakpoint_id"], ids),
            each["type"],
            place_words(each),
            str(each["hit_count"]),
            _deed(each),
        )
        for each in found
    ]
    yield from rows(heads, cells, left=2)
    for each in found:
        name = short(each["breakpoint_id"], ids)
        if not each["verified"]:
            yield from paragraph(f"{name} is not verified: {each['message']}", indent=2)
        if each["last_error"]:
            yield from paragraph(
                f"{name}: the condition failed for {count_words(each['error_count'], 'item')}, "
                f"at last: {each['last_error']}",
                indent=2,
            )


def _deed(found: Mapping[str, Any]) -> str:
    """What a breakpoint does, in a few words."""
    words = [found["action"].replace("_", " ")]
    words += ["once"] if found["one_shot"] else []
    words += [f"after {found['ignore_count']}"] if found["ignore_count"] else []
    words += [] if found["enabled"] else ["disabled"]
    words += [] if found["condition"] is None else [f"if {_condition(found['condition'])}"]
    return ", ".join(words)


def _condition(found: object) -> str:
    text = found if isinstance(found, str) else json.dumps(found)
    return text if len(text) <= CONDITION else f"{text[: CONDITION - 3]}..."


def remove(
    client: Client, word: str, ids: Sequence[str], *, everything: bool, as_json: bool
) -> int:
    """Remove breakpoints; what they have stopped stays held. Returns the exit code."""
    return _change(client, word, ids, "batch-delete", "removed", everything, as_json, {})


def enable(
    client: Client,
    word: str,
    ids: Sequence[str],
    *,
    enabled: bool,
    everything: bool,
    as_json: bool,
) -> int:
    """Enable or disable breakpoints. Returns the exit code."""
    done = "enabled" if enabled else "disabled"
    more = {"enabled": enabled}
    return _change(client, word, ids, "batch-enable", done, everything, as_json, more)


def _change(
    client: Client,
    word: str,
    ids: Sequence[str],
    command: str,
    done: str,
    everything: bool,
    as_json: bool,
    more: Mapping[str, Any],
) -> int:
    if bool(ids) == everything:
        raise CommandError("name breakpoints by their ids, or say --all")
    job_id = find_job(client, word)["job_id"]
    known = [each["breakpoint_id"] for each in _known(client, job_id)]
    picked = known if everything else pick_ids(ids, known, "Breakpoint")
    changed, missing = [], []
    for start in range(0, len(picked), BATCH):
        body = {"ids": picked[start : start + BATCH], **more}
        answer = client.post("jobs", job_id, "breakpoints", command, body=body)
        changed += answer["changed_ids"]
        missing += answer["missing"]
    if as_json:
        print_document({"job_id": job_id, "changed_ids": changed, "missing": missing})
    else:
        same = len(picked) - len(changed) - len(missing)
        print_lines(
            [
                f"{count_words(len(changed), 'breakpoint')} {done}"
                + (f", {same} already were" if same else "")
            ]
        )
    if missing:  # somebody else has removed them meanwhile
        raise CommandError(f"there are no more: {printable(', '.join(missing))}", NOT_FOUND)
    return DONE


def _known(client: Client, job_id: str) -> list[dict[str, Any]]:
    return list(client.pages("breakpoints", "jobs", job_id, "breakpoints"))
