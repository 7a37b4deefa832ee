"""Connection: the edge from an event to a slot, and what happens to data on the way."""

from __future__ import annotations

import copy as copying
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from routilux.event import Event
    from routilux.slot import Slot

    Transform = Callable[[Any], Any]


class Connection:
    """An edge of the flow; making one connects both ends.

    Args:
        source_event: where items come from.
        target_slot: where they go.
        param_mapping: new names for keys, ``{"source_key": "target_key"}``; other keys stay as they
            are, and data that is no dict passes unchanged.
        copy: give the slot a shallow copy. Without it every slot of a fan-out gets the same object,
            which is read-only by contract.

    Raises:
        TypeError: the mapping is not a mapping of names to names.
        ValueError: two keys would get the same new name.
    """

    def __init__(
        self,
        source_event: Event,
        target_slot: Slot,
        param_mapping: Mapping[str, str] | None = None,
        copy: bool = False,
    ) -> None:
        self.source_event = source_event
        self.target_slot = target_slot
        self.param_mapping: dict[str, str] = _checked(param_mapping)
        self.copy = bool(copy)
        source_event.connect(target_slot)

    def disconnect(self) -> None:
        """Take both ends apart; doing it twice is doing it once."""
        self.source_event.disconnect(self.target_slot)

    @property
    def transform(self) -> Transform | None:
        """What to call with the data of each item, or None when data passes as it is."""
        if self.param_mapping:
            return _renaming(self.param_mapping, self.copy)
        return copying.copy if self.copy else None

    def __repr__(self) -> str:
        return f"<Connection {self.source_event!r} -> {self.target_slot!r}>"


def _checked(mapping: Mapping[str, str] | None) -> dict[str, str]:
    try:
        names = dict(mapping or {})
    except (TypeError, ValueError) as error:
        raise TypeError(f"param_mapping must map names to names, not {mapping!r}") from error
    for name in (*names, *names.values()):
        if not isinstance(name, str):
            raise TypeError(f"param_mapping must map names to names, and {name!r} is none")
    targets = list(names.values())
    for new in targets:
        if targets.count(new) > 1:
            raise ValueError(f"param_mapping gives the name {new!r} to more than one key")
    return names


def _renaming(names: dict[str, str], copy: bool) -> Transform:
    def rename(data: Any) -> Any:
        if not isinstance(data, dict):
            return copying.copy(data) if copy else data
        renamed = {names[key]: value for key, value in data.items() if key in names}
        kept = {key: value for key, value in data.items() if key not in names}
        # A renamed key goes before one that already had that name: the author asked for it.
        return {**kept, **renamed}

    return rename
