"""Who asks: the rights of a request, found out by the guard before any path sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request.

    Attributes:
        identity: the name of the key, or None where no key is asked for.
        may_change: whether commands are allowed; a read-only key gets 403 for them.
        sees_payloads: whether items, states and error texts of logic are shown, redacted.
    """

    identity: str | None = None
    may_change: bool = True
    sees_payloads: bool = True


LOCAL = Caller()
"""A program on this machine, where no key is set."""


def caller_of(request: Request) -> Caller:
    """Who sent the request, as the guard has found out."""
    found: Caller = getattr(request.state, "caller", LOCAL)
    return found


AppCaller = Annotated[Caller, Depends(caller_of)]
