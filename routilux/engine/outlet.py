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
    from routilux.engine.plan import OutputPlan
    from routilux.engine.running import RunningActivation

Target = tuple["JobSlot", "Callable[[Any], Any] | None"]


class Output:
    """An event of a routine of a job: where its items go. See `routilux.engine.plan.OutputPlan`.

    Attributes:
        targets: the connected slots, each with the connection's transform or None.
    """

    __slots__ = ("event", "full", "pullable", "targets")

    def __init__(self, plan: OutputPlan, targets: tuple[Target, ...]) -> None:
        self.event = plan.event
        self.full = plan.full
        self.pullable = plan.pullable
        self.targets = targets

    def is_awaited(self) -> bool:
        """Whether a consumer has nothing to do, so that each item is news."""
        for slot, _ in self.targets:  # noqa: SIM110 - a generator costs more than the whole test
            if slot.consumer.is_idle():
                return True
        return False


class Prepared(tuple[Any, ...]):
    """An item of an output with transforms: its data for each target."""

    __slots__ = ()


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
        """Let consumers know of this outlet. Under the job's lock."""
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
        if not self.output.pullable:
            emitted = self._prepare(emitted)
        self.activation.hand_over(self, emitted)

    def _prepare(self, emitted: object) -> object:
        """Transform an item, in its place; if that raises, it was not emitted."""
        ready: Prepared | None = None
        try:
            ready = Prepared(
                emitted if transform is None else transform(emitted)
                for _, transform in self.output.targets
            )
        finally:
            with self.activation.job.lock:
                self._replace(emitted, ready)
        return ready

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
                self.hand_over(part[-1])

    # -- under the job's lock ----------------------------------------------------------------------

    def _replace(self, emitted: object, ready: Prepared | None) -> None:
        """Put a prepared item in the place of the raw one, or take that out."""
        for index, item in enumerate(self.data):
            if item is emitted:
                if ready is None:
                    del self.data[index], self.stamps[index]
                else:
                    self.data[index] = ready
                return

    def collect(self, delivery: Delivery | None = None) -> Delivery | None:
        """Offer what is buffered to the slots. What has to wait for room joins `delivery`."""
        pullable = self.output.pullable
        data, stamps = self._cut(len(self.data)) if pullable else self._cut_prepared()
        if not data:
            return delivery
        for index, (slot, _) in enumerate(self.output.targets):
            items = data if pullable else self._data_for(index, data)
            rest = slot.offer(Segment(items, stamps, self.origin))
            if rest is not None:
                delivery = delivery or Delivery(self.activation)
                delivery.add(slot, rest)
        return delivery

    def _cut(self, count: int) -> tuple[list[Any], list[int]]:
        """Take out the first items, and their stamps."""
        data, stamps = self.data[:count], self.stamps[:count]
        del self.data[:count], self.stamps[:count]
        return data, stamps

    def _cut_prepared(self) -> tuple[list[Any], list[int]]:
        """Take out what is prepared; another thread may be on its way with the rest."""
        data, stamps = self._cut(len(self.data))
        raw = [index for index, item in enumerate(data) if type(item) is not Prepared]
        self.data[:0] = [data[index] for index in raw]
        self.stamps[:0] = [stamps[index] for index in raw]
        for index in reversed(raw):
            del data[index], stamps[index]
        return data, stamps

    def _data_for(self, target: int, items: list[Any]) -> list[Any]:
        """What one target gets; without transforms all share one list."""
        if self.output.pullable:
            return items
        return [each[target] if type(each) is Prepared else each for each in items]

    def pull_held(self) -> None:
        """The gate is closed: let what is buffered be held, as far as the slots hold more.

        Called at the pause and whenever somebody looks at a slot, so that nobody can tell buffered
        items from held ones.
        """
        self._move(
            min(slot.hold_room() for slot, _ in self.output.targets) if self.output.targets else 0
        )

    def discard(self) -> None:
        """Refuse what is buffered: the job has ended."""
        count = len(self.data)
        if count:
            data, stamps = self._cut(count)
            for index, (slot, _) in enumerate(self.output.targets):
                items = self._data_for(index, data)
                slot.refuse(Segment(items, stamps, self.origin), "cancelled")

    def reset_limit(self) -> None:
        """Buffer again, unless somebody waits for each single item."""
        activation = self.activation
        if activation.yielding or activation.job.ended or self.output.is_awaited():
            self.limit = min(self.limit, 1)
        else:
            self.limit = self.output.full

    def pull(self) -> None:
        """A consumer has nothing to do: bring it what is buffered, as far as there is room."""
        self._move(
            min(slot.open_room() for slot, _ in self.output.targets) if self.output.targets else 0
        )

    def _move(self, room: int) -> None:
        count = min(len(self.data), room)
        if count <= 0 or not self.output.pullable:
            return
        data, stamps = self._cut(count)
        for slot, _ in self.output.targets:
            slot.offer(Segment(data, stamps, self.origin))
