"""Event: a named output of a routine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from routilux.routine import Routine
    from routilux.slot import Slot


class Event:
    """A named output of a routine; what is emitted goes to every slot connected to it.

    Args:
        name: the event's name within its routine.
        routine: the routine that defines it, or None.
        output_params: names of the values it carries, for people who read the flow. Nothing
            checks them.
    """

    def __init__(
        self,
        name: str,
        routine: Routine | None = None,
        output_params: Iterable[str] | None = None,
    ) -> None:
        self.name = name
        self.routine = routine
        self.output_params: list[str] = list(output_params or ())
        self.connected_slots: list[Slot] = []

    def connect(self, slot: Slot) -> None:
        """Connect a slot to this event; connecting twice is connecting once."""
        if slot not in self.connected_slots:
            self.connected_slots.append(slot)
            slot.connect(self)

    def disconnect(self, slot: Slot) -> None:
        """Undo `connect`; a slot that is not connected is no error."""
        if slot in self.connected_slots:
            self.connected_slots.remove(slot)
            slot.disconnect(self)

    def __repr__(self) -> str:
        owner = self.routine.routine_id if self.routine is not None else None
        return f"<Event {owner or '-'}.{self.name}>"
