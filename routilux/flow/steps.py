"""The decorator form: functions become sources and steps of a flow."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeAlias, TypeVar, cast, overload

from routilux.error_handler import ErrorHandler
from routilux.function_routine import IN, OUT, FunctionRoutine
from routilux.routine import Routine
from routilux.settings import NAMES, is_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from routilux.activation_policies import Policy
    from routilux.connection import Connection
    from routilux.settings import Overflow

P = ParamSpec("P")
T = TypeVar("T")

# What a step takes besides the settings of its slot.
STEP_OPTIONS = ("after", "event", "each", "concurrency", "policy", "errors", "name")

Predecessor: TypeAlias = "Step[..., Any] | Callable[..., Any] | Routine | str"


def checked_concurrency(value: int) -> int:
    """`value`, if it is a number of lanes.

    Raises:
        ValueError: it is not a whole number above 0.
    """
    if not is_count(value) or value < 1:
        raise ValueError(f"concurrency must be a whole number above 0, not {value!r}")
    return value


class Step(Generic[P, T]):
    """A function that is a source or a step of a flow. Calling it is calling the function.

    Attributes:
        routine: the routine that was made of it.
    """

    def __init__(self, function: Callable[P, T], routine: FunctionRoutine) -> None:
        self._function = function
        self.routine = routine
        functools.update_wrapper(self, function)

    @property
    def routine_id(self) -> str:
        """The id that the flow gave it: the function's name, or the ``name`` that was given."""
        return self.routine.routine_id or ""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Step '{self.routine_id}'>"


