"""Why nothing moves."""

from pydantic import BaseModel


class RoutineDiagnosisResponse(BaseModel):
    """What one routine does: see `routilux.job.diagnosis.RoutineDiagnosis`. Times in seconds."""

    routine_id: str
    state: str
    detail: str
    slot: str | None
    since: float | None
    until: float | None
    unconsumed: int
    held: int


class SlotRateResponse(BaseModel):
    """How fast a slot fills, as measured for `measured_seconds`.

    `seconds_until_full` is 0 for a full slot, and None for one that did not fill meanwhile.
    """

    routine_id: str
    slot_name: str
    unconsumed: int
    limit: int
    offered_per_second: float | None
    consumed_per_second: float | None
    seconds_until_full: float | None


class DiagnosisResponse(BaseModel):
    """What a job is doing.

    `bottleneck` is the routine that the others wait for, `chain` leads from it back to a source,
    `cycle` is the chain of waits of a stall.
    """

    job_id: str
    status: str
    summary: str
    routines: list[RoutineDiagnosisResponse]
    bottleneck: str | None
    chain: list[str]
    cycle: list[str]
    stalled: bool
    slots: list[SlotRateResponse]
    measured_seconds: float
