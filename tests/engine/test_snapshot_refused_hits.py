"""Snapshots whose breakpoints and hits do not fit: refused with the place, before a job is made."""

from __future__ import annotations

import json

import pytest

from routilux.monitoring.breakpoint_manager import Breakpoint
from tests.engine.parts import into_sink
from tests.engine.test_promise_5_breakpoints import at_routine, paused_before


def twice(document):
    first = document["hits"][0]
    document["hits"].append({**first, "id": "hit-9"})


def of(where, **changes):
    """Change the first entry of a list."""
    return lambda document: document[where][0].update(changes)


def no_hits(document):
    document["hits"].clear()


CASES = [
    (twice, "hits[1].activation must be one that was stopped, not 1"),
    (of("activations", due_ns=5), "hits[0].activation must be one that was stopped, not 1"),
    (of("hits", routine_id="zz"), "hits[0].routine_id must be a routine of the job, not 'zz'"),
    (of("hits", id=f"hit-{'9' * 5000}"), "hits[0].id must be the id of a hit"),
    (no_hits, "holds: no hit pauses the job for 'breakpoint:"),
    (of("hits", pauses=False), "holds: no hit pauses the job for 'breakpoint:"),
    (of("breakpoints", enabled="no"), "breakpoints[0].enabled must be true or false, not 'no'"),
    (of("breakpoints", one_shot=1), "breakpoints[0].one_shot must be true or false, not 1"),
    (of("breakpoints", last_error=[1]), "breakpoints[0].last_error must be a text, not [1]"),
    (of("breakpoints", routine_id=5), "routine_id must be a name, a text, not 5"),
    (of("breakpoints", slot_name=["a"]), "slot_name must be a name, a text, not ['a']"),
]


@pytest.mark.parametrize(("change", "message"), CASES)
def test_what_does_not_fit_is_refused_and_no_job_is_left_behind(rt, change, message):
    flow, sink = into_sink(range(3))
    job, _ = paused_before(rt, flow, at_routine("r1"))
    rt.run_until_idle()
    good = json.dumps(job.snapshot())
    job.cancel()
    document = json.loads(good)
    change(document)
    document["sizes"]["hits"] = len(document["hits"])
    with pytest.raises(ValueError) as raised:
        rt.restore(document, flow)
    assert message in str(raised.value)
    restored = rt.restore(json.loads(good), flow)
    restored.debug.resume()
    rt.run_until_idle()
    assert sink.received == [0, 1, 2]


def test_a_breakpoint_at_an_object_instead_of_its_name_says_so():
    with pytest.raises(ValueError, match="routine_id must be a name, a text, not <"):
        Breakpoint("job", "routine", object())
