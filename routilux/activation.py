"""Which activation the running code belongs to.

A context variable knows it, so ``emit`` needs neither runtime nor job. Tasks inherit it, threads
that were started with a copied context too, and `bind` carries it into any other thread.
"""

from __future__ import annotations

from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from routilux.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from routilux.clock import Clock
    from routilux.job_state import JobState
    from routilux.routine import Routine
    from routilux.slot import Slot

P = ParamSpec("P")
T = TypeVar("T")


class Outlet(Protocol):
    """Where an activation's items of one event wait to be handed over.

    The hot path of ``emit``: append the stamp, then the item, then compare the length with
    `limit`. The order matters: whoever collects from another thread reads the length of `data`,
    and finds a stamp for each. Everything rare is folded into `limit`.
    """

    data: list[Any]
    stamps: list[int]
    limit: int

    def now(self) -> int:
        """Nanoseconds since the epoch."""

    def hand_over(self, emitted: object) -> None:
        """Move items on their way; `emitted` is the latest. May block and may raise."""

    def extend(self, items: list[Any]) -> None:
        """Emit a batch. May block and may raise."""


class Activation(Protocol):
    """What a routine sees of the activation that runs it."""

    @property
    def routine(self) -> Routine | None:
        """The routine whose logic runs."""

    @property
    def outlets(self) -> Mapping[str, Outlet]:
        """The outlets of the events that were emitted."""

    def open_outlet(self, event: str) -> Outlet:
        """The outlet of an event that is emitted for the first time.

        Raises:
            ValueError: the routine has no such event.
            ActivationEnded: the activation has ended.
        """

    @property
    def state(self) -> JobState:
        """The job."""

    @property
    def clock(self) -> Clock:
        """Where the job's time comes from."""

    def fail(self, item: object, error: BaseException) -> None:
        """Make one item of this activation a dead letter."""

    def processed(self, count: int) -> None:
        """The first items of this activation are done, whatever becomes of the others."""

    def checkpoint(self) -> None:
        """Stand still while the job is paused; raise when it was ended."""

    def job_slot(self, name: str) -> Slot:
        """The job's own slot of that name."""


class _Nobody:
    """Stands where no activation is running, so that the hot path tests one thing only."""

    routine = None
    clock = SYSTEM_CLOCK


NOBODY: Any = _Nobody()
current_activation: ContextVar[Activation] = ContextVar("routilux_activation", default=NOBODY)
# Looked up once: the interpreter makes a new bound method for each call on an imported name.
activation_here: Callable[[], Activation] = current_activation.get


def bind(function: Callable[P, T]) -> Callable[P, T]:
    """Carry the present activation into another thread.

    Args:
        function: what the other thread will call, once at a time.

    Returns:
        A function that runs `function` in a copy of the present context, so that ``emit`` in it
        belongs to this activation. After the activation has ended, ``emit`` raises
        `ActivationEnded`.
    """
    context = copy_context()

    def bound(*args: P.args, **kwargs: P.kwargs) -> T:
        return context.copy().run(function, *args, **kwargs)

    return bound


def checkpoint() -> None:
    """Stand still here while the job is paused; a place where ``cancel`` ends a long computation.

    Blocks while the job of the running activation is paused. Outside of logic it does nothing.

    Raises:
        JobCancelled: the job was cancelled or has failed.
    """
    activation = activation_here()
    if activation is not NOBODY:
        activation.checkpoint()
