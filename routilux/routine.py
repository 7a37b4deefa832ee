"""Routine: one step of a flow, as its author defines it.

A routine object is a definition that all jobs share: its attributes and its config are the same
for all of them. What belongs to one job lives in that job: ``self.state`` inside logic, or
`get_state`, `set_state` and `update_state` with the job in hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from routilux.activation import activation_here
from routilux.activation_policies import describe_policy
from routilux.error_handler import ErrorHandler, ErrorStrategy
from routilux.errors import NoActivation
from routilux.event import Event
from routilux.routine_config import RoutineConfig
from routilux.slot import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence

    from routilux.activation_policies import Policy
    from routilux.job_state import JobState
    from routilux.settings import Overflow

R = TypeVar("R", bound="Routine")
Emitter = Any  # a runtime: anything with handle_event_emit(event, event_data, job_state)


class SlotOwner(Protocol):
    """What a live job keeps of a routine."""

    @property
    def slots(self) -> Sequence[Slot]:
        """The job's own slots, in the order of their definition."""


class Routine(RoutineConfig):
    """One step: named input slots, named output events, one piece of logic.

    A subclass defines slots and events in ``__init__`` and either has a method ``logic`` or calls
    `set_logic`. Logic is called with one list of data for each slot, in the order in which the
    slots were defined; a parameter named like a slot gets that slot's list; ``policy_message`` and
    ``job_state`` are passed to logic that names them.

    Attributes:
        slots: the input slots by name.
        events: the output events by name.
        concurrency: how many activations of this routine one job may run at once. With 1 its items
            keep their order.
        slot_defaults: slot settings for all slots of this class.
    """

    slot_defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.slots: dict[str, Slot] = {}
        self.events: dict[str, Event] = {}
        self.concurrency = 1
        self.activation_policy: Policy | None = None
        self.error_handler: ErrorHandler | None = None
        self._id: str | None = None
        self._logic: Callable[..., Any] | None = getattr(self, "logic", None)
        self._in_jobs: dict[str, SlotOwner] = {}

    @property
    def routine_id(self) -> str | None:
        """The id that the flow gave this routine; None before it is in one."""
        return self._id

    # -- definition --------------------------------------------------------------------------------

    def define_slot(
        self,
        name: str,
        max_queue_length: int | None = None,
        watermark: float | None = None,
        *,
        overflow: Overflow | None = None,
        max_enqueue_retries: int | None = None,
        enqueue_retry_delay: float | None = None,
        pause_enqueue_timeout: float | None = None,
    ) -> Slot:
        """Define an input slot; settings that are None are inherited. See `routilux.slot.Slot`.

        Raises:
            ValueError: the name is taken, or a setting is out of range.
        """
        if name in self.slots:
            raise ValueError(f"Slot '{name}' already exists in {self!r}")
        slot = self.slots[name] = Slot(
            name,
            self,
            max_queue_length,
            watermark,
            overflow=overflow,
            max_enqueue_retries=max_enqueue_retries,
            enqueue_retry_delay=enqueue_retry_delay,
            pause_enqueue_timeout=pause_enqueue_timeout,
        )
        return slot

    add_slot = define_slot

    def define_event(self, name: str, output_params: list[str] | None = None) -> Event:
        """Define an output event.

        Args:
            name: the event's name.
            output_params: names of the values it carries, for people who read the flow.

        Raises:
            ValueError: the name is taken.
        """
        if name in self.events:
            raise ValueError(f"Event '{name}' already exists in {self!r}")
        event = self.events[name] = Event(name, self, output_params)
        return event

    add_event = define_event

    def get_slot(self, name: str) -> Slot | None:
        """The slot of that name, or None. Inside logic it is the running job's slot."""
        activation = activation_here()
        if activation.routine is self and name in self.slots:
            return activation.job_slot(name)
        return self.slots.get(name)

    def get_event(self, name: str) -> Event | None:
        """The event of that name, or None."""
        return self.events.get(name)

    @property
    def takes_portions(self) -> bool:
        """Whether logic takes its items one after the other, and may be given a part of them.

        Then an activation gets as many as are processed within a millisecond or so.
        """
        return False

    @property
    def emits(self) -> bool:
        """Whether the routine has any output event."""
        return bool(self.events)

    def get_logic(self) -> Callable[..., Any] | None:
        """What an activation calls, or None."""
        return self._logic

    def set_logic(self: R, logic: Callable[..., Any]) -> R:
        """Set what an activation calls. Returns the routine."""
        if not callable(logic):
            raise TypeError(f"logic must be callable, not {logic!r}")
        self._logic = logic
        return self

    def set_activation_policy(self: R, policy: Policy | None) -> R:
        """Set what decides when logic is called, and with which items. Returns the routine."""
        if policy is not None and not callable(policy):
            raise TypeError(f"An activation policy must be callable, not {policy!r}")
        self.activation_policy = policy
        return self

    def get_activation_policy_info(self) -> dict[str, Any]:
        """The policy's type, config and description; type ``none`` when unset."""
        return describe_policy(self.activation_policy)

    def set_error_handler(self: R, handler: ErrorHandler | None) -> R:
        """Set what happens when logic raises; it goes before the flow's. Returns the routine."""
        if handler is not None and not isinstance(handler, ErrorHandler):
            raise TypeError(f"handler must be an ErrorHandler, not {handler!r}")
        self.error_handler = handler
        return self

    def set_as_optional(self: R, strategy: str | ErrorStrategy = ErrorStrategy.CONTINUE) -> R:
        """An error here does not end the job. Returns the routine."""
        return self.set_error_handler(ErrorHandler(strategy=strategy, is_critical=False))

    def set_as_critical(
        self: R, max_retries: int = 3, retry_delay: float = 1.0, retry_backoff: float = 2.0
    ) -> R:
        """An error here is retried, then ends the job. Delays in seconds. Returns the routine."""
        return self.set_error_handler(
            ErrorHandler("retry", max_retries, retry_delay, retry_backoff, is_critical=True)
        )

    # -- emitting ----------------------------------------------------------------------------------

    def emit(self, event_name: str, /, **data: Any) -> None:
        """Emit one item: a dict of the keyword arguments.

        Inside logic nothing else is needed. The item is handed over at once when a consumer is
        idle, and together with its followers otherwise. Blocks while a connected slot is full, or
        the job is paused and as much is held as the slot is long.

        ``runtime`` and ``job_state`` are reserved: outside of logic they name the job that gets
        the item.

        Raises:
            ValueError: the routine has no such event.
            NoActivation: no activation of this routine is running here.
            ActivationEnded: the activation that this thread belongs to has ended.
            JobCancelled: the job was cancelled or has failed.
        """
        activation = activation_here()
        if activation.routine is not self or "job_state" in data or "runtime" in data:
            self._emit_for(data.pop("runtime", None), data.pop("job_state", None), event_name, data)
            return
        try:
            outlet = activation.outlets[event_name]
        except KeyError:
            outlet = None
        if outlet is None:
            outlet = activation.open_outlet(event_name)
        now = outlet.now
        outlet.stamps.append(now())
        items = outlet.data
        items.append(data)
        if len(items) >= outlet.limit:
            outlet.hand_over(data)

    def emit_item(self, event_name: str, data: Any, /) -> None:
        """Emit `data` itself as one item. Blocks and raises as `emit` does."""
        activation = activation_here()
        if activation.routine is not self:
            self._emit_for(None, None, event_name, data)
            return
        try:
            outlet = activation.outlets[event_name]
        except KeyError:
            outlet = None
        if outlet is None:
            outlet = activation.open_outlet(event_name)
        now = outlet.now
        outlet.stamps.append(now())
        items = outlet.data
        items.append(data)
        if len(items) >= outlet.limit:
            outlet.hand_over(data)

    def emit_many(self, event_name: str, items: Iterable[Any], /) -> None:
        """Emit each of `items` as one item, in order, with one time stamp for the batch.

        Blocks and raises as `emit` does; what was handed over before it raised stays emitted.
        """
        activation = activation_here()
        if activation.routine is not self:
            raise self._nobody(event_name)
        outlet = activation.outlets.get(event_name) or activation.open_outlet(event_name)
        outlet.extend(list(items))

    def _emit_for(
        self, runtime: Emitter | None, job: JobState | None, event_name: str, data: Any
    ) -> None:
        activation = activation_here()
        if activation.routine is self and (job is None or job is activation.state):
            self.emit_item(event_name, data)
            return
        event = self.events.get(event_name)
        if event is None:
            raise self.no_event(event_name)
        if runtime is None or job is None:
            raise self._nobody(event_name)
        details = {"emitted_from": self._id or repr(self), "event_name": event_name}
        runtime.handle_event_emit(event, {"data": data, "metadata": details}, job)

    def no_event(self, event_name: str) -> ValueError:
        """The error for an event that is not defined."""
        known = ", ".join(self.events) or "none"
        return ValueError(f"Event '{event_name}' does not exist in {self!r}; it defines {known}")

    def _nobody(self, event_name: str) -> NoActivation:
        return NoActivation(
            f"emit('{event_name}') of {self!r} outside of its logic: call it in logic, carry the "
            "activation into a thread with routilux.bind(), or pass runtime= and job_state="
        )

    # -- inside logic ------------------------------------------------------------------------------

    def fail(self, item: Any, error: BaseException | str) -> None:
        """Make one item of the running activation a dead letter, and go on with the others.

        Args:
            item: the data, the very object that logic was given.
            error: why; a text stands for a ``RuntimeError``.

        Raises:
            NoActivation: called outside of this routine's logic.
            ValueError: `item` is not among the activation's items.
        """
        activation = activation_here()
        if activation.routine is not self:
            raise NoActivation(f"fail() of {self!r} outside of its logic")
        activation.fail(item, RuntimeError(error) if isinstance(error, str) else error)

    def checkpoint(self) -> None:
        """Stand still here while the job is paused. See `routilux.activation.checkpoint`."""
        activation = activation_here()
        if activation.routine is self:
            activation.checkpoint()

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The running job's data of this routine; JSON data can be saved in a snapshot.

        Raises:
            NoActivation: read outside of this routine's logic.
        """
        activation = activation_here()
        if activation.routine is not self or self._id is None:
            raise NoActivation(
                f"state of {self!r} outside of its logic: use get_state(job_state, ...)"
            )
        return activation.state.routine_data(self._id)

    # -- a job's data ------------------------------------------------------------------------------

    def get_state(self, job_state: JobState, key: str | None = None, default: Any = None) -> Any:
        """One value of this routine's data in that job, or the whole dict."""
        data = job_state.routine_data(self._known_id())
        return data if key is None else data.get(key, default)

    def set_state(self, job_state: JobState, key: str, value: Any) -> None:
        """Set one value of this routine's data in that job."""
        job_state.routine_data(self._known_id())[key] = value

    def update_state(self, job_state: JobState, updates: Mapping[str, Any]) -> None:
        """Set several values of this routine's data in that job."""
        job_state.routine_data(self._known_id()).update(updates)

    def _known_id(self) -> str:
        if self._id is None:
            raise ValueError(f"{self!r} is in no flow yet: add it with flow.add_routine() first")
        return self._id

    def job_slot(self, job_id: str, name: str) -> Slot | None:
        """The slot of a live job that was made from this definition, or None."""
        owner = self._in_jobs.get(job_id)
        if owner is None:
            return None
        return next((slot for slot in owner.slots if slot.name == name), None)

    def bind_job(self, job_id: str, owner: SlotOwner) -> None:
        """A job of this routine has started; `owner` has its slots (the engine calls it)."""
        self._in_jobs[job_id] = owner

    def release_job(self, job_id: str) -> None:
        """A job of this routine has ended (the engine calls it)."""
        self._in_jobs.pop(job_id, None)

    @property
    def in_use(self) -> bool:
        """Whether any job of this routine is live."""
        return bool(self._in_jobs)

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name} '{self._id}'>" if self._id else f"<{name}>"
