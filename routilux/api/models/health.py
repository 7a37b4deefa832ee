"""Health."""

from typing import Literal

from pydantic import BaseModel


class LiveResponse(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class ReadyResponse(BaseModel):
    """Jobs can be started."""

    status: Literal["ready"] = "ready"
    live_jobs: int
