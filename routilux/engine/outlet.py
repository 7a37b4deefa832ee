"""Outlet: what an activation has emitted of one event and not handed over yet.

The activation's thread appends without a lock. Collecting happens under the job's lock, by the
producer when the limit is reached, by a consumer that is about to go idle, by `pause`, and when
the activation ends. A collector cuts the lists in place, so a late append is never lost: the
appender reads `limit` after its append, finds it reached, and comes to the lock itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.engine.delivery import Delivery
from routilux.segment import Origin, Segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.engine.job_slot import JobSlot
    from routilux.engine.running import RunningActivation

# Items that may wait in an outlet even if the slots are longer: enough that the cost of a
# hand-over is not seen per item, few enough that they stay in the processor's cache.
MOST_BUFFERED = 1024

Target = tuple["JobSlot", "Callable[[Any], Any] | None"]


class Output:
    """An event of a routine of a job: where its items go.

    Attributes:
        targets: the connected slots, each with the connection's transform or None.
        pullable: whether a consumer may fetch what is buffered. A transform is the author's code:
            it runs on the producer's thread only, item by item.
        full: items that an outlet may buffer: never more than the shortest slot holds.
    """

    __slots__ = ("event", "full", "pullable", "targets")

    def __init__(self, event: str, targets: tuple[Target, ...]) -> None:
        self.event = event
        self.targets = targets
        self.pullable = all(transform is None for _, transform in targets)
        lengths = [slot.max_queue_length for slot, _ in targets]
        self.full = min([MOST_BUFFERED, *lengths]) if self.pullable else 1

    def is_awaited(self) -> bool:
        """Whether a consumer has nothing to do, so that each item is news."""
        for slot, _ in self.targets:
            if slot.consumer.is_idle:
                return True
        return False


class RunningOutlet:
    """The outlet of one event of one activation. See `routilux.activation.Outlet`."""

    __slots__ = ("activation", "data", "limit", "now", "origin", "output", "stamps")

    def __init__(self, activation: RunningActivation, output: Output, number: int) -> None:
        self.activation = activation
        self.output = output
        self.data: list[Any] = []
        self.stamps: list[int] = []
        self.now = activation.job.clock.time_ns
        self.origin = Origin(activation.routine_id, output.event, number, activation.context)
        self.limit = output.full

    def open(self) -> None:
        """Let consumers know of this outlet. Needs no lock.

        First they see it, then the limit is decided: a consumer that goes idle meanwhile either is
        seen as idle here, or sees the outlet and sets the limit itself.
        """
        for slot, _ in self.output.targets:
            slot.outlets.append(self)
        self.reset_limit()

    def close(self) -> None:
        """Forget it. A thread that emits from now on comes to the lock, and is told there."""
        self.limit = 0
        for slot, _ in self.output.targets:
            if self in slot.outlets:
                slot.outlets.remove(self)

    def hand_over(self, emitted: object) -> None:
        """Move items on their way; `emitted` is the latest. May block and may raise."""
        self.activation.hand_over(self, emitted)

    def extend(self, items: list[Any]) -> None:
        """Emit a batch. May block and may raise."""
        stamp = self.now()
        position = 0
        while position < len(items):
            room = max(1, self.output.full - len(self.data))
            part = items[position : position + room]
            position += len(part)
            self.stamps.extend([stamp] * len(part))
            self.data.extend(part)
            if len(self.data) >= self.limit:
                self.activation.hand_over(self, part[-1])

    # -- under the job's lock ----------------------------------------------------------------------

    def collect(self) -> Delivery | None:
        """Offer what is buffered to the slots. A delivery is what has to wait for room."""
        count = len(self.data)
        if not count:
            return None
        data, stamps = self.data[:count], self.stamps[:count]
        offers = [
            (slot, data if transform is None else [transform(item) for item in data])
            for slot, transform in self.output.targets
        ]
        del self.data[:count], self.stamps[:count]
        delivery: Delivery | None = None
        for slot, items in offers:
            rest = slot.offer(Segment(items, stamps, self.origin))
            if rest is not None:
                delivery = delivery or Delivery(self.activation)
                delivery.add(slot, rest)
        return delivery

    def pull_held(self) -> None:
        """The gate is closed: let what is buffered be held, as far as the slots hold more.

        Called at the pause and whenever somebody looks at a slot, so that nobody can tell buffered
        items from held ones.
        """
        self._move(min(slot.hold_room() for slot, _ in self.output.targets) if self.output.targets else 0)

    def discard(self) -> None:
        """Refuse what is buffered: the job has ended."""
        count = len(self.data)
        if count:
            data, stamps = self.data[:count], self.stamps[:count]
            del self.data[:count], self.stamps[:count]
            for slot, _ in self.output.targets:
                slot.refuse(Segment(data, stamps, self.origin), "cancelled")

    def reset_limit(self) -> None:
        """Buffer again, unless somebody waits for each single item."""
        activation = self.activation
        if activation.yielding or activation.job.ended or self.output.is_awaited():
            self.limit = min(self.limit, 1)
        else:
            self.limit = self.output.full

    def pull(self) -> None:
        """A consumer has nothing to do: bring it what is buffered, as far as there is room."""
        self._move(min(slot.open_room() for slot, _ in self.output.targets) if self.output.targets else 0)

    def _move(self, room: int) -> None:
        count = min(len(self.data), room)
        if count <= 0 or not self.output.pullable:
            return
        data, stamps = self.data[:count], self.stamps[:count]
        del self.data[:count], self.stamps[:count]
        for slot, _ in self.output.targets:
            slot.offer(Segment(data, stamps, self.origin))
