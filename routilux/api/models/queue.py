"""The state of queues."""

from pydantic import BaseModel


class SlotQueueMetrics(BaseModel):
    """One slot; counts in items.

    ``usage_percent`` is ``queue_size`` in percent of ``max_length``; ``is_full`` and
    ``is_near_full`` speak of items that wait. Over several jobs, counts are sums and the other
    three are those of the worst job.
    """

    slot_name: str
    routine_id: str | None = None
    queue_size: int
    max_length: int
    usage_percent: float
    unconsumed_count: int
    is_full: bool
    is_near_full: bool


class FlowQueueStatusResponse(BaseModel):
    """The slots of a flow or of one job. A full slot counts as nearly full, too."""

    flow_id: str
    job_id: str | None = None
    slots: list[SlotQueueMetrics]
    total_slots: int
    full_slots: int
    near_full_slots: int


class QueueSummary(BaseModel):
    """How many slots there are, how many are full, and how many nearly full or full."""

    total_slots: int
    full_slots: int
    near_full_slots: int
