from __future__ import annotations

import pytest

from routilux.flow import Flow
from routilux.flow_registry import FlowRegistry
from routilux.job_state import JobState
from routilux.status import ExecutionStatus
from routilux.stores import FlowStore, JobStore, flow_store, job_store
from routilux.testing import ManualClock


def job(name, flow_id="f", status=ExecutionStatus.RUNNING):
    made = JobState(flow_id, name)
    made.status = status
    return made


def finish(store, made):
    made.status = ExecutionStatus.COMPLETED
    store.mark_finished(made.job_id)


def test_jobs_are_found_by_id_and_by_flow():
    store, one, two, other = JobStore(), job("1"), job("2"), job("3", "g")
    for each in (one, two, other, one):
        store.add(each)
    assert store.get("1") is one
    assert store.get("9") is None
    assert store.list_all() == [one, two, other]
    assert store.get_by_flow("f") == [one, two]
    assert len(store) == 3
    assert store.remove("2")
    assert not store.remove("2")
    assert store.get_by_flow("f") == [one]


def test_an_id_is_free_again_when_its_job_has_ended():
    store, first, second = JobStore(), job("1"), job("1")
    store.add(first)
    with pytest.raises(ValueError, match="'1' is already known and running: cancel it first"):
        store.add(second)
    finish(store, first)
    store.add(second)
    assert store.get("1") is second
    assert store.list_all() == [second]


def test_live_jobs_stay_and_the_job_that_finished_first_goes():
    store = JobStore(finished_limit=2)
    jobs = [job(str(number)) for number in range(5)]
    for each in jobs:
        store.add(each)
    for number in (3, 1, 2):
        finish(store, jobs[number])
    assert [each.job_id for each in store.list_all()] == ["0", "1", "2", "4"]
    gone = store.get_evicted("3")
    assert (gone.job_id, gone.flow_id, gone.status) == ("3", "f", "completed")
    assert gone.created_at == jobs[3].created_at
    assert (gone.started_at, gone.completed_at) == (None, None)
    assert store.get_evicted("1") is None
    store.mark_finished("nobody")
    store.mark_finished("1")
    assert store.get("1") is jobs[1]


def test_a_job_that_is_added_when_it_has_ended_counts_as_finished():
    store = JobStore(finished_limit=1)
    for name in ("1", "2"):
        store.add(job(name, status=ExecutionStatus.FAILED))
    assert [each.job_id for each in store.list_all()] == ["2"]
    store.add(job("1"))
    assert store.get_evicted("1") is None


def test_the_memory_of_evicted_jobs_is_bounded():
    store = JobStore(finished_limit=0, evicted_limit=2)
    for name in ("1", "2", "3"):
        store.add(job(name, status=ExecutionStatus.CANCELLED))
    assert len(store) == 0
    assert store.get_evicted("1") is None
    assert store.get_evicted("3").status == "cancelled"
    store.clear()
    assert store.get_evicted("3") is None
    with pytest.raises(ValueError, match="must be 0 or more"):
        JobStore(finished_limit=-1)


def test_a_removed_job_leaves_no_trace():
    store = JobStore()
    store.add(job("1"))
    store.remove("1")
    assert store.get_evicted("1") is None
    store.add(job("2"))
    store.clear()
    assert store.list_all() == []


def test_a_flow_store_shows_a_registrys_flows():
    registry, flow = FlowRegistry(), Flow("a")
    store = FlowStore(registry)
    store.add(flow)
    assert registry.get("a") is store.get("a") is flow
    assert store.list_all() == store.get_by_flow("a") == [flow]
    assert store.get_by_flow("b") == []
    assert store.remove("a")
    assert not store.remove("a")
    registry.register(flow)
    store.clear()
    assert registry.list_all() == []
    assert FlowStore().registry is not FlowStore().registry


def test_the_process_has_stores_with_the_documented_bounds():
    assert (job_store.finished_limit, job_store.evicted_limit) == (100, 10_000)
    assert flow_store.registry is FlowRegistry.get_instance()


def test_finished_jobs_go_when_they_are_too_old():
    clock = ManualClock()
    store = JobStore(finished_limit=10, finished_age=60.0, clock=clock)
    old, live, young = job("old"), job("live"), job("young")
    for each in (old, live, young):
        store.add(each)
    finish(store, old)
    clock.advance(40)
    finish(store, young)
    finish(store, old)  # told twice, it has not become younger
    clock.advance(20)
    assert store.get("old") is old
    clock.advance(0.001)
    assert store.get("old") is None
    assert store.get_evicted("old").status == "completed"
    assert store.list_all() == [live, young]
    clock.advance(40)
    assert len(store) == 1
    assert store.get("live") is live


@pytest.mark.parametrize(
    "touch",
    [
        lambda store: store.add(job("new")),
        lambda store: store.mark_finished("live"),
        lambda store: store.get("live"),
        lambda store: store.get_evicted("old"),
        lambda store: store.list_all(),
        lambda store: store.get_by_flow("f"),
        lambda store: len(store),
        lambda store: store.evict_old(),
    ],
    ids=["add", "mark", "get", "evicted", "list", "flow", "len", "evict"],
)
def test_whatever_touches_the_store_lets_old_jobs_go(touch):
    clock = ManualClock()
    store = JobStore(finished_age=1.0, clock=clock)
    for name in ("old", "live"):
        store.add(job(name))
    finish(store, store.get("old"))
    clock.advance(2)
    touch(store)
    store.finished_age = None
    assert store.get("old") is None


def test_how_many_old_jobs_went():
    clock = ManualClock()
    store = JobStore(finished_age=0.0, clock=clock)
    for name in ("1", "2"):
        store.add(job(name, status=ExecutionStatus.FAILED))
    assert store.evict_old() == 0
    clock.advance(1e-6)
    assert store.evict_old() == 2
    assert JobStore().evict_old() == 0
    with pytest.raises(ValueError, match="finished_age must be 0 seconds or more"):
        JobStore(finished_age=-1)
