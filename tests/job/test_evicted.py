"""Lines of evicted jobs: what goes in comes out, whatever the ids, and the oldest goes first."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from routilux.evicted import EvictedJob, EvictedJobs
from routilux.status import ExecutionStatus

TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["a", "a,b", "\x00", "þÿ", "\n"])
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - made aware
    lambda each: each.replace(tzinfo=UTC)
)
JOBS = st.builds(
    EvictedJob,
    job_id=TEXTS,
    flow_id=TEXTS,
    status=st.sampled_from([each.value for each in ExecutionStatus]),
    created_at=TIMES,
    started_at=st.none() | TIMES,
    completed_at=st.none() | TIMES,
)


@given(st.lists(JOBS, max_size=12), st.integers(0, 12))
def test_the_last_lines_are_kept_whole(jobs: list[EvictedJob], limit: int) -> None:
    lines = EvictedJobs(limit)
    for each in jobs:
        lines.add(each)
    kept = {each.job_id: each for each in jobs[len(jobs) - min(limit, len(jobs)) :]}
    for each in jobs:
        assert lines.get(each.job_id) == kept.get(each.job_id)


@given(st.lists(JOBS, max_size=8, unique_by=lambda each: each.job_id), st.integers(0, 7))
def test_a_discarded_job_leaves_no_line(jobs: list[EvictedJob], which: int) -> None:
    lines, left = EvictedJobs(20), OrderedDict((each.job_id, each) for each in jobs)
    for each in [*jobs, *jobs[:3]]:
        lines.add(each)
    if jobs:
        gone = jobs[which % len(jobs)].job_id
        lines.discard(gone)
        del left[gone]
        assert lines.get(gone) is None
    for job_id, each in left.items():
        assert lines.get(job_id) == each
    lines.clear()
    assert not any(lines.get(each.job_id) for each in jobs)


def test_ten_thousand_lines_are_small() -> None:
    lines, at = EvictedJobs(10_000), datetime(2030, 1, 1, tzinfo=UTC)
    for number in range(10_000):
        lines.add(EvictedJob(f"{number:036}", "orders", "completed", at, at, at))
    assert len(lines._lines) < 1_200_000
