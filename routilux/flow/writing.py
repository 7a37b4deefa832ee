"""Writing a flow as a document. Of a routine goes in what its class does not say already."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from routilux.activation_policies import describe_policy
from routilux.flow.document import POLICIES
from routilux.function_routine import FunctionRoutine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.connection import Connection
    from routilux.error_handler import ErrorHandler
    from routilux.flow.flow import Flow
    from routilux.routine import Routine


def write(flow: Flow) -> dict[str, Any]:
    """The document of a flow.

    Raises:
        ValueError: something cannot be written.
    """
    data: dict[str, Any] = {"flow_id": flow.flow_id}
    if flow.slot_defaults:
        data["defaults"] = dict(flow.slot_defaults)
    if flow.on_stall != "fail":
        data["on_stall"] = flow.on_stall
    if flow.execution_timeout is not None:
        data["execution_timeout"] = flow.execution_timeout
    if flow.error_handler is not None:
        data["error_handler"] = _handler(flow.error_handler, f"flow '{flow.flow_id}'")
    if flow.entry_slots:
        data["entry"] = sorted(f"{routine}.{slot}" for routine, slot in flow.entry_slots)
    data["routines"] = {name: _routine(routine, name) for name, routine in flow.routines.items()}
    data["connections"] = [_connection(connection) for connection in flow.connections]
    return data


def _routine(routine: Routine, routine_id: str) -> dict[str, Any]:
    who = f"routine '{routine_id}'"
    if isinstance(routine, FunctionRoutine):
        raise ValueError(
            f"{who} cannot be written: it was made of a function, with @flow.step or @flow.source, "
            "and a flow file names classes. Make it a class, or keep this flow in Python"
        )
    fresh = _fresh(routine, who)
    data: dict[str, Any] = {"class": f"{type(routine).__module__}:{type(routine).__qualname__}"}
    if routine.config() != fresh.config():
        data["config"] = routine.config()
    if slots := _slots(routine, fresh, who):
        data["slots"] = slots
    if routine.concurrency != fresh.concurrency:
        data["concurrency"] = routine.concurrency
    handler = routine.error_handler
    if handler is not None:
        data["error_handler"] = _handler(handler, who)
    policy = describe_policy(routine.activation_policy)
    if policy != describe_policy(fresh.activation_policy):
        if policy["type"] not in POLICIES:
            raise ValueError(f"The policy of {who} cannot be written: set it in its class")
        data["policy"] = {"type": policy["type"], **policy["config"]}
    return data


def _fresh(routine: Routine, who: str) -> Routine:
    """Another object of the same class, as `from_dict` will make one."""
    kind = type(routine)
    if "<" in kind.__qualname__ or "." in kind.__qualname__ or kind.__module__ == "__main__":
        raise ValueError(
            f"{who} cannot be written: its class {kind.__qualname__} has no import path of its own"
        )
    try:
        return kind()
    except TypeError as error:
        raise ValueError(
            f"{who} cannot be written: {kind.__qualname__}() cannot be made without arguments "
            f"({error})"
        ) from error


def _slots(routine: Routine, fresh: Routine, who: str) -> dict[str, Mapping[str, Any]]:
    if list(routine.slots) != list(fresh.slots) or list(routine.events) != list(fresh.events):
        raise ValueError(
            f"{who} cannot be written: it has slots or events that its class does not define"
        )
    return {
        name: dict(slot.explicit)
        for name, slot in routine.slots.items()
        if slot.explicit != fresh.slots[name].explicit
    }


def _handler(handler: ErrorHandler, who: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "strategy": handler.strategy.value,
        "max_retries": handler.max_retries,
        "retry_delay": handler.retry_delay,
        "retry_backoff": handler.retry_backoff,
        "is_critical": handler.is_critical,
    }
    if handler.retryable_exceptions != (Exception,):
        kinds = handler.retryable_exceptions
        for kind in kinds:
            if getattr(builtins, kind.__name__, None) is not kind:
                raise ValueError(
                    f"The error handler of {who} cannot be written: {kind.__name__} is no "
                    "built-in exception"
                )
        data["retryable_exceptions"] = [kind.__name__ for kind in kinds]
    return data


def _connection(connection: Connection) -> dict[str, Any]:
    event, slot = connection.source_event, connection.target_slot
    assert event.routine is not None
    assert slot.routine is not None
    data: dict[str, Any] = {
        "from": f"{event.routine.routine_id}.{event.name}",
        "to": f"{slot.routine.routine_id}.{slot.name}",
    }
    if connection.param_mapping:
        data["map"] = dict(connection.param_mapping)
    if connection.copy:
        data["copy"] = True
    return data
