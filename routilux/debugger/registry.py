"""MonitoringRegistry: the breakpoints and debug sessions of a process, and their switch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from routilux.debugger.manager import BreakpointManager
from routilux.debugger.session import DebugSessionStore

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _OfRegistry(Generic[T]):
    """A method of the instance it is called on; on the class, of the process's registry.

    Programs call ``MonitoringRegistry.enable()``; a registry of one's own must not change that of
    the process when it is told the same.
    """

    def __init__(self, function: Callable[[MonitoringRegistry], T]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(
        self, instance: MonitoringRegistry | None, owner: type[MonitoringRegistry]
    ) -> Callable[[], T]:
        registry = owner.get_instance() if instance is None else instance
        return lambda: self._function(registry)


class MonitoringRegistry:
    """Breakpoints and debug sessions, and the switch that lets breakpoints stop anything.

    It is on at first: a breakpoint that was set stops. Switched off, breakpoints and what stands at
    them stay, and nothing more is stopped. ``enable``, ``disable`` and ``is_enabled`` speak of the
    process's registry when they are called on the class, and of one's own when called on an
    instance.

    Attributes:
        breakpoint_manager: the breakpoints.
        debug_session_store: the sessions.
    """

    _instance: ClassVar[MonitoringRegistry | None] = None
    _instance_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self.breakpoint_manager = BreakpointManager()
        self.debug_session_store = DebugSessionStore(self.breakpoint_manager)

    @classmethod
    def get_instance(cls) -> MonitoringRegistry:
        """The registry of the process."""
        with MonitoringRegistry._instance_lock:
            if MonitoringRegistry._instance is None:
                MonitoringRegistry._instance = MonitoringRegistry()
            return MonitoringRegistry._instance

    @_OfRegistry
    def enable(self) -> None:
        """Let breakpoints stop items from now on."""
        self.breakpoint_manager.set_active(True)

    @_OfRegistry
    def disable(self) -> None:
        """Let breakpoints stop nothing more."""
        self.breakpoint_manager.set_active(False)

    @_OfRegistry
    def is_enabled(self) -> bool:
        """Whether breakpoints stop anything."""
        return self.breakpoint_manager.active
