"""Where a breakpoint is: what ``routine``, ``routine.slot`` or ``a.event->b.slot`` means."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from routilux.cli.errors import CommandError
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Pair = tuple[str, str]
ARROW = "->"


class Kind(str, Enum):
    """What a breakpoint is set at."""

    ROUTINE = "routine"
    SLOT = "slot"
    EVENT = "event"
    CONNECTION = "connection"


FORMS = {
    Kind.ROUTINE: "ROUTINE",
    Kind.SLOT: "ROUTINE.SLOT",
    Kind.EVENT: "ROUTINE.EVENT",
    Kind.CONNECTION: "ROUTINE.EVENT->ROUTINE.SLOT",
}


def read_place(kind: Kind, word: str, flow: Mapping[str, Any] | None) -> dict[str, str]:
    """The fields of a breakpoint that say where it is.

    Names may have dots in them: of the places that a word may mean, the one is taken that the flow
    has. Of a place that it does not have (yet), the last name is what comes after the last dot.

    Args:
        kind: what it is set at.
        word: the place as it was typed.
        flow: the graph as the server tells it; None: it does not know it.

    Raises:
        CommandError: the word has another form, or the flow has several such places.
    """
    if kind is Kind.ROUTINE:
        if not word:
            raise _other_form(kind, word)
        return {"routine_id": word}
    if kind is Kind.CONNECTION:
        return _connection(word, flow)
    known = _names(flow, "slots" if kind is Kind.SLOT else "events")
    routine_id, name = _pick(kind, word, list(_splits(word)), known)
    return {"routine_id": routine_id, f"{kind.value}_name": name}


def _connection(word: str, flow: Mapping[str, Any] | None) -> dict[str, str]:
    found = []
    before, arrow, after = word.partition(ARROW)
    while arrow:  # names may have arrows in them, too
        found += [
            (*source, *target)
            for source in _splits(before.strip())
            for target in _splits(after.strip())
        ]
        more, arrow, after = after.partition(ARROW)
        before = f"{before}{ARROW}{more}"
    names = ("source_routine_id", "source_event_name", "target_routine_id", "target_slot_name")
    edges = flow["connections"] if flow is not None else ()
    known = {tuple(edge[name] for name in names) for edge in edges}
    picked = _pick(Kind.CONNECTION, word, found, known)
    return dict(zip(names, picked, strict=True))


def _splits(word: str) -> Iterator[Pair]:
    """All ways to read a word as two names, the one at the last dot last."""
    for index, letter in enumerate(word):
        if letter == "." and 0 < index < len(word) - 1:
            yield word[:index], word[index + 1 :]


def _names(flow: Mapping[str, Any] | None, member: str) -> set[tuple[str, ...]]:
    routines = flow["routines"] if flow is not None else ()
    return {(each["routine_id"], one["name"]) for each in routines for one in each[member]}


def _pick(
    kind: Kind, word: str, found: list[Any], known: Collection[tuple[str, ...]]
) -> tuple[str, ...]:
    if not found:
        raise _other_form(kind, word)
    real = [each for each in found if each in known]
    if len(real) > 1:
        raise CommandError(
            f"'{printable(word)}' may mean several places of the flow: rename a routine, or set "
            "the breakpoint over HTTP, where the names stand apart"
        )
    picked: tuple[str, ...] = real[0] if real else found[-1]
    return picked


def _other_form(kind: Kind, word: str) -> CommandError:
    return CommandError(
        f"'{printable(word)}' is no place for the kind {kind.value}: write {FORMS[kind]}"
    )


def place_words(found: Mapping[str, Any]) -> str:
    """Where a breakpoint is, as it is typed."""
    if found["type"] == Kind.CONNECTION.value:
        source = f"{found['source_routine_id']}.{found['source_event_name']}"
        return f"{source}{ARROW}{found['target_routine_id']}.{found['target_slot_name']}"
    name = found["slot_name"] or found["event_name"]
    return f"{found['routine_id']}.{name}" if name else str(found["routine_id"])
