"""What went wrong (RFC 9457)."""

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """An error. `detail` says what to do; some errors have members of their own beside these."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
