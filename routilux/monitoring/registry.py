"""MonitoringRegistry: whether jobs are watched."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

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
    """The switch for watching jobs; off at first.

    ``enable``, ``disable`` and ``is_enabled`` speak of the process's registry when they are called
    on the class, and of one's own when called on an instance.
    """

    _instance: ClassVar[MonitoringRegistry | None] = None
    _instance_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._enabled = False

    @classmethod
    def get_instance(cls) -> MonitoringRegistry:
        """The registry of the process."""
        with MonitoringRegistry._instance_lock:
            if MonitoringRegistry._instance is None:
                MonitoringRegistry._instance = MonitoringRegistry()
            return MonitoringRegistry._instance

    @_OfRegistry
    def enable(self) -> None:
        """Watch from now on."""
        self._enabled = True

    @_OfRegistry
    def disable(self) -> None:
        """Watch no more."""
        self._enabled = False

    @_OfRegistry
    def is_enabled(self) -> bool:
        """Whether jobs are watched."""
        return self._enabled
