"""What the commands of a job answer, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ResumeResult:
    """The answer to ``resume``.

    Attributes:
        changed: False when the job was not paused.
        status: ``resumed`` when no hold is left, else ``paused``.
        holds: the holds that remain, one text each.
        warnings: what to expect of full slots.
    """

    changed: bool
    status: str = "resumed"
    holds: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON data."""
        return {
            "changed": self.changed,
            "status": self.status,
            "holds": list(self.holds),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ResumeResult:
        """The answer that `to_dict` made `data` of."""
        return cls(data["changed"], data["status"], tuple(data["holds"]), tuple(data["warnings"]))


@dataclass(frozen=True, slots=True)
class Redelivery:
    """The answer to ``redeliver``.

    Attributes:
        count: letters that were offered again.
        job_id: the job that got them.
        missing: ids that are not (or no longer) among the dead letters.
    """

    count: int
    job_id: str
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON data."""
        return {"count": self.count, "job_id": self.job_id, "missing": list(self.missing)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Redelivery:
        """The answer that `to_dict` made `data` of."""
        return cls(data["count"], data["job_id"], tuple(data["missing"]))
