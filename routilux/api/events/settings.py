"""Limits of event streams."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Limits of the event streams of an app.

    Attributes:
        max_streams: streams at one time; one more is answered with 503.
        ring_size: events that are kept for those who come back.
        keep_alive_s: after so many seconds without an event a comment is sent.
        write_timeout_s: a reader that takes nothing for so many seconds is dropped.

    Raises:
        ValueError: one of them is not above 0.
    """

    max_streams: int = 256
    ring_size: int = 10_000
    keep_alive_s: float = 15.0
    write_timeout_s: float = 60.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not value > 0:
                raise ValueError(f"{name} must be above 0, not {value!r}")
