"""Which activations led to an item: kept while a job is debugged, for as many as one looks at."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from routilux.clock import stamp
from routilux.debugger.values import Frame

if TYPE_CHECKING:
    from routilux.engine.running import RunningActivation
    from routilux.segment import Origin

_Key = tuple[str, int]  # the routine and the activation's number in it

KEPT = 10_000  # activations; about 3 MB
DEPTH = 100  # frames of a chain; a loop of a flow makes chains without end


class _Entry:
    """What is kept of an activation. It is made for each, and looked at for a few."""

    __slots__ = ("attempt", "began_ns", "ended_ns", "origins", "outcome")

    def __init__(self, began_ns: int, attempt: int, origins: tuple[Origin, ...]) -> None:
        self.began_ns = began_ns
        self.attempt = attempt
        self.origins = origins
        self.ended_ns: int | None = None
        self.outcome = "running"

    def parents(self) -> tuple[str, ...]:
        """The activations that emitted its items, each once."""
        ids = (each.activation_id for each in self.origins)
        return tuple(dict.fromkeys(each for each in ids if each is not None))


class CallChain:
    """The activations of one job since it is debugged. Called under the job's lock."""

    def __init__(self) -> None:
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()

    def began(self, activation: RunningActivation) -> None:
        """Logic is about to be called."""
        claim = activation.claim
        if claim is None:
            return
        entries = self._entries
        entries[activation.routine_id, claim.number] = _Entry(
            activation.job.clock.time_ns(),
            activation.attempt,
            tuple([segment.origin for _, each in claim.inputs for segment in each]),
        )
        if len(entries) > KEPT:
            entries.popitem(last=False)

    def ended(self, activation: RunningActivation) -> None:
        """An activation is over."""
        claim = activation.claim
        if claim is None or activation.outcome == "running":
            return
        entry = self._entries.get((activation.routine_id, claim.number))
        if entry is not None:
            entry.ended_ns = activation.job.clock.time_ns()
            entry.outcome = activation.outcome

    def frames(self, activation_id: str | None) -> tuple[Frame, ...]:
        """An activation, the one that fed it first, and so on back to the start."""
        found: list[Frame] = []
        while activation_id is not None and len(found) < DEPTH:
            routine_id, _, number = activation_id.rpartition("@")
            known = number.isdecimal()  # an id may come from a snapshot
            entry = self._entries.get((routine_id, int(number))) if known else None
            found.append(_frame(activation_id, routine_id, entry))
            activation_id = next(iter(found[-1].fed_by), None)
        return tuple(found)


def _frame(activation_id: str, routine_id: str, entry: _Entry | None) -> Frame:
    """A frame; of an activation from before the debugging nothing but its id is known."""
    if entry is None:
        return Frame(activation_id, routine_id)
    return Frame(
        activation_id=activation_id,
        routine_id=routine_id,
        started_at=stamp(entry.began_ns),
        ended_at=None if entry.ended_ns is None else stamp(entry.ended_ns),
        outcome=entry.outcome,
        attempt=entry.attempt,
        fed_by=entry.parents(),
    )