class StepDecorators(ABC):
    """``source`` and ``step`` of a flow."""

    routines: dict[str, Routine]

    @abstractmethod
    def add_routine(self, routine: Routine, routine_id: str | None = None) -> str:
        """Add a routine; returns its id."""

    @abstractmethod
    def connect(
        self, source_id: str, event_name: str, target_id: str, slot_name: str
    ) -> Connection:
        """Connect an event to a slot."""

    @abstractmethod
    def mark_entry(self, routine_id: str, slot_name: str) -> None:
        """Say that a slot is filled from outside."""

    @overload
    def source(self, function: Callable[[], T], /) -> Step[[], T]: ...

    @overload
    def source(
        self, /, *, name: str | None = None, errors: str | ErrorHandler | None = None
    ) -> Callable[[Callable[[], T]], Step[[], T]]: ...

    def source(
        self,
        function: Callable[[], T] | None = None,
        /,
        *,
        name: str | None = None,
        errors: str | ErrorHandler | None = None,
    ) -> Step[[], T] | Callable[[Callable[[], T]], Step[[], T]]:
        """Make a function a source: it is called once in each job, without arguments.

        Each value that it yields, or each element of what it returns, is one item on its event
        ``out``; a dict, a string or anything that is no iterable is one item itself, and None is
        none. Use it bare or with arguments.

        Args:
            function: the function, when used bare.
            name: the routine's id; None means the function's name.
            errors: a strategy or an error handler. RETRY calls the function again from its start,
                and what it had emitted stays emitted.

        Raises:
            TypeError: the function needs arguments, or is async.
            ValueError: the name is taken, or `errors` is no strategy.
        """

        def decorate(function: Callable[[], T]) -> Step[[], T]:
            routine = FunctionRoutine(function, source=True)
            return self._add_step(function, routine, name, errors)

        return decorate if function is None else decorate(function)

    @overload
    def step(self, function: Callable[P, T], /) -> Step[P, T]: ...

    @overload
    def step(
        self,
        /,
        *,
        after: Predecessor | Iterable[Predecessor] = (),
        event: str | None = None,
        each: bool = True,
        max_queue_length: int | None = None,
        watermark: float | None = None,
        overflow: Overflow | None = None,
        max_enqueue_retries: int | None = None,
        enqueue_retry_delay: float | None = None,
        pause_enqueue_timeout: float | None = None,
        concurrency: int = 1,
        policy: Policy | None = None,
        errors: str | ErrorHandler | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[P, T]], Step[P, T]]: ...

    def step(
        self,
        function: Callable[P, T] | None = None,
        /,
        *,
        after: Predecessor | Iterable[Predecessor] = (),
        event: str | None = None,
        each: bool = True,
        concurrency: int = 1,
        policy: Policy | None = None,
        errors: str | ErrorHandler | None = None,
        name: str | None = None,
        **slot: Any,
    ) -> Step[P, T] | Callable[[Callable[P, T]], Step[P, T]]:
        """Make a function a step: it is called with what comes into its slot ``items``.

        What it returns is one item on its event ``out``, None is none; a generator function gives
        one item for each value that it yields. What an exception leads to is told in
        `routilux.function_routine`. Use it bare or with arguments.

        Args:
            function: the function, when used bare.
            after: which steps, functions, routines or routine ids feed it, one or several. Without
                any it is an entry, filled from outside with ``job.post()``.
            event: which event of those; None means ``out``, or the only one that there is.
            each: call the function with one item's data (True) or with the list of all (False).
            max_queue_length: items that may wait in its slot.
            watermark: share of the length from which consumed items are let go.
            overflow: what a full slot does: ``retry``, ``block``, ``reject`` or ``drop_oldest``.
            max_enqueue_retries: waits before ``retry`` refuses.
            enqueue_retry_delay: seconds of the first of these waits.
            pause_enqueue_timeout: seconds that an outside caller waits at a paused job.
            concurrency: how many activations one job may run at once. Above 1 the order is lost.
            policy: which items go together; see `routilux.activation_policies`.
            errors: a strategy or an error handler.
            name: the routine's id; None means the function's name.

        Raises:
            TypeError: the function cannot be called with one argument, or is async, or there is no
                such argument here.
            ValueError: a name is taken or unknown, or a setting is out of range.
        """

        def decorate(function: Callable[P, T]) -> Step[P, T]:
            _check_options(name or str(getattr(function, "__name__", function)), slot)
            sources = self._sources(after, event)
            routine = FunctionRoutine(function, each=each, slot=slot)
            routine.concurrency = checked_concurrency(concurrency)
            routine.set_activation_policy(policy)
            made = self._add_step(function, routine, name, errors)
            for source_id, event_name in sources:
                self.connect(source_id, event_name, made.routine_id, IN)
            if not sources:
                self.mark_entry(made.routine_id, IN)
            return made

        return decorate if function is None else decorate(function)

    def _add_step(
        self,
        function: Callable[P, T],
        routine: FunctionRoutine,
        name: str | None,
        errors: str | ErrorHandler | None,
    ) -> Step[P, T]:
        if errors is not None:
            handler = ErrorHandler(errors) if isinstance(errors, str) else errors
            routine.set_error_handler(handler)
        self.add_routine(routine, name or getattr(function, "__name__", None))
        return Step(function, routine)

    def _sources(
        self, after: Predecessor | Iterable[Predecessor], event: str | None
    ) -> list[tuple[str, str]]:
        """The events that ``after`` and ``event`` mean, as (routine id, event name)."""
        single = isinstance(after, (str, Routine)) or callable(after)
        several = cast("Iterable[Predecessor]", [after] if single else after)
        ids = [self._routine_id_of(one) for one in several]
        return [(each, _event_of(each, self.routines[each], event)) for each in dict.fromkeys(ids)]

    def _routine_id_of(self, one: Predecessor) -> str:
        wanted = one.routine if isinstance(one, Step) else one
        for routine_id, routine in self.routines.items():
            known = (routine_id, routine, getattr(routine, "function", routine))
            if any(wanted is candidate or wanted == candidate for candidate in known):
                return routine_id
        name = one if isinstance(one, str) else getattr(one, "__name__", repr(one))
        raise ValueError(
            f"after='{name}' is no routine of this flow, which has "
            f"{', '.join(self.routines) or 'none'}: define it first, or use flow.connect() later"
        )


def _check_options(step: str, slot: Iterable[str]) -> None:
    for option in slot:
        if option not in NAMES:
            known = ", ".join([*STEP_OPTIONS, *sorted(NAMES)])
            raise TypeError(f"Step '{step}' has no option '{option}': there are {known}")


def _event_of(routine_id: str, routine: Routine, event: str | None) -> str:
    names = list(routine.events)
    if event is None and OUT in names:
        return OUT
    if event is None and len(names) == 1:
        return names[0]
    if event in names:
        return str(event)
    has = f"Routine '{routine_id}' has the events {', '.join(names) or '(none)'}"
    if event is None:
        raise ValueError(f"{has}: say with event= which one to come after")
    raise ValueError(f"{has}, and no event '{event}'")
