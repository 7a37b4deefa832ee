"""FlowRegistry: flows by their id, and by a name of the program's own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from routilux.flow import Flow


class FlowRegistry:
    """Flows that can be started by id or name.

    It keeps a flow until it is taken out: a flow that someone may ask for by name must not vanish
    because nobody else holds it. `get_instance` is the process's own; any other is yours alone.
    """

    _instance: ClassVar[FlowRegistry | None] = None
    _instance_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flows: dict[str, Flow] = {}
        self._names: dict[str, Flow] = {}

    @classmethod
    def get_instance(cls) -> FlowRegistry:
        """The registry of the process."""
        with FlowRegistry._instance_lock:
            if FlowRegistry._instance is None:
                FlowRegistry._instance = FlowRegistry()
            return FlowRegistry._instance

    def register(self, flow: Flow) -> None:
        """Register a flow by its id; a newer flow of the same id takes the place of the older."""
        with self._lock:
            self._flows[flow.flow_id] = flow

    def register_by_name(self, name: str, flow: Flow) -> None:
        """Register a flow by a name and by its id.

        Raises:
            ValueError: the name belongs to another flow.
        """
        with self._lock:
            taken = self._names.get(name)
            if taken is not None and taken is not flow:
                raise ValueError(
                    f"Flow name '{name}' is already registered (for flow '{taken.flow_id}'): "
                    "choose another name, or call unregister_by_name first"
                )
            self._names[name] = flow
            self._flows[flow.flow_id] = flow

    def get(self, flow_id: str) -> Flow | None:
        """The flow of that id, or None."""
        return self._flows.get(flow_id)

    def get_by_name(self, name: str) -> Flow | None:
        """The flow that was registered under that name, or None."""
        return self._names.get(name)

    def find(self, name_or_id: str) -> Flow:
        """The flow of that name, or else of that id.

        Raises:
            TypeError: it is no text.
            ValueError: there is none.
        """
        if not isinstance(name_or_id, str):
            raise TypeError(
                "flow must be a Flow, or the id or name that one was registered under, not "
                f"{name_or_id!r}"
            )
        flow = self.get_by_name(name_or_id) or self.get(name_or_id)
        if flow is None:
            raise ValueError(
                f"Flow '{name_or_id}' not found in registry: give the Flow itself, or register it "
                f"first (there are: {', '.join([*self._names, *self._flows]) or 'none'})"
            )
        return flow

    def list_all(self) -> list[Flow]:
        """All flows, in the order in which they were registered."""
        return list(self._flows.values())

    def unregister(self, flow_id: str) -> bool:
        """Take a flow out, with all its names. Returns whether it was in."""
        with self._lock:
            flow = self._flows.pop(flow_id, None)
            self._names = {name: known for name, known in self._names.items() if known is not flow}
            return flow is not None

    def unregister_by_name(self, name: str) -> bool:
        """Forget a name; the flow keeps its id. Returns whether the name was known."""
        with self._lock:
            return self._names.pop(name, None) is not None

    def clear(self) -> None:
        """Take everything out."""
        with self._lock:
            self._flows.clear()
            self._names.clear()
