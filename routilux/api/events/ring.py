"""The ring: the last events, numbered, each encoded once for all readers of equal rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.api.events.ids import event_id, new_epoch
from routilux.api.events.wire import encode, id_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel


class Entry:
    """An event in the ring.

    Args:
        kind: its type.
        job_id, flow_id: whose it is.
        make: makes its model; told whether the reader may see payloads.
        ends: whether it is the end of its job.

    Attributes:
        number: its place in the order of events, from 1; 0 before it is in the ring.
    """

    __slots__ = ("_encoded", "_make", "ends", "flow_id", "job_id", "kind", "number")

    def __init__(
        self,
        kind: str,
        job_id: str,
        flow_id: str,
        make: Callable[[bool], BaseModel],
        *,
        ends: bool = False,
    ) -> None:
        self.kind = kind
        self.job_id = job_id
        self.flow_id = flow_id
        self.ends = ends
        self.number = 0
        self._make = make
        self._encoded: dict[bool, bytes] = {}

    def encoded(self, epoch: str, payloads: bool) -> bytes:
        """The event as it is sent; made when it is first asked for. On the loop's thread."""
        found = self._encoded.get(payloads)
        if found is None:
            found = id_line(event_id(epoch, self.number)) + encode(self._make(payloads))
            self._encoded[payloads] = found
        return found


class Ring:
    """The last `size` events. Not thread-safe: its owner has a lock.

    Attributes:
        epoch: names this ring in the ids of its events.
        last: the number of the newest event; 0 before the first.
    """

    def __init__(self, size: int, epoch: str | None = None) -> None:
        self.size = size
        self.epoch = epoch if epoch is not None else new_epoch()
        self.last = 0
        self._entries: list[Entry | None] = [None] * size

    @property
    def floor(self) -> int:
        """The number of the newest event that is gone; 0 while none is."""
        return max(0, self.last - self.size)

    def append(self, entry: Entry) -> None:
        """Number an event and keep it; the oldest one makes room."""
        self.last = entry.number = self.last + 1
        self._entries[entry.number % self.size] = entry

    def after(self, number: int, limit: int) -> list[Entry]:
        """The oldest `limit` events that are newer than `number` and still here."""
        first = max(number, self.floor) + 1
        last = min(self.last, first + limit - 1)
        found = (self._entries[each % self.size] for each in range(first, last + 1))
        return [entry for entry in found if entry is not None]
