"""FlowBuilder: a flow in one chain of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from routilux.flow.flow import Flow
from routilux.flow.validation import find_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.error_handler import ErrorHandler
    from routilux.routine import Routine


class FlowBuilder:
    """Builds a flow; every method but `build` returns the builder.

    Args:
        flow_id: the flow's id; None means a random one.
        **settings: keyword arguments of `routilux.flow.Flow`.

    Attributes:
        warnings: what the last `validate` found that only the author can judge.
    """

    def __init__(self, flow_id: str | None = None, **settings: Any) -> None:
        self._flow = Flow(flow_id, **settings)
        self.warnings: list[str] = []

    def add_routine(self, routine: Routine, routine_id: str | None = None) -> Self:
        """Add a routine. Raises as `Flow.add_routine`."""
        self._flow.add_routine(routine, routine_id)
        return self

    def connect(
        self,
        source_id: str,
        event_name: str,
        target_id: str,
        slot_name: str,
        param_mapping: Mapping[str, str] | None = None,
        copy: bool = False,
    ) -> Self:
        """Connect an event to a slot. Raises as `Flow.connect`."""
        self._flow.connect(source_id, event_name, target_id, slot_name, param_mapping, copy)
        return self

    def mark_entry(self, routine_id: str, slot_name: str) -> Self:
        """Say that a slot is filled from outside. Raises as `Flow.mark_entry`."""
        self._flow.mark_entry(routine_id, slot_name)
        return self

    def set_error_handler(self, handler: ErrorHandler | None) -> Self:
        """Set the flow's error handler. Raises as `Flow.set_error_handler`."""
        self._flow.set_error_handler(handler)
        return self

    def validate(self) -> Self:
        """Check what has been built so far.

        An event that leads nowhere, slots without logic and a loop that can fill up are legal: they
        go into `warnings`.

        Raises:
            ValueError: nobody fills a slot, or a policy wants more than its slot holds.
        """
        problems = find_problems(self._flow)
        self.warnings = [problem.text for problem in problems if problem.legal]
        wrong = [problem.text for problem in problems if not problem.legal]
        if wrong:
            raise ValueError(f"Flow '{self._flow.flow_id}' cannot work: " + "; ".join(wrong))
        return self

    def build(self) -> Flow:
        """The flow."""
        return self._flow
