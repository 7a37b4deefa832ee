"""An event loop whose time a test moves, and readers that keep what they are given."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from typing import TYPE_CHECKING, Any

from routilux.api.events.reader import Reader
from tests.api.events.samples import Event, events

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.api.events.views import View
    from routilux.job_state import JobState
    from routilux.testing import ManualClock


class Handle:
    """A call at a time."""

    def __init__(self, when: float, call: Callable[[], object]) -> None:
        self._when = when
        self.call: Callable[[], object] | None = call

    def when(self) -> float:
        return self._when

    def cancel(self) -> None:
        self.call = None


class ManualLoop:
    """The part of a loop that a pump uses. It moves a manual clock along with it."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._soon: deque[Callable[[], object]] = deque()
        self._timed: list[tuple[float, int, Handle]] = []
        self._order = itertools.count()
        self.wakes = 0

    def time(self) -> float:
        return self._clock.seconds()

    def call_at(self, when: float, call: Callable[..., object], *args: Any) -> Handle:
        handle = Handle(when, lambda: call(*args))
        heapq.heappush(self._timed, (when, next(self._order), handle))
        return handle

    def call_later(self, delay: float, call: Callable[..., object], *args: Any) -> Handle:
        return self.call_at(self.time() + delay, call, *args)

    def call_soon(self, call: Callable[..., object], *args: Any) -> None:
        self._soon.append(lambda: call(*args))

    def call_soon_threadsafe(self, call: Callable[..., object], *args: Any) -> None:
        self.wakes += 1
        self.call_soon(call, *args)

    def run(self, seconds: float = 0.0) -> None:
        """Do what is due now, and in the time to come."""
        end = self.time() + seconds
        while self._soon or (self._timed and self._timed[0][0] <= end):
            if self._soon:
                self._soon.popleft()()
                continue
            when, _, handle = heapq.heappop(self._timed)
            if handle.call is not None:
                self._clock.advance(max(0.0, when - self.time()))
                handle.call()
        self._clock.advance(max(0.0, end - self.time()))


class ListeningReader(Reader):
    """Takes at once whatever it is given and what is left after that, unless it is `busy`."""

    take: Callable[[Reader], bytes]  # of the pump's portions

    def __init__(
        self, view: View, position: int = 0, job: JobState | None = None, busy: bool = False
    ) -> None:
        super().__init__(view, position, job, lambda: setattr(self, "dropped", True))
        self.busy = busy
        self.dropped = False
        self.given: list[bytes] = []

    @property
    def idle(self) -> bool:
        return not self.busy and not self.over

    def give(self, data: bytes) -> None:
        self.given.append(data)
        while self.stale and not self.over and (more := self.take(self)):
            self.given.append(more)

    @property
    def events(self) -> list[Event]:
        return events(b"".join(self.given))

    def types(self) -> list[str]:
        return [event.type for event in self.events]
