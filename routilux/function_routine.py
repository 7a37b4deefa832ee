"""FunctionRoutine: a routine whose logic is a plain function. The decorator form makes them.

A source has no slot: its function is called once, without arguments. A step has the slot ``items``:
its function is called with one item at a time, or with all that came together. What the function
gives is emitted on the event ``out``: each value that a generator yields, else what is returned;
None is nothing. When nobody is connected to ``out``, the values go nowhere.

What an exception of a step's function leads to:

========================  ==========================================================================
called with one item      That item becomes a dead letter, the others go on. What the function had
                          yielded before stays emitted. A flow's handler changes nothing about it.
the same, with a handler  Items are taken one by one, each an activation of its own, and the handler
of RETRY or STOP          decides about that one item: RETRY runs it again, and what it had yielded
                          is emitted again; STOP fails the job, and the items behind it stay in the
                          slot. Slower; the items before are not touched.
called with a list        The handler decides about all items of the list.
========================  ==========================================================================
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from operator import length_hint
from types import GeneratorType
from typing import TYPE_CHECKING, Any, TypeVar

from routilux.activation import activation_here, checkpoint
from routilux.activation_policies import DECLINED, Answer
from routilux.clock import NANOSECONDS
from routilux.error_handler import ErrorHandler, ErrorStrategy
from routilux.errors import JobCancelled
from routilux.routine import Routine

if TYPE_CHECKING:
    from routilux.activation import Outlet
    from routilux.activation_policies import Policy
    from routilux.job_state import JobState
    from routilux.slot import Slot

F = TypeVar("F", bound="FunctionRoutine")

IN = "items"
OUT = "out"

# A long run of items stands still for a pause, and ends for a cancel, about this often. Shorter
# costs each item more than it is worth; longer would be noticed by whoever waits.
CHECKPOINT_EVERY_NS = 5 * NANOSECONDS // 1000

_END: Any = object()
_ABOUT_ONE_ITEM = (ErrorStrategy.STOP, ErrorStrategy.RETRY)


class FunctionRoutine(Routine):
    """A routine whose logic is a plain function; the event ``out`` carries what it gives.

    Args:
        function: what to call.
        source: whether it is called once without arguments; else it is a step with a slot.
        each: whether a step is called with one item at a time, else with a list.
        slot: settings of the step's slot, see `routilux.slot.Slot`; None is inherited.

    Raises:
        TypeError: `function` is a coroutine function, or cannot be called that way.
        ValueError: a slot setting is out of range.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        source: bool = False,
        each: bool = True,
        slot: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        _check_function(function, 0 if source else 1)
        self.function = function
        self.is_source = source
        self.each = each
        self.define_event(OUT)
        if not source:
            self.define_slot(IN, **(slot or {}))
        self._choose()

    @property
    def takes_portions(self) -> bool:
        """Whether it is a step that is called with one item at a time, as they come."""
        return not self.is_source and self.each and self.activation_policy is None

    @property
    def emits(self) -> bool:
        """Whether anybody is connected to ``out``."""
        return any(event.connected_slots for event in self.events.values())

    def set_error_handler(self: F, handler: ErrorHandler | None) -> F:
        """Set what happens when the function raises; see the module. Returns the routine.

        Raises:
            ValueError: the handler is one of RETRY or STOP, and the step has a policy of its own.
        """
        self._takes_singles(handler, self.activation_policy)
        super().set_error_handler(handler)
        self._choose()
        return self

    def set_activation_policy(self: F, policy: Policy | None) -> F:
        """Set which items go together. Returns the routine.

        Raises:
            ValueError: the step takes its items one by one, because of its error handler.
        """
        self._takes_singles(self.error_handler, policy)
        super().set_activation_policy(policy)
        self._choose()
        return self

    def _choose(self) -> None:
        """Choose the logic that goes with the handler and the policy."""
        single = self._takes_singles(self.error_handler, self.activation_policy)
        if single:
            self.activation_policy = one_at_a_time
        elif self.activation_policy is one_at_a_time:
            self.activation_policy = None
        if self.is_source:
            self._logic = self._run_source
        elif single:
            self._logic = self._run_single
        else:
            self._logic = self._run_each if self.each else self._run_list

    def _takes_singles(self, handler: ErrorHandler | None, policy: Policy | None) -> bool:
        """Whether items are taken one by one; raises when `policy` has other ideas."""
        strategy = getattr(handler, "strategy", None)
        if self.is_source or not self.each or strategy not in _ABOUT_ONE_ITEM:
            return False
        if policy is not None and policy is not one_at_a_time:
            raise ValueError(
                f"A step with the error strategy '{strategy}' takes its items one by one: leave "
                "its policy out, or take lists with each=False"
            )
        return True

    # -- logic: what the engine calls --------------------------------------------------------------

    def _run_source(self) -> None:
        values = self.function()
        if isinstance(values, Iterable) and not isinstance(values, (str, bytes, Mapping)):
            self._emit_all(values, _Pace())
        else:
            self._emit_result(values)

    def _run_list(self, batch: list[Any], /) -> None:
        self._emit_result(self.function(batch))

    def _run_single(self, batch: list[Any], /) -> None:
        for item in batch:
            self._emit_result(self.function(item))

    def _run_each(self, batch: list[Any], /) -> None:
        function, heard, pace = self.function, self.emits, _Pace()
        outlet: Outlet | None = None
        following, in_hand, due = iter(batch), 0, False
        try:
            for item in following:
                in_hand = 1
                if due:  # between two items, and not behind the last: there the activation ends
                    pace.keep()
                    due = False
                try:
                    result = function(item)
                except BaseException as error:  # noqa: BLE001 - it is this one item's, mostly
                    self._give_up(item, error)
                    result = None
                if type(result) is GeneratorType:
                    self._emit_all(self._guarded(item, result), pace)
                    due = True
                elif result is None or not heard:
                    due = True
                else:
                    # What `emit_item` does, without asking for each item which activation runs.
                    outlet = outlet or _outlet()
                    now, items = outlet.now, outlet.data
                    outlet.stamps.append(now())
                    items.append(result)
                    if len(items) >= outlet.limit:
                        in_hand, due = 0, True  # it is done, whatever becomes of its result
                        outlet.hand_over(result)
        except BaseException:  # the job has ended: those before are done, and will not be letters
            left = length_hint(following) + in_hand
            activation_here().processed(len(batch) - left)
            raise

    def _give_up(self, item: Any, error: BaseException) -> None:
        """Make an item a dead letter, unless what was raised is news of the job's end."""
        if isinstance(error, JobCancelled) and activation_here().state.status.finished:
            raise error
        self.fail(item, error)

    def _guarded(self, item: Any, values: Generator[Any, None, None]) -> Iterator[Any]:
        """What a generator yields for an item, until it ends or raises."""
        while True:
            try:
                value = next(values, _END)
            except BaseException as error:  # noqa: BLE001 - it is this one item's, mostly
                self._give_up(item, error)
                return
            if value is _END:
                return
            yield value

    def _emit_result(self, result: Any) -> None:
        if type(result) is GeneratorType:
            self._emit_all(result, _Pace())
        elif result is not None:
            self.emit_item(OUT, result)

    def _emit_all(self, values: Iterable[Any], pace: _Pace) -> None:
        heard = self.emits
        outlet: Outlet | None = None
        for value in values:
            if value is None or not heard:
                pace.keep()
                continue
            outlet = outlet or _outlet()
            now, items = outlet.now, outlet.data
            outlet.stamps.append(now())
            items.append(value)
            if len(items) >= outlet.limit:
                outlet.hand_over(value)
                pace.keep()


