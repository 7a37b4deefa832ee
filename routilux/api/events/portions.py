"""Portions: what a reader is sent in one go, put together once for all that stand alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routilux.api.events.ids import event_id
from routilux.api.events.levels import NOTHING_SEEN, Levels, Seen
from routilux.api.events.telling import bye_event, gap_event
from routilux.api.events.wire import encode, id_line

if TYPE_CHECKING:
    from routilux.api.events.reader import Reader
    from routilux.api.events.shelf import Shelf
    from routilux.api.events.views import View

# A connection's own buffer is as large: what a reader that stands still keeps is twice that.
PORTION = 64 * 1024  # bytes, and one event more
EVENTS_AT_ONCE = 1_000  # are looked through for a portion


@dataclass(frozen=True, slots=True)
class _Portion:
    data: bytes
    position: int
    seen: Seen
    ended: bool
    more: bool


class Portions:
    """Puts portions together. For one thread.

    Args:
        shelf: where the events are.
        levels: the levels of queues.
    """

    def __init__(self, shelf: Shelf, levels: Levels) -> None:
        self._shelf = shelf
        self._levels = levels
        self._made: dict[tuple[View, int, Seen], _Portion] = {}
        self._made_at = (0, 0)

    def take(self, reader: Reader) -> bytes:
        """What the reader is to be sent now; nothing if there is nothing.

        Afterwards `reader.stale` says whether there is more, and `reader.over` that this is the
        end.
        """
        first, reader.opening = reader.opening, b""
        portion = self._portion(reader.view, reader.position, reader.seen)
        reader.position, reader.seen = portion.position, portion.seen
        reader.ended = reader.ended or portion.ended
        reader.stale = portion.more
        return first + portion.data + self._bye(reader)

    def _bye(self, reader: Reader) -> bytes:
        if reader.stale:
            return b""
        if reader.ended and reader.job is not None and reader.job.job_id not in self._levels:
            event = bye_event("job_ended")
        elif self._shelf.closed:
            event = bye_event("stopping")
        else:
            return b""
        reader.over = True
        line = self.id_line(reader.position)
        return b"".join(line + each for each in [*reader.last_words, encode(event)])

    def _portion(self, view: View, position: int, seen: Seen) -> _Portion:
        now = (self._shelf.last, self._levels.version)
        if now != self._made_at:
            self._made.clear()
            self._made_at = now
        key = (view, position, seen)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._put_together(view, position, seen)
        return found

    def _put_together(self, view: View, position: int, seen: Seen) -> _Portion:
        events: list[bytes] = []
        room, ended = PORTION, False
        entries, floor, last = self._shelf.after(position, EVENTS_AT_ONCE)
        if position < floor:
            gap = encode(gap_event("too_slow", floor - position))
            events.append(self.id_line(floor) + gap)
            position, seen = floor, NOTHING_SEEN
        for entry in entries:
            if room <= 0:
                break
            position = entry.number
            ended = ended or (entry.ends and entry.job_id == view.job_id)
            if view.shows(entry):
                events.append(entry.encoded(self._shelf.epoch, view.payloads))
                room -= len(events[-1])
        more = position < last
        if view.levels and not more:
            line = self.id_line(position)
            news, seen = self._levels.since(view, seen, room)
            events += [line + each for each in news]
            more = seen.some < self._levels.version
        return _Portion(b"".join(events), position, seen, ended, more)

    def id_line(self, position: int) -> bytes:
        """The id of what is not in the ring: that of the last event before it."""
        return id_line(event_id(self._shelf.epoch, position))
