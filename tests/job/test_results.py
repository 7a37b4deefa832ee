from __future__ import annotations

import json

from routilux.job.diagnosis import Diagnosis, RoutineDiagnosis
from routilux.job.results import Redelivery, ResumeResult


def test_answers_survive_as_json():
    resumed = ResumeResult(False, "paused", ("breakpoint 3",), ("Slot r.in is full",))
    assert ResumeResult.from_dict(json.loads(json.dumps(resumed.to_dict()))) == resumed
    redelivered = Redelivery(2, "j", ("dl-9",))
    assert Redelivery.from_dict(json.loads(json.dumps(redelivered.to_dict()))) == redelivered


def test_a_diagnosis_is_json_data_and_says_whether_the_job_is_stalled():
    row = RoutineDiagnosis("r", "waiting for room", slot="s.in", since=0.5)
    stalled = Diagnosis("j", "running", "stalled", (row,), "s", ("s", "r"), ("r", "s"))
    assert stalled.stalled
    data = stalled.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["routines"][0]["slot"] == "s.in"
    assert data["stalled"] is True
    assert not Diagnosis("j", "running", "busy").stalled
