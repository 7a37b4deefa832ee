"""A flow as a document: plain data, as JSON and YAML have it. This is how one is read.

::

    flow_id: census
    defaults: {max_queue_length: 100, overflow: block}
    error_handler: {strategy: continue}
    routines:
      reader:
        class: "myapp.steps:Reader"
        config: {root: /data}
      counter:
        class: "myapp.steps:Counter"
        slots: {files: {max_queue_length: 10}}
        policy: {type: batch_size, size: 5}
    connections:
      - {from: reader.file, to: counter.files, map: {path: name}}

The shape is told in full by the JSON Schema, ``routilux/flow_schema.json``.
"""

from __future__ import annotations

import builtins
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from routilux.activation_policies import (
    all_slots_ready_policy,
    batch_size_policy,
    immediate_policy,
    time_interval_policy,
)
from routilux.error_handler import ErrorHandler
from routilux.flow.allowed import AllowList
from routilux.flow.shape import DocumentError, Fault, Path, check_shape, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from routilux.flow.flow import Flow
    from routilux.routine import Routine

POLICIES: Mapping[str, Callable[..., Any]] = {
    "immediate": immediate_policy,
    "all_slots_ready": all_slots_ready_policy,
    "batch_size": lambda size: batch_size_policy(size),
    "time_interval": time_interval_policy,
}


def build(kind: type[Flow], data: Mapping[str, Any], allow: Iterable[str]) -> Flow:
    """Make a flow of a document.

    Raises:
        DocumentError: the document is wrong; all faults that were found are in it.
        ValueError: an entry of `allow` is malformed.
    """
    allowed = AllowList(allow)
    if faults := check_shape(data):
        raise DocumentError(faults)
    reader = _Reader(allowed)
    flow = reader.read(kind, data)
    if reader.faults:
        raise DocumentError(reader.faults)
    return flow


class _Reader:
    """Goes through a document of the right shape and gathers what is wrong with it."""

    def __init__(self, allowed: AllowList) -> None:
        self._allowed = allowed
        self._broken: set[str] = set()
        self.faults: list[Fault] = []

    @contextmanager
    def _at(self, *path: str | int) -> Iterator[None]:
        """Turn what is raised about the values at `path` into a fault."""
        try:
            yield
        except (TypeError, ValueError) as error:
            self.faults.append(Fault(path, str(error)))

    def read(self, kind: type[Flow], data: Mapping[str, Any]) -> Flow:
        settings = {f"default_slot_{name}": it for name, it in data.get("defaults", {}).items()}
        flow = kind(
            data.get("flow_id"),
            on_stall=data.get("on_stall", "fail"),
            execution_timeout=data.get("execution_timeout"),
            **settings,
        )
        if "error_handler" in data:
            flow.set_error_handler(self._handler(data["error_handler"], ("error_handler",)))
        for routine_id, spec in data["routines"].items():
            self._add(flow, routine_id, spec)
        for index, text in enumerate(data.get("entry", ())):
            with self._at("entry", index):
                if end := self._end(flow, text):
                    flow.mark_entry(*end)
        for index, spec in enumerate(data.get("connections", ())):
            self._connect(flow, index, spec)
        return flow

    def _add(self, flow: Flow, routine_id: str, spec: Mapping[str, Any]) -> None:
        path = ("routines", routine_id)
        self._broken.add(routine_id)
        with self._at(*path, "class"):
            routine = self._allowed.make(spec["class"])
            with self._at(*path):
                flow.add_routine(routine, routine_id)
                self._broken.discard(routine_id)
            self._set_up(routine, spec, path)

    def _set_up(self, routine: Routine, spec: Mapping[str, Any], path: Path) -> None:
        with self._at(*path, "config"):
            routine.set_config(**spec.get("config", {}))
        for name, settings in spec.get("slots", {}).items():
            with self._at(*path, "slots", name):
                if name not in routine.slots:
                    hint = suggest(name, routine.slots)
                    raise ValueError(f"the class has no slot '{name}'.{hint}")
                routine.slots[name].configure(**settings)
        routine.concurrency = spec.get("concurrency", routine.concurrency)
        if "error_handler" in spec:
            where = (*path, "error_handler")
            with self._at(*where):
                routine.set_error_handler(self._handler(spec["error_handler"], where))
        if "policy" in spec:
            config = dict(spec["policy"])
            make = POLICIES[config.pop("type")]
            with self._at(*path, "policy"):
                routine.set_activation_policy(make(**config))

    def _handler(self, spec: Mapping[str, Any], path: Path) -> ErrorHandler:
        settings = dict(spec)
        names = settings.pop("retryable_exceptions", None)
        classes: list[type[Exception]] | None = None if names is None else []
        for index, name in enumerate(names or ()):
            with self._at(*path, "retryable_exceptions", index):
                assert classes is not None
                classes.append(_exception(name))
        return ErrorHandler(retryable_exceptions=classes, **settings)

    def _connect(self, flow: Flow, index: int, spec: Mapping[str, Any]) -> None:
        path = ("connections", index)
        source = target = None
        with self._at(*path, "from"):
            if source := self._end(flow, spec["from"]):
                flow.get_event(*source)
        with self._at(*path, "to"):
            if target := self._end(flow, spec["to"]):
                flow.get_slot(*target)
        sound = not any(fault.path[:2] == path for fault in self.faults)
        if source and target and sound:
            with self._at(*path):
                flow.connect(*source, *target, spec.get("map"), spec.get("copy", False))

    def _end(self, flow: Flow, text: str) -> tuple[str, str] | None:
        """``routine.name`` in two; None when that routine is known to be broken.

        Ids and names may have dots themselves, so the longest id that there is goes first.
        """
        ends = [index for index, char in enumerate(text) if char == "."]
        for index in reversed(ends):
            routine_id, name = text[:index], text[index + 1 :]
            if routine_id in self._broken:
                return None
            if routine_id in flow.routines and name:
                return routine_id, name
        if not ends:
            raise ValueError(f"'{text}' must be a routine's id, a dot, and a name")
        unknown = text[: ends[-1]]
        raise ValueError(f"no routine '{unknown}'.{suggest(unknown, flow.routines)}")


def _exception(name: str) -> type[Exception]:
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, Exception):
        return found
    raise ValueError(f"'{name}' is no built-in exception; others can only be set in Python")
