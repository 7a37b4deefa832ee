"""An item that leaves its routine, and what stops it on the way out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from routilux.engine.caught import Caught
from routilux.segment import Segment

if TYPE_CHECKING:
    from routilux.engine.debugger import Debugger
    from routilux.engine.hits import Hit
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.outlet import RunningOutlet


class Departure:
    """One item that an outlet hands over, with its data for each target."""

    __slots__ = ("_item", "outlet", "stamp")

    def __init__(self, outlet: RunningOutlet, item: Any, stamp: int) -> None:
        self.outlet = outlet
        self._item = item
        self.stamp = stamp

    @property
    def raw(self) -> Any:
        """What logic emitted."""
        return self._item if self.outlet.output.pullable else self._item[-1]

    def data_for(self, index: int) -> Any:
        """What one target gets."""
        return self._item if self.outlet.output.pullable else self._item[index]

    def segment(self, index: int) -> Segment:
        """What one target gets, as a segment of one."""
        return Segment([self.data_for(index)], [self.stamp], self.outlet.origin)


@dataclass(slots=True)
class Stops:
    """What has stopped a departure: at the event as a whole, and on single edges.

    Attributes:
        event: the hit of the event, or None.
        edges: the hits of edges, by the number of the target.
    """

    debugger: Debugger
    event: Hit | None
    edges: dict[int, Hit] = field(default_factory=dict)

    def catch(self, index: int, slot: JobSlot, segment: Segment) -> Caught | None:
        """The item for one target as a caught one; None if nothing stops it there."""
        hits = [hit for hit in (self.event, self.edges.get(index)) if hit is not None]
        if not hits:
            return None
        caught = Caught(segment)
        for hit in hits:
            hit.items.append((slot, caught))
        return caught

    def register(self) -> None:
        """Let the hits take effect, now that each item has its place."""
        for hit in (self.event, *self.edges.values()):
            if hit is not None:
                self.debugger.register(hit)
