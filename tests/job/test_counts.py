from __future__ import annotations

from routilux.job.counts import JobCounts


def test_pending_is_ready_or_timed_and_active_is_running_or_standing():
    counts = JobCounts(ready=1, timed=2, running=4, standing=8, unconsumed=100)
    assert counts.pending_tasks_count == 3
    assert counts.active_tasks_count == 12
    assert counts.queue_size == 15
