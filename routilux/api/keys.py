"""Idempotency keys: the same request twice is one change, and gets the first answer."""

from typing import Annotated, Any

from fastapi import Header

from routilux.api.problems import ProblemError
from routilux.job.commands import CommandLog

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A key of your own for this request: sent again, it changes nothing more.",
    ),
]


def replay(log: CommandLog, key: str | None, command: str) -> Any:
    """The first answer to the request with this key, or None if it is new.

    Raises:
        ProblemError: 422, the key was used for another request.
    """
    try:
        return log.replay(key, command)
    except ValueError as error:
        raise reused(key) from error


def reused(key: str | None) -> ProblemError:
    """The error of a key that was used for another request."""
    return ProblemError(
        422, f"Idempotency-Key '{key}' was used for another request: give each its own key"
    )
