"""A reader: how far a stream has come. All that a slow one costs is this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.api.events.levels import NOTHING_SEEN

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from routilux.api.events.views import View
    from routilux.job_state import JobState


class Reader:
    """One stream. Only the thread of its loop touches it.

    Args:
        view: what it shows.
        position: the number of the last event that it needs no more.
        job: the job of a stream of one.
        drop: ends the connection at once, whatever is still to be sent.

    Attributes:
        opening: what is sent before anything else.
        last_words: events, without their ids, that are sent before ``bye``.
        seen: the levels that it has.
        ended: whether the end of its job was sent; only its last levels may follow.
        over: whether the last event was taken.
        stale: whether there may be something to take.
        waiting: what its stream waits on; it gets the next bytes.
        busy_since: when the write began that is under way, on the loop's clock; None without one.
        wrote_at: when the last write was over.
    """

    __slots__ = (
        "busy_since",
        "drop",
        "ended",
        "job",
        "last_words",
        "opening",
        "over",
        "position",
        "seen",
        "stale",
        "view",
        "waiting",
        "wrote_at",
    )

    def __init__(
        self, view: View, position: int, job: JobState | None, drop: Callable[[], object]
    ) -> None:
        self.view = view
        self.position = position
        self.job = job
        self.drop = drop
        self.opening = b""
        self.last_words: list[bytes] = []
        self.seen = NOTHING_SEEN
        self.ended = False
        self.over = False
        self.stale = True
        self.waiting: asyncio.Future[bytes] | None = None
        self.busy_since: float | None = None
        self.wrote_at = 0.0

    @property
    def idle(self) -> bool:
        """Whether it waits for something to send."""
        return self.waiting is not None and not self.waiting.done()

    def give(self, data: bytes) -> None:
        """Let an idle reader send."""
        assert self.waiting is not None
        self.waiting.set_result(data)
