"""Flow: routines, and the connections between their events and slots.

A flow is a definition. Running it changes nothing in it; each job has slots and data of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.connection import Connection
from routilux.error_handler import ErrorHandler
from routilux.flow.document import build
from routilux.flow.steps import StepDecorators
from routilux.flow.validation import find_problems
from routilux.flow.writing import write
from routilux.ids import new_id
from routilux.routine import Routine
from routilux.settings import SlotSettings, check_time_limit, explicit, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from routilux.event import Event
    from routilux.settings import Overflow
    from routilux.slot import Slot

ON_STALL = ("fail", "wait")


class Flow(StepDecorators):
    """A graph of routines.

    Args:
        flow_id: a name of one's own; None means a random one.
        default_slot_max_queue_length: items that may wait in a slot (1000).
        default_slot_watermark: share of the length from which consumed items are let go (0.8).
        default_slot_overflow: what a full slot does: ``retry``, ``block``, ``reject`` or
            ``drop_oldest`` (``retry``).
        default_slot_max_enqueue_retries: waits before ``retry`` refuses (3).
        default_slot_enqueue_retry_delay: seconds of the first of these waits (0.1).
        default_slot_pause_enqueue_timeout: seconds that an outside caller waits at a paused job
            (5.0).
        on_stall: what becomes of a job in which every producer waits before a ``block`` slot:
            ``fail`` ends it, ``wait`` leaves it to the operator.
        error_handler: what applies to routines that have none of their own; None means STOP.
        execution_timeout: seconds that a job may run, pauses not counted; None means no limit.

    A slot's own setting, or its routine's ``slot_defaults``, go before these defaults.

    Attributes:
        flow_id: the flow's id.
        routines: by id, in the order of adding.
        connections: in the order of connecting.
        repeated: connections that were made again in the same way, once for each time.
        entry_slots: slots that are filled from outside, as (routine id, slot name).
        slot_defaults: the slot settings that were given.
        version: raised by each change of the graph.

    Raises:
        ValueError: a setting is out of range.
    """

    def __init__(
        self,
        flow_id: str | None = None,
        *,
        default_slot_max_queue_length: int | None = None,
        default_slot_watermark: float | None = None,
        default_slot_overflow: Overflow | None = None,
        default_slot_max_enqueue_retries: int | None = None,
        default_slot_enqueue_retry_delay: float | None = None,
        default_slot_pause_enqueue_timeout: float | None = None,
        on_stall: str = "fail",
        error_handler: ErrorHandler | None = None,
        execution_timeout: float | None = None,
    ) -> None:
        self.flow_id = _checked_id(flow_id)
        self.routines: dict[str, Routine] = {}
        self.connections: list[Connection] = []
        self.repeated: list[Connection] = []
        self.entry_slots: set[tuple[str, str]] = set()
        self.slot_defaults: Mapping[str, Any] = explicit(
            max_queue_length=default_slot_max_queue_length,
            watermark=default_slot_watermark,
            overflow=default_slot_overflow,
            max_enqueue_retries=default_slot_max_enqueue_retries,
            enqueue_retry_delay=default_slot_enqueue_retry_delay,
            pause_enqueue_timeout=default_slot_pause_enqueue_timeout,
        )
        resolve(self.slot_defaults)
        if on_stall not in ON_STALL:
            raise ValueError(f"on_stall must be one of {', '.join(ON_STALL)}, not {on_stall!r}")
        self.on_stall = on_stall
        self.error_handler: ErrorHandler | None = None
        self.set_error_handler(error_handler)
        self.execution_timeout = (
            None
            if execution_timeout is None
            else check_time_limit("execution_timeout", execution_timeout)
        )
        self.version = 0
        self._live_jobs = 0

    # -- defaults ----------------------------------------------------------------------------------

    @property
    def default_slot_max_queue_length(self) -> int:
        """Length of slots that set none themselves, items."""
        return resolve(self.slot_defaults).max_queue_length

    @default_slot_max_queue_length.setter
    def default_slot_max_queue_length(self, value: int) -> None:
        self._set_slot_default(max_queue_length=value)

    @property
    def default_slot_watermark(self) -> float:
        """Watermark of slots that set none themselves, 0 to 1."""
        return resolve(self.slot_defaults).watermark

    @default_slot_watermark.setter
    def default_slot_watermark(self, value: float) -> None:
        self._set_slot_default(watermark=value)

    @property
    def default_slot_overflow(self) -> Overflow:
        """What a full slot does that sets nothing itself."""
        return resolve(self.slot_defaults).overflow

    @default_slot_overflow.setter
    def default_slot_overflow(self, value: Overflow) -> None:
        self._set_slot_default(overflow=value)

    def _set_slot_default(self, **setting: Any) -> None:
        defaults = {**self.slot_defaults, **explicit(**setting)}
        resolve(defaults)
        self.slot_defaults = defaults
        self.version += 1

    def slot_settings(self, slot: Slot) -> SlotSettings:
        """The settings that `slot` will have in a job of this flow."""
        routine = slot.routine
        own = routine.slot_defaults if routine is not None else {}
        return resolve(slot.explicit, own, self.slot_defaults)

    def set_error_handler(self, handler: ErrorHandler | None) -> Flow:
        """Set what applies to routines without a handler of their own. Returns the flow.

        Raises:
            TypeError: it is no ErrorHandler.
        """
        if handler is not None and not isinstance(handler, ErrorHandler):
            raise TypeError(f"error_handler must be an ErrorHandler, not {handler!r}")
        self.error_handler = handler
        return self

    # -- the graph ---------------------------------------------------------------------------------

    def add_routine(self, routine: Routine, routine_id: str | None = None) -> str:
        """Add a routine.

        Args:
            routine: a routine object; it belongs to this flow from now on.
            routine_id: its id; None means its class's name, with a number if that is taken.

        Returns:
            The id.

        Raises:
            TypeError: it is no Routine, or the id no string.
            ValueError: the id is taken or empty, or the object is in a flow already.
        """
        if not isinstance(routine, Routine):
            raise TypeError(f"add_routine() takes a Routine object, not {routine!r}")
        if routine.routine_id is not None:
            raise ValueError(
                f"{routine!r} is in a flow already, as '{routine.routine_id}': make a new object"
            )
        if routine_id is None:
            routine_id = self._free_id(type(routine).__name__)
        if not isinstance(routine_id, str):
            raise TypeError(f"A routine id must be a string, not {routine_id!r}")
        if not routine_id:
            raise ValueError("A routine id must not be empty")
        if routine_id in self.routines:
            raise ValueError(f"Routine id '{routine_id}' already exists in flow '{self.flow_id}'")
        routine._id = routine_id
        self.routines[routine_id] = routine
        self.version += 1
        return routine_id

    def _free_id(self, name: str) -> str:
        number, candidate = 1, name
        while candidate in self.routines:
            number += 1
            candidate = f"{name}_{number}"
        return candidate

    def connect(
        self,
        source_id: str,
        event_name: str,
        target_id: str,
        slot_name: str,
        param_mapping: Mapping[str, str] | None = None,
        copy: bool = False,
    ) -> Connection:
        """Connect an event of one routine to a slot of another, or of the same: loops are legal.

        Args:
            source_id: the routine that emits.
            event_name: its event.
            target_id: the routine that is fed.
            slot_name: its slot.
            param_mapping: new names for keys of the data, see `routilux.connection.Connection`.
            copy: give the slot a shallow copy of each item's data.

        Returns:
            The connection; connecting again in the same way returns the one that there is.

        Raises:
            ValueError: a part is missing; the message says which, and what there is. Or the two are
                connected in another way already.
        """
        event = self.get_event(source_id, event_name)
        slot = self.get_slot(target_id, slot_name)
        for known in self.connections:
            if known.source_event is event and known.target_slot is slot:
                if (known.param_mapping, known.copy) == (dict(param_mapping or {}), bool(copy)):
                    self.repeated.append(known)
                    return known
                raise ValueError(
                    f"'{source_id}.{event_name}' is connected to '{target_id}.{slot_name}' "
                    "already, with another mapping or copy"
                )
        connection = Connection(event, slot, param_mapping, copy)
        self.connections.append(connection)
        self.version += 1
        return connection

    def mark_entry(self, routine_id: str, slot_name: str) -> None:
        """Say that a slot is filled from outside, with ``job.post()``.

        Raises:
            ValueError: there is no such slot.
        """
        self.get_slot(routine_id, slot_name)
        self.entry_slots.add((routine_id, slot_name))

    def get_routine(self, routine_id: str) -> Routine:
        """A routine by its id.

        Raises:
            ValueError: there is none; the message says which there are.
        """
        routine = self.routines.get(routine_id)
        if routine is None:
            raise ValueError(
                _missing("Routine", routine_id, f"flow '{self.flow_id}'", self.routines)
            )
        return routine

    def get_event(self, routine_id: str, name: str) -> Event:
        """An event of a routine. Raises ValueError, saying what there is."""
        routine = self.get_routine(routine_id)
        event = routine.events.get(name)
        if event is None:
            raise ValueError(_missing("Event", name, f"routine '{routine_id}'", routine.events))
        return event

    def get_slot(self, routine_id: str, name: str) -> Slot:
        """A slot of a routine's definition. Raises ValueError, saying what there is."""
        routine = self.get_routine(routine_id)
        slot = routine.slots.get(name)
        if slot is None:
            raise ValueError(_missing("Slot", name, f"routine '{routine_id}'", routine.slots))
        return slot

    # -- the whole ---------------------------------------------------------------------------------

    def validate(self) -> list[str]:
        """What looks wrong, one sentence each; an empty list when nothing does.

        A slot that nobody fills, a routine with slots but no logic, a batch policy larger than its
        slot, an event that leads nowhere, a connection that was made twice, a loop in which every
        slot can fill up, and a flow that nothing starts. Such a flow may work all the same.
        """
        return [problem.text for problem in find_problems(self)]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, allow: Iterable[str] = ()) -> Flow:
        """Make a flow from its document; see `routilux.flow.document` for the shape.

        Args:
            data: the document, plain data as JSON has it.
            allow: import paths that it may name: ``"pkg.module:Class"``, ``"pkg.module:*"`` or
                ``"pkg.*"``. Nothing else is ever imported.

        Raises:
            DocumentError: something in the document is wrong; the message says where.
            ValueError: an entry of `allow` is malformed.
        """
        return build(cls, data, allow)

    def to_dict(self) -> dict[str, Any]:
        """The flow as a document of plain data, which `from_dict` makes a flow of again.

        Raises:
            ValueError: something cannot be written: a routine made of a function or of a class that
                has no import path, a policy or an exception class of one's own.
        """
        return write(self)

    def __repr__(self) -> str:
        return f"<Flow '{self.flow_id}': {len(self.routines)} routines>"


def _missing(kind: str, name: str, owner: str, known: Iterable[str]) -> str:
    return f"{kind} '{name}' not found in {owner}, which has {', '.join(known) or 'none'}"


def _checked_id(flow_id: str | None) -> str:
    if flow_id is None:
        return new_id()
    if not isinstance(flow_id, str):
        raise TypeError(f"flow_id must be a string, not {flow_id!r}")
    if not flow_id:
        raise ValueError("flow_id must not be empty: leave it out for a random one")
    return flow_id