class _Pace:
    """Brings a long run to a checkpoint now and then, whether it emits something or not.

    Where items are buffered without a hand-over nobody waits for the run: a pause and a cancel
    lower the outlet's limit, so that the next item is handed over, and the pace is kept.
    """

    __slots__ = ("_now_ns", "due_ns")

    def __init__(self) -> None:
        self._now_ns = activation_here().clock.monotonic_ns
        self.due_ns = self._now_ns() + CHECKPOINT_EVERY_NS

    def keep(self) -> None:
        """Come to a checkpoint if it is time."""
        if self._now_ns() >= self.due_ns:
            checkpoint()
            self.due_ns = self._now_ns() + CHECKPOINT_EVERY_NS


def _outlet() -> Outlet:
    """The running activation's outlet of ``out``; opened with its first item, for it costs."""
    activation = activation_here()
    return activation.outlets.get(OUT) or activation.open_outlet(OUT)


def one_at_a_time(slots: dict[str, Slot], job_state: JobState) -> Answer:  # noqa: ARG001
    """The policy of a step whose error handler decides about each item: the oldest item alone."""
    slot = slots[IN]
    if not slot.get_unconsumed_count():
        return DECLINED
    return True, {IN: slot.consume_n_new(1)}, None


def _check_function(function: Callable[..., Any], arguments: int) -> None:
    """Raise when `function` cannot be called with that many arguments."""
    name = getattr(function, "__name__", repr(function))
    if not callable(function):
        raise TypeError(f"A step must be a function, not {function!r}")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{name}() is async: logic runs on threads. Make it a plain function, which may call "
            "asyncio.run()"
        )
    try:
        signature = inspect.signature(function)
    except ValueError:  # some callables written in C have no signature
        return
    try:
        signature.bind(*[None] * arguments)
    except TypeError as error:
        wanted = "with one item or list" if arguments else "without arguments"
        raise TypeError(f"{name}{signature} cannot be called {wanted}: {error}") from None
