"""Which activations led to an item: kept while a job is debugged, for as many as one looks at."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from routilux.clock import stamp
from routilux.debugger.values import Frame

if TYPE_CHECKING:
    from routilux.engine.running import RunningActivation

KEPT = 10_000  # activations; about 3 MB
DEPTH = 100  # frames of a chain; a loop of a flow makes chains without end


@dataclass(slots=True)
class _Entry:
    routine_id: str
    began_ns: int
    parents: tuple[str, ...]
    attempt: int
    ended_ns: int | None = None
    outcome: str = "running"


class CallChain:
    """The activations of one job since it is debugged. Called under the job's lock."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def began(self, activation: RunningActivation) -> None:
        """Logic is about to be called."""
        job, claim = activation.job, activation.claim
        inputs = claim.inputs if claim is not None else ()
        origins = [segment.origin.activation_id for _, each in inputs for segment in each]
        parents = tuple(dict.fromkeys(each for each in origins if each is not None))
        self._entries[activation.id] = _Entry(
            activation.routine_id, job.clock.time_ns(), parents, activation.attempt
        )
        self._entries.move_to_end(activation.id)
        if len(self._entries) > KEPT:
            self._entries.popitem(last=False)

    def ended(self, activation: RunningActivation) -> None:
        """An activation is over."""
        entry = self._entries.get(activation.id)
        if entry is not None and activation.outcome != "running":
            entry.ended_ns = activation.job.clock.time_ns()
            entry.outcome = activation.outcome

    def frames(self, activation_id: str | None) -> tuple[Frame, ...]:
        """An activation, the one that fed it first, and so on back to the start."""
        found: list[Frame] = []
        while activation_id is not None and len(found) < DEPTH:
            entry = self._entries.get(activation_id)
            found.append(_frame(activation_id, entry))
            activation_id = entry.parents[0] if entry is not None and entry.parents else None
        return tuple(found)


def _frame(activation_id: str, entry: _Entry | None) -> Frame:
    """A frame; of an activation from before the debugging nothing but its id is known."""
    if entry is None:
        return Frame(activation_id, activation_id.rpartition("@")[0])
    return Frame(
        activation_id=activation_id,
        routine_id=entry.routine_id,
        started_at=stamp(entry.began_ns),
        ended_at=None if entry.ended_ns is None else stamp(entry.ended_ns),
        outcome=entry.outcome,
        attempt=entry.attempt,
        fed_by=entry.parents,
    )
