"""Ids of events: the number of an event in this process, after a name for the process."""

from __future__ import annotations

import secrets

DIGITS = 18  # a number of more was never given out


def new_epoch() -> str:
    """A name that tells the ids of this ring from those of any other, in any process."""
    return secrets.token_hex(4)


def event_id(epoch: str, number: int) -> str:
    """The id of an event."""
    return f"{epoch}-{number}"


def read_id(text: str, epoch: str) -> int | None:
    """The number in an id of this epoch; None when it is of another, or no id at all."""
    name, _, number = text.strip().partition("-")
    if name != epoch or not number.isascii() or not number.isdecimal() or len(number) > DIGITS:
        return None
    return int(number)
