from __future__ import annotations

import pytest

from routilux.job.history import ExecutionRecord


def test_a_record_has_aware_time_and_survives_as_a_dict():
    record = ExecutionRecord("r", "out", {"n": 1})
    assert record.timestamp.utcoffset().total_seconds() == 0
    assert ExecutionRecord.deserialize(record.serialize()) == record
    assert ExecutionRecord("r", "out").data == {}
    with pytest.raises(AttributeError):
        record.routine_id = "s"
