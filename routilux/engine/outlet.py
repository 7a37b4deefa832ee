"""Outlet: what an activation has emitted of one event and not handed over yet.

The activation's thread appends without a lock. Collecting happens under the job's lock, by the
producer when the limit is reached, by a consumer that is about to go idle, by `pause`, and when
the activation ends. A collector cuts the lists in place, so a late append is never lost: the
appender reads `limit` after its append, finds it reached, and comes to the lock itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.engine.delivery import Delivery
from routilux.engine.leaving import Departure
from routilux.errors import ActivationEnded
from routilux.segment import Origin, Segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.engine.job_slot import JobSlot
    from routilux.engine.plan import OutputPlan
    from routilux.engine.running import RunningActivation
    from routilux.engine.watches import OutputWatch

Target = tuple["JobSlot", "Callable[[Any], Any] | None"]


class Output:
    """An event of a routine of a job: where its items go. See `routilux.engine.plan.OutputPlan`.

    Attributes:
        targets: the connected slots, each with the connection's transform or None.
        watch: breakpoints on the way to these slots; None: items go on in whole segments.
        full: items that an outlet may buffer; 1 while it is watched, so that logic stops where an
            item was stopped.
    """

    __slots__ = ("event", "full", "plan", "pullable", "targets", "watch")

    def __init__(self, plan: OutputPlan, targets: tuple[Target, ...]) -> None:
        self.plan = plan
        self.event = plan.event
        self.full = plan.full
        self.watch: OutputWatch | None = None
        self.pullable = plan.pullable
        self.targets = targets

    def set_watch(self, watch: OutputWatch | None) -> None:
        """Let each item be looked at on its way, or none. Under the job's lock."""
        self.watch = watch
        self.full = self.plan.full if watch is None else 1

    def is_awaited(self) -> bool:
        """Whether a consumer has nothing to do, so that each item is news."""
        for slot, _ in self.targets:  # noqa: SIM110 - a generator costs more than the whole test
            if slot.consumer.is_idle():
                return True
        return False


class Prepared(tuple[Any, ...]):
    """An item of an output with transforms: its data for each target, and what was emitted."""

    __slots__ = ()


def prepare(output: Output, emitted: object) -> Prepared:
    """Transform an item for each target. A connection may call its author's code."""
    parts = [each if t is None else t(each) for _, t in output.targets for each in (emitted,)]
    return Prepared([*parts, emitted])


class RunningOutlet:
    """The outlet of one event of one activation. See `routilux.activation.Outlet`."""

    __slots__ = ("activation", "data", "leaving", "limit", "now", "origin", "output", "stamps")

    def __init__(self, activation: RunningActivation, output: Output, number: int) -> None:
        self.activation = activation
        self.output = output
        self.data: list[Any] = []
        self.stamps: list[int] = []
        self.now = activation.job.clock.time_ns
        self.origin = Origin(activation.routine_id, output.event, number, activation.context)
        self.limit = output.full
        self.leaving = False  # an item is on its way to several slots

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
        if self.output.watch is not None and self.is_held_back():
            self.activation.checkpoint()
        self.activation.hand_over(self, emitted)

    def is_held_back(self) -> bool:
        """Whether items wait here until the gate opens, for a breakpoint may stop them there."""
        watch = self.output.watch
        return watch is not None and not watch.is_empty and self.activation.job.gate_closed

    def _prepare(self, emitted: object) -> object:
        """Transform an item, in its place; if that raises, it was not emitted."""
        ready: Prepared | None = None
        try:
            ready = prepare(self.output, emitted)
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
        if self.output.watch is not None:
            return self._collect_watched(delivery)
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

    def _collect_watched(self, delivery: Delivery | None) -> Delivery | None:
        """As `collect`, item by item. One that has to wait keeps those after it in the buffer."""
        while delivery is None and not self.is_held_back():
            item = self._cut_one()
            if item is None:
                break
            delivery = self._leave(*item)
        return delivery

    def _cut_one(self) -> tuple[object, int] | None:
        """Take out the first item that is ready, with its stamp."""
        for index, item in enumerate(self.data):
            if self.output.pullable or type(item) is Prepared:
                stamp = self.stamps[index]
                del self.data[index], self.stamps[index]
                return item, stamp
        return None

    def _leave(self, item: object, stamp: int) -> Delivery | None:
        """Offer one item to each slot, or let breakpoints stop it on the way.

        Meanwhile nothing that was emitted later may overtake it: a stop closes the gate, which
        looks at every outlet.
        """
        job = self.activation.job
        delivery: Delivery | None = None
        self.leaving = True
        departure = Departure(self, item, stamp)
        stops = job.debugger.at_leaving(departure) if job.debugger is not None else None
        for index, (slot, _) in enumerate(self.output.targets):
            segment = departure.segment(index)
            caught = stops.catch(index, slot, segment) if stops is not None else None
            rest = slot.offer(segment) if caught is None else slot.catch(caught)
            if rest is not None:
                delivery = delivery or Delivery(self.activation)
                delivery.add(slot, rest)
        if stops is not None:
            stops.register()
        self.leaving = False
        if job.gate_closed:
            self.pull_held()
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
        if self.leaving or self.is_held_back():
            return
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
        if self.output.watch is not None:
            self._move_watched(count)
            return
        data, stamps = self._cut(count)
        for slot, _ in self.output.targets:
            slot.offer(Segment(data, stamps, self.origin))

    def _move_watched(self, count: int) -> None:
        """Move up to `count` items; a stop ends it, for there may be no room behind it."""
        closed = self.activation.job.gate_closed
        while count and self.data and closed == self.activation.job.gate_closed:
            self._leave(*self._take_first())
            count -= 1

    def _take_first(self) -> tuple[object, int]:
        data, stamps = self._cut(1)
        return data[0], stamps[0]


NO_OUTLETS: dict[str, RunningOutlet] = {}
"""The outlets of every activation that has ended."""


def too_late(event: str) -> ActivationEnded:
    """The error for a thread that outlived its activation."""
    return ActivationEnded(
        f"emit('{event}') on behalf of an activation that has ended: join the threads that emit "
        "before logic returns"
    )
