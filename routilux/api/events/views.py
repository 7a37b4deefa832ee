"""Views: which events a stream shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routilux.api.events.ring import Entry

KINDS = ("job", "hit", "refused", "held", "queues")  # `gap` and `bye` are always shown
ALL_KINDS = frozenset(KINDS)


@dataclass(frozen=True, slots=True)
class View:
    """What a stream shows. Streams of equal views share what is encoded.

    Attributes:
        job_id: only this job; None: all.
        flow_id: only jobs of this flow; None: all.
        kinds: types of events.
        payloads: whether messages and errors that may hold payload are shown.
    """

    job_id: str | None = None
    flow_id: str | None = None
    kinds: frozenset[str] = ALL_KINDS
    payloads: bool = True

    @property
    def levels(self) -> bool:
        """Whether levels of queues are shown."""
        return "queues" in self.kinds

    def shows(self, entry: Entry) -> bool:
        """Whether an event is shown."""
        return entry.kind in self.kinds and self.covers(entry.job_id, entry.flow_id)

    def covers(self, job_id: str, flow_id: str) -> bool:
        """Whether a job is shown."""
        return self.job_id in (None, job_id) and self.flow_id in (None, flow_id)


def read_kinds(text: str | None) -> frozenset[str]:
    """The types in a list with commas; all when there is none.

    Raises:
        ValueError: one of them is unknown, or the list is empty.
    """
    if text is None:
        return ALL_KINDS
    named = frozenset(each.strip() for each in text.split(","))
    if not named <= ALL_KINDS:
        unknown = ", ".join(repr(each) for each in sorted(named - ALL_KINDS))
        raise ValueError(f"types has {unknown}: name some of {', '.join(KINDS)}, with commas")
    return named
